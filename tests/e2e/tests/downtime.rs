//! What would keep the readers or writers of a large table waiting, and has no online way.

use e2e::{Project, Server, on_each_server};

const BEFORE: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer);
    CREATE TABLE stays (id integer PRIMARY KEY, seen int4range);
    CREATE TABLE makers (id integer PRIMARY KEY, size integer);";
const AFTER: &str = "CREATE UNLOGGED TABLE goods (id integer PRIMARY KEY, price integer);
    CREATE TABLE stays (id integer PRIMARY KEY, seen int4range, CONSTRAINT seen_once EXCLUDE USING gist (seen WITH &&));
    CREATE TABLE makers (id integer PRIMARY KEY, size bigint);";

fn project(server: &'static Server) -> Project {
    let project = Project::declaring(server, BEFORE);
    project.apply();
    project.database().run(
        "INSERT INTO makers SELECT n, n FROM generate_series(1, 100) AS n;
         INSERT INTO goods SELECT n, n FROM generate_series(1, 20000) AS n;
         INSERT INTO stays SELECT n, int4range(n, n + 1) FROM generate_series(1, 20000) AS n; ANALYZE",
    );
    project.declare(AFTER);
    project
}

#[test]
fn waits_until_somebody_accepts_it_and_the_rest_is_done() {
    on_each_server(|server| {
        let project = project(server);
        project.run(&["plan"]).ok().says(&[
            "would keep readers or writers of a large table waiting",
            "reads and writes of public.goods wait while the table and its indexes are written anew",
            "reads and writes of public.stays wait while an index is built",
            "djogi apply --accept-downtime constraint.main.public.stays.seen_once",
        ]);
        project.run(&["apply", "--auto-approve"]).expect(7).says(&["2 blocked"]);
        let done = "SELECT (SELECT relpersistence::text FROM pg_class WHERE oid = 'goods'::regclass)
             || ' ' || (SELECT format_type(atttypid, -1) FROM pg_attribute
                         WHERE attrelid = 'makers'::regclass AND attname = 'size')";
        assert_eq!(project.database().value(done), "p bigint");
        let accepted = "constraint.main.public.stays.seen_once";
        project
            .run(&["apply", "--auto-approve", "--accept-downtime", accepted])
            .expect(7)
            .says(&["1 blocked"]);
        let saved = ["plan", "--out", "saved", "--accept-downtime", "table.main.public.goods"];
        project.run(&saved).ok();
        project.run(&["apply", "saved"]).ok();
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn the_direct_way_for_everything_accepts_it() {
    on_each_server(|server| {
        let project = project(server);
        project.run(&["apply", "--auto-approve", "--online", "never"]).ok();
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn nobody_accepts_what_is_not_there() {
    on_each_server(|server| {
        let project = project(server);
        let unknown = ["plan", "--accept-downtime", "table.main.public.good"];
        project.run(&unknown).expect(1).says(&["neither declared nor recorded"]);
    });
}
