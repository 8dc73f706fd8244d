//! Default privileges, of all roles: those for all schemas, and those for the managed ones.

use std::collections::BTreeMap;

use djogi_core::Ident;
use djogi_core::kind::DefaultPrivilege;
use djogi_core::kind::privilege::{Held, PUBLIC, Privilege, Securables};
use djogi_core::observation::ServerVersion;

use super::error::IntrospectError;
use super::grant::held;
use super::reader::{FieldError, Fields, Reader};

const SQL: &str = "
SELECT d.oid,
       r.rolname,
       n.nspname,
       d.defaclobjtype,
       x.grantee = 0,
       g.rolname,
       x.privilege_type,
       COALESCE(x.is_grantable, false)
  FROM pg_catalog.pg_default_acl    d
  JOIN pg_catalog.pg_roles          r ON r.oid = d.defaclrole
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
  LEFT JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) x ON true
  LEFT JOIN pg_catalog.pg_roles     g ON g.oid = x.grantee
 WHERE d.defaclnamespace = 0
    OR n.nspname = ANY ($1)";

/// One privilege, or that there is none.
pub(super) struct DefaultRow {
    oid: u32,
    role: Ident,
    schema: Option<Ident>,
    objects: Securables,
    held: Option<(Ident, Privilege, bool)>,
}

impl DefaultRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        let (oid, role, schema) = (row.take()?, row.ident()?, row.optional_ident()?);
        let objects = match row.code()? {
            'r' => Securables::Tables,
            'S' => Securables::Sequences,
            'f' => Securables::Functions,
            'T' => Securables::Types,
            'n' => Securables::Schemas,
            'L' => Securables::LargeObjects,
            other => return Err(FieldError::Unknown(other.to_string())),
        };
        Ok(Self { oid, role, schema, objects, held: held(row)? })
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<DefaultRow>, IntrospectError> {
    reader.rows("default privileges", SQL, DefaultRow::decode).await
}

/// Every grantee who gets something else than the usual, with the oid of the list that says so.
pub(super) fn default_privileges(
    rows: Vec<DefaultRow>,
    version: ServerVersion,
) -> Vec<(u32, DefaultPrivilege)> {
    let mut lists: BTreeMap<u32, (DefaultRow, BTreeMap<Ident, Held>)> = BTreeMap::new();
    for mut row in rows {
        let held = row.held.take();
        let (_, grantees) = lists.entry(row.oid).or_insert_with(|| (row, BTreeMap::new()));
        if let Some((grantee, privilege, grantable)) = held {
            *grantees.entry(grantee).or_default().entry(privilege).or_default() |= grantable;
        }
    }
    let mut found = Vec::new();
    for (oid, (DefaultRow { role, schema, objects, .. }, mut grantees)) in lists {
        for grantee in [Ident::new(PUBLIC).expect("a name"), role.clone()] {
            grantees.entry(grantee).or_default();
        }
        let all = grantees.into_iter().map(|(grantee, held)| {
            DefaultPrivilege::new((role.clone(), schema.clone()), objects, grantee, &held)
        });
        let unusual = all.filter(|privilege| privilege.held() != privilege.usual(version.major()));
        found.extend(unusual.map(|privilege| (oid, privilege)));
    }
    found
}
