//! Commands that only read write nothing: no file, no row, not one byte of the server's log.

use e2e::{Project, Server, fingerprint, installations};

const BEFORE: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer);
    CREATE TABLE other (id integer PRIMARY KEY);";
const AFTER: &str = "CREATE TABLE goods (id bigint PRIMARY KEY, price integer DEFAULT 1, CHECK (price > 0));";

#[test]
fn plan_status_show_and_validate_write_nothing() {
    for installation in installations() {
        // The log belongs to the whole server, and other tests write to theirs.
        let server = Server::alone(installation);
        for has_state in [false, true] {
            let project = Project::declaring(server, BEFORE);
            let database = project.database();
            if has_state {
                project.apply();
                database.run("ALTER TABLE goods ALTER price SET DEFAULT 7");
                project.declare(AFTER);
            } else {
                database.run("CREATE TABLE goods (id integer PRIMARY KEY)");
            }
            let shown = if has_state { 0 } else { 1 };
            let commands: [(&[&str], i32); 12] = [
                (&["plan"], 0),
                (&["plan", "--json"], 0),
                (&["plan", "--format", "sql"], 0),
                (&["plan", "--unmanaged", "-v"], 0),
                (&["plan", "--refresh-only"], 0),
                (&["plan", "--detailed-exitcode"], 2),
                (&["plan", "--explain", "table.main.public.goods"], 0),
                (&["status"], 0),
                (&["status", "--json"], 0),
                (&["show"], shown),
                (&["history"], 0),
                (&["validate"], 0),
            ];
            // Reading a page for the first time after a change may tidy it up, which is logged.
            database.run("VACUUM FREEZE");
            database.run("CHECKPOINT");
            project.run(&["plan"]).ok();
            for (command, code) in commands {
                let look = || {
                    let log = database.value("SELECT pg_current_wal_insert_lsn()");
                    (project.files(), fingerprint(database, "public"), log)
                };
                let before = look();
                project.run(command).expect(code);
                assert_eq!(look(), before, "{command:?}");
            }
        }
    }
}
