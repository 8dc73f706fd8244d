//! Signals, closed pipes and closed terminals: whatever ends a command early, no work is half done, no lock stays, and
//! the state says what is.

use std::process::{Child, Stdio};

use e2e::{AtTerminal, Output, Project, Server, eventually, fingerprint, on_each_server, servers, wrapped};
use rustix::process::{Pid, Signal, kill_process};

const BEFORE: &str = "CREATE TABLE goods (id integer PRIMARY KEY);";
const AFTER: &str = "CREATE TABLE goods (id integer PRIMARY KEY);
    CREATE TABLE part (id integer PRIMARY KEY);
    CREATE INDEX stop_here ON part (id);";

/// Makes whoever creates an index with this name wait for a lock that the test holds. `meanwhile` is what it does when
/// it is cancelled.
fn stop(meanwhile: &str) -> String {
    format!(
        "CREATE SCHEMA stop;
         CREATE FUNCTION stop.wait() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
             IF current_query() LIKE '%stop_here%' THEN
                 BEGIN
                     PERFORM pg_advisory_lock(4711);
                 EXCEPTION WHEN query_canceled THEN {meanwhile};
                 END;
             END IF;
         END $$;
         CREATE EVENT TRIGGER wait ON ddl_command_end EXECUTE FUNCTION stop.wait();"
    )
}

/// A project whose next apply stops in the middle of a group, and the session that holds it up.
fn with_work(server: &'static Server, meanwhile: &str) -> (Project, postgres::Client) {
    let mut project = Project::declaring(server, BEFORE);
    project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
    project.apply();
    project.database().run(&stop(meanwhile));
    let mut holder = project.database().connect();
    holder.batch_execute("SELECT pg_advisory_lock(4711), pg_advisory_lock(4712)").unwrap();
    project.declare(AFTER);
    (project, holder)
}

fn wait_until_it_works(project: &Project) {
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    eventually("the apply waits in its group", || project.database().value(waits) == "1");
}

fn release(holder: &mut postgres::Client) {
    holder.batch_execute("SELECT pg_advisory_unlock_all()").unwrap();
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// The end of a command that must not hang.
fn end_of(mut child: Child) -> Output {
    eventually("the command ends", || child.try_wait().unwrap().is_some());
    child.wait_with_output().unwrap().into()
}

/// Fails unless nothing of the group is there, nobody holds the run lock, and the next apply does all of it.
fn is_finished_by_the_next(project: &Project) {
    let tables = fingerprint(project.database(), "public");
    assert!(!tables.iter().any(|fact| fact.contains("part")), "the group is rolled back: {tables:#?}");
    project.run(&["unlock"]).ok().says(&["not locked"]);
    project.run(&["refresh", "--check"]).ok();
    project.database().run("DROP EVENT TRIGGER wait");
    project.apply();
    project.is_converged();
    project.matches(AFTER);
}

const SIGNALS: [(Signal, i32); 3] = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143)];

#[test]
fn a_signal_rolls_the_group_back_and_the_summary_says_so() {
    on_each_server(|server| {
        for (signal, code) in SIGNALS {
            let (project, _holder) = with_work(server, "RAISE");
            let apply = project.start(&["apply", "--auto-approve"]);
            wait_until_it_works(&project);
            send(&apply, signal);
            let output = end_of(apply).expect(code);
            assert!(output.stdout.contains("Interrupted"), "{output}");
            is_finished_by_the_next(&project);
        }
    });
}

#[test]
fn programs_hear_of_the_signal_in_the_last_event() {
    for (signal, code) in SIGNALS {
        let (project, _holder) = with_work(&servers()[0], "RAISE");
        let apply = project.start(&["apply", "--auto-approve", "--json"]);
        wait_until_it_works(&project);
        send(&apply, signal);
        let events = end_of(apply).expect(code).json_lines();
        let last = events.last().unwrap();
        assert_eq!((&last["event"], &last["outcome"]), (&"summary".into(), &"interrupted".into()), "{last}");
        assert_eq!(last["exit_code"], code);
        is_finished_by_the_next(&project);
    }
}

#[test]
fn a_statement_that_survives_the_first_cancellation_is_cancelled_again() {
    on_each_server(|server| {
        let (project, _holder) = with_work(server, "PERFORM pg_advisory_lock(4712)");
        let apply = project.start(&["apply", "--auto-approve"]);
        wait_until_it_works(&project);
        send(&apply, Signal::TERM);
        end_of(apply).expect(143);
        is_finished_by_the_next(&project);
    });
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let (project, mut holder) = with_work(&servers()[0], "PERFORM pg_advisory_lock(4712)");
    // A server that is held up answers nothing, not even a cancellation.
    let apply = project.start(&["apply", "--auto-approve"]);
    wait_until_it_works(&project);
    let backend = project.database().value(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'djogi%'",
    );
    let backend = Pid::from_raw(backend.parse().unwrap()).unwrap();
    kill_process(backend, Signal::STOP).unwrap();
    send(&apply, Signal::INT);
    let state = project.read(".djogi/state.json");
    let mut apply = apply;
    eventually("the second signal ends it", || {
        send(&apply, Signal::INT);
        apply.try_wait().unwrap().is_some()
    });
    kill_process(backend, Signal::CONT).unwrap();
    end_of(apply).expect(130);
    assert_eq!(project.read(".djogi/state.json"), state);
    release(&mut holder);
    let lock = || project.run(&["unlock", "--json"]).json()["locks"][0]["locked"] == false;
    eventually("the session ends", lock);
    project.database().run("DROP EVENT TRIGGER wait");
    project.apply();
    project.is_converged();
    project.matches(AFTER);
}

