//! What a grantee may do with the objects that a role is going to make: `ALTER DEFAULT PRIVILEGES`.

use serde::{Deserialize, Serialize};

use super::privilege::{Held, Privilege, Securables, join, split};
use crate::ident::Ident;

/// One grantee's share of the default privileges of a role for one sort of objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultPrivilege {
    /// Who makes the objects.
    pub role: Ident,
    /// Where; everywhere when `None`. What is said of one schema is added to what is said of all.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub schema: Option<Ident>,
    pub objects: Securables,
    pub grantee: Ident,
    /// Sorted; none where the usual ones were taken away.
    pub privileges: Vec<Privilege>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub grantable: Vec<Privilege>,
}

/// What can change on default privileges in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultPrivilegeAlteration {
    SetRights,
}

impl DefaultPrivilege {
    pub fn new(
        (role, schema): (Ident, Option<Ident>),
        objects: Securables,
        grantee: Ident,
        held: &Held,
    ) -> Self {
        let (privileges, grantable) = split(held);
        Self { role, schema, objects, grantee, privileges, grantable }
    }

    pub fn held(&self) -> Held {
        join(&self.privileges, &self.grantable)
    }

    /// What the grantee has where nobody has said anything.
    pub fn usual(&self, major: u32) -> Held {
        match self.schema {
            Some(_) => Held::new(),
            None => self.objects.usual(&self.grantee, self.grantee == self.role, major),
        }
    }

    pub(super) fn alterations(&self, desired: &Self) -> Vec<DefaultPrivilegeAlteration> {
        let Self { role: _, schema: _, objects: _, grantee: _, privileges, grantable } = self;
        let is_same = *privileges == desired.privileges && *grantable == desired.grantable;
        if is_same { Vec::new() } else { vec![DefaultPrivilegeAlteration::SetRights] }
    }
}
