//! What roles may do, as models declare it.
#![allow(
    clippy::duplicated_attributes,
    reason = "what several attributes say alike is said of different things"
)]

use djogi_core::model::{LinkedModels, ObjectDescriptor, lower, objects};
use djogi_core::{Ident, Model};
use e2e::on_each_server;

use super::{apply, becomes, is_converged, project, run};

djogi_core::schema!(desk, target = "desk", grant(usage, to(pg_monitor, pg_read_all_data)));
djogi_core::sequence!(
    schema = "desk",
    name = "tickets",
    target = "desk",
    grant(usage, select, to(pg_monitor))
);

mod before {
    #[derive(djogi_core::Model)]
    #[model(table = "letters")]
    #[model(grant(select, insert, update(body, seen), to(pg_monitor)))]
    #[model(grant(select, to(pg_read_all_data), with_grant_option))]
    #[model(grant(select(seen), to(public)))]
    #[model(grant(delete, to(pg_monitor, pg_read_all_data)))]
    pub(super) struct Letter {
        body: String,
        seen: bool,
    }

    #[derive(djogi_core::Model)]
    #[model(table = "unread", view = "SELECT body FROM letters WHERE NOT seen", grant(select, to(public)))]
    pub(super) struct Unread {
        body: Option<String>,
    }
}

mod after {
    #[derive(djogi_core::Model)]
    #[model(table = "mails", renamed_from = "letters", grant(select, update(text), to(pg_monitor)))]
    pub(super) struct Mail {
        #[field(renamed_from = "body")]
        text: String,
        seen: bool,
    }
}

/// What is granted on a relation, and on its columns, to others than the owner.
fn granted(relation: &str) -> String {
    format!(
        "SELECT concat_ws(' ', CASE x.grantee WHEN 0 THEN 'public' ELSE x.grantee::regrole::text END, a.what, \
                string_agg(x.privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ',' \
                           ORDER BY x.privilege_type)) \
           FROM (SELECT relacl AS acl, NULL AS what, relowner AS owner FROM pg_class \
                  WHERE oid = '{relation}'::regclass \
                  UNION ALL \
                 SELECT attacl, attname, relowner FROM pg_attribute JOIN pg_class c ON c.oid = attrelid \
                  WHERE attrelid = '{relation}'::regclass) a, aclexplode(a.acl) x \
          WHERE x.grantee <> a.owner GROUP BY x.grantee, a.what ORDER BY 1"
    )
}

#[test]
fn privileges_come_change_and_go() {
    on_each_server(|server| {
        let project = project(server, &[before::Letter::DESCRIPTOR, before::Unread::DESCRIPTOR]);
        apply(&project);
        is_converged(&project);
        let database = project.database();
        assert_eq!(
            database.column(&granted("letters")),
            [
                "pg_monitor DELETE,INSERT,SELECT",
                "pg_monitor body UPDATE",
                "pg_monitor seen UPDATE",
                "pg_read_all_data DELETE,SELECT*",
                "public seen SELECT",
            ]
        );
        assert_eq!(database.column(&granted("unread")), ["public SELECT"]);
        database.run("REVOKE INSERT ON letters FROM pg_monitor");
        run(&project, &["plan"]).ok().says(&["grant.main.public.letters.pg_monitor"]);
        becomes(&project, &[before::Letter::DESCRIPTOR]);
        becomes(&project, &[after::Mail::DESCRIPTOR]);
        assert_eq!(database.column(&granted("mails")), ["pg_monitor SELECT", "pg_monitor text UPDATE"]);
    });
}

#[test]
fn schemas_and_sequences_have_privileges_too() {
    on_each_server(|server| {
        let objects: Vec<&'static ObjectDescriptor> = objects(&[&LinkedModels]);
        let of_desk: Vec<_> = objects.into_iter().filter(|object| object.target == Some("desk")).collect();
        let of_main = of_desk
            .into_iter()
            .map(|object| &*Box::leak(Box::new(ObjectDescriptor { target: None, ..*object })));
        let project = project(server, &[]).managing(&["desk"]);
        let main = Ident::new("main").unwrap();
        project.declare_all(&lower(&[], &of_main.collect::<Vec<_>>(), &main).unwrap());
        apply(&project);
        is_converged(&project);
        let schema = "SELECT grantee::regrole::text FROM pg_namespace n, aclexplode(nspacl) \
                      WHERE nspname = 'desk' AND grantee <> nspowner ORDER BY 1";
        assert_eq!(project.database().column(schema), ["pg_monitor", "pg_read_all_data"]);
        assert_eq!(project.database().column(&granted("desk.tickets")), ["pg_monitor SELECT,USAGE"]);
    });
}

mod unchecked {
    #[derive(djogi_core::Model)]
    #[model(table = "drafts")]
    pub(super) struct Draft {
        #[field(pk)]
        id: i64,
        #[field(check(name = "drafts_short", sql = "length(text) < 9", not_enforced))]
        text: String,
        #[field(references = Draft, not_enforced)]
        reply_to: Option<i64>,
    }

    pub(super) mod enforced {
        #[derive(djogi_core::Model)]
        #[model(table = "drafts")]
        pub(in super::super) struct Draft {
            #[field(pk)]
            id: i64,
            #[field(check(name = "drafts_short", sql = "length(text) < 9"))]
            text: String,
            #[field(references = Draft)]
            reply_to: Option<i64>,
        }
    }
}

#[test]
fn a_constraint_can_be_there_without_being_enforced() {
    on_each_server(|server| {
        let project = project(server, &[unchecked::Draft::DESCRIPTOR]);
        if server.major() < 18 {
            run(&project, &["plan"]).expect(1).says(&["18"]);
            return;
        }
        apply(&project);
        is_converged(&project);
        let enforced = "SELECT string_agg(conname || conenforced, ' ' ORDER BY conname) FROM pg_constraint \
                        WHERE conrelid = 'drafts'::regclass AND contype IN ('c', 'f')";
        assert_eq!(project.database().value(enforced), "drafts_reply_to_fkeyfalse drafts_shortfalse");
        becomes(&project, &[unchecked::enforced::Draft::DESCRIPTOR]);
        assert_eq!(project.database().value(enforced), "drafts_reply_to_fkeytrue drafts_shorttrue");
    });
}