#[test]
fn a_closed_terminal_is_a_clean_stop() {
    on_each_server(|server| {
        let (project, _holder) = with_work(server, "RAISE");
        let apply = AtTerminal::start(&project.command(&["apply", "--auto-approve"]));
        wait_until_it_works(&project);
        end_of(apply.close()).expect(143);
        is_finished_by_the_next(&project);
    });
}

#[test]
fn who_was_told_to_ignore_the_end_of_the_terminal_goes_on() {
    let (project, mut holder) = with_work(&servers()[0], "RAISE");
    let mut command = wrapped(&project.command(&["apply", "--auto-approve"]), "nohup", &[]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let apply = command.spawn().expect("coreutils has nohup");
    wait_until_it_works(&project);
    send(&apply, Signal::HUP);
    release(&mut holder);
    end_of(apply).ok();
    project.is_converged();
}

#[test]
fn an_apply_whose_readers_go_away_in_the_middle_finishes() {
    on_each_server(|server| {
        for arguments in [&["apply", "--auto-approve"][..], &["apply", "--auto-approve", "--json"]] {
            let (project, mut holder) = with_work(server, "RAISE");
            let mut apply = project.start(arguments);
            wait_until_it_works(&project);
            drop((apply.stdout.take(), apply.stderr.take()));
            release(&mut holder);
            end_of(apply).ok();
            project.is_converged();
            project.run(&["refresh", "--check"]).ok();
            project.matches(AFTER);
        }
    });
}

#[test]
fn commands_that_wait_for_the_lock_end_without_having_written() {
    let (project, mut holder) = with_work(&servers()[0], "RAISE");
    project.run(&["state", "backup", "copy.json"]).ok();
    let apply = project.start(&["apply", "--auto-approve"]);
    wait_until_it_works(&project);
    // What watches the progress of a long group has a session of its own.
    let working = "FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name LIKE 'djogi%'
                     AND application_name <> 'djogi/progress'";
    // A group that takes long notes its transaction in the sidecar.
    let noted = format!("\"xid\":{}", project.database().value(&format!("SELECT backend_xid {working}")));
    let is_noted = || {
        let sidecars = std::fs::read_dir(project.root().join(".djogi/recovery")).unwrap();
        let paths = sidecars.map(|entry| entry.unwrap().path());
        // A file under another name is still being written.
        let written = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        let mut texts = written.filter_map(|path| std::fs::read_to_string(path).ok());
        texts.any(|text| text.contains(&noted))
    };
    eventually("its transaction is noted", is_noted);
    let files = project.files();
    for arguments in [
        &["apply", "--auto-approve"][..],
        &["refresh"],
        &["import", "--all"],
        &["state", "rm", "table.main.public.goods"],
        &["state", "mv", "table.main.public.goods", "table.main.public.x"],
        &["state", "push", "copy.json", "--force"],
        &["state", "restore", "1"],
    ] {
        for (signal, code) in SIGNALS {
            let mut command = project.command(arguments);
            command.args(["--lock-timeout", "60s"]).stdout(Stdio::piped()).stderr(Stdio::piped());
            let waiting = command.spawn().unwrap();
            let sessions = format!("SELECT count(*) {working}");
            eventually("it tries to lock", || project.database().value(&sessions) == "2");
            send(&waiting, signal);
            end_of(waiting).expect(code).says(&["interrupted before anything was changed"]);
            assert!(project.files() == files, "{arguments:?} wrote something");
            eventually("its session ends", || project.database().value(&sessions) == "1");
        }
    }
    release(&mut holder);
    end_of(apply).ok();
    project.is_converged();
}

#[test]
fn a_closed_pipe_takes_nothing_from_what_was_written() {
    let project = Project::declaring(&servers()[0], AFTER);
    project.apply();
    for arguments in [
        &["refresh"][..],
        &["state", "rm", "table.main.public.part"],
        &["import", "--all"],
        &["state", "restore", "2"],
        &["state", "backup"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = project.command(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        Output::from(output).ok();
    }
    assert_eq!(project.state()["written_by"]["command"], "state restore");
    assert_eq!(std::fs::read_dir(project.root().join(".djogi/backups")).unwrap().count(), 3);
}
