//! Which way long work on a table takes: in the transaction of its neighbours, under their locks, or apart from them,
//! where readers and writers go on.

use std::collections::{BTreeMap, BTreeSet};

use crate::ident::QualifiedName;
use crate::observation::TableSize;

/// Up to this size a table is no obstacle: holding its lock until the commit hurts nobody.
const SMALL_ROWS: u64 = 10_000;
const SMALL_BYTES: u64 = 16 << 20;

/// When the way is taken on which readers and writers go on (`--online`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Online {
    /// On every table that is there already, wherever PostgreSQL can.
    Always,
    /// On tables that are not small.
    #[default]
    Auto,
    Never,
}

/// One of the two ways, with the reason that the plan shows, as the end of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Direct(&'static str),
    Online(&'static str),
}

/// Whether, by what is known of it, the table can be locked for as long as it takes to read it.
pub fn is_small(size: &TableSize) -> bool {
    size.rows.unwrap_or(0) < SMALL_ROWS && size.bytes < SMALL_BYTES
}

/// The tables of which that is not true, as in SQL.
pub fn not_small(sizes: &BTreeMap<QualifiedName, TableSize>) -> BTreeSet<String> {
    sizes.iter().filter(|(_, size)| !is_small(size)).map(|(table, _)| table.to_string()).collect()
}

/// The way for work on a table that is there already. A table without a size has no rows to wait for.
pub fn route(online: Online, size: Option<&TableSize>) -> Route {
    match online {
        Online::Never => Route::Direct("because of --online never"),
        Online::Always => Route::Online("because of --online always"),
        Online::Auto if size.is_none_or(is_small) => Route::Direct("because the table is small"),
        Online::Auto => Route::Online("because the table is not small"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_or_bytes_make_a_table_too_large_to_be_locked() {
        let online = |rows, bytes| {
            matches!(
                route(Online::Auto, Some(&TableSize { rows, bytes, ..TableSize::default() })),
                Route::Online(_)
            )
        };
        assert!(!online(Some(9_999), 8192));
        assert!(online(Some(10_000), 8192));
        assert!(online(Some(1), 16 << 20));
        assert!(online(None, 16 << 20));
        assert!(!online(None, 0));
    }

    #[test]
    fn the_user_has_the_last_word() {
        let (small, large) = (
            TableSize::default(),
            TableSize { rows: Some(1_000_000), bytes: 1 << 30, ..TableSize::default() },
        );
        assert!(matches!(route(Online::Always, Some(&small)), Route::Online(_)));
        assert!(matches!(route(Online::Never, Some(&large)), Route::Direct(_)));
    }
}
