//! Triggers, as a model declares them (manual, reference page of CREATE TRIGGER).

use super::Deferral;
pub use crate::kind::Firing;

/// A trigger.
#[derive(Clone, Copy, Debug)]
pub struct TriggerDescriptor {
    pub name: &'static str,
    pub line: u32,
    pub timing: TriggerTiming,
    pub events: &'static [TriggerEvent],
    /// `FOR EACH ROW`, else `FOR EACH STATEMENT`.
    pub for_each_row: bool,
    pub when: Option<&'static str>,
    /// The call of a trigger function: `app.touch()`.
    pub execute: &'static str,
    /// The name of the transition table with the rows before.
    pub old_table: Option<&'static str>,
    /// The name of the transition table with the rows after.
    pub new_table: Option<&'static str>,
    /// `CREATE CONSTRAINT TRIGGER`.
    pub constraint: Option<Deferral>,
    pub firing: Firing,
    pub comment: Option<&'static str>,
}

impl TriggerDescriptor {
    /// For `..` in a constant.
    pub const fn new(
        name: &'static str,
        line: u32,
        timing: TriggerTiming,
        events: &'static [TriggerEvent],
        execute: &'static str,
    ) -> Self {
        Self {
            name,
            line,
            timing,
            events,
            for_each_row: false,
            when: None,
            execute,
            old_table: None,
            new_table: None,
            constraint: None,
            firing: Firing::Origin,
            comment: None,
        }
    }
}

/// When a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerTiming {
    Before,
    After,
    InsteadOf,
}

/// What a trigger fires on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerEvent {
    Insert,
    Delete,
    /// Of these columns; of any when none is named.
    Update(&'static [&'static str]),
    Truncate,
}
