//! What waits for an operator, and for how long.

use e2e::on_each_server;

use super::{BEFORE, FINALIZE, NAME, after, leftovers, project};

#[test]
fn no_gate_opens_before_its_time() {
    on_each_server(|server| {
        let mut project = project(server);
        project.run(FINALIZE).expect(1).says(&["live_gate", "comes after verify"]);
        project.run(&["apply", "--auto-approve"]).ok();
        project.run(&["apply", "--auto-approve"]).ok().says(&["djogi live finalize orders_total_type"]);
        project.run(&["live", "status"]).ok().says(&[
            "orders_total_type (main, public.orders): cutover",
            "total, from integer to bigint",
            "djogi live finalize orders_total_type",
            "djogi live abandon orders_total_type",
        ]);
        project.run(FINALIZE).ok();
        let status = project.run(&["live", "status", "--json"]).ok().json();
        assert_eq!(status["migrations"][0]["phase"], "contract", "{status:#}");
        project.run(FINALIZE).expect(7).says(&["live_retention", "are kept until", "--now"]);
        project.configure_more("[live]\nretention = \"1ms\"\n");
        project.run(FINALIZE).ok();
        assert_eq!(leftovers(project.database()), [""; 0]);
        project.is_converged();
    });
}

#[test]
fn another_declaration_meanwhile_is_blocked_with_both_ways_out() {
    on_each_server(|server| {
        let project = project(server);
        project.run(&["apply", "--auto-approve"]).ok();
        project.declare(&BEFORE.replace("total integer", "total numeric"));
        let said = ["backfill_superseded", "from integer to bigint", "djogi live abandon orders_total_type"];
        project.run(&["plan", "--json"]).ok().says(&said);
        project.run(&["apply", "--auto-approve"]).expect(3);
        // One way: on with it.
        project.declare(&after());
        project.run(FINALIZE).ok();
        // The other way, from there.
        project.declare(BEFORE);
        project.run(&["apply", "--auto-approve"]).expect(3).says(&["djogi live abandon orders_total_type"]);
        project.run(&["live", "abandon", NAME, "--auto-approve"]).ok();
        project.is_converged();
        project.matches(BEFORE);
    });
}

#[test]
fn a_column_keeps_its_name_as_long_as_it_is_migrated() {
    on_each_server(|server| {
        let project = project(server);
        project.run(&["apply", "--auto-approve"]).ok();
        let renamed = BEFORE
            .replace("total ", "amount ")
            .replace("(total ", "(amount ")
            .replace(", total)", ", amount)");
        let renamed =
            renamed.replace("orders.total", "orders.amount").replace("amount integer", "amount bigint");
        let column = ("column.main.public.orders.total", "column.main.public.orders.amount");
        project.declare_renamed(&renamed, &[column]);
        project.run(&["apply", "--auto-approve"]).expect(3).says(&["djogi live abandon orders_total_type"]);
        project.database().run("UPDATE orders SET total = 4 WHERE id = 1");
    });
}

#[test]
fn what_somebody_has_taken_away_is_made_again() {
    on_each_server(|server| {
        let project = project(server);
        project.run(&["apply", "--auto-approve"]).ok();
        let database = project.database();
        database.run(
            "DROP TRIGGER \"~total__djogi_update\" ON orders; UPDATE orders SET total = 1000 WHERE id = 9",
        );
        project.run(FINALIZE).expect(1).says(&["comes after"]);
        project.run(&["apply", "--auto-approve"]).ok();
        assert_eq!(database.value("SELECT total__djogi_new FROM orders WHERE id = 9"), "1000");
        database.run("ALTER TABLE orders DISABLE TRIGGER \"~total__djogi_update\";
            UPDATE orders SET total = 2000 WHERE id = 9; ALTER TABLE orders ENABLE ALWAYS TRIGGER \"~total__djogi_update\"");
        // What was written past the triggers after it was compared stops the cutover, and the way back from there.
        project.run(FINALIZE).expect(8).says(&["1 row stands in its way, with id 9"]);
        database.run("UPDATE orders SET total__djogi_new = NULL WHERE id = 9");
        project.run(FINALIZE).ok();
        assert_eq!(database.value("SELECT total FROM orders WHERE id = 9"), "2000");
        database.run(
            "DROP TRIGGER \"~total__djogi_update\" ON orders; UPDATE orders SET total = 3000 WHERE id = 9",
        );
        project.run(&["plan"]).ok().says(&["djogi live finalize orders_total_type"]);
        project.run(super::ABANDON).expect(8).says(&["1 row stands in its way, with id 9"]);
    });
}

#[test]
fn what_was_declared_before_is_another_change_afterwards() {
    on_each_server(|server| {
        let project = project(server);
        project.apply();
        project.run(FINALIZE).ok();
        project.run(&["live", "finalize", NAME, "--auto-approve", "--now"]).ok();
        project.is_converged();
        project.declare(BEFORE);
        for way in ["never", "always"] {
            project.run(&["plan", "--online", way]).ok().says(&["total"]).never_says(&["Nothing to do"]);
        }
        project.run(&["plan", "--online", "never"]).says(&["bigint -> integer"]);
        project.declare(&after());
        project.is_converged();
    });
}
