//! Models whose rows are what a query gives.

use djogi_core::Model;
use e2e::on_each_server;

use super::{apply, becomes, declare, is_converged, project, run};

#[derive(djogi_core::Model)]
#[model(table = "sales")]
struct Sale {
    #[field(pk)]
    id: i64,
    customer: String,
    #[field(type = "numeric(12,2)")]
    amount: String,
}

mod before {
    #[derive(djogi_core::Model)]
    #[model(
        table = "turnover",
        view = "SELECT customer, sum(amount) AS total FROM sales GROUP BY customer",
        comment = "By customer"
    )]
    pub(super) struct Turnover {
        #[field(type = "numeric", comment = "All of it")]
        total: Option<String>,
        customer: String,
    }

    #[derive(djogi_core::Model)]
    #[model(table = "best", materialized_view = "SELECT customer FROM turnover WHERE total > 100")]
    pub(super) struct Best {
        #[field(index(unique))]
        customer: String,
    }
}

mod after {
    #[derive(djogi_core::Model)]
    #[model(
        table = "turnover",
        view = "SELECT customer, sum(amount) AS total, count(*) AS sales FROM sales GROUP BY customer",
        security_invoker
    )]
    pub(super) struct Turnover {
        customer: String,
        #[field(type = "numeric")]
        total: Option<String>,
        sales: i64,
    }
}

#[test]
fn views_come_after_what_they_query_change_in_place_and_go() {
    on_each_server(|server| {
        let all = [Sale::DESCRIPTOR, before::Turnover::DESCRIPTOR, before::Best::DESCRIPTOR];
        let project = project(server, &all);
        apply(&project);
        is_converged(&project);
        let database = project.database();
        database.run("INSERT INTO sales VALUES (1, 'Ada', 90), (2, 'Ada', 20), (3, 'Bob', 1)");
        database.run("REFRESH MATERIALIZED VIEW CONCURRENTLY best");
        assert_eq!(database.column("SELECT customer FROM best"), ["Ada"]);
        let comment =
            "SELECT obj_description('turnover'::regclass) || col_description('turnover'::regclass, 2)";
        assert_eq!(database.value(comment), "By customerAll of it");

        let all = [Sale::DESCRIPTOR, after::Turnover::DESCRIPTOR, before::Best::DESCRIPTOR];
        declare(&project, &all);
        run(&project, &["plan"]).ok().says(&["~ view.main.public.turnover", "Plan: 1 to update."]);
        becomes(&project, &all);
        assert_eq!(database.column("SELECT sales FROM turnover ORDER BY customer"), ["2", "1"]);
        assert_eq!(
            database.value("SELECT reloptions FROM pg_class WHERE relname = 'turnover'"),
            "{security_invoker=true}"
        );

        becomes(&project, &[Sale::DESCRIPTOR]);
        assert_eq!(database.value("SELECT to_regclass('turnover')::text"), "NULL");
        assert_eq!(database.value("SELECT count(*) FROM sales"), "3");
    });
}

#[derive(djogi_core::Model)]
#[model(table = "wrong", view = "SELECT id, customer, amount AS total, now() AS moment FROM sales")]
struct Wrong {
    id: i32,
    customer: String,
    amount: String,
    total: i64,
}

#[test]
fn columns_that_do_not_fit_are_told_at_their_fields() {
    on_each_server(|server| {
        let line = line!() - 10;
        let at = |offset: u32| format!("views.rs:{}", line + offset);
        let mut project = project(server, &[Sale::DESCRIPTOR, Wrong::DESCRIPTOR]);
        let expected = [
            "view_columns",
            "view.main.public.wrong",
            "the query gives `id` as bigint, but the field is integer",
            &at(1),
            "#[field(type = \"bigint\")]",
            "the query gives no column `amount`",
            &at(3),
            "the query gives: id, customer, total, moment",
            "the query gives `total` as numeric(12,2), but the field is bigint",
            &at(4),
            "the query gives a column `moment` (timestamp with time zone), for which there is no field",
            &at(0),
        ];
        run(&project, &["plan"]).expect(1).says(&expected);
        // The result is kept, and the mistakes are found in it again.
        run(&project, &["plan"]).expect(1).says(&expected);
        // So are they beside SQL files.
        project.configure("[models]\ncatalog = \"catalog.json\"\n[sql]\nfiles = [\"*.sql\"]\n");
        project.write("more.sql", "CREATE VIEW more AS SELECT * FROM wrong;");
        run(&project, &["plan"]).expect(1).says(&expected);
    });
}

#[derive(djogi_core::Model)]
#[model(table = "lost", view = "SELECT id FROM nowhere")]
struct Lost {
    id: i64,
}

#[test]
fn a_query_that_postgresql_refuses_is_told_at_the_model() {
    on_each_server(|server| {
        let project = project(server, &[Lost::DESCRIPTOR]);
        run(&project, &["plan"]).expect(1).says(&["declaration_refused", "view.main.public.lost", "42P01"]);
    });
}
