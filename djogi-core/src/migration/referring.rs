//! The foreign keys that refer to a column which gets another type. Each is there once more while the column has two sets
//! of values: one to the old ones, one to the new ones, so that rows are held to it at every moment.

use std::collections::BTreeSet;

use super::names;
use crate::address::Address;
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Constraint, ConstraintDefinition, Deferrable, ForeignKey, Migration, Resource, Retype};

/// The order in which they are listed and changed.
pub(crate) fn place(constraint: &Constraint) -> (QualifiedName, Ident) {
    (constraint.table_name(), constraint.name.clone())
}

/// Whether it is a foreign key to the column.
pub(super) fn refers_to(constraint: &Constraint, table: &QualifiedName, column: &Ident) -> bool {
    key_of(constraint).is_some_and(|key| key.references == *table && key.referenced_columns.contains(column))
}

pub(super) fn key_of(constraint: &Constraint) -> Option<&ForeignKey> {
    match &constraint.definition {
        ConstraintDefinition::ForeignKey(key) => Some(key),
        _ => None,
    }
}

/// The foreign keys of `catalog` to the column.
pub(crate) fn to_column<'c>(
    catalog: &'c Catalog,
    table: &'c QualifiedName,
    column: &'c Ident,
) -> impl Iterator<Item = &'c Constraint> {
    catalog.iter().filter_map(move |(_, resource)| match resource {
        Resource::Constraint(constraint) if refers_to(constraint, table, column) => Some(constraint),
        _ => None,
    })
}

/// Those to the column of `migration` that are taken along, each with its likeness to the helper column. One whose own
/// columns are being migrated is not: it is another one afterwards.
pub(crate) fn taken_along<'c>(
    migration: &'c Retype,
    live: &'c Catalog,
    desired: &Desired,
) -> Vec<(&'c Constraint, Constraint)> {
    let moving = columns_under_way(live, desired);
    let Retype { table, column, .. } = migration;
    let helper = names::new_column(column);
    let keys = to_column(live, table, column).filter(|key| !is_among(key, &moving));
    let mut taken: Vec<_> =
        keys.map(|key| (key, likeness(key, (column, &helper), names::referring))).collect();
    taken.sort_by_key(|(_, likeness)| place(likeness));
    taken
}

/// When a foreign key is checked that programs know by another name: nobody can put off its check by its own, so one that can
/// be put off waits for the end of each transaction.
pub(crate) fn unnamed(deferrable: Deferrable) -> Deferrable {
    match deferrable {
        Deferrable::NotDeferrable => Deferrable::NotDeferrable,
        Deferrable::InitiallyImmediate | Deferrable::InitiallyDeferred => Deferrable::InitiallyDeferred,
    }
}

/// `original` as a foreign key to the column `to` in the place of `from`.
pub(crate) fn likeness(
    original: &Constraint,
    (from, to): (&Ident, &Ident),
    name: fn(&Ident) -> Ident,
) -> Constraint {
    let mut likeness = original.clone();
    if let ConstraintDefinition::ForeignKey(key) = &mut likeness.definition {
        key.referenced_columns
            .iter_mut()
            .filter(|column| *column == from)
            .for_each(|column| *column = to.clone());
    }
    Constraint {
        name: name(&original.name),
        deferrable: unnamed(original.deferrable),
        comment: None,
        ..likeness
    }
}

/// The columns of which there is a migration, or is to be one.
fn columns_under_way(live: &Catalog, desired: &Desired) -> BTreeSet<(QualifiedName, Ident)> {
    let declared = desired.values().map(|declared| &*declared.resource);
    let all = live.iter().map(|(_, resource)| resource).chain(declared);
    all.filter_map(|resource| match resource {
        Resource::Migration(Migration::Retype(retype)) => Some((retype.table.clone(), retype.column.clone())),
        _ => None,
    })
    .collect()
}

/// Whether one of the columns that have the foreign key is in `columns`.
fn is_among(key: &Constraint, columns: &BTreeSet<(QualifiedName, Ident)>) -> bool {
    key.columns().into_iter().any(|column| columns.contains(&(key.table_name(), column.clone())))
}

/// The migrations that have to be over before the referred column changes its place, since a foreign key is on their column.
pub(super) fn migrations_before(
    migration: &Retype,
    live: &Catalog,
    desired: &Desired,
    target: &Ident,
) -> BTreeSet<Address> {
    let referring: Vec<&Constraint> = to_column(live, &migration.table, &migration.column).collect();
    let declared = desired.values().map(|declared| &*declared.resource);
    let all = live.iter().map(|(_, resource)| resource).chain(declared);
    all.filter_map(|resource| match resource {
        Resource::Migration(Migration::Retype(other)) if other.name != migration.name => Some(other),
        _ => None,
    })
    .filter(|other| {
        let own = BTreeSet::from([(other.table.clone(), other.column.clone())]);
        referring.iter().any(|key| is_among(key, &own))
    })
    .map(|other| Address::migration(target, &other.name))
    .collect()
}

/// Whether PostgreSQL compares values of the two types in a foreign key, whichever side has which.
pub(crate) fn can_be_joined(one: &str, other: &str) -> bool {
    const FAMILIES: [&[&str]; 2] = [&["smallint", "integer", "bigint"], &["text", "character varying"]];
    // What stands after the parentheses tells one type from another: `timestamp(3) with time zone`.
    let base = |data_type: &str| match data_type.split_once('(').zip(data_type.split_once(')')) {
        Some(((before, _), (_, after))) => format!("{}{after}", before.trim_end()),
        None => data_type.to_owned(),
    };
    let (one_base, other_base) = (base(one), base(other));
    let is_of_both =
        |family: &&[&str]| [&one_base, &other_base].iter().all(|base| family.contains(&base.as_str()));
    one == other || one_base == other_base || FAMILIES.iter().any(is_of_both)
}

#[cfg(test)]
mod tests {
    use super::can_be_joined;

    #[test]
    fn what_a_foreign_key_compares() {
        for (one, other) in [("integer", "bigint"), ("character varying(9)", "text"), ("uuid", "uuid")] {
            assert!(can_be_joined(one, other) && can_be_joined(other, one), "{one} {other}");
        }
        let same = [("timestamp(3) with time zone", "timestamp with time zone"), ("numeric(8,2)", "numeric")];
        for (one, other) in same {
            assert!(can_be_joined(one, other) && can_be_joined(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("integer", "uuid"),
            ("integer", "text"),
            ("integer[]", "bigint"),
            ("numeric", "bigint"),
            ("timestamp(3) with time zone", "timestamp(3) without time zone"),
            ("character varying(9)[]", "text"),
        ] {
            assert!(!can_be_joined(one, other) && !can_be_joined(other, one), "{one} {other}");
        }
    }
}
