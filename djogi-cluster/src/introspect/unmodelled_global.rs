//! Objects of kinds that the catalog does not have and that seldom depend on tables: those of the whole database, and
//! operators and text search objects of managed schemas.
//!
//! They are never changed; they are counted and named.

use djogi_core::observation::Unmodelled;

use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};

/// What comes with PostgreSQL has an oid below 16384 (`FirstNormalObjectId`). Members of extensions are left out, and casts
/// that come with a range type.
const SQL: &str = "
WITH found (class, oid) AS (
    SELECT 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_operator  o
      JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
     WHERE n.nspname = ANY ($1)
     UNION ALL
    SELECT 'pg_catalog.pg_opclass'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_opclass   o
      JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace
     WHERE n.nspname = ANY ($1)
     UNION ALL
    SELECT 'pg_catalog.pg_opfamily'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_opfamily  o
      JOIN pg_catalog.pg_namespace n ON n.oid = o.opfnamespace
     WHERE n.nspname = ANY ($1)
     UNION ALL
    SELECT 'pg_catalog.pg_conversion'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_conversion o
      JOIN pg_catalog.pg_namespace  n ON n.oid = o.connamespace
     WHERE n.nspname = ANY ($1)
     UNION ALL
    SELECT 'pg_catalog.pg_ts_config'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_ts_config o
      JOIN pg_catalog.pg_namespace n ON n.oid = o.cfgnamespace
     WHERE n.nspname = ANY ($1)
     UNION ALL
    SELECT 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_ts_dict   o
      JOIN pg_catalog.pg_namespace n ON n.oid = o.dictnamespace
     WHERE n.nspname = ANY ($1)
     UNION ALL
    SELECT 'pg_catalog.pg_cast'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_cast o WHERE o.oid >= 16384
     UNION ALL
    SELECT 'pg_catalog.pg_language'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_language o WHERE o.oid >= 16384
     UNION ALL
    SELECT 'pg_catalog.pg_default_acl'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_default_acl o
     UNION ALL
    SELECT 'pg_catalog.pg_event_trigger'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_event_trigger o
     UNION ALL
    SELECT 'pg_catalog.pg_publication'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_publication o
     UNION ALL
    SELECT 'pg_catalog.pg_subscription'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_subscription o
      JOIN pg_catalog.pg_database     d ON d.oid = o.subdbid
     WHERE d.datname = pg_catalog.current_database()
     UNION ALL
    SELECT 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_foreign_data_wrapper o
     UNION ALL
    SELECT 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_foreign_server o
     UNION ALL
    SELECT 'pg_catalog.pg_user_mapping'::pg_catalog.regclass, o.umid FROM pg_catalog.pg_user_mappings o
)
SELECT i.type,
       i.identity
  FROM found f
 CROSS JOIN LATERAL pg_catalog.pg_identify_object(f.class, f.oid, 0) i
 WHERE i.identity IS NOT NULL
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = f.class
                      AND e.objid   = f.oid
                      AND e.deptype IN ('e', 'i'))";

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Unmodelled>, IntrospectError> {
    reader.rows("objects of the database", SQL, decode).await
}

fn decode(row: &mut Fields<'_>) -> Result<Unmodelled, FieldError> {
    Ok(Unmodelled { kind: row.take()?, name: row.take()? })
}
