//! The managed schemas that exist.

use djogi_core::ident::Ident;

use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};

const SQL: &str = "
SELECT n.oid,
       n.nspname
  FROM pg_catalog.pg_namespace n
 WHERE n.nspname = ANY ($1)";

pub(super) struct SchemaRow {
    pub(super) oid: u32,
    pub(super) name: Ident,
}

impl SchemaRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { oid: row.take()?, name: row.ident()? })
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<SchemaRow>, IntrospectError> {
    reader.rows("schemas", SQL, SchemaRow::decode).await
}
