//! Row security, as a model declares it (manual section 5.9).

pub use crate::kind::PolicyCommand;

/// Whether a table heeds its policies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowSecurity {
    #[default]
    Disabled,
    /// For everybody but the table's owner.
    Enabled,
    /// For the owner too.
    Forced,
}

/// A row security policy.
#[derive(Clone, Copy, Debug)]
pub struct PolicyDescriptor {
    pub name: &'static str,
    pub line: u32,
    pub command: PolicyCommand,
    /// Empty is `PUBLIC`.
    pub roles: &'static [&'static str],
    /// Rows must pass it besides another policy, instead of by it alone.
    pub restrictive: bool,
    /// The rows that are seen.
    pub using: Option<&'static str>,
    /// The rows that may be written.
    pub check: Option<&'static str>,
    pub comment: Option<&'static str>,
}

impl PolicyDescriptor {
    /// A permissive policy about everything, for everybody; for `..` in a constant.
    pub const fn new(name: &'static str, line: u32) -> Self {
        Self {
            name,
            line,
            command: PolicyCommand::All,
            roles: &[],
            restrictive: false,
            using: None,
            check: None,
            comment: None,
        }
    }
}

/// The column that says whose a row is, and the setting that says who asks.
#[derive(Clone, Copy, Debug)]
pub struct TenantKeyDescriptor {
    pub line: u32,
    pub column: &'static str,
    /// A setting of the session: `app.tenant_id`.
    pub setting: &'static str,
}
