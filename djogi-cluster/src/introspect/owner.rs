//! The objects that do not belong to the role of the session. What belongs to a member of it is somebody else's too: who
//! makes an object anew must give it back.

use djogi_core::Ident;

use super::error::IntrospectError;
use super::lookup::ObjectId;
use super::reader::{FieldError, Fields, Reader};

/// `public` belongs from its birth to the owner of the database, whoever that is, and sequences of identity columns follow
/// their tables.
const SQL: &str = "
WITH schema AS MATERIALIZED (
    SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)
), owned (class, oid, owner) AS (
    SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid, n.nspowner
      FROM pg_catalog.pg_namespace n
     WHERE n.nspname = ANY ($1)
       AND NOT (n.nspname = 'public' AND n.nspowner = 'pg_database_owner'::pg_catalog.regrole)
     UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, c.relowner
      FROM pg_catalog.pg_class c
     WHERE c.relnamespace IN (SELECT oid FROM schema)
       AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
     UNION ALL
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.proowner
      FROM pg_catalog.pg_proc p
     WHERE p.pronamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, t.typowner
      FROM pg_catalog.pg_type t
     WHERE t.typnamespace IN (SELECT oid FROM schema)
       AND t.typtype IN ('e', 'd', 'r', 'b')
       AND t.typcategory <> 'A'
     UNION ALL
    SELECT 'pg_catalog.pg_collation'::pg_catalog.regclass, l.oid, l.collowner
      FROM pg_catalog.pg_collation l
     WHERE l.collnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid, s.stxowner
      FROM pg_catalog.pg_statistic_ext s
     WHERE s.stxnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_operator'::pg_catalog.regclass, x.oid, x.oprowner
      FROM pg_catalog.pg_operator x
     WHERE x.oprnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_opclass'::pg_catalog.regclass, x.oid, x.opcowner
      FROM pg_catalog.pg_opclass x
     WHERE x.opcnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_opfamily'::pg_catalog.regclass, x.oid, x.opfowner
      FROM pg_catalog.pg_opfamily x
     WHERE x.opfnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, x.oid, x.dictowner
      FROM pg_catalog.pg_ts_dict x
     WHERE x.dictnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_ts_config'::pg_catalog.regclass, x.oid, x.cfgowner
      FROM pg_catalog.pg_ts_config x
     WHERE x.cfgnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_conversion'::pg_catalog.regclass, x.oid, x.conowner
      FROM pg_catalog.pg_conversion x
     WHERE x.connamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_language'::pg_catalog.regclass, x.oid, x.lanowner
      FROM pg_catalog.pg_language x
     WHERE x.oid >= 16384
     UNION ALL
    SELECT 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, x.oid, x.fdwowner
      FROM pg_catalog.pg_foreign_data_wrapper x
     UNION ALL
    SELECT 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, x.oid, x.srvowner
      FROM pg_catalog.pg_foreign_server x
     UNION ALL
    SELECT 'pg_catalog.pg_event_trigger'::pg_catalog.regclass, g.oid, g.evtowner
      FROM pg_catalog.pg_event_trigger g
     UNION ALL
    SELECT 'pg_catalog.pg_publication'::pg_catalog.regclass, b.oid, b.pubowner
      FROM pg_catalog.pg_publication b
     UNION ALL
    SELECT 'pg_catalog.pg_subscription'::pg_catalog.regclass, u.oid, u.subowner
      FROM pg_catalog.pg_subscription u
      JOIN pg_catalog.pg_database     d ON d.oid = u.subdbid
     WHERE d.datname = pg_catalog.current_database()
)
SELECT o.class::oid,
       o.oid,
       r.rolname
  FROM owned o
  JOIN pg_catalog.pg_roles r ON r.oid = o.owner
 WHERE r.rolname <> CURRENT_USER";

pub(super) struct OwnerRow {
    pub(super) object: ObjectId,
    pub(super) role: Ident,
}

impl OwnerRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { object: ObjectId::decode(row)?, role: row.ident()? })
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<OwnerRow>, IntrospectError> {
    reader.rows("owners", SQL, OwnerRow::decode).await
}
