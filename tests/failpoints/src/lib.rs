//! The crash suite: the real binary, on real servers, fails, dies or stands still at every failpoint.
//!
//! A [`Plot`] is what a run is to do. Each [`Case`] starts from a copy of the same beginning, disturbs the run at one
//! point, looks at what is left ([`leftover`]), runs again, and compares the end with that of an undisturbed run
//! ([`Reference`]). `docs/crash-suite.md` explains the commands.

mod binary;
mod case;
mod environment;
mod leftover;
mod matrix;
mod observe;
mod parallel;
mod plot;
mod reference;
mod stage;

pub use binary::djogi;
pub use case::{Case, Disturbance};
pub use matrix::{Extent, Matrix, Row};
pub use observe::observation;
pub use parallel::in_parallel;
pub use plot::{PLOTS, Plot, plot};
pub use reference::Reference;
pub use stage::{Stage, Template};
