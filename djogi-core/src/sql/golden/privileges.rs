//! Privileges, default privileges and owners, in the golden script.

use std::collections::BTreeSet;

use super::fixtures::*;
use super::script::Script;
use crate::address::Address;
use crate::kind::privilege::{Held, Privilege, Rights, Securables};
use crate::kind::*;
use crate::sql::{Context, Made, Step, create, set_owner};

fn held(privileges: &[(Privilege, bool)]) -> Held {
    privileges.iter().copied().collect()
}

/// Is given, given otherwise, and taken away.
fn life(script: &mut Script, on: &Securable, grantee: &str, first: &Held, second: &Held) {
    let grant = |held: &Held| {
        Resource::Grant(Grant::new(on.clone(), ident(grantee), false, &Rights::from(held.clone())))
    };
    script.create(grant(first));
    script.alter(grant(second));
    script.drop(&grant(second));
}

pub(super) fn privileges(script: &mut Script) {
    use Privilege as P;
    script.title("privileges, default privileges, owners");
    script.create_table(table("ledger", vec![column("a", "integer"), column("b", "text")]), &[]);
    script.time_passes(Some(10), 8_192);
    let on = Securable::Table(name("app", "ledger"));
    let grant = |rights: &Rights| Resource::Grant(Grant::new(on.clone(), ident("pg_monitor"), false, rights));
    let first = Rights {
        whole: held(&[(P::Select, true), (P::Update, false)]),
        columns: [(ident("a"), held(&[(P::Insert, false), (P::Update, false)]))].into(),
    };
    let second = Rights {
        whole: held(&[(P::Select, false), (P::Delete, true)]),
        columns: [(ident("a"), held(&[(P::Update, true)])), (ident("b"), held(&[(P::Update, true)]))].into(),
    };
    script.create(grant(&first));
    script.alter(grant(&second));
    script.drop(&grant(&second));

    let none = Held::new();
    let number = Resource::Sequence(sequence("tickets", SequenceType::Bigint, bigint()));
    script.create(number);
    let tickets = Securable::Sequence { name: name("app", "tickets"), table: None };
    life(script, &tickets, "pg_monitor", &held(&[(P::Usage, false)]), &held(&[(P::Select, true)]));
    let app = Securable::Schema { name: ident("app") };
    life(script, &app, "public", &held(&[(P::Usage, false)]), &held(&[(P::Create, false)]));
    let language = Securable::Language { name: ident("plpgsql") };
    life(script, &language, "public", &none, &held(&[(P::Usage, false)]));

    let defaults = |schema: Option<&str>, objects, grantee: &str, held: &Held| {
        let whose = (ident("pg_monitor"), schema.map(ident));
        Resource::DefaultPrivilege(DefaultPrivilege::new(whose, objects, ident(grantee), held))
    };
    for (schema, objects, grantee, first, second) in [
        (Some("app"), Securables::Tables, "public", held(&[(P::Select, false)]), held(&[(P::Insert, false)])),
        (None, Securables::Functions, "public", none.clone(), held(&[(P::Execute, true)])),
        (None, Securables::Types, "pg_read_all_data", held(&[(P::Usage, true)]), held(&[(P::Usage, false)])),
    ] {
        script.create(defaults(schema, objects, grantee, &first));
        script.alter(defaults(schema, objects, grantee, &second));
        script.drop(&defaults(schema, objects, grantee, &second));
    }

    let ledger = Resource::Table(script.live.table(&script.target, &name("app", "ledger")).unwrap().clone());
    let address = ledger.address(&script.target);
    script.write(Ok(set_owner(&ledger, &ident("pg_monitor"), &script.context(), &address)));
}

/// What a plan adds to the making of a table where default privileges are in force.
#[test]
fn a_new_object_ends_with_what_is_declared() {
    use Privilege as P;
    let mut script = Script::new(180_004);
    let whose = |schema: Option<&str>| (ident("postgres"), schema.map(ident));
    for (schema, grantee, privilege) in [
        (None, "reader", P::Select),
        (Some("app"), "writer", P::Insert),
        (Some("other"), "writer", P::Update),
    ] {
        let held = held(&[(privilege, false)]);
        let privilege = DefaultPrivilege::new(whose(schema), Securables::Tables, ident(grantee), &held);
        script.live.insert(&script.target, Resource::DefaultPrivilege(privilege));
    }
    let on = Securable::Table(name("app", "t"));
    let rights = |privilege| Rights::from(held(&[(privilege, false)]));
    let wanted = Grant::new(on.clone(), ident("writer"), false, &rights(P::Update));
    let kept = Grant::new(on.clone(), ident("keeper"), false, &rights(P::Delete));
    let object = Address::table(&script.target, &name("app", "t"));
    let address = Address::grant(&script.target, &on, &wanted.grantee);
    let objects = BTreeSet::from([object.clone()]);
    let made = Made::by(&ident("postgres"), &script.live, objects, [address.clone()].into_iter());
    let context = Context { made: &made, ..script.context() };
    let sql = |steps: Vec<Step>| steps.into_iter().map(|step| step.operation.sql).collect::<Vec<_>>();
    assert_eq!(
        sql(made.settle(&on, &[&kept], &context, &object)),
        ["GRANT DELETE ON TABLE app.t TO keeper", "REVOKE SELECT ON TABLE app.t FROM reader"]
    );
    assert_eq!(
        sql(create(&Resource::Grant(wanted), &context, &address).unwrap()),
        ["REVOKE INSERT ON TABLE app.t FROM writer", "GRANT UPDATE ON TABLE app.t TO writer"]
    );
}
