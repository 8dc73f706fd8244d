//! The way from one type to the other, beside those who read and write.

use e2e::on_each_server;

use super::{BEFORE, Client, FINALIZE, NAME, after, leftovers, project};

const WRITES: &str = "INSERT INTO log SELECT COALESCE(max(id), 0) + 1 FROM log;
    INSERT INTO orders (id, customer, total) SELECT 100000 + max(id), 1, 7 FROM log;
    UPDATE orders SET total = total + 1 WHERE id % 997 = (SELECT max(id) % 997 FROM log);
    UPDATE orders SET note = 'y' WHERE id = 5;
    DELETE FROM orders WHERE id = (SELECT max(id) - 5 FROM log) + 100000;
    SELECT sum(total) FROM orders";

#[test]
fn a_column_changes_its_type_while_its_table_is_written() {
    on_each_server(|server| {
        let project = project(server);
        let database = project.database();
        let client = Client::running(database, WRITES);
        project
            .run(&["apply", "--auto-approve"])
            .ok()
            .says(&["deferred", "djogi live finalize orders_total_type"]);
        let differing = "SELECT count(*) FROM orders WHERE total__djogi_new IS DISTINCT FROM total";
        assert_eq!(database.value(differing), "0");
        project.run(&["plan", "--detailed-exitcode"]).expect(2);
        project.run(FINALIZE).ok();
        let differing = "SELECT count(*) FROM orders WHERE total__djogi_old IS DISTINCT FROM total";
        assert_eq!(database.value(differing), "0");
        project.run(&["live", "finalize", NAME, "--auto-approve", "--now"]).ok();
        client.finish();
        assert_eq!(leftovers(database), [""; 0]);
        project.is_converged();
        project.matches(&after());
        database.run("UPDATE orders SET total = 5000000000 WHERE id = 1");
    });
}

#[test]
fn rows_of_both_shapes_are_written_after_the_cutover() {
    on_each_server(|server| {
        let project = project(server);
        project.run(&["apply", "--auto-approve"]).ok();
        project.run(FINALIZE).ok();
        let database = project.database();
        database.run(
            "UPDATE orders SET total = 11 WHERE id = 1; UPDATE orders SET total = 5000000000 WHERE id = 2",
        );
        let values = "SELECT total || ' ' || COALESCE(total__djogi_old::text, 'none') FROM orders WHERE id < 4 ORDER BY id";
        assert_eq!(database.column(values), ["11 11", "5000000000 none", "3 3"]);
        // What the constraints of the column say is true of it at every moment.
        let mut session = database.connect();
        let refused =
            session.batch_execute("INSERT INTO orders (id, customer, total) VALUES (0, 1, -1)").unwrap_err();
        assert_eq!(refused.as_db_error().unwrap().constraint(), Some("total_is_not_negative"));
        assert!(
            session.batch_execute("INSERT INTO orders (id, customer, total) VALUES (0, 1, NULL)").is_err()
        );
        // Who does not name the columns means the old order.
        let refused = session.batch_execute("INSERT INTO orders VALUES (0, 1, 5)").unwrap_err();
        assert_eq!(
            refused.as_db_error().unwrap().hint(),
            Some("total is the last column now: name the columns of INSERT and COPY")
        );
        database.run("INSERT INTO orders (id, customer) VALUES (0, 1)");
        assert_eq!(database.value("SELECT total FROM orders WHERE id = 0"), "0");
    });
}

#[test]
fn a_table_that_is_small_is_written_anew_at_once() {
    on_each_server(|server| {
        let project = e2e::Project::declaring(server, BEFORE);
        project.apply();
        project.declare(&after());
        project.run(&["plan"]).ok().never_says(&["live."]);
        project.apply();
        project.is_converged();
        project.matches(&after());
    });
}
