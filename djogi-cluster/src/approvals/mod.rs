//! Approvals of what destroys data: given by somebody, bound to what they are for, spent once.
//!
//! The ledger decides whether one is spent: its row is written in the transaction of the effect. The file only tells
//! so; a crash between the two leaves a file that allows nothing, and the next run marks it.

mod approve;
mod error;
mod key;
mod list;
mod load;
mod rules;
mod spend;

pub use approve::{Granted, approve, signer};
pub use error::ApproveError;
pub use key::{KeyError, PrivateKey, PublicKey};
pub use list::{Listed, Standing, list};
pub use rules::{ApprovalRules, Signer, sign_plan};

pub(crate) use load::{Loaded, load};
pub(crate) use rules::verify_plan;
pub(crate) use spend::{Spending, mark, mark_spent};
