//! Conversions between encodings.

use djogi_core::Resource;
use djogi_core::kind::Conversion;

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there is any.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_conversion WHERE oid >= 16384";

const SQL: &str = "
SELECT v.oid,
       n.nspname,
       v.conname,
       pg_catalog.pg_encoding_to_char(v.conforencoding)::pg_catalog.text,
       pg_catalog.pg_encoding_to_char(v.contoencoding)::pg_catalog.text,
       f.nspname,
       p.proname,
       v.condefault,
       pg_catalog.obj_description(v.oid, 'pg_conversion')
  FROM pg_catalog.pg_conversion v
  JOIN pg_catalog.pg_namespace  n ON n.oid = v.connamespace
  JOIN pg_catalog.pg_proc       p ON p.oid = v.conproc
  JOIN pg_catalog.pg_namespace  f ON f.oid = p.pronamespace
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR v.conname = ANY ($2))";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let conversion = Conversion {
        schema: row.ident()?,
        name: row.ident()?,
        source: row.take()?,
        destination: row.take()?,
        function: row.qualified_name()?,
        default: row.take()?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::CONVERSION, oid, Resource::Conversion(conversion)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("conversions", SQL, decode).await
}
