//! The roles of the server, and what the role of the session may do for each.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::Ident;
use djogi_core::kind::RoleAttribute;
use djogi_core::observation::{RoleRights, Roles};

use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};

/// The comment of roles that stand in for others while SQL files are loaded on a server: they are no roles of it, and whoever
/// finds one may drop it.
pub(crate) const STUB: &str = "stands in for a role while djogi loads SQL files";

/// Whether role `{r}` is none of them.
macro_rules! is_no_stub {
    ($r:literal) => {
        format!(
            "NOT EXISTS (SELECT
                     FROM pg_catalog.pg_shdescription b
                    WHERE b.objoid      = {}.oid
                      AND b.classoid    = 'pg_catalog.pg_authid'::pg_catalog.regclass
                      AND b.description = '{}')",
            $r,
            crate::introspect::role::STUB
        )
    };
}
pub(crate) use is_no_stub;

/// Before PostgreSQL 16 every member of a role may become it.
fn sql(major: u32) -> String {
    let becomes = if major >= 16 { "SET" } else { "MEMBER" };
    format!(
        "
SELECT r.rolname,
       r.rolname = CURRENT_USER,
       r.rolsuper,
       pg_catalog.pg_has_role(r.oid, 'USAGE'),
       pg_catalog.pg_has_role(r.oid, '{becomes}'),
       pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION'),
       r.rolcreatedb,
       r.rolcreaterole,
       r.rolreplication,
       r.rolbypassrls
  FROM pg_catalog.pg_roles r
 WHERE {}",
        is_no_stub!("r")
    )
}

struct RoleRow {
    name: Ident,
    is_current: bool,
    is_superuser: bool,
    rights: RoleRights,
    attributes: BTreeSet<RoleAttribute>,
}

impl RoleRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            name: row.ident()?,
            is_current: row.take()?,
            is_superuser: row.take()?,
            rights: RoleRights { inherits: row.take()?, becomes: row.take()?, administers: row.take()? },
            attributes: {
                let attributes = [
                    RoleAttribute::CreateDatabase,
                    RoleAttribute::CreateRole,
                    RoleAttribute::Replication,
                    RoleAttribute::BypassRowSecurity,
                ];
                let mut held = BTreeSet::new();
                for attribute in attributes {
                    if row.take()? {
                        held.insert(attribute);
                    }
                }
                held
            },
        })
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Roles, IntrospectError> {
    let rows = reader.rows("roles", &sql(reader.version.major()), RoleRow::decode).await?;
    let current = rows.iter().find(|row| row.is_current);
    let current = current.ok_or(IntrospectError::Vanished { what: "role of the session", oid: 0 })?;
    let (name, is_superuser) = (current.name.clone(), current.is_superuser);
    let attributes = current.attributes.clone();
    let known: BTreeMap<_, _> = rows.into_iter().map(|row| (row.name, row.rights)).collect();
    Ok(Roles { current: name, is_superuser, attributes, known })
}
