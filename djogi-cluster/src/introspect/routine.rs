//! Functions and procedures. Members of extensions, and functions that come with a range type, are left out before
//! anything is deparsed.

use djogi_core::Resource;
use djogi_core::kind::{Routine, RoutineKind};
use djogi_core::stable::stable;

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there is any.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_proc WHERE oid >= 16384";

const SQL: &str = "
SELECT p.oid,
       n.nspname,
       p.proname,
       p.prokind,
       pg_catalog.oidvectortypes(p.proargtypes),
       pg_catalog.pg_get_function_identity_arguments(p.oid),
       p.pronargdefaults,
       pg_catalog.pg_get_function_arguments(p.oid),
       pg_catalog.pg_get_function_result(p.oid),
       pg_catalog.pg_get_functiondef(p.oid),
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objoid = p.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_proc      p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR p.proname = ANY ($2))
   AND p.prokind IN ('f', 'w', 'p')
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                      AND e.objid   = p.oid
                      AND e.deptype IN ('e', 'i'))";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let mut routine = Routine {
        schema: row.ident()?,
        name: row.ident()?,
        kind: if row.code()? == 'p' { RoutineKind::Procedure } else { RoutineKind::Function },
        arguments: row.take()?,
        signature: row.take()?,
        defaults: row.take::<i16>()?.unsigned_abs(),
        parameters: row.take()?,
        returns: row.take()?,
        definition: row.take()?,
        comment: row.take()?,
    };
    // Kind, name and parameters are told apart from the rest, so that they can change by themselves.
    let head = format!("({})\n", routine.parameters);
    let at = routine.definition.find(&head).ok_or_else(|| FieldError::Unknown(routine.definition.clone()))?;
    routine.definition.drain(..at + head.len());
    // A body that is a text stays as it is.
    if !routine.definition.contains("AS $") {
        routine.definition = stable(routine.definition);
    }
    Ok(Found::whole(class::ROUTINE, oid, Resource::Routine(routine)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("functions and procedures", SQL, decode).await
}
