//! The exit codes of every command: one table, which the help text and the documentation are made from.
//!
//! Scripts and pipelines rely on the numbers, so a code never changes its meaning.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Usage, configuration, SQL, network or I/O error.
    Error = 1,
    /// There are changes or drift, and the command was asked to say so by its exit code.
    Changes = 2,
    /// Something stays blocked.
    Blocked = 3,
    /// Another holder has the lock.
    Locked = 4,
    /// What was planned no longer fits what is there.
    Stale = 5,
    /// A recovery needs an operator.
    Recovery = 6,
    /// Refused by policy.
    Refused = 7,
    /// A validation checkpoint of a live migration failed.
    CheckpointFailed = 8,
    /// Interrupted by SIGINT after a clean stop.
    Interrupted = 130,
    /// Interrupted by SIGTERM, or SIGHUP, after a clean stop.
    Terminated = 143,
}

/// Every exit code with its explanation, in ascending order.
pub const EXITS: [(Exit, &str); 11] = [
    (Exit::Done, "done; what waits by design is listed, and a plan without --detailed-exitcode was made"),
    (Exit::Error, "error: usage, configuration, SQL, network or I/O"),
    (Exit::Changes, "plan --detailed-exitcode, refresh --check: there are changes or drift"),
    (Exit::Blocked, "apply: the rest is done, but something stays blocked; it is named with its way out"),
    (Exit::Locked, "another holder has the lock"),
    (
        Exit::Stale,
        "the saved plan no longer fits, the state was written by another run, or the run was fenced",
    ),
    (Exit::Recovery, "a recovery needs an operator; it is named with the command"),
    (Exit::Refused, "refused by policy: approval, offline-only, or destructive = \"deny\""),
    (Exit::CheckpointFailed, "a validation checkpoint of a live migration failed"),
    (Exit::Interrupted, "interrupted by SIGINT after a clean stop"),
    (Exit::Terminated, "interrupted by SIGTERM, or by SIGHUP (the terminal was closed), after a clean stop"),
];

impl Exit {
    /// The exit code with this number; [`Exit::Error`] for a number that has no meaning of its own.
    pub fn from_code(code: u8) -> Self {
        EXITS.iter().map(|(exit, _)| *exit).find(|exit| exit.code() == code).unwrap_or(Exit::Error)
    }

    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table as text, for the end of `djogi --help`.
pub(crate) fn explain() -> String {
    let mut text = String::from("Exit codes:");
    for (exit, meaning) in EXITS {
        text.push_str(&format!("\n  {:>3}  {meaning}", exit.code()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_the_contract() {
        let numbers: Vec<u8> = EXITS.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 130, 143]);
    }
}
