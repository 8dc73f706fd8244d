//! Live migrations: how a change that would stop readers and writers is made beside them (RFC 0015).
//!
//! [`observe`] reads from a catalog which migrations are under way and how far they are, and takes what they have made out
//! of it. [`postpone`] adds the migrations that the plan needs to what is declared, and sets aside what comes with their
//! cutover. The statements are in `sql/migration/`.

mod code;
mod convert;
mod fill;
mod key;
mod marker;
pub(crate) mod names;
mod observe;
mod obstacles;
mod orphans;
mod postpone;
pub(crate) mod referring;
mod retype;
mod rules;
mod twins;

pub use convert::{Conversion, conversions_to_ask_for};
pub(crate) use fill::is_for_filled;
pub use fill::{Filling, values_to_fill_with};
pub(crate) use key::{is_key, row_key};
pub(crate) use marker::Marker;
pub use names::{
    joined as joined_columns, of_fill as name_of_fill, of_orphans as name_of_orphans,
    of_retype as name_of_retype,
};
pub use observe::{Observed, observe};
pub(crate) use orphans::name_of as name_of_orphans_of;
pub use orphans::{OnOrphan, Orphans, OrphansQuestion, orphans_to_ask_for};
pub use postpone::{Exchanges, Postponed, postpone};
pub(crate) use referring::can_be_joined;
pub use rules::{Rule, Rules, possible_names};
pub(crate) use twins::{Twin, twins, uses_column, writes_its_column};

use crate::ident::{Ident, Literal};

/// The statement that forgets what the ledger knows of the rows of a migration, for the transaction that ends it. It waits for
/// chunks that are being written, which lock the same rows in the same order; those that come after find nothing to write.
pub fn forget(target: &Ident, migration: &str) -> String {
    format!(
        "WITH gone AS (DELETE FROM djogi.live WHERE target = {} AND name = {} RETURNING op_id)\n\
         DELETE FROM djogi.cursor AS c USING gone WHERE c.op_id = gone.op_id",
        Literal(target.as_str()),
        Literal(migration)
    )
}
