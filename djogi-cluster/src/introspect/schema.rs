//! The schemas that exist, managed or not.

use djogi_core::ident::Ident;

use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};

const SQL: &str = "
SELECT n.oid,
       n.nspname,
       n.nspname = ANY ($1)
  FROM pg_catalog.pg_namespace n
 WHERE n.nspname !~ '^pg_'";

pub(super) struct SchemaRow {
    pub(super) oid: u32,
    pub(super) name: Ident,
    pub(super) is_managed: bool,
}

impl SchemaRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { oid: row.take()?, name: row.ident()?, is_managed: row.take()? })
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<SchemaRow>, IntrospectError> {
    reader.rows("schemas", SQL, SchemaRow::decode).await
}
