//! What happens while workers write, and what people are told of it.

use djogi_core::plan::{PlanDiagnostic, Severity};

use super::observe::LiveProgress;

/// What happens in a run.
#[derive(Clone, Debug)]
pub enum Notice {
    Progress(Box<LiveProgress>),
    /// There are no ranges yet: whoever has begun it waits for older transactions, or has ended.
    NotCut,
    /// Rows of a range that was written need it again: somebody writes past the trigger, or changes their keys.
    Refilled {
        range: i32,
        rows: i64,
        has_trigger: bool,
    },
    /// A chunk did not go through, and is tried again.
    Hindered {
        reason: String,
    },
    /// The server is gone, and is sought.
    Disconnected {
        reason: String,
    },
}

impl Notice {
    /// What people are to be told of at once; `None` of mere progress.
    pub fn warning(&self) -> Option<PlanDiagnostic> {
        let (code, message) = match self {
            Notice::Progress(_) => return None,
            Notice::NotCut => (
                "backfill_not_cut",
                "no worker can begin yet: the `djogi apply` that has begun it waits for older transactions (`djogi live \
                 status`), or has ended before it came to that, and the next one goes on with it"
                    .to_owned(),
            ),
            Notice::Refilled { range, rows, has_trigger } => {
                let why = if *has_trigger { "somebody writes past the trigger" } else { "somebody changes their keys" };
                (
                    "backfill_refilled",
                    format!(
                        "{rows} rows of range {range} need to be written again: {why}, or a trigger or rule of the table \
                         keeps them as they are"
                    ),
                )
            }
            Notice::Hindered { reason } => {
                ("backfill_hindered", format!("a chunk is tried again: {reason}"))
            }
            Notice::Disconnected { reason } => {
                ("backfill_disconnected", format!("the server is sought again: {reason}"))
            }
        };
        Some(PlanDiagnostic {
            code: code.to_owned(),
            severity: Severity::Warning,
            address: None,
            message,
            help: None,
        })
    }
}
