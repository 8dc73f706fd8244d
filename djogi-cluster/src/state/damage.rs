//! What can be wrong with a state that is there. None of it is ever read as "new": each has its own name, and
//! [`super::StoreError::Damaged`] adds the way back.

use super::document::STATE_FORMAT;

/// Why a text is not the state that djogi wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    #[error("it has zero bytes (a new project has no state file at all)")]
    Empty,
    #[error("it ends in the middle, after {bytes} bytes")]
    Torn { bytes: usize },
    #[error("it is not JSON at line {line}, column {column}")]
    Malformed { line: usize, column: usize },
    #[error("its format {format:?} is newer than {STATE_FORMAT:?}, the newest that this djogi reads")]
    Newer { format: String },
    #[error("its format is {format:?}, not {STATE_FORMAT:?}")]
    NotAState { format: String },
    #[error("line {line} has the field {field:?}, which {STATE_FORMAT} does not have")]
    UnknownField { field: String, line: usize },
    #[error("`{path}` in line {line}: {message}")]
    InvalidValue { path: String, line: usize, message: String },
    #[error("its content does not match its digest: it was edited, or the disk has changed it")]
    Altered,
}

impl Damage {
    /// The damage of having a format other than ours.
    pub(super) fn of_format(format: String) -> Self {
        let version = |format: &str| format.strip_prefix("djogi-state/")?.parse::<u32>().ok();
        if version(&format) > version(STATE_FORMAT) {
            Self::Newer { format }
        } else {
            Self::NotAState { format }
        }
    }

    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            Damage::Empty => "state_empty",
            Damage::Torn { .. } => "state_torn",
            Damage::Malformed { .. } => "state_malformed",
            Damage::Newer { .. } => "state_newer",
            Damage::NotAState { .. } => "state_unknown_format",
            Damage::UnknownField { .. } => "state_unknown_field",
            Damage::InvalidValue { .. } => "state_invalid_value",
            Damage::Altered => "state_altered",
        }
    }
}
