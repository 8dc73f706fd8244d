//! Which way work on an index takes: in the transaction of its neighbours, or concurrently, where readers and writers go
//! on but nothing can be rolled back.

use crate::observation::TableSize;

/// Up to this size a table is no obstacle: holding its lock until the commit hurts nobody.
const SMALL_ROWS: u64 = 10_000;
const SMALL_BYTES: u64 = 16 << 20;

/// When the concurrent way is taken (`--online`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Online {
    /// On every table that is there already, wherever PostgreSQL can.
    Always,
    /// On tables that are not small.
    #[default]
    Auto,
    Never,
}

/// One of the two ways, with the reason that the plan shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Direct(&'static str),
    Concurrent(&'static str),
}

/// Whether, by what is known of it, the table can be locked for as long as it takes to read it.
pub fn is_small(size: &TableSize) -> bool {
    size.rows.unwrap_or(0) < SMALL_ROWS && size.bytes < SMALL_BYTES
}

/// The way for an index of a table that is there already. A table without a size has no rows to wait for.
pub fn route(online: Online, size: Option<&TableSize>) -> Route {
    match online {
        Online::Never => Route::Direct("not concurrently, because of --online never"),
        Online::Always => Route::Concurrent("concurrently, because of --online always"),
        Online::Auto if size.is_none_or(is_small) => {
            Route::Direct("not concurrently, because the table is small")
        }
        Online::Auto => Route::Concurrent("concurrently, because the table is not small"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_or_bytes_make_a_table_too_large_to_be_locked() {
        let concurrent = |rows, bytes| {
            matches!(
                route(Online::Auto, Some(&TableSize { rows, bytes, holds_rows: None })),
                Route::Concurrent(_)
            )
        };
        assert!(!concurrent(Some(9_999), 8192));
        assert!(concurrent(Some(10_000), 8192));
        assert!(concurrent(Some(1), 16 << 20));
        assert!(concurrent(None, 16 << 20));
        assert!(!concurrent(None, 0));
    }

    #[test]
    fn the_user_has_the_last_word() {
        let (small, large) =
            (TableSize::default(), TableSize { rows: Some(1_000_000), bytes: 1 << 30, holds_rows: None });
        assert!(matches!(route(Online::Always, Some(&small)), Route::Concurrent(_)));
        assert!(matches!(route(Online::Never, Some(&large)), Route::Direct(_)));
    }
}
