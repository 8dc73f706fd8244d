//! What a table has from those that it inherits from, and besides that for itself (`attislocal`, `conislocal`).
//!
//! No statement changes this alone. A table that leaves its parents keeps all that it has from them, as its own, and that
//! stays its own when it joins them again; the other way there is none.

use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::ident::Ident;
use crate::kind::{Column, ColumnOrigin, Constraint, ConstraintDefinition, Lineage, Resource, Table};

/// Whether a table becomes as it is `wanted` when it leaves its parents and joins them again, and not otherwise.
pub(super) fn becomes_own(
    (address, live): (&Address, &Table),
    wanted: &Table,
    desired: &Desired,
    catalog: &Catalog,
) -> bool {
    if !is_heir(live, wanted) {
        return false;
    }
    let columns = || columns(live, wanted);
    let differs = |(old, new): (&Column, &Column)| {
        (old.origin, new.origin) == (ColumnOrigin::Inherited, ColumnOrigin::Merged)
            || both_not_null(old, new) && not_null_name(live, old) != not_null_name(wanted, new)
    };
    let is_own = |column: &Column| {
        column.origin == ColumnOrigin::Merged
            && !(column.not_null && column.not_null_constraint.origin == ColumnOrigin::Inherited)
    };
    let inherited_checks = checks(address, desired, catalog).filter(|(old, _)| old.parent.is_some());
    let becoming: Vec<bool> = inherited_checks.map(|(_, new)| new.parent.is_none()).collect();
    (columns().any(differs) || becoming.contains(&true))
        && columns().all(|(_, new)| is_own(new))
        && !becoming.contains(&false)
}

/// What of a live table is its own and shall not be, or the other way round, in words.
pub fn differences(
    address: &Address,
    live: &Table,
    wanted: &Table,
    desired: &Desired,
    catalog: &Catalog,
) -> Vec<String> {
    if !is_heir(live, wanted) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut compare = |what: String, is_own: bool, shall_be: bool| match (is_own, shall_be) {
        (true, false) => {
            found.push(format!("{what} is its own as well, and is declared as its parents' alone"));
        }
        (false, true) => {
            found.push(format!("{what} is its parents' alone, and is declared as its own as well"));
        }
        (true, true) | (false, false) => {}
    };
    let is_own = |origin: ColumnOrigin| origin != ColumnOrigin::Inherited;
    for (old, new) in columns(live, wanted) {
        compare(format!("column {}", old.name), is_own(old.origin), is_own(new.origin));
        if both_not_null(old, new) {
            let (before, after) = (&old.not_null_constraint, &new.not_null_constraint);
            compare(format!("the NOT NULL of {}", old.name), is_own(before.origin), is_own(after.origin));
        }
    }
    for (old, new) in checks(address, desired, catalog) {
        compare(format!("constraint {}", old.name), old.parent.is_none(), new.parent.is_none());
    }
    for (old, new) in columns(live, wanted).filter(|(old, new)| both_not_null(old, new)) {
        let (is, shall_be) = (not_null_name(live, old), not_null_name(wanted, new));
        if is != shall_be {
            found.push(format!("the NOT NULL of {} is called {is}, and is declared as {shall_be}", old.name));
        }
    }
    found
}

/// Whether it inherits from the same tables before and after the plan.
fn is_heir(live: &Table, wanted: &Table) -> bool {
    matches!(live.lineage, Lineage::Inherits(_)) && live.lineage == wanted.lineage
}

/// The columns that it has from its parents, live and declared.
fn columns<'a>(live: &'a Table, wanted: &'a Table) -> impl Iterator<Item = (&'a Column, &'a Column)> {
    let both = live.columns.iter().filter_map(|old| Some((old, wanted.column(&old.name)?)));
    both.filter(|(old, new)| old.origin.is_inherited() && new.origin.is_inherited())
}

fn both_not_null(old: &Column, new: &Column) -> bool {
    old.has_inherited_not_null() && new.has_inherited_not_null()
}

fn not_null_name(table: &Table, column: &Column) -> Ident {
    column.not_null_constraint.name_on(&table.name, &column.name)
}

/// The checks of a table, live and declared.
fn checks<'a>(
    table: &'a Address,
    desired: &'a Desired,
    catalog: &'a Catalog,
) -> impl Iterator<Item = (&'a Constraint, &'a Constraint)> {
    let is_check =
        |constraint: &Constraint| matches!(constraint.definition, ConstraintDefinition::Check { .. });
    let of_table = catalog.iter().filter(move |(address, _)| {
        address.kind() == Kind::Constraint && address.table_of_member().as_ref() == Some(table)
    });
    of_table.filter_map(move |(address, resource)| match (resource, &*desired.get(address)?.resource) {
        (Resource::Constraint(old), Resource::Constraint(new)) => is_check(old).then_some((old, new)),
        _ => None,
    })
}
