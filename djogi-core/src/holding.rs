//! Which live columns hold values of a type: PostgreSQL does not look through their rows when the type is altered.

use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, Resource};
use crate::names::qualified_names;

/// The live columns whose values are of the type `name`, or hold some. Of a domain, which PostgreSQL finds by itself, only the
/// latter count.
pub(crate) fn columns_holding<'a>(
    name: &QualifiedName,
    is_domain: bool,
    live: &'a Catalog,
    target: &'a Ident,
) -> impl Iterator<Item = Address> + use<'a> {
    let mut types = vec![name.clone()];
    let mut next = 0;
    while let Some(name) = types.get(next).cloned() {
        next += 1;
        for (_, resource) in live.iter() {
            let holds = |text: &str| qualified_names(text).contains(&name);
            let found = match resource {
                Resource::Composite(composite) => composite.attributes.iter().any(|a| holds(&a.data_type)),
                Resource::Range(range) => holds(&range.subtype),
                _ => false,
            };
            types.extend(resource.qualified_name().filter(|other| found && !types.contains(other)));
        }
    }
    let name = name.clone();
    live.iter().flat_map(move |(_, resource)| {
        let columns = match resource {
            Resource::Table(table) => table.columns.as_slice(),
            _ => &[],
        };
        let holds = |column: &&Column| {
            let is_itself = is_domain && column.data_type == name.to_string();
            !is_itself && qualified_names(&column.data_type).iter().any(|used| types.contains(used))
        };
        let table = resource.qualified_name();
        let found = columns.iter().filter(holds);
        let found = found.filter_map(|column| Some(Address::column(target, table.as_ref()?, &column.name)));
        found.collect::<Vec<_>>()
    })
}

/// The live columns of a type, and, with `arrays`, of arrays of it.
pub(crate) fn columns_of_type<'a>(
    data_type: &Address,
    live: &'a Catalog,
    arrays: bool,
) -> impl Iterator<Item = Address> + use<'a> {
    let (target, name) = (data_type.target().clone(), data_type.relation().map(|name| name.to_string()));
    live.iter().flat_map(move |(_, resource)| {
        let Resource::Table(table) = resource else { return Vec::new() };
        let element = |text: &'a str| text.strip_suffix("[]").filter(|_| arrays).unwrap_or(text);
        let is_of_it = |text: &'a str| name.as_deref().is_some_and(|name| element(text) == name);
        let columns = table.columns.iter().filter(|column| is_of_it(&column.data_type));
        columns.map(|column| Address::column(&target, &table.qualified_name(), &column.name)).collect()
    })
}

/// The live columns that change with what is replaced under them: those of a type, and of arrays of it, or those that are
/// sorted by a collation.
pub(crate) fn columns_under(replaced: &Address, live: &Catalog) -> Vec<Address> {
    if replaced.kind() != Kind::Collation {
        return columns_of_type(replaced, live, true).collect();
    }
    let collation = replaced.relation();
    let tables = live.iter().filter_map(|(_, resource)| match resource {
        Resource::Table(table) => Some(table),
        _ => None,
    });
    let columns = tables.flat_map(|table| {
        let sorted = table.columns.iter().filter(|column| column.collation == collation);
        sorted.map(|column| Address::column(replaced.target(), &table.qualified_name(), &column.name))
    });
    columns.collect()
}

/// The live columns from which an inherited column comes, directly or not.
pub(crate) fn columns_above(column: &Address, live: &Catalog) -> Vec<Address> {
    let (mut found, mut open) = (Vec::new(), vec![column.clone()]);
    while let Some(column) = open.pop() {
        let table = column.table_of_member();
        let Some(Resource::Table(table)) = table.and_then(|table| live.get(&table)) else { continue };
        if !table.column(column.name()).is_some_and(|column| column.origin.is_inherited()) {
            continue;
        }
        for parent in table.lineage.parents() {
            let above = Address::column(column.target(), parent, column.name());
            open.push(above.clone());
            found.push(above);
        }
    }
    found
}
