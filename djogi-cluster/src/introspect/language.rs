//! Procedural languages, which belong to the database.

use djogi_core::Resource;
use djogi_core::kind::Language;

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_language WHERE oid >= 16384";

/// Members of extensions are left out.
const SQL: &str = "
SELECT l.oid,
       l.lanname,
       l.lanpltrusted,
       hn.nspname,
       h.proname,
       n.nspname,
       i.proname,
       vn.nspname,
       v.proname,
       pg_catalog.obj_description(l.oid, 'pg_language')
  FROM pg_catalog.pg_language       l
  JOIN pg_catalog.pg_proc           h  ON h.oid  = l.lanplcallfoid
  JOIN pg_catalog.pg_namespace      hn ON hn.oid = h.pronamespace
  LEFT JOIN pg_catalog.pg_proc      i  ON i.oid  = l.laninline
  LEFT JOIN pg_catalog.pg_namespace n  ON n.oid  = i.pronamespace
  LEFT JOIN pg_catalog.pg_proc      v  ON v.oid  = l.lanvalidator
  LEFT JOIN pg_catalog.pg_namespace vn ON vn.oid = v.pronamespace
 WHERE l.oid >= 16384
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_language'::pg_catalog.regclass
                      AND e.objid   = l.oid
                      AND e.deptype = 'e')";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let language = Language {
        name: row.ident()?,
        trusted: row.take()?,
        handler: row.qualified_name()?,
        inline: row.optional_qualified_name()?,
        validator: row.optional_qualified_name()?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::LANGUAGE, oid, Resource::Language(language)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("languages", SQL, decode).await
}
