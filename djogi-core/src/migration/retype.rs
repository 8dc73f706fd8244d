//! How the values of one type become those of another while others read and write.

use super::names;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, Expression, Retype};
use crate::safety::{CastPath, Storage, TypeChange, classify};

/// The migration that gives `live` the type of `desired`, and whether values may be lost on the way; why there is none,
/// where there is none.
pub(super) fn retype(
    table: &QualifiedName,
    live: &Column,
    desired: &Column,
) -> Result<(Retype, TypeChange), String> {
    let (from, to) = (&live.data_type, &desired.data_type);
    let Some(change) = classify(from, to) else {
        return Err(format!("there is no cast from {from} to {to}"));
    };
    if depends_on_session(from, to, change.path) {
        return Err(format!(
            "what becomes of {from} as {to} depends on the settings of the session that writes it"
        ));
    }
    let cast = |name: &Ident, path: CastPath, from: &str, to: &str| {
        Expression::new(match path {
            CastPath::Assignment => name.to_string(),
            CastPath::Explicit => format!("{name}::{to}"),
            CastPath::ThroughText if from.ends_with("[]") => format!("{name}::text[]::{to}"),
            CastPath::ThroughText => format!("{name}::text::{to}"),
        })
    };
    let back = classify(to, from).filter(|back| !depends_on_session(to, from, back.path));
    let migration = Retype {
        name: names::of_retype(table, &live.name),
        table: table.clone(),
        column: live.name.clone(),
        from: from.clone(),
        to: to.clone(),
        collation: desired.collation.clone(),
        up: cast(&live.name, change.path, from, to),
        down: back.map(|back| cast(&live.name, back.path, to, from)),
    };
    Ok((migration, change))
}

/// Whether the change would write the table anew, so that it is one for a migration.
pub(super) fn rewrites(live: &Column, desired: &Column) -> bool {
    classify(&live.data_type, &desired.data_type).is_some_and(|change| change.storage == Storage::Rewritten)
}

/// Whether two sessions can come to different values: by time zone, by the style of dates and intervals, by the currency,
/// by how many digits of a number are printed.
fn depends_on_session(from: &str, to: &str, path: CastPath) -> bool {
    const STYLED: [&str; 9] =
        ["date", "time", "timestamp", "interval", "money", "real", "double precision", "bytea", "xml"];
    const PRINTED: [&str; 5] = ["text", "character", "json", "name", "\"char\""];
    let is_one_of = |types: &[&str], data_type: &str| types.iter().any(|known| data_type.starts_with(known));
    let is_zoned = |data_type: &str| data_type.contains(" with time zone");
    let is_clock = |data_type: &str| is_one_of(&["date", "time"], data_type);
    let is_printed = path == CastPath::ThroughText || is_one_of(&PRINTED, from) || is_one_of(&PRINTED, to);
    is_clock(from) && is_clock(to) && is_zoned(from) != is_zoned(to)
        || from.starts_with("money") != to.starts_with("money")
        || is_printed && (is_one_of(&STYLED, from) || is_one_of(&STYLED, to))
}
