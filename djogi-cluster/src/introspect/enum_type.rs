//! Enum types with their labels.

use djogi_core::ident::Ident;

use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};

const SQL: &str = "
SELECT t.oid,
       t.typnamespace,
       t.typname,
       ARRAY(SELECT e.enumlabel::text
               FROM pg_catalog.pg_enum e
              WHERE e.enumtypid = t.oid
              ORDER BY e.enumsortorder)
  FROM pg_catalog.pg_type t
 WHERE t.typnamespace = ANY (ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)))
   AND ($2 IS NULL OR t.typname = ANY ($2))
   AND t.typtype = 'e'";

pub(super) struct EnumRow {
    pub(super) oid: u32,
    pub(super) schema: u32,
    pub(super) name: Ident,
    pub(super) labels: Vec<String>,
}

impl EnumRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { oid: row.take()?, schema: row.take()?, name: row.ident()?, labels: row.take()? })
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<EnumRow>, IntrospectError> {
    reader.rows("enum types", SQL, EnumRow::decode).await
}
