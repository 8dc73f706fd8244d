//! What can be wrong with a document that is there. None of it is ever read as "new" or as "nothing": each has its
//! own name, and [`super::StoreError::Damaged`] adds the way back to a state.

/// Why a text is not the document that djogi wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    #[error("it has zero bytes")]
    Empty,
    #[error("it ends in the middle, after {bytes} bytes")]
    Torn { bytes: usize },
    #[error("it is not JSON at line {line}, column {column}")]
    Malformed { line: usize, column: usize },
    #[error("its format {format:?} is newer than {known:?}, the newest that this djogi reads")]
    Newer { format: String, known: &'static str },
    #[error("its format is {format:?}, not {known:?}")]
    OtherFormat { format: String, known: &'static str },
    #[error("line {line} has the field {field:?}, which {known} does not have")]
    UnknownField { field: String, line: usize, known: &'static str },
    #[error("`{path}` in line {line}: {message}")]
    InvalidValue { path: String, line: usize, message: String },
    #[error("its content does not match its digest: it was edited, or the disk has changed it")]
    Altered,
    #[error("it should be called `{expected}`: it is a copy, or was renamed")]
    OtherName { expected: String },
}

impl Damage {
    /// The damage of having `format` where `known` is the format that this djogi reads.
    pub(super) fn of_format(format: String, known: &'static str) -> Self {
        let (family, known_version) = known.rsplit_once('/').unwrap_or((known, ""));
        let version =
            format.strip_prefix(family).and_then(|rest| rest.strip_prefix('/')?.parse::<u32>().ok());
        if version > known_version.parse().ok() {
            Self::Newer { format, known }
        } else {
            Self::OtherFormat { format, known }
        }
    }

    /// The damage of not being JSON.
    pub(super) fn of_syntax(bytes: &[u8], error: &serde_json::Error) -> Self {
        if error.is_eof() {
            Self::Torn { bytes: bytes.len() }
        } else {
            Self::Malformed { line: error.line(), column: error.column() }
        }
    }

    /// The damage of JSON that says something else than the format has. `message` is that of the deserializer.
    pub(super) fn of_value(line: usize, path: String, message: &str, known: &'static str) -> Self {
        let message = message.split(" at line ").next().unwrap_or_default();
        match message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) {
            Some(field) => Self::UnknownField { field: field.to_owned(), line, known },
            None => Self::InvalidValue { path, line, message: message.to_owned() },
        }
    }

    /// A stable code for diagnostics about a state.
    pub fn code(&self) -> &'static str {
        match self {
            Damage::Empty => "state_empty",
            Damage::Torn { .. } => "state_torn",
            Damage::Malformed { .. } => "state_malformed",
            Damage::Newer { .. } => "state_newer",
            Damage::OtherFormat { .. } => "state_unknown_format",
            Damage::UnknownField { .. } => "state_unknown_field",
            Damage::InvalidValue { .. } => "state_invalid_value",
            Damage::Altered => "state_altered",
            Damage::OtherName { .. } => "state_other_name",
        }
    }
}
