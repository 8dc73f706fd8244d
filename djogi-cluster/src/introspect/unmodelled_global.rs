//! Objects of the whole database that the catalog has no kind for and that no managed object can be needed by, and what is
//! said of objects that the catalog has no place for.
//!
//! They are never changed; they are counted and named.

use djogi_core::observation::Unmodelled;

use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};
use super::user_mapping::visible;

/// Members of extensions are left out, and mappings whose options can be read.
const SQL: &str = concat!(
    "
WITH found (class, oid) AS (
    SELECT 'pg_catalog.pg_user_mapping'::pg_catalog.regclass, o.umid
      FROM pg_catalog.pg_user_mappings  o
      JOIN pg_catalog.pg_foreign_server s ON s.oid = o.srvid
     WHERE NOT (",
    visible!("o"),
    ")
     UNION ALL
    SELECT 'pg_catalog.pg_am'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_am o
     WHERE o.oid >= 16384
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
                      AND e.deptype = 'e')
 UNION ALL
SELECT 'security label of ' || i.type,
       i.identity
  FROM pg_catalog.pg_seclabel l
 CROSS JOIN LATERAL pg_catalog.pg_identify_object(l.classoid, l.objoid, l.objsubid) i
 WHERE i.identity IS NOT NULL
   AND (i.schema IS NULL OR i.schema = ANY ($1))
 UNION ALL
SELECT CASE g.tgenabled WHEN 'D' THEN 'disabled trigger of'
                        WHEN 'A' THEN 'always enabled trigger of'
                        ELSE 'trigger, enabled on replicas, of' END,
       i.type || ' ' || i.identity
  FROM pg_catalog.pg_trigger   g
  JOIN pg_catalog.pg_class     c ON c.oid = g.tgrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ANY ($1)
 CROSS JOIN LATERAL pg_catalog.pg_identify_object('pg_catalog.pg_constraint'::pg_catalog.regclass,
                                                  g.tgconstraint, 0) i
 WHERE g.tgisinternal
   AND g.tgenabled <> 'O'
   AND i.identity IS NOT NULL
 GROUP BY 1, 2
 UNION ALL
SELECT 'grant by another role',
       i.type || ' ' || i.identity || ' to ' || COALESCE(e.rolname, 'public') || ' by ' || g.rolname
  FROM (SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, 0, c.relowner, c.relacl, c.relnamespace
          FROM pg_catalog.pg_class c
         WHERE c.relacl IS NOT NULL
         UNION ALL
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, a.attnum, c.relowner, a.attacl, c.relnamespace
          FROM pg_catalog.pg_attribute a
          JOIN pg_catalog.pg_class     c ON c.oid = a.attrelid
         WHERE a.attacl IS NOT NULL
         UNION ALL
        SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0, p.proowner, p.proacl, p.pronamespace
          FROM pg_catalog.pg_proc p
         WHERE p.proacl IS NOT NULL
         UNION ALL
        SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 0, t.typowner, t.typacl, t.typnamespace
          FROM pg_catalog.pg_type t
         WHERE t.typacl IS NOT NULL
         UNION ALL
        SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid, 0, n.nspowner, n.nspacl, n.oid
          FROM pg_catalog.pg_namespace n
         WHERE n.nspacl IS NOT NULL) o (class, oid, part, owner, acl, schema)
  JOIN pg_catalog.pg_namespace n ON n.oid = o.schema AND n.nspname = ANY ($1)
 CROSS JOIN LATERAL pg_catalog.aclexplode(o.acl) x
  JOIN pg_catalog.pg_roles      g ON g.oid = x.grantor
  LEFT JOIN pg_catalog.pg_roles e ON e.oid = x.grantee
 CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.class, o.oid, o.part) i
 WHERE x.grantor <> o.owner
 GROUP BY 1, 2"
);

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Unmodelled>, IntrospectError> {
    reader.rows("objects of the database", SQL, decode).await
}

fn decode(row: &mut Fields<'_>) -> Result<Unmodelled, FieldError> {
    Ok(Unmodelled { kind: row.take()?, name: row.take()? })
}
