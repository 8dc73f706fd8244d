//! A state in PostgreSQL: for pipelines that begin with an empty folder each time.

use e2e::{Database, Project, Server, fingerprint, installations, on_each_server};

const BEFORE: &str = "CREATE TABLE goods (id bigint PRIMARY KEY, name text);";
const AFTER: &str = "CREATE TABLE goods (id bigint PRIMARY KEY, name text, price integer);
    CREATE INDEX goods_name ON goods (name);";

const IN_TARGET: &str = "[state]\nbackend = \"postgres\"\n";
const ELSEWHERE: &str = "[state]\nbackend = \"postgres\"\nurl = \"env:STATE_URL\"\n";

fn project(server: &'static Server, state: &str) -> Project {
    let mut project = Project::declaring(server, BEFORE);
    project.configure_more(state);
    project
}

/// What a new container has: no folder of the last one.
fn forget_folder(project: &Project) {
    std::fs::remove_dir_all(project.root().join(".djogi")).ok();
}

fn serials(project: &Project) -> Vec<u64> {
    let history = project.run(&["history", "--json"]).ok().json();
    let serial = |entry: &serde_json::Value| entry["serial"].as_u64().expect("a serial");
    history["history"].as_array().expect("a list").iter().map(serial).collect()
}

fn tables(database: &Database) -> Vec<String> {
    database.column(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('djogi') AND relkind = 'r' ORDER BY 1",
    )
}

#[test]
fn a_pipeline_that_forgets_its_folder_converges() {
    on_each_server(|server| {
        let project = project(server, IN_TARGET);
        project.apply();
        forget_folder(&project);
        project.is_converged();
        project.declare(AFTER);
        project.apply();
        forget_folder(&project);
        project.is_converged();
        project.matches(AFTER);
        project.run(&["apply", "--auto-approve"]).ok();
        assert!(!project.root().join(".djogi/state.json").exists());
        let serials = serials(&project);
        assert!(serials.len() >= 3, "{serials:?}");
        let distinct: std::collections::BTreeSet<u64> = serials.iter().copied().collect();
        assert_eq!(distinct, (1..=serials.len() as u64).collect(), "nothing is missing");
        project.run(&["status"]).ok().says(&["djogi.state"]);
        let at_first = serials.iter().min().expect("a serial").to_string();
        project.run(&["show", "--revision", &at_first]).ok();
    });
}

#[test]
fn a_state_in_another_database_gets_its_tables_there_and_no_others() {
    on_each_server(|server| {
        let state = Database::create(server);
        let mut project = project(server, ELSEWHERE);
        project.set_variable("STATE_URL", &state.url());
        project.apply();
        forget_folder(&project);
        project.declare(AFTER);
        project.apply();
        project.is_converged();
        project.matches(AFTER);
        assert!(tables(&state).iter().all(|table| table.starts_with("state")), "{:?}", tables(&state));
        assert!(tables(&state).contains(&"state_history".to_owned()));
        assert!(!tables(project.database()).iter().any(|table| table.starts_with("state")));
    });
}

#[test]
fn environments_have_states_of_their_own_in_one_database() {
    let server = &e2e::servers()[0];
    let (state, production) = (Database::create(server), Database::create(server));
    let mut project = project(server, ELSEWHERE);
    project.configure_more("[env.production]\ntarget.main.url = \"env:PRODUCTION_URL\"\n");
    project.set_variable("STATE_URL", &state.url());
    project.set_variable("PRODUCTION_URL", &production.url());
    project.apply();
    project.run(&["plan", "--env", "production", "--detailed-exitcode"]).expect(2);
    project.run(&["apply", "--env", "production", "--auto-approve"]).ok();
    project.run(&["plan", "--env", "production", "--detailed-exitcode"]).ok();
    project.is_converged();
    assert_eq!(state.column("SELECT name FROM djogi.state ORDER BY 1"), ["e2e", "e2e/production"]);
}

#[test]
fn read_only_commands_write_nothing_to_a_new_store_or_a_used_one() {
    for installation in installations() {
        // The log belongs to the whole server, and other tests write to theirs.
        let server = Server::alone(installation);
        let project = project(server, IN_TARGET);
        let database = project.database();
        for applied in [false, true] {
            if applied {
                project.apply();
                project.declare(AFTER);
            }
            let shown = i32::from(!applied);
            database.run("VACUUM FREEZE");
            database.run("CHECKPOINT");
            project.run(&["plan"]).ok();
            for (command, code) in [
                (&["plan"][..], 0),
                (&["plan", "--detailed-exitcode"], 2),
                (&["status"], 0),
                (&["show"], shown),
                (&["history"], 0),
                (&["validate"], 0),
                (&["state", "list"], shown),
            ] {
                let look = || {
                    let log = database.value("SELECT pg_current_wal_insert_lsn()");
                    (project.files(), fingerprint(database, "djogi"), fingerprint(database, "public"), log)
                };
                let before = look();
                project.run(command).expect(code);
                assert_eq!(look(), before, "{command:?}");
            }
            if !applied {
                assert_eq!(database.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'djogi'"), "0");
            }
        }
    }
}

#[test]
fn a_store_that_cannot_be_reached_stops_everything_before_it_begins() {
    let server = &e2e::servers()[0];
    let mut project = project(server, ELSEWHERE);
    let before = fingerprint(project.database(), "public");
    let nowhere = server.url("no_such_database");
    for (url, code) in
        [(nowhere.as_str(), "no_such_database"), ("postgres://u:hunter2@localhost:1/x", "port 1")]
    {
        project.set_variable("STATE_URL", url);
        for arguments in [&["plan"][..], &["apply", "--auto-approve"], &["status"], &["refresh"]] {
            project.run(arguments).expect(1).says(&[code]).never_says(&["hunter2"]);
        }
    }
    assert_eq!(fingerprint(project.database(), "public"), before);
    assert_eq!(tables(project.database()), Vec::<String>::new());
}

#[test]
fn another_name_in_the_same_database_is_not_this_state() {
    let server = &e2e::servers()[0];
    let project = project(server, IN_TARGET);
    project.apply();
    let config = project.read("djogi.toml").replace("name = \"e2e\"", "name = \"other\"");
    project.write("djogi.toml", &config);
    project.declare(AFTER);
    let before = fingerprint(project.database(), "public");
    for arguments in [&["plan"][..], &["apply", "--auto-approve"]] {
        project.run(arguments).expect(1).says(&["lineage_mismatch", "holds no state", "other"]);
    }
    assert_eq!(fingerprint(project.database(), "public"), before);
}

#[test]
fn a_damaged_state_is_refused_with_the_way_back() {
    let server = &e2e::servers()[0];
    let project = project(server, IN_TARGET);
    project.apply();
    project.declare(AFTER);
    project.apply();
    project.database().run("UPDATE djogi.state SET document = ''");
    for arguments in [&["plan"][..], &["apply", "--auto-approve"], &["status"]] {
        project
            .run(arguments)
            .expect(1)
            .says(&["state_empty", "UPDATE djogi.state SET (serial, digest, document)"]);
    }
    let said = project.run(&["plan"]).expect(1).to_string().replace('\n', " ");
    let words: Vec<&str> = said.split_whitespace().collect();
    let said = words.join(" ");
    let start = said.find("`UPDATE").expect("the command") + 1;
    let command = said[start..].split('`').next().expect("the command");
    project.database().run(command);
    project.run(&["refresh"]).ok();
    project.apply();
    project.is_converged();
    project.matches(AFTER);
}
