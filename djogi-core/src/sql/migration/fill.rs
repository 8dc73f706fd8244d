//! The value of one column as that of the other, and which rows have it to come.

use crate::ident::Ident;
use crate::kind::Retype;
use crate::lexis::in_parentheses;
use crate::migration::names;
use crate::names::replace_columns;

/// The rows whose new value is not that of the old one.
pub(super) fn differs(migration: &Retype) -> String {
    let helper = names::new_column(&migration.column);
    let value = format!("{}::{}", in_parentheses(migration.up.as_str()), migration.to);
    unequal(&helper, &value, &migration.to)
}

/// As after `SET`. PostgreSQL assigns, and refuses what a cast would cut off.
pub(super) fn assignment(migration: &Retype) -> String {
    format!("{} = {}", names::new_column(&migration.column), migration.up.as_str())
}

/// After the cutover: the rows whose value does not come out of the old one.
pub(super) fn is_lost(migration: &Retype) -> String {
    let Retype { column, up, to, .. } = migration;
    let old = names::old_column(column);
    let of_old = replace_columns(up.as_str(), |name| (name == column).then_some(&old));
    let value = format!("{}::{to}", in_parentheses(&of_old));
    unequal(column, &value, to)
}

fn unequal(column: &Ident, value: &str, data_type: &str) -> String {
    let cast = comparable(data_type);
    format!("{column}{cast} IS DISTINCT FROM ({value}){cast}")
}

/// What a value of the type is compared as: itself only where equal values are printed alike. Some types have no `=`, some
/// compare sizes, and of others two equal values become different ones of another type: `1.0` and `1.00`.
pub(super) fn comparable(data_type: &str) -> &'static str {
    const EXACT: [&str; 10] =
        ["smallint", "integer", "bigint", "oid", "boolean", "uuid", "date", "timestamp", "text", "bytea"];
    let is_exact = EXACT.iter().any(|exact| data_type.starts_with(exact)) && !data_type.ends_with("[]");
    if is_exact { "" } else { "::text" }
}
