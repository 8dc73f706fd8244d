//! What others do to the rows of a seed.

use e2e::on_each_server;

use super::{applied, currencies};

#[test]
fn a_row_that_somebody_changed_deleted_or_added_is_seen_and_healed() {
    on_each_server(|server| {
        let project = applied(server);
        project.database().run("UPDATE currencies SET name = 'theirs' WHERE code = 'EUR'");
        project.run(&["plan"]).ok().says(&[
            "~ seed.main.currencies",
            "1 row updated in public.currencies",
            "EUR.name",
            "'theirs'",
            "drift: it was changed behind djogi's back",
        ]);
        project.apply();
        project.is_converged();
        project.database().run("DELETE FROM currencies WHERE code IN ('EUR', 'JPY')");
        project.run(&["plan"]).ok().says(&["2 rows inserted in public.currencies", "drift"]);
        project.apply();
        project.is_converged();
        assert_eq!(currencies(&project).len(), 3);
        assert_eq!(currencies(&project)[0], ["EUR", "Euro", "2"]);
        // What is no row of the seed is none of its business.
        project.database().run("INSERT INTO currencies VALUES ('ABC', 'theirs', 1)");
        project.is_converged();
    });
}

#[test]
fn refresh_sees_it_and_the_next_plan_still_heals_it() {
    on_each_server(|server| {
        let project = applied(server);
        project.database().run("UPDATE currencies SET digits = 5 WHERE code = 'EUR'");
        project.run(&["refresh"]).ok().says(&["seed.main.currencies"]);
        project.run(&["plan"]).ok().says(&["1 row updated", "EUR.digits"]);
        project.apply();
        project.is_converged();
        assert_eq!(currencies(&project)[0], ["EUR", "Euro", "2"]);
    });
}

#[test]
fn a_saved_plan_does_not_run_on_rows_that_have_changed_since() {
    on_each_server(|server| {
        let project = applied(server);
        project.write(super::FILE, &super::ROWS.replace("Yen", "yen"));
        project.run(&["plan", "--out", "rows.plan"]).ok();
        project.database().run("UPDATE currencies SET name = 'theirs' WHERE code = 'JPY'");
        project
            .run(&["apply", "rows.plan", "--auto-approve"])
            .expect(5)
            .says(&["seed.main.currencies", "was changed"]);
        project.database().run("UPDATE currencies SET name = 'Yen' WHERE code = 'JPY'");
        project.run(&["apply", "rows.plan", "--auto-approve"]).ok();
        project.is_converged();
        assert_eq!(currencies(&project)[1], ["JPY", "yen", "0"]);
    });
}

#[test]
fn rows_that_are_as_they_were_do_not_travel() {
    on_each_server(|server| {
        let project = applied(server);
        project
            .database()
            .run("ALTER TABLE currencies RENAME TO hidden; CREATE VIEW currencies AS SELECT * FROM hidden");
        project.run(&["plan"]).says(&["seed.main.currencies"]);
        project.database().run("DROP VIEW currencies; ALTER TABLE hidden RENAME TO currencies");
        project.is_converged();
    });
}
