//! Which live columns hold values of a type.

use super::Context;
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::{Column, Resource};
use crate::names::qualified_names;

/// A live column whose values are of the type `name`, or hold some. Of a domain, which PostgreSQL finds by itself, only the
/// latter count.
pub(super) fn column_holding(name: &QualifiedName, is_domain: bool, ctx: &Context<'_>) -> Option<Address> {
    let mut types = vec![name.clone()];
    let mut next = 0;
    while let Some(name) = types.get(next).cloned() {
        next += 1;
        for (_, resource) in ctx.live.iter() {
            let holds = |text: &str| qualified_names(text).contains(&name);
            let found = match resource {
                Resource::Composite(composite) => composite.attributes.iter().any(|a| holds(&a.data_type)),
                Resource::Range(range) => holds(&range.subtype),
                _ => false,
            };
            types.extend(resource.qualified_name().filter(|other| found && !types.contains(other)));
        }
    }
    ctx.live.iter().find_map(|(_, resource)| {
        let Resource::Table(table) = resource else { return None };
        let holds = |column: &&Column| {
            let is_itself = is_domain && column.data_type == name.to_string();
            !is_itself && qualified_names(&column.data_type).iter().any(|used| types.contains(used))
        };
        let column = table.columns.iter().find(holds)?;
        Some(Address::column(ctx.target, &table.qualified_name(), &column.name))
    })
}
