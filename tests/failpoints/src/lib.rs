//! The crash suite: the real binary, on real servers, fails, dies or stands still at every failpoint.
//!
//! A [`Plot`] is what a run is to do. Each [`Case`] starts from a copy of the same beginning, disturbs the run at one
//! point, looks at what is left ([`leftover`]), runs again, and compares the end with that of an undisturbed run
//! ([`Reference`]). `docs/crash-suite.md` explains the commands.

mod beside;
mod binary;
mod case;
mod ending;
mod environment;
mod leftover;
mod matrix;
mod observe;
mod parallel;
mod plot;
mod proxy;
mod random;
mod reference;
mod stage;

pub use beside::Beside;
pub use binary::djogi;
pub use case::{Case, Disturbance};
pub use ending::{check_what_is_left, finish};
pub use leftover::await_the_end_of_sessions;
pub use matrix::{Extent, Matrix, Row};
pub use observe::observation;
pub use parallel::in_parallel;
pub use plot::{CROWD, CROWD_AT_ONCE, Keeper, PLOTS, Plot, plot};
pub use proxy::CuttingProxy;
pub use random::kill_at_random;
pub use reference::Reference;
pub use stage::{Stage, Template};
