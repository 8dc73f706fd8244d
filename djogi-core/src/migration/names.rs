//! What the parts of a migration are called: always the same, so that they are found again after a crash.

use crate::ident::{Ident, QualifiedName};
use crate::model::naming::{joined as joined_names, object_name};
use crate::sql::suffixed;

/// `<table>_<column>_type`, with the schema before it where that is not `public`.
pub fn of_retype(table: &QualifiedName, column: &Ident) -> Ident {
    of(table, column, "type")
}

/// `<table>_<column>_fill`, the same way.
pub fn of_fill(table: &QualifiedName, column: &Ident) -> Ident {
    of(table, column, "fill")
}

/// `<table>_<columns>_orphans`, the same way.
pub fn of_orphans(table: &QualifiedName, columns: &Ident) -> Ident {
    of(table, columns, "orphans")
}

/// The columns of a key as one name, as PostgreSQL joins them.
pub fn joined(columns: &[Ident]) -> Ident {
    let names: Vec<&str> = columns.iter().map(Ident::as_str).collect();
    Ident::new(joined_names(&names)).expect("it is cut to the length of a name")
}

/// Where rows are kept that a foreign key would refuse: in the schema of the ledger, where no plan looks.
pub(crate) fn quarantine(rule: &Ident) -> QualifiedName {
    in_ledger(rule.clone())
}

fn of(table: &QualifiedName, column: &Ident, what: &str) -> Ident {
    let relation = match table.schema.as_str() {
        "public" => table.name.as_str().to_owned(),
        schema => format!("{schema}_{}", table.name.as_str()),
    };
    Ident::new(object_name(&relation, column.as_str(), what))
        .expect("object_name keeps within the limits of names")
}

/// The helper column before the cutover: it holds the new values.
pub(crate) fn new_column(column: &Ident) -> Ident {
    suffixed(column, "__djogi_new")
}

/// The helper column after the cutover: it holds the old values.
pub(crate) fn old_column(column: &Ident) -> Ident {
    suffixed(column, "__djogi_old")
}

/// The check that proves the new values to be there, where the column is `NOT NULL`.
pub(crate) fn filled(column: &Ident) -> Ident {
    suffixed(column, "__djogi_filled")
}

/// The same for the old values, on the way back.
pub(crate) fn refilled(column: &Ident) -> Ident {
    suffixed(column, "__djogi_refilled")
}

/// An index or a constraint on the new values, before the cutover.
pub(crate) fn twin(original: &Ident) -> Ident {
    suffixed(original, "__djogi_new")
}

/// What was on the old values, after the cutover.
pub(crate) fn retired(original: &Ident) -> Ident {
    suffixed(original, "__djogi_old")
}

/// A foreign key to the new values, before the cutover.
pub(crate) fn referring(original: &Ident) -> Ident {
    suffixed(original, "__djogi_ref")
}

/// A foreign key to the old values, on the way back.
pub(crate) fn referring_back(original: &Ident) -> Ident {
    suffixed(original, "__djogi_back")
}

/// PostgreSQL fires triggers in the order of their names, and these must see what all others have made of the row.
pub(crate) fn triggers(column: &Ident) -> [Ident; 2] {
    ["__djogi_insert", "__djogi_update"].map(|suffix| last(column, suffix))
}

fn last(column: &Ident, suffix: &str) -> Ident {
    // One byte shorter, for the sign before it that sorts after every letter.
    let name = suffixed(column, &format!("{suffix}~"));
    let name = name.as_str().trim_end_matches('~');
    Ident::new(format!("~{name}")).expect("it was cut to leave room for the sign")
}

/// That of a column which is filled, after all others for the same reason.
pub(crate) fn fill_trigger(column: &Ident) -> Ident {
    last(column, "__djogi_fill")
}

/// In the schema of the ledger, where no plan looks.
pub(crate) fn function(migration: &Ident) -> QualifiedName {
    in_ledger(suffixed(migration, "__sync"))
}

fn in_ledger(name: Ident) -> QualifiedName {
    QualifiedName::new(Ident::new("djogi").expect("it is a name"), name)
}
