//! The way back: from every stage the table is again what it was.

use e2e::{Project, fingerprint, on_each_server};

use super::{ABANDON, BEFORE, Client, FINALIZE, leftovers, project};

/// Everything that can be told of the database before and after.
fn picture(project: &Project) -> (String, Vec<String>) {
    let rows = "SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM (SELECT id, customer, total, note FROM orders) AS o";
    (format!("{:?}", fingerprint(project.database(), "public")), project.database().column(rows))
}

#[test]
fn before_the_cutover_nothing_is_left() {
    on_each_server(|server| {
        let project = project(server);
        let before = picture(&project);
        project.run(&["apply", "--auto-approve"]).ok();
        project.run(ABANDON).ok();
        assert_eq!(leftovers(project.database()), [""; 0]);
        assert_eq!(picture(&project), before);
        project.declare(BEFORE);
        project.is_converged();
        project.matches(BEFORE);
    });
}

#[test]
fn after_the_cutover_the_old_column_comes_back_with_what_was_written_since() {
    on_each_server(|server| {
        let project = project(server);
        project.run(&["apply", "--auto-approve"]).ok();
        project.run(FINALIZE).ok();
        let database = project.database();
        database.run("UPDATE orders SET total = 77 WHERE id = 1; INSERT INTO orders (id, customer, total) VALUES (0, 1, 88)");
        let client = Client::running(database, "UPDATE orders SET total = total + 1 WHERE id % 1000 = 7");
        project.run(ABANDON).ok();
        client.finish();
        assert_eq!(leftovers(database), [""; 0]);
        assert_eq!(database.column("SELECT total FROM orders WHERE id < 2 ORDER BY id"), ["88", "77"]);
        project.declare(BEFORE);
        project.is_converged();
        project.matches(BEFORE);
    });
}

#[test]
fn what_the_old_type_cannot_hold_keeps_the_new_column() {
    on_each_server(|server| {
        let project = project(server);
        project.run(&["apply", "--auto-approve"]).ok();
        project.run(FINALIZE).ok();
        project.database().run("UPDATE orders SET total = 5000000000 WHERE id = 42");
        project.run(ABANDON).expect(8).says(&["1 row stands in its way, with id 42"]);
        project.database().run("UPDATE orders SET total = 5 WHERE id = 42");
        project.run(ABANDON).ok();
        assert_eq!(leftovers(project.database()), [""; 0]);
    });
}

#[test]
fn nobody_abandons_what_is_not_there() {
    on_each_server(|server| {
        let project = project(server);
        project.run(ABANDON).expect(1).says(&["live_gate", "djogi live status"]);
        project.run(&["live", "abandon", "unknown", "--auto-approve"]).expect(1).says(&["live.main.unknown"]);
    });
}

#[test]
fn a_table_takes_its_migration_along() {
    on_each_server(|server| {
        for gates in [&[][..], &[FINALIZE]] {
            let mut project = project(server);
            project.set_target("destructive = \"allow\"");
            project.run(&["apply", "--auto-approve"]).ok();
            gates.iter().for_each(|gate| drop(project.run(gate).ok()));
            let rest = BEFORE.lines().last().unwrap();
            project.declare(rest);
            project.run(&["apply", "--auto-approve"]).ok();
            assert_eq!(leftovers(project.database()), [""; 0]);
            project.is_converged();
            project.matches(rest);
        }
    });
}
