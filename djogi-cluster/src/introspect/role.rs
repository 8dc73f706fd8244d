//! The roles of the server, and what the role of the session may do for each.

use std::collections::BTreeMap;

use djogi_core::Ident;
use djogi_core::observation::{RoleRights, Roles};

use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};

/// Before PostgreSQL 16 every member of a role may become it.
fn sql(major: u32) -> String {
    let becomes = if major >= 16 { "SET" } else { "MEMBER" };
    format!(
        "
SELECT r.rolname,
       r.rolname = CURRENT_USER,
       r.rolsuper,
       pg_catalog.pg_has_role(r.oid, 'USAGE'),
       pg_catalog.pg_has_role(r.oid, '{becomes}')
  FROM pg_catalog.pg_roles r"
    )
}

struct RoleRow {
    name: Ident,
    is_current: bool,
    is_superuser: bool,
    rights: RoleRights,
}

impl RoleRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            name: row.ident()?,
            is_current: row.take()?,
            is_superuser: row.take()?,
            rights: RoleRights { inherits: row.take()?, becomes: row.take()? },
        })
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Roles, IntrospectError> {
    let rows = reader.rows("roles", &sql(reader.version.major()), RoleRow::decode).await?;
    let current = rows.iter().find(|row| row.is_current);
    let current = current.ok_or(IntrospectError::Vanished { what: "role of the session", oid: 0 })?;
    let (name, is_superuser) = (current.name.clone(), current.is_superuser);
    let known: BTreeMap<_, _> = rows.into_iter().map(|row| (row.name, row.rights)).collect();
    Ok(Roles { current: name, is_superuser, known })
}
