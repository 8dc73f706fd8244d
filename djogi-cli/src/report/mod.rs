//! Reports: a plan or a run as people and programs read it.
//!
//! Everything here turns values into text. Nothing is decided, nothing is read from anywhere, and equal values
//! give equal text; only the event reporters write, and only to a [`Terminal`].

pub(crate) mod action;
mod block;
mod cost;
mod definition;
mod drift;
pub mod events;
pub mod explain;
mod field;
mod fold;
pub(crate) mod line;
pub mod plan_human;
pub mod plan_json;
pub mod plan_sql;
mod progress;
mod rights;
mod rows;
pub mod script;
mod section;
pub mod style;
mod summary;
mod word_diff;

use crate::terminal::{Paint, Terminal, Verbosity};

/// How wide text is laid out when nobody says how wide the paper is.
const DEFAULT_WIDTH: usize = 100;
/// Wider lines are tiresome to read, and take costs too far from what they are the costs of.
const MAX_WIDTH: usize = 120;
/// Narrower than this, lines are left to the terminal.
const MIN_WIDTH: usize = 40;

/// What a text is laid out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Colours.
    pub paint: Paint,
    /// Columns.
    pub width: usize,
    /// How much is said.
    pub verbosity: Verbosity,
}

impl View {
    /// For a width in columns, if one is known.
    pub fn new(paint: Paint, width: Option<usize>, verbosity: Verbosity) -> Self {
        Self { paint, width: width.unwrap_or(DEFAULT_WIDTH).clamp(MIN_WIDTH, MAX_WIDTH), verbosity }
    }

    /// For standard output.
    pub fn of(terminal: &Terminal) -> Self {
        Self::new(terminal.paint(), terminal.width(), terminal.verbosity())
    }

    fn is_verbose(self) -> bool {
        self.verbosity >= Verbosity::Verbose
    }
}

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
