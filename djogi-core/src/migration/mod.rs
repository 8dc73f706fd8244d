//! Live migrations: how a change that would stop readers and writers is made beside them (RFC 0015).
//!
//! [`observe`] reads from a catalog which migrations are under way and how far they are, and takes what they have made out
//! of it. [`postpone`] adds the migrations that the plan needs to what is declared, and sets aside what comes with their
//! cutover. The statements are in `sql/migration/`.

mod key;
pub mod marker;
pub mod names;
mod observe;
mod obstacles;
mod postpone;
mod retype;
mod twins;

pub use key::row_key;
pub use marker::Marker;
pub use observe::{Observed, observe};
pub use postpone::{Postponed, postpone};
pub(crate) use twins::uses_column;
pub use twins::{Twin, twins};
