//! The backfill engine: rows of a table get a value in many small transactions, beside everybody who works with it.
//!
//! What is to be written is a row of `djogi.live`, cut into ranges of the key in `djogi.cursor`. Workers, in any number
//! and on any machine, claim ranges; a chunk and the move of its range's cursor are one transaction. A crash loses the
//! chunk that was not committed and nothing else, and whoever comes next goes on behind the last one that was.

mod begin;
mod check;
mod chunk;
mod control;
mod error;
mod forget;
mod key;
mod monitor;
mod notice;
mod observe;
mod older;
mod pace;
mod range;
mod row;
mod run;
mod sql;
mod throttle;
mod worker;

pub use begin::{Begun, RANGE_ROWS, begin, begin_in_ranges};
pub use control::{pause_or_resume, work_on_all};
pub use error::BackfillError;
pub(crate) use forget::forget_unwanted;
pub use notice::Notice;
pub use observe::{LiveProgress, RangeWorker, observe};
pub use row::{State, set_paused};
pub use run::{Limits, Outcome, Report, run};
