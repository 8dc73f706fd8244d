//! Connections that break and runs that are killed between groups: what was committed is known, and never taken for
//! somebody else's work.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::{Project, Server, eventually, on_each_server};

const BEFORE: &str = "CREATE TABLE a (id integer); CREATE TABLE z (id integer);";
const AFTER: &str = "CREATE TABLE a (id integer, note text); CREATE TABLE z (id integer, note text); CREATE TABLE made (id integer);";

/// A project whose next apply has several groups: tables with many rows get one each.
fn with_several_groups(server: &'static Server) -> Project {
    let mut project = Project::declaring(server, BEFORE);
    project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
    project.apply();
    let fill = "INSERT INTO a SELECT generate_series(1, 150000); INSERT INTO z SELECT * FROM a; ANALYZE a, z";
    project.database().run(fill);
    project.declare(AFTER);
    let plan = project.run(&["plan", "--json"]).ok().json();
    assert!(plan["groups"].as_array().is_some_and(|groups| groups.len() > 1), "{plan:#}");
    project
}

#[test]
fn what_a_killed_run_has_committed_is_no_drift_and_is_recorded_by_the_next() {
    on_each_server(|server| {
        let project = with_several_groups(server);
        let mut other = project.database().connect();
        let mut transaction = other.transaction().unwrap();
        transaction.batch_execute("LOCK TABLE z IN ACCESS EXCLUSIVE MODE").unwrap();
        let mut apply = project.start(&["apply", "--auto-approve"]);
        let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'z'::regclass";
        eventually("the apply waits for z", || project.database().value(waits) == "1");
        apply.kill().unwrap();
        apply.wait().unwrap();
        transaction.rollback().unwrap();
        let held = "SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name LIKE 'djogi%'";
        eventually("its session ends", || project.database().value(held) == "0");

        let committed =
            "SELECT count(*) FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'note'";
        assert_eq!(project.database().value(committed), "1", "its first group was committed");
        project.run(&["plan"]).ok().says(&["interrupted run"]).never_says(&["behind djogi's back"]);
        project.run(&["status"]).ok().never_says(&["drifted"]);
        project.run(&["refresh", "--check"]).ok();
        project.apply();
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn a_refresh_records_what_a_killed_run_has_committed() {
    on_each_server(|server| {
        let project = with_several_groups(server);
        let state = project.read(".djogi/state.json");
        project.apply();
        // As if the run had died before it could write the state.
        project.write(".djogi/state.json", &state);
        project.run(&["refresh"]).ok().says(&["No drift"]);
        project.apply();
        project.is_converged();
    });
}

#[test]
fn what_a_killed_run_has_made_is_djogis_though_the_models_have_changed_since() {
    on_each_server(|server| {
        let project = with_several_groups(server);
        let state = project.read(".djogi/state.json");
        project.apply();
        project.write(".djogi/state.json", &state);
        let since = "CREATE TABLE a (id integer, note text); CREATE TABLE z (id integer, note text);
                     CREATE TABLE made (id bigint PRIMARY KEY, more text);";
        project.declare(since);
        project.apply();
        project.is_converged();
        project.matches(since);
    });
}

#[test]
fn a_commit_whose_answer_is_lost_is_looked_up() {
    on_each_server(|server| {
        for (is_sent, fate) in [(true, "is committed"), (false, "was rolled back")] {
            let mut project = with_several_groups(server);
            // The first COMMIT is that of the observation.
            let port = cutting_proxy(server, 2, is_sent);
            let name = project.database().name().to_owned();
            project.set_variable(
                "DATABASE_URL",
                &format!("postgres://postgres@127.0.0.1:{port}/{name}?sslmode=disable"),
            );
            let lost = project.run(&["apply", "--auto-approve"]).expect(1);
            lost.says(&["commit_lost", &format!("of main {fate}"), "`djogi apply` finds out and goes on"]);
            let direct = project.database().url();
            project.set_variable("DATABASE_URL", &direct);
            project.run(&["plan"]).ok().never_says(&["behind djogi's back"]);
            project.apply();
            project.is_converged();
            project.matches(AFTER);
        }
    });
}

/// A proxy before `server` that cuts the connection at the `nth` COMMIT, which it sends or not; its port.
fn cutting_proxy(server: &Server, nth: usize, is_sent: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let socket = server.socket_dir().join(".s.PGSQL.5432");
    let seen = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        for client in listener.incoming() {
            relay(client.unwrap(), &socket, nth, is_sent, &seen);
        }
    });
    port
}

fn relay(mut client: TcpStream, socket: &PathBuf, nth: usize, is_sent: bool, seen: &Arc<AtomicUsize>) {
    let mut server = UnixStream::connect(socket).unwrap();
    let (mut answers, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let is_cut = Arc::new(AtomicUsize::new(0));
    let cut = Arc::clone(&is_cut);
    // Ends when either side does.
    std::thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok(length @ 1..) = answers.read(&mut buffer) {
            if cut.load(Ordering::SeqCst) == 1 || to_client.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let seen = Arc::clone(seen);
    std::thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            let bytes = &buffer[..length];
            if bytes.windows(7).any(|part| part == b"COMMIT\0")
                && seen.fetch_add(1, Ordering::SeqCst) + 1 == nth
            {
                is_cut.store(1, Ordering::SeqCst);
                if is_sent {
                    // The answer is read, and goes no further.
                    let _ = server.write_all(bytes);
                    return;
                }
                break;
            }
            if server.write_all(bytes).is_err() {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Both);
    });
}
