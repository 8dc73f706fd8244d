//! Extensions, with the one that djogi brings itself, and which objects are their members and therefore not ours.

use std::collections::BTreeMap;

use djogi_core::heeranjid;
use djogi_core::ident::Ident;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::error::IntrospectError;
use super::lookup::ObjectId;
use super::reader::{FieldError, Fields, Reader};
use crate::connect::DatabaseError;

/// Extensions below the first normal oid came with the database (`plpgsql`).
const SQL: &str = "
SELECT e.oid,
       e.extname,
       n.nspname,
       e.extversion,
       NULL::pg_catalog.text
  FROM pg_catalog.pg_extension e
  JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
 WHERE e.oid >= 16384";

const MEMBERS: &str = "
SELECT d.classid,
       d.objid
  FROM pg_catalog.pg_depend d
 WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
   AND d.deptype = 'e'
   AND d.classid IN ('pg_catalog.pg_class'::pg_catalog.regclass,
                     'pg_catalog.pg_type'::pg_catalog.regclass,
                     'pg_catalog.pg_namespace'::pg_catalog.regclass)";

/// Versions may differ in what they need; whichever is installed, what any of them needs comes first.
const REQUIREMENTS: &str = "
SELECT v.name,
       pg_catalog.array_agg(DISTINCT r.name)
  FROM pg_catalog.pg_available_extension_versions v
 CROSS JOIN LATERAL pg_catalog.unnest(v.requires) r(name)
 WHERE v.name = ANY ($1)
 GROUP BY v.name";

/// What extensions need of each other, as the control files of the server say; extensions that need nothing are left
/// out. Reads all control files, so it is not for every plan.
///
/// # Errors
/// What the server said.
pub async fn extension_requirements(
    client: &Client,
    names: &[&str],
) -> Result<BTreeMap<Ident, Vec<Ident>>, IntrospectError> {
    const WHAT: &str = "requirements of extensions";
    let failed = |error: tokio_postgres::Error| IntrospectError::Database {
        what: WHAT,
        error: DatabaseError::new(&error).in_statement(REQUIREMENTS),
    };
    let rows = client.query_typed(REQUIREMENTS, &[(&names, Type::NAME_ARRAY)]).await.map_err(failed)?;
    let ident = |name: &str| Ident::new(name).map_err(|error| IntrospectError::Name { what: WHAT, error });
    let mut requirements = BTreeMap::new();
    for row in rows {
        let needed: Vec<&str> = row.try_get(1).map_err(failed)?;
        let needed = needed.into_iter().map(ident).collect::<Result<_, _>>()?;
        requirements.insert(ident(row.try_get(0).map_err(failed)?)?, needed);
    }
    Ok(requirements)
}

pub(super) struct ExtensionRow {
    pub(super) oid: u32,
    pub(super) name: Ident,
    pub(super) schema: Option<Ident>,
    pub(super) version: String,
}

impl ExtensionRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        let (oid, name, schema) = (row.take()?, row.ident()?, row.optional_ident()?);
        let (version, digest): (String, Option<&str>) = (row.take()?, row.take()?);
        let version = match digest {
            Some(digest) => heeranjid::version_found(&version, digest),
            None => version,
        };
        Ok(Self { oid, name, schema, version })
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<ExtensionRow>, IntrospectError> {
    let brought = heeranjid::query();
    let sql = format!(
        "{SQL} UNION ALL SELECT h.oid, '{}', NULL, h.said, h.digest FROM ({brought}) h",
        heeranjid::NAME
    );
    reader.rows("extensions", &sql, ExtensionRow::decode).await
}

/// The relations, types and schemas that came with an extension.
pub(super) async fn read_members(reader: &Reader<'_>) -> Result<Vec<ObjectId>, IntrospectError> {
    reader.rows("members of extensions", MEMBERS, ObjectId::decode).await
}
