//! Row security and policies of models.

use djogi_core::Model;
use e2e::on_each_server;

use super::{apply, becomes, declare, is_converged, project, run};

/// Three states of one table.
mod before {
    #[derive(djogi_core::Model)]
    #[model(table = "notes", row_level_security(enable))]
    #[model(policy(name = "notes_own", using = "author = CURRENT_USER", check = "LENGTH(body) < 9"))]
    #[model(policy(name = "notes_public", for = select, to(pg_monitor, pg_read_all_data), using = "shown"))]
    pub(super) struct Note {
        author: String,
        body: String,
        shown: bool,
    }
}

mod after {
    #[derive(djogi_core::Model)]
    #[model(table = "notes", row_level_security(force))]
    #[model(policy(
        name = "notes_own",
        using = "author = SESSION_USER",
        check = "LENGTH(body) < 9",
        comment = "Mine"
    ))]
    #[model(policy(name = "notes_public", for = select, to(pg_monitor), using = "shown", restrictive))]
    pub(super) struct Note {
        author: String,
        body: String,
        shown: bool,
    }
}

mod without {
    #[derive(djogi_core::Model)]
    #[model(table = "notes")]
    pub(super) struct Note {
        author: String,
        body: String,
        shown: bool,
    }
}

const POLICIES: &str =
    "SELECT concat_ws(' ', policyname, permissive, roles, cmd, qual) FROM pg_policies ORDER BY 1";
const FLAGS: &str =
    "SELECT relrowsecurity::text || relforcerowsecurity FROM pg_class WHERE oid = 'notes'::regclass";

#[test]
fn policies_come_change_in_place_and_go() {
    on_each_server(|server| {
        let project = project(server, &[before::Note::DESCRIPTOR]);
        apply(&project);
        is_converged(&project);
        let database = project.database();
        assert_eq!(database.value(FLAGS), "truefalse");
        assert_eq!(
            database.column(POLICIES),
            [
                "notes_own PERMISSIVE {public} ALL (author = CURRENT_USER)",
                "notes_public PERMISSIVE {pg_monitor,pg_read_all_data} SELECT shown",
            ]
        );
        declare(&project, &[after::Note::DESCRIPTOR]);
        let plan = run(&project, &["plan", "--json"]).ok().json();
        let count = |what: &str| plan["summary"][what].as_u64();
        // The table and a policy; another combination of policies is another policy.
        assert_eq!([count("update"), count("replace"), count("delete")], [Some(2), Some(1), Some(0)]);
        becomes(&project, &[after::Note::DESCRIPTOR]);
        assert_eq!(database.value(FLAGS), "truetrue");
        assert_eq!(
            database.column(POLICIES),
            [
                "notes_own PERMISSIVE {public} ALL (author = SESSION_USER)",
                "notes_public RESTRICTIVE {pg_monitor} SELECT shown",
            ]
        );
        becomes(&project, &[without::Note::DESCRIPTOR]);
        assert_eq!(database.value(FLAGS), "falsefalse");
        assert!(database.column(POLICIES).is_empty());
    });
}

#[test]
fn a_policy_that_somebody_changed_is_drift() {
    on_each_server(|server| {
        let project = project(server, &[before::Note::DESCRIPTOR]);
        apply(&project);
        project.database().run("ALTER POLICY notes_own ON notes USING (true)");
        run(&project, &["plan"]).ok().says(&["notes_own", "using"]);
        apply(&project);
        is_converged(&project);
    });
}

#[derive(djogi_core::Model)]
#[model(table = "typos", row_level_security(enable))]
#[model(policy(name = "typos_own", using = "autor = current_user"))]
struct Typo {
    author: String,
}

#[test]
fn a_condition_that_postgresql_refuses_is_told_at_the_policy() {
    on_each_server(|server| {
        let project = project(server, &[Typo::DESCRIPTOR]);
        let refused = run(&project, &["plan"]).expect(1);
        let line = line!() - 10;
        let place = format!("security.rs:{line}");
        refused.says(&[
            "declaration_refused",
            "policy.main.public.typos.typos_own",
            &place,
            "autor",
            "42703",
        ]);
    });
}
