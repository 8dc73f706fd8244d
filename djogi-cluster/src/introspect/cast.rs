//! Casts: of the managed schemas are those with a type or function there, and those between PostgreSQL's own types.

use djogi_core::Resource;
use djogi_core::kind::{Cast, CastContext, CastMethod};

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there is any.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_cast WHERE oid >= 16384";

/// Those that come with a range type are internal to it. 11 is `pg_catalog`.
const SQL: &str = "
SELECT k.oid,
       pg_catalog.format_type(k.castsource, NULL),
       pg_catalog.format_type(k.casttarget, NULL),
       k.castmethod,
       k.castfunc::pg_catalog.regprocedure::pg_catalog.text,
       k.castcontext,
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_cast'::pg_catalog.regclass AND d.objoid = k.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_cast      k
  JOIN pg_catalog.pg_type      s ON s.oid = k.castsource
  JOIN pg_catalog.pg_type      t ON t.oid = k.casttarget
  LEFT JOIN pg_catalog.pg_proc p ON p.oid = k.castfunc
 WHERE k.oid >= 16384
   AND $2::pg_catalog.name[] IS NOT DISTINCT FROM $2
   AND (EXISTS (SELECT
                  FROM pg_catalog.pg_namespace n
                 WHERE n.oid IN (s.typnamespace, t.typnamespace, p.pronamespace)
                   AND n.nspname = ANY ($1))
        OR s.typnamespace = 11 AND t.typnamespace = 11 AND COALESCE(p.pronamespace, 11) = 11)
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend i
                    WHERE i.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass
                      AND i.objid   = k.oid
                      AND i.deptype IN ('e', 'i'))";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let (source, target) = (row.take()?, row.take()?);
    let (method, function) = (row.code()?, row.take::<String>()?);
    let cast = Cast {
        source,
        target,
        method: match method {
            'f' => CastMethod::Function(function),
            'i' => CastMethod::InOut,
            'b' => CastMethod::Binary,
            other => return Err(FieldError::Unknown(other.to_string())),
        },
        context: match row.code()? {
            'e' => CastContext::Explicit,
            'a' => CastContext::Assignment,
            'i' => CastContext::Implicit,
            other => return Err(FieldError::Unknown(other.to_string())),
        },
        comment: row.take()?,
    };
    Ok(Found::whole(class::CAST, oid, Resource::Cast(cast)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("casts", SQL, decode).await
}
