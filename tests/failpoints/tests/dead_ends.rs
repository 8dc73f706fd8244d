//! Situations that other tools do not get out of by themselves: plain `djogi apply` does.

use e2e::{Project, on_each_server};
use failpoints::{CROWD_AT_ONCE, Stage, check_what_is_left, finish, plot};

use crate::support::{ledger, played};

const APPLY: &[&str] = &["apply", "--auto-approve"];

fn dies(stage: &Stage, points: &str) -> e2e::Output {
    let output = stage.run_disturbed(APPLY, points);
    assert_eq!(output.code, None, "{points}: {output}");
    output
}

#[test]
fn killed_in_a_big_transaction() {
    on_each_server(|server| {
        let (template, reference) = played(&CROWD_AT_ONCE, server);
        for statement in [1, 40] {
            let stage = template.stage();
            let output = dies(&stage, &format!("group.after_statement=kill@{statement}"));
            let case = format!("killed after statement {statement}");
            check_what_is_left(&case, &stage, &CROWD_AT_ONCE, reference, &output);
            let made = "SELECT count(*) FROM pg_class WHERE relname IN ('a', 'j')";
            assert_eq!(stage.project.database().value(made), "0", "{case}");
            stage.run(APPLY).ok();
            finish(&case, &stage, &CROWD_AT_ONCE, reference, true);
        }
    });
}

#[test]
fn killed_between_the_ledger_and_the_state() {
    on_each_server(|server| {
        let plot = plot("change");
        let (template, reference) = played(plot, server);
        for point in ["group.after_commit", "apply.before_state_write", "state.before_tmp_write"] {
            let stage = template.stage();
            let output = dies(&stage, &format!("{point}=kill"));
            check_what_is_left(&point, &stage, plot, reference, &output);
            stage.run(APPLY).ok();
            finish(&point, &stage, plot, reference, true);
        }
    });
}

#[test]
fn a_concurrent_step_that_fails_after_a_committed_group() {
    on_each_server(|server| {
        let before = "CREATE TABLE goods (id integer PRIMARY KEY, x integer);";
        let after = "CREATE TABLE goods (id integer PRIMARY KEY, x integer);
                     CREATE TABLE made (id integer PRIMARY KEY);
                     CREATE UNIQUE INDEX goods_x ON goods (x);";
        let mut project = Project::declaring(server, before);
        project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
        project.apply();
        let database = project.database();
        database.run("INSERT INTO goods SELECT n, n / 2 FROM generate_series(1, 100) AS n");
        project.declare(after);
        let online: &[&str] = &["apply", "--auto-approve", "--online", "always"];
        project.run(online).expect(1).says(&["23505", "goods_x"]);
        assert_eq!(database.value("SELECT to_regclass('public.made') IS NOT NULL"), "t", "it is committed");

        // Nothing has changed, so it cannot be done; the reason is told, and nothing is lost or done twice.
        let again = project.run(online);
        assert!(matches!(again.code, Some(1 | 3)), "{again}");
        again.says(&["goods_x"]);
        assert_eq!(
            database.value("SELECT count(*) FROM djogi.op WHERE 'table.main.public.made' = ANY (addresses)"),
            "1"
        );

        database.run("DELETE FROM goods WHERE id % 2 = 1");
        let first = project.run(APPLY);
        if first.code != Some(0) {
            let second = project.run(APPLY);
            assert_eq!(second.code, Some(0), "{first}\n{second}");
        }
        project.is_converged();
        project.matches(after);
        assert_eq!(database.value("SELECT count(*) FROM goods"), "50");
    });
}

#[test]
fn times_that_make_no_sense_decide_nothing() {
    on_each_server(|server| {
        let plot = plot("change");
        let (template, reference) = played(plot, server);
        for shift in ["100 years", "-100 years"] {
            let stage = template.stage();
            let output = dies(&stage, "group.after_commit=kill@2");
            let database = stage.project.database();
            database.run(&format!("UPDATE djogi.op SET committed_at = committed_at + interval '{shift}'"));
            database.run("UPDATE djogi.lease SET holder = holder || '{\"since\": \"1990-01-01T00:00:00Z\"}'");
            let rows = ledger(&stage).len();
            check_what_is_left(&shift, &stage, plot, reference, &output);
            stage.run(APPLY).ok();
            assert!(ledger(&stage).len() > rows, "the rest was done");
            finish(&shift, &stage, plot, reference, true);
        }
    });
}
