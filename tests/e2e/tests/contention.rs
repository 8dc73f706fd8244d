//! Who stands in the way of a run is named.

use e2e::{Project, on_each_server};

#[test]
fn who_holds_a_lock_for_longer_than_the_budget_is_named_with_the_way_out() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, "CREATE TABLE t (id int);");
        project.set_target("lock_timeout = \"50ms\"\nlock_budget = \"0s\"");
        project.apply();
        project.declare("CREATE TABLE t (id int, x text);");
        let mut other = project.database().connect();
        let pid: i32 = other.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
        let mut transaction = other.transaction().unwrap();
        transaction.batch_execute("SELECT * FROM t").unwrap();
        let failed = project.run(&["apply", "--auto-approve"]).expect(1);
        failed.says(&[
            "table.main.public.t",
            "55P03",
            "within 50 ms",
            &format!("server process {pid} has AccessShareLock on public.t"),
            "role \"postgres\"",
            &format!("pg_terminate_backend({pid})"),
            "the lock was not to be had within its budget",
        ]);
        transaction.rollback().unwrap();
        project.apply();
        project.is_converged();
    });
}

#[test]
fn after_a_failure_the_rest_goes_on_unless_told_to_end() {
    on_each_server(|server| {
        let before = "CREATE TABLE a (id int); CREATE TABLE b (id int);";
        let after = "CREATE TABLE a (id int CHECK (id > 0)); CREATE TABLE b (id int);
                     CREATE INDEX b_id ON b (id); ";
        for (flag, done) in [(&["--fail-fast"][..], "0"), (&[], "1")] {
            let project = Project::declaring(server, before);
            project.apply();
            let fill = "INSERT INTO a SELECT -1 FROM generate_series(1, 150000); INSERT INTO b SELECT * FROM a; ANALYZE a, b";
            project.database().run(fill);
            project.declare(after);
            project
                .run(&[&["apply", "--auto-approve"], flag].concat())
                .expect(1)
                .says(&["150000 rows stand in its way"]);
            let found = project.database().value("SELECT count(*) FROM pg_class WHERE relname = 'b_id'");
            assert_eq!(found, done, "{flag:?}");
        }
    });
}
