//! Domains, composite types and ranges of models.

use djogi_core::Model;
use e2e::on_each_server;

use super::{apply, becomes, declare, is_converged, project, run};

mod before {
    use std::ops::Range;

    #[derive(djogi_core::PgDomain)]
    #[pg_domain(name = "email", check = "VALUE LIKE '%@%'", default = "a@b")]
    pub(super) struct Email(String);

    #[derive(djogi_core::PgComposite)]
    #[pg_composite(name = "person")]
    pub(super) struct Person {
        name: String,
        mails: Vec<Email>,
    }

    #[derive(djogi_core::PgRange)]
    #[pg_range(name = "weights", subtype_diff = "float8mi")]
    pub(super) struct Weights(Range<f64>);

    #[derive(djogi_core::Model)]
    #[model(table = "people", check = "weights @> 1.5::float8", index(columns(weights), method = gist))]
    pub(super) struct Row {
        #[field(pk)]
        id: i64,
        mail: Email,
        other: Vec<Email>,
        person: Option<Person>,
        friends: Vec<Person>,
        weights: Weights,
        days: Range<i64>,
    }
}

mod after {
    use std::ops::Range;

    #[derive(djogi_core::PgDomain)]
    #[pg_domain(name = "mail", renamed_from = "email", comment = "Where to")]
    #[pg_domain(check(name = "email_check", sql = "VALUE LIKE '%@%'"))]
    pub(super) struct Email(String);

    #[derive(djogi_core::Model)]
    #[model(table = "people")]
    pub(super) struct Row {
        #[field(pk)]
        id: i64,
        mail: Email,
        days: Range<i64>,
    }
}

#[test]
fn types_come_before_their_columns_change_in_place_and_go_after_them() {
    on_each_server(|server| {
        let project = project(server, &[before::Row::DESCRIPTOR]);
        apply(&project);
        is_converged(&project);
        let database = project.database();
        database.run(
            "INSERT INTO people VALUES
                 (1, DEFAULT, '{c@d}', ROW('Ada', '{e@f}'), ARRAY[ROW('Bob', '{}')::person], '[1,2)', '[1,9)')",
        );
        assert_eq!(database.value("SELECT mail FROM people"), "a@b");
        assert_eq!(
            database.refusal("UPDATE people SET mail = 'nowhere'").code().code(),
            "23514",
            "the check of the domain holds"
        );

        declare(&project, &[after::Row::DESCRIPTOR]);
        let plan = run(&project, &["plan"]).ok();
        plan.says(&["> domain.main.public.email -> domain.main.public.mail", "1 to rename"]);
        becomes(&project, &[after::Row::DESCRIPTOR]);
        assert_eq!(database.value("SELECT mail FROM people"), "a@b");
        let types =
            "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype <> 'b'
            AND typrelid NOT IN (SELECT oid FROM pg_class WHERE relkind = 'r') ORDER BY 1";
        assert_eq!(database.column(types), ["mail"]);
        becomes(&project, &[Kept::DESCRIPTOR]);
        assert!(database.column(types).is_empty());
    });
}

/// Something of the package stays declared, or its end would be taken for a mistake.
#[derive(djogi_core::Model)]
#[model(table = "kept")]
struct Kept {
    id: i64,
}

#[derive(djogi_core::PgDomain)]
#[pg_domain(name = "broken", check = "VALUE >")]
struct Broken(i64);

#[derive(djogi_core::Model)]
#[model(table = "broken_ones")]
struct BrokenRow {
    a: Broken,
}

#[test]
fn a_check_of_a_domain_that_postgresql_refuses_is_told_at_the_domain() {
    on_each_server(|server| {
        let project = project(server, &[BrokenRow::DESCRIPTOR]);
        run(&project, &["plan"]).expect(1).says(&[
            "declaration_refused",
            "domain.main.public.broken",
            "42601",
        ]);
    });
}
