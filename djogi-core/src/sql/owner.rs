//! Who owns an object: `ALTER ... OWNER TO`.

use super::{Context, Step, operator};
use crate::address::Address;
use crate::ident::Ident;
use crate::kind::Resource;
use crate::safety::Verb;

/// Gives the object to `role`; nothing for what has no owner of its own.
pub fn set_owner(resource: &Resource, role: &Ident, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let Some(object) = owned(resource) else { return Vec::new() };
    let sql = format!("ALTER {object} OWNER TO {role}");
    vec![match resource {
        Resource::Table(_) | Resource::View(_) | Resource::MaterializedView(_) => {
            let relation = resource.qualified_name().expect("relations have qualified names");
            ctx.step_on_one(address, Verb::SetOwnerOfRelation, &relation, sql)
        }
        _ => ctx.step(address, Verb::SetOwner, sql),
    }]
}

/// An object as the command names it.
fn owned(resource: &Resource) -> Option<String> {
    Some(match resource {
        Resource::Schema(r) => format!("SCHEMA {}", r.name),
        Resource::Collation(r) => format!("COLLATION {}", r.qualified_name()),
        Resource::Enum(r) => format!("TYPE {}", r.qualified_name()),
        Resource::Domain(r) => format!("DOMAIN {}", r.qualified_name()),
        Resource::Composite(r) => format!("TYPE {}", r.qualified_name()),
        Resource::Range(r) => format!("TYPE {}", r.qualified_name()),
        Resource::Sequence(r) => format!("SEQUENCE {}", r.qualified_name()),
        Resource::Table(r) => format!("{} {}", r.word(), r.qualified_name()),
        Resource::Statistics(r) => format!("STATISTICS {}", r.qualified_name()),
        Resource::View(r) => format!("VIEW {}", r.qualified_name()),
        Resource::MaterializedView(r) => format!("MATERIALIZED VIEW {}", r.qualified_name()),
        Resource::Routine(r) => format!("ROUTINE {}({})", r.qualified_name(), r.arguments),
        Resource::Aggregate(r) => format!("AGGREGATE {}({})", r.qualified_name(), r.parameters),
        Resource::Operator(r) => operator::named(r),
        Resource::OperatorFamily(r) => format!("OPERATOR FAMILY {} USING {}", r.qualified_name(), r.method),
        Resource::OperatorClass(r) => format!("OPERATOR CLASS {} USING {}", r.qualified_name(), r.method),
        Resource::TextSearchDictionary(r) => format!("TEXT SEARCH DICTIONARY {}", r.qualified_name()),
        Resource::TextSearchConfiguration(r) => format!("TEXT SEARCH CONFIGURATION {}", r.qualified_name()),
        Resource::ForeignDataWrapper(r) => format!("FOREIGN DATA WRAPPER {}", r.name),
        Resource::ForeignServer(r) => format!("SERVER {}", r.name),
        Resource::EventTrigger(r) => format!("EVENT TRIGGER {}", r.name),
        Resource::Publication(r) => format!("PUBLICATION {}", r.name),
        Resource::Conversion(r) => format!("CONVERSION {}", r.qualified_name()),
        Resource::Language(r) => format!("LANGUAGE {}", r.name),
        Resource::Subscription(r) => format!("SUBSCRIPTION {}", r.name),
        Resource::Cast(_)
        | Resource::Transform(_)
        | Resource::TextSearchParser(_)
        | Resource::TextSearchTemplate(_)
        | Resource::UserMapping(_)
        | Resource::Extension(_)
        | Resource::Constraint(_)
        | Resource::Index(_)
        | Resource::Trigger(_)
        | Resource::Rule(_)
        | Resource::Policy(_)
        | Resource::Grant(_)
        | Resource::DefaultPrivilege(_)
        | Resource::Seed(_)
        | Resource::Migration(_)
        | Resource::MigrationStep(_)
        | Resource::Role(_)
        | Resource::RoleGrant(_) => return None,
    })
}
