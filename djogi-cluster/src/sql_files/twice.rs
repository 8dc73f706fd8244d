//! An object that a model and a file declare: an error that names both places, also where PostgreSQL says nothing since
//! the file has `IF NOT EXISTS` or `OR REPLACE`.

use djogi_core::declared::Source;
use djogi_core::{Address, Kind};

use super::error::Rejected;
use super::item::{Item, Origin};
use crate::normalise::NormaliseError;

/// What a statement of a file makes as well as a model.
///
/// # Errors
/// With every object that is declared twice.
pub(super) fn refuse(items: &[Item<'_>]) -> Result<(), NormaliseError> {
    let of_files = items.iter().filter(|item| matches!(item.origin, Origin::File(_)));
    let doubled: Vec<Rejected> = of_files
        .filter_map(|item| {
            let (address, source) = model_of(items, item)?;
            Some(Rejected::declared_twice(item, address, source))
        })
        .collect();
    if doubled.is_empty() { Ok(()) } else { Err(NormaliseError::Rejected(doubled)) }
}

/// The model that declares what the statement creates.
pub(super) fn model_of<'i>(items: &'i [Item<'_>], item: &Item<'_>) -> Option<(&'i Address, &'i Source)> {
    let created = item.statement.created.as_ref().filter(|_| !item.makes_shared())?;
    items.iter().find_map(|other| match other.origin {
        Origin::Model { address, declaration }
            if address.name().as_str() == created.name
                && of_kind(address.kind(), &created.kind)
                && on_table(address, created.table.as_deref())
                && in_schema(address, created.schema.as_deref(), item) =>
        {
            Some((address, &declaration.source))
        }
        _ => None,
    })
}

fn of_kind(kind: Kind, written: &str) -> bool {
    let is_type = matches!(kind, Kind::Enum | Kind::Composite | Kind::Range);
    written == kind.as_str().replace('_', " ") || (written == "type" && is_type)
}

/// Triggers, rules and policies of several tables may have one name.
fn on_table(address: &Address, written: Option<&str>) -> bool {
    match (address.kind(), address.table_of_member(), written) {
        (Kind::Index, ..) | (_, None, _) | (_, _, None) => true,
        (_, Some(table), Some(written)) => table.name().as_str() == written,
    }
}

/// A name without a schema is looked for in the search path, which the words of a file tell only as `public`.
fn in_schema(address: &Address, written: Option<&str>, item: &Item<'_>) -> bool {
    let schema = address.schema_name().map(djogi_core::Ident::as_str);
    match written {
        Some(written) => schema == Some(written),
        None => schema == Some("public") && item.settings.all().next().is_none(),
    }
}
