//! Applying makes the database what is declared, and then there is nothing left to do.

use std::collections::BTreeSet;
use std::path::Path;

use e2e::{Project, Server, installations, on_each_server};

const EVERYTHING: &str = include_str!("schemas/everything.sql");

#[test]
fn applying_converges_and_the_next_plan_is_empty() {
    on_each_server(|server| {
        let project = Project::declaring(server, EVERYTHING);
        project.apply();
        project.is_converged();
        project.matches(EVERYTHING);
    });
}

#[test]
fn applying_again_does_no_ddl_and_changes_no_byte_of_state() {
    on_each_server(|server| {
        let project = Project::declaring(server, EVERYTHING);
        project.apply();
        let database = project.database();
        let ddl = "SELECT max(xmin::text::bigint) FROM (SELECT xmin FROM pg_class UNION ALL SELECT xmin FROM pg_attribute
                   UNION ALL SELECT xmin FROM pg_constraint UNION ALL SELECT xmin FROM pg_type) AS rows";
        let before = (project.files(), project.serial(), database.value(ddl));
        project.apply().says(&["Nothing to do."]);
        assert_eq!((project.files(), project.serial(), database.value(ddl)), before);
    });
}

#[test]
fn applying_again_takes_one_lock_and_one_snapshot_and_writes_nothing() {
    for installation in installations() {
        // The log belongs to the whole server, and other tests write to theirs.
        let project = Project::declaring(Server::alone(installation), EVERYTHING);
        project.apply();
        let database = project.database();
        let folder = database.value("SHOW data_directory");
        let server_log = Path::new(&folder).parent().unwrap().join("server.log");
        database.run(&format!("ALTER DATABASE {} SET log_statement = 'all'", database.name()));
        // Reading a page for the first time after a change may tidy it up, which is logged.
        database.run("VACUUM FREEZE");
        database.run("CHECKPOINT");
        project.run(&["plan"]).ok();
        let look = || (project.files(), database.value("SELECT pg_current_wal_insert_lsn()"));
        let (before, told) = (look(), std::fs::read_to_string(&server_log).unwrap().len());
        project.apply().says(&["Nothing to do."]);
        assert_eq!(look(), before);
        let log = std::fs::read_to_string(&server_log).unwrap().split_off(told);
        let count = |words: &str| log.matches(words).count();
        assert_eq!(count("pg_try_advisory_lock"), 1, "{log}");
        assert_eq!(count("ISOLATION LEVEL REPEATABLE READ"), 1, "{log}");
        let statements = log.replace("execute <unnamed>: ", "statement: ");
        let verbs = statements.split("statement: ").skip(1).filter_map(|text| text.split_whitespace().next());
        let verbs: BTreeSet<&str> = verbs.map(|verb| verb.trim_end_matches(';')).collect();
        let reading = ["BEGIN", "COMMIT", "ROLLBACK", "SELECT", "SET", "SHOW", "WITH"];
        assert!(verbs.contains("SELECT"), "nothing was logged: {log}");
        assert!(verbs.iter().all(|verb| reading.contains(verb)), "{verbs:?}\n{log}");
    }
}

#[test]
fn the_shop_example_converges() {
    on_each_server(|server| {
        let mut project = Project::new(server).managing(&["public", "sales"]);
        project.configure("[models]\npackage = \"shop\"\n");
        project.run_shop(&["validate"]).ok();
        project.run_shop(&["apply", "--auto-approve"]).ok();
        project.run_shop(&["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
        let before = project.files();
        project.run_shop(&["apply", "--auto-approve"]).ok();
        assert_eq!(project.files(), before);

        // The exported models say the same to the plain binary.
        let exported = project.run_shop(&["catalog"]).ok().stdout;
        project.write("catalog.json", &exported);
        project.configure("[models]\ncatalog = \"catalog.json\"\n");
        project.is_converged();
    });
}

#[test]
fn several_schemas_and_their_comments_converge() {
    let ddl = "CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'The app';
        CREATE TYPE app.mood AS ENUM ('ok');
        CREATE TABLE app.goods (id integer PRIMARY KEY, mood app.mood DEFAULT 'ok');
        CREATE TABLE goods (id integer PRIMARY KEY REFERENCES app.goods);
        CREATE SCHEMA \"Odd \"\"name\"\"\"; CREATE TABLE \"Odd \"\"name\"\"\".\"Tä.ble\" (\"Select\" integer);";
    on_each_server(|server| {
        let project = Project::new(server).managing(&["public", "app", "Odd \"name\""]);
        project.declare(ddl);
        project.apply();
        project.is_converged();
        project.matches(ddl);
    });
}
