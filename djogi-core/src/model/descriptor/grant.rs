//! What roles may do, as a model declares it (manual section 5.8).

pub use crate::kind::privilege::Privilege;

/// Privileges for some roles.
#[derive(Clone, Copy, Debug)]
pub struct GrantDescriptor {
    pub line: u32,
    /// Each for these columns, or for the whole when there are none.
    pub privileges: &'static [(Privilege, &'static [&'static str])],
    /// `public` is everybody.
    pub roles: &'static [&'static str],
    /// `WITH GRANT OPTION`.
    pub grantable: bool,
}

impl GrantDescriptor {
    /// Without grant options, for `..` in a constant.
    pub const fn new(
        line: u32,
        privileges: &'static [(Privilege, &'static [&'static str])],
        roles: &'static [&'static str],
    ) -> Self {
        Self { line, privileges, roles, grantable: false }
    }
}
