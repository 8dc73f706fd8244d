//! What each statement costs and risks, as data: one row for each operation, proved against real servers.
//!
//! Statements are written in [`sql`](crate::sql); whatever is known about them beside their text comes from
//! here and nowhere else.

mod casts;
pub mod route;
pub mod table;
pub mod type_change;
pub mod volatility;

pub use route::{Online, Route, is_small, not_small, route};
pub use table::{Row, TABLE, Verb, look_up, since};
pub use type_change::{CastPath, Storage, TypeChange, classify};
pub use volatility::is_volatile;
