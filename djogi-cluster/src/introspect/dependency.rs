//! What those objects need whose definitions only PostgreSQL reads.
//!
//! `pg_depend` knows a view by its rewrite rule, a domain's checks as constraints and what is published as objects of its own; `part` is what it knows. A
//! dependency on a type is led back to the table whose row type, the type whose array, or the range whose multirange it is; one on
//! a constructor of a range to the range. The members of an operator class or family count as the class or family; an index
//! and a partition key are asked for their operator classes only, which need not be named anywhere.

use super::error::IntrospectError;
use super::lookup::ObjectId;
use super::reader::{FieldError, Fields, Reader};
use super::unmodelled::Needs;

const SQL: &str = "
WITH schema AS MATERIALIZED (
    SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)
), part (class, oid, part_class, part) AS (
    SELECT CASE r.rulename WHEN '_RETURN' THEN 'pg_catalog.pg_class'::pg_catalog.regclass
                           ELSE 'pg_catalog.pg_rewrite'::pg_catalog.regclass END,
           CASE r.rulename WHEN '_RETURN' THEN c.oid ELSE r.oid END,
           'pg_catalog.pg_rewrite'::pg_catalog.regclass, r.oid
      FROM pg_catalog.pg_rewrite r
      JOIN pg_catalog.pg_class   c ON c.oid = r.ev_class
     WHERE c.relnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, f.oid,
           'pg_catalog.pg_proc'::pg_catalog.regclass, f.oid
      FROM pg_catalog.pg_proc f
     WHERE f.pronamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass, g.oid,
           'pg_catalog.pg_trigger'::pg_catalog.regclass, g.oid
      FROM pg_catalog.pg_trigger g
      JOIN pg_catalog.pg_class   c ON c.oid = g.tgrelid
     WHERE c.relnamespace IN (SELECT oid FROM schema)
       AND NOT g.tgisinternal
     UNION ALL
    SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass, y.oid,
           'pg_catalog.pg_policy'::pg_catalog.regclass, y.oid
      FROM pg_catalog.pg_policy y
      JOIN pg_catalog.pg_class  c ON c.oid = y.polrelid
     WHERE c.relnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid,
           'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid
      FROM pg_catalog.pg_statistic_ext s
     WHERE s.stxnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid,
           'pg_catalog.pg_type'::pg_catalog.regclass, t.oid
      FROM pg_catalog.pg_type t
     WHERE t.typnamespace IN (SELECT oid FROM schema)
       AND t.typtype IN ('d', 'r')
     UNION ALL
    SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, con.contypid,
           'pg_catalog.pg_constraint'::pg_catalog.regclass, con.oid
      FROM pg_catalog.pg_constraint con
     WHERE con.connamespace IN (SELECT oid FROM schema)
       AND con.contypid <> 0
     UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid,
           'pg_catalog.pg_class'::pg_catalog.regclass, c.oid
      FROM pg_catalog.pg_class c
     WHERE c.relnamespace IN (SELECT oid FROM schema)
       AND c.relkind = 'c'
     UNION ALL
    SELECT 'pg_catalog.pg_operator'::pg_catalog.regclass, x.oid,
           'pg_catalog.pg_operator'::pg_catalog.regclass, x.oid
      FROM pg_catalog.pg_operator x
     WHERE x.oprnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_opclass'::pg_catalog.regclass, x.oid,
           'pg_catalog.pg_opclass'::pg_catalog.regclass, x.oid
      FROM pg_catalog.pg_opclass x
     WHERE x.opcnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_opfamily'::pg_catalog.regclass, x.oid,
           'pg_catalog.pg_opfamily'::pg_catalog.regclass, x.oid
      FROM pg_catalog.pg_opfamily x
     WHERE x.opfnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_ts_parser'::pg_catalog.regclass, x.oid,
           'pg_catalog.pg_ts_parser'::pg_catalog.regclass, x.oid
      FROM pg_catalog.pg_ts_parser x
     WHERE x.prsnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_ts_template'::pg_catalog.regclass, x.oid,
           'pg_catalog.pg_ts_template'::pg_catalog.regclass, x.oid
      FROM pg_catalog.pg_ts_template x
     WHERE x.tmplnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, x.oid,
           'pg_catalog.pg_ts_dict'::pg_catalog.regclass, x.oid
      FROM pg_catalog.pg_ts_dict x
     WHERE x.dictnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_ts_config'::pg_catalog.regclass, x.oid,
           'pg_catalog.pg_ts_config'::pg_catalog.regclass, x.oid
      FROM pg_catalog.pg_ts_config x
     WHERE x.cfgnamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_cast'::pg_catalog.regclass, k.oid,
           'pg_catalog.pg_cast'::pg_catalog.regclass, k.oid
      FROM pg_catalog.pg_cast k
     WHERE k.oid >= 16384
     UNION ALL
    SELECT 'pg_catalog.pg_conversion'::pg_catalog.regclass, x.oid,
           'pg_catalog.pg_conversion'::pg_catalog.regclass, x.oid
      FROM pg_catalog.pg_conversion x
     WHERE x.connamespace IN (SELECT oid FROM schema)
     UNION ALL
    SELECT 'pg_catalog.pg_language'::pg_catalog.regclass, x.oid,
           'pg_catalog.pg_language'::pg_catalog.regclass, x.oid
      FROM pg_catalog.pg_language x
     WHERE x.oid >= 16384
     UNION ALL
    SELECT 'pg_catalog.pg_transform'::pg_catalog.regclass, x.oid,
           'pg_catalog.pg_transform'::pg_catalog.regclass, x.oid
      FROM pg_catalog.pg_transform x
     WHERE x.oid >= 16384
     UNION ALL
    SELECT m.refclassid, m.refobjid,
           m.classid, m.objid
      FROM pg_catalog.pg_depend m
     WHERE m.classid IN ('pg_catalog.pg_amop'::pg_catalog.regclass, 'pg_catalog.pg_amproc'::pg_catalog.regclass)
       AND m.refclassid IN ('pg_catalog.pg_opclass'::pg_catalog.regclass,
                            'pg_catalog.pg_opfamily'::pg_catalog.regclass)
       AND m.objid >= 16384
     UNION ALL
    SELECT m.classid, m.objid,
           m.classid, m.objid
      FROM pg_catalog.pg_depend m
     WHERE m.classid    = 'pg_catalog.pg_class'::pg_catalog.regclass
       AND m.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass
       AND m.refobjid >= 16384
     UNION ALL
    SELECT 'pg_catalog.pg_event_trigger'::pg_catalog.regclass, e.oid,
           'pg_catalog.pg_event_trigger'::pg_catalog.regclass, e.oid
      FROM pg_catalog.pg_event_trigger e
     UNION ALL
    SELECT 'pg_catalog.pg_publication'::pg_catalog.regclass, u.prpubid,
           'pg_catalog.pg_publication_rel'::pg_catalog.regclass, u.oid
      FROM pg_catalog.pg_publication_rel u
     UNION ALL
    SELECT 'pg_catalog.pg_publication'::pg_catalog.regclass, u.pnpubid,
           'pg_catalog.pg_publication_namespace'::pg_catalog.regclass, u.oid
      FROM pg_catalog.pg_publication_namespace u
     UNION ALL
    SELECT 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, w.oid,
           'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, w.oid
      FROM pg_catalog.pg_foreign_data_wrapper w
     UNION ALL
    SELECT 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, v.oid,
           'pg_catalog.pg_foreign_server'::pg_catalog.regclass, v.oid
      FROM pg_catalog.pg_foreign_server v
     UNION ALL
    SELECT 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, v.oid,
           'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, v.srvfdw
      FROM pg_catalog.pg_foreign_server v
     UNION ALL
    SELECT 'pg_catalog.pg_user_mapping'::pg_catalog.regclass, x.umid,
           'pg_catalog.pg_user_mapping'::pg_catalog.regclass, x.umid
      FROM pg_catalog.pg_user_mappings x
)
SELECT p.class::oid,
       p.oid,
       CASE WHEN t.typrelid <> 0 THEN 'pg_catalog.pg_class'::pg_catalog.regclass::oid
            WHEN t.oid IS NOT NULL THEN 'pg_catalog.pg_type'::pg_catalog.regclass::oid
            ELSE d.refclassid END,
       CASE WHEN t.typrelid <> 0 THEN t.typrelid
            ELSE COALESCE(t.oid, d.refobjid) END,
       d.refobjsubid
  FROM part p
  JOIN pg_catalog.pg_depend d
    ON d.classid = p.part_class
   AND d.objid   = p.part
   AND (d.deptype IN ('n', 'a')
        -- Of a wrapper that came with an extension, the server needs the extension.
        OR d.deptype = 'e' AND d.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass)
   AND d.refobjid >= 16384
  LEFT JOIN pg_catalog.pg_depend i ON i.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                                  AND i.objid   = d.refobjid
                                  AND i.deptype = 'i'
                                  AND d.refclassid = i.classid
                                  AND i.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
  LEFT JOIN pg_catalog.pg_type  a ON a.oid = CASE WHEN d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
                                                  THEN d.refobjid ELSE i.refobjid END
  LEFT JOIN pg_catalog.pg_range m ON m.rngmultitypid = a.oid AND a.typtype = 'm'
  LEFT JOIN pg_catalog.pg_type  t ON t.oid = CASE WHEN a.typcategory = 'A' THEN a.typelem
                                                  ELSE COALESCE(m.rngtypid, a.oid) END";

/// One dependency.
pub(super) struct DependencyRow {
    pub(super) dependent: ObjectId,
    pub(super) needs: Needs,
}

impl DependencyRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            dependent: ObjectId::decode(row)?,
            needs: Needs { object: ObjectId::decode(row)?, column: row.take()? },
        })
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<DependencyRow>, IntrospectError> {
    // It has one parameter only.
    reader
        .rows("dependencies", &format!("{SQL}\n WHERE $2::pg_catalog.name[] IS NULL"), DependencyRow::decode)
        .await
}
