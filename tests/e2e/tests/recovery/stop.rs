//! An apply that stands still in the middle of a group, and dies there.

use std::process::Child;

use e2e::{Project, eventually};

/// Makes whoever does something to an object of that name wait, within the transaction, for a lock that a test holds.
const TRIGGER: &str = "CREATE SCHEMA stop;
    CREATE FUNCTION stop.wait() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        IF current_query() LIKE '%$name%' THEN PERFORM pg_advisory_lock(4711); END IF; END $$;
    CREATE EVENT TRIGGER wait ON ddl_command_end EXECUTE FUNCTION stop.wait();";

/// Starts an apply and waits until it has done the statement that names `name`.
pub(crate) fn apply_until(project: &Project, name: &str) -> (Child, postgres::Client) {
    project.database().run(&TRIGGER.replace("$name", name));
    let mut holder = project.database().connect();
    holder.batch_execute("SELECT pg_advisory_lock(4711)").unwrap();
    let apply = project.start(&["apply", "--auto-approve"]);
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    eventually("the apply waits", || project.database().value(waits) == "1");
    (apply, holder)
}

/// Kills an apply that waits behind `holder`, and lets its transaction be rolled back.
pub(crate) fn die(project: &Project, mut apply: Child, holder: postgres::Client) {
    apply.kill().unwrap();
    apply.wait().unwrap();
    drop(holder);
    no_session_left(project);
    project.database().run("DROP EVENT TRIGGER wait");
}

/// Waits until no server process of djogi is left.
pub(crate) fn no_session_left(project: &Project) {
    let sessions = "SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name LIKE 'djogi/%'";
    eventually("its session ends", || project.database().value(sessions) == "0");
}
