//! Extensions, and which objects are their members and therefore not ours.

use djogi_core::ident::Ident;

use super::error::IntrospectError;
use super::lookup::ObjectId;
use super::reader::{FieldError, Fields, Reader};

/// Extensions below the first normal oid came with the database (`plpgsql`).
const SQL: &str = "
SELECT e.oid,
       e.extname,
       n.nspname,
       e.extversion
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

pub(super) struct ExtensionRow {
    pub(super) oid: u32,
    pub(super) name: Ident,
    pub(super) schema: Ident,
    pub(super) version: String,
}

impl ExtensionRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { oid: row.take()?, name: row.ident()?, schema: row.ident()?, version: row.take()? })
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<ExtensionRow>, IntrospectError> {
    reader.rows("extensions", SQL, ExtensionRow::decode).await
}

/// The relations, types and schemas that came with an extension.
pub(super) async fn read_members(reader: &Reader<'_>) -> Result<Vec<ObjectId>, IntrospectError> {
    reader.rows("members of extensions", MEMBERS, ObjectId::decode).await
}
