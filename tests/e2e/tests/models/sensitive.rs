//! Columns whose values are shown nowhere.

use djogi_core::Model;
use e2e::on_each_server;

use super::{apply, declare, is_converged, project, run};

mod before {
    #[derive(djogi_core::Model)]
    #[model(table = "accounts")]
    pub(super) struct Account {
        #[field(pk)]
        name: String,
        #[field(sensitive)]
        token: String,
        #[field(sensitive)]
        pin: String,
    }
}

mod unique {
    #[derive(djogi_core::Model)]
    #[model(table = "accounts")]
    pub(super) struct Account {
        #[field(pk)]
        name: String,
        #[field(sensitive, unique)]
        token: String,
        #[field(sensitive)]
        pin: String,
    }
}

mod numbered {
    #[derive(djogi_core::Model)]
    #[model(table = "accounts", check(name = "long", sql = "pin > 0"))]
    pub(super) struct Account {
        #[field(pk)]
        name: String,
        #[field(sensitive)]
        token: String,
        #[field(sensitive)]
        pin: i32,
    }
}

mod unique_concurrently {
    #[derive(djogi_core::Model)]
    #[model(table = "accounts", index(columns(token), unique, name = "once"))]
    pub(super) struct Account {
        #[field(pk)]
        name: String,
        #[field(sensitive)]
        token: String,
        #[field(sensitive)]
        pin: String,
    }
}

#[test]
fn rows_of_seeds_hide_them() {
    on_each_server(|server| {
        let mut project = project(server, &[before::Account::DESCRIPTOR]);
        project.configure_more(
            "[seed.accounts]\ntable = \"accounts\"\nkey = [\"name\"]\nfile = \"accounts.csv\"",
        );
        project.write("accounts.csv", "name,token,pin\nana,t0ps3cret,12345\n");
        run(&project, &["plan", "--out", "saved.plan"]).ok().never_says(&["t0ps3cret", "12345"]);
        assert!(!project.read("saved.plan").contains("t0ps3cret"));
        apply(&project).never_says(&["t0ps3cret", "12345"]);
        is_converged(&project);
        assert_eq!(project.database().value("SELECT token || pin FROM accounts"), "t0ps3cret12345");
        project.write("accounts.csv", "name,token,pin\nana,0thers3cret,12345\n");
        let changed = run(&project, &["plan"]).ok();
        changed.says(&["ana.token", "(secret)"]).never_says(&["t0ps3cret", "0thers3cret"]);

        project.write("accounts.sql", "SELECT 'ana' AS name, 'c0mputed' AS token, '1' AS pin");
        let text = project.read("djogi.toml").replace("accounts.csv", "accounts.sql");
        project.write("djogi.toml", &text);
        run(&project, &["plan"]).expect(1).says(&["sensitive", "CSV or JSON"]).never_says(&["c0mputed"]);
    });
}

#[test]
fn what_postgresql_says_of_rows_is_told_without_them() {
    on_each_server(|server| {
        let project = project(server, &[before::Account::DESCRIPTOR]);
        apply(&project);
        project
            .database()
            .run("INSERT INTO accounts VALUES ('a', 't0ps3cret', 'p1n \"x\" q'), ('b', 't0ps3cret', '2')");
        for (model, code) in [
            (unique::Account::DESCRIPTOR, "23505"),
            (numbered::Account::DESCRIPTOR, "22P02"),
            (unique_concurrently::Account::DESCRIPTOR, "23505"),
        ] {
            declare(&project, &[model]);
            let refused = run(&project, &["apply", "--auto-approve", "--online", "always"]).expect(1);
            refused.says(&[code]).never_says(&["t0ps3cret", "p1n"]);
            if code == "22P02" {
                // The rows that are written chunk by chunk are the same as others to a worker.
                let worker = run(&project, &["live", "worker"]).expect(1);
                worker.says(&[code]).never_says(&["t0ps3cret", "p1n"]);
                run(&project, &["live", "abandon", "accounts_pin_type", "--auto-approve"]).ok();
            }
        }
        // That the rows are still equal is said without saying in what.
        run(&project, &["plan"]).says(&["2 rows are equal"]).never_says(&["t0ps3cret"]);
    });
}
