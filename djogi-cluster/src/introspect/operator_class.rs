//! Operator families and classes. `pg_depend` knows which of the two an operator or support function belongs to.

use djogi_core::Resource;
use djogi_core::kind::{FamilyMember, OperatorClass, OperatorFamily};

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there is any.
pub(super) const ANY: &str = "
SELECT FROM pg_catalog.pg_opfamily WHERE oid >= 16384
 UNION ALL
SELECT FROM pg_catalog.pg_opclass WHERE oid >= 16384";

/// The members that belong to `owner` of the catalog `catalog`, as arrays of what they are called and what they are.
fn members(catalog: &str, owner: &str) -> String {
    format!(
        "
       (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', e.name, 'value', e.value) ORDER BY e.name, e.value)
          FROM (SELECT pg_catalog.format('OPERATOR %s (%s, %s)', a.amopstrategy,
                                         pg_catalog.format_type(a.amoplefttype, NULL),
                                         pg_catalog.format_type(a.amoprighttype, NULL)) AS name,
                       pg_catalog.format('%I.%s(%s, %s)', p.nspname, o.oprname,
                                         pg_catalog.format_type(o.oprleft, NULL),
                                         pg_catalog.format_type(o.oprright, NULL))
                       || CASE WHEN a.amoppurpose = 'o'
                               THEN (SELECT pg_catalog.format(' FOR ORDER BY %I.%I', s.nspname, f.opfname)
                                       FROM pg_catalog.pg_opfamily  f
                                       JOIN pg_catalog.pg_namespace s ON s.oid = f.opfnamespace
                                      WHERE f.oid = a.amopsortfamily)
                               ELSE '' END AS value
                  FROM pg_catalog.pg_depend    d
                  JOIN pg_catalog.pg_amop      a ON a.oid = d.objid
                  JOIN pg_catalog.pg_operator  o ON o.oid = a.amopopr
                  JOIN pg_catalog.pg_namespace p ON p.oid = o.oprnamespace
                 WHERE d.classid    = 'pg_catalog.pg_amop'::pg_catalog.regclass
                   AND d.refclassid = '{catalog}'::pg_catalog.regclass
                   AND d.refobjid   = {owner}
                   AND d.deptype IN ('a', 'i')
                 UNION ALL
                SELECT pg_catalog.format('FUNCTION %s (%s, %s)', a.amprocnum,
                                         pg_catalog.format_type(a.amproclefttype, NULL),
                                         pg_catalog.format_type(a.amprocrighttype, NULL)),
                       a.amproc::pg_catalog.regprocedure::pg_catalog.text
                  FROM pg_catalog.pg_depend d
                  JOIN pg_catalog.pg_amproc a ON a.oid = d.objid
                 WHERE d.classid    = 'pg_catalog.pg_amproc'::pg_catalog.regclass
                   AND d.refclassid = '{catalog}'::pg_catalog.regclass
                   AND d.refobjid   = {owner}
                   AND d.deptype IN ('a', 'i')) e)::pg_catalog.text"
    )
}

fn family_sql() -> String {
    format!(
        "
SELECT f.oid,
       n.nspname,
       f.opfname,
       m.amname,{},
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_opfamily'::pg_catalog.regclass AND d.objoid = f.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_opfamily  f
  JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
  JOIN pg_catalog.pg_am        m ON m.oid = f.opfmethod
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR f.opfname = ANY ($2))
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_opfamily'::pg_catalog.regclass
                      AND e.objid   = f.oid
                      AND e.deptype = 'e')",
        members("pg_catalog.pg_opfamily", "f.oid")
    )
}

fn class_sql() -> String {
    format!(
        "
SELECT k.oid,
       n.nspname,
       k.opcname,
       m.amname,
       fn.nspname,
       f.opfname,
       pg_catalog.format_type(k.opcintype, NULL),
       k.opcdefault,
       CASE WHEN k.opckeytype <> 0 THEN pg_catalog.format_type(k.opckeytype, NULL) END,{},
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_opclass'::pg_catalog.regclass AND d.objoid = k.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_opclass   k
  JOIN pg_catalog.pg_namespace n  ON n.oid = k.opcnamespace
  JOIN pg_catalog.pg_am        m  ON m.oid = k.opcmethod
  JOIN pg_catalog.pg_opfamily  f  ON f.oid = k.opcfamily
  JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR k.opcname = ANY ($2))
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_opclass'::pg_catalog.regclass
                      AND e.objid   = k.oid
                      AND e.deptype = 'e')",
        members("pg_catalog.pg_opclass", "k.oid")
    )
}

fn decode_members(row: &mut Fields<'_>) -> Result<Vec<FamilyMember>, FieldError> {
    let Some(text) = row.take::<Option<&str>>()? else { return Ok(Vec::new()) };
    let mut members: Vec<FamilyMember> =
        serde_json::from_str(text).map_err(|_| FieldError::Unknown(text.to_owned()))?;
    members.sort();
    Ok(members)
}

fn decode_family(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let family = OperatorFamily {
        schema: row.ident()?,
        name: row.ident()?,
        method: row.ident()?,
        members: decode_members(row)?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::OPERATOR_FAMILY, oid, Resource::OperatorFamily(family)))
}

fn decode_class(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let class = OperatorClass {
        schema: row.ident()?,
        name: row.ident()?,
        method: row.ident()?,
        family: row.qualified_name()?,
        data_type: row.take()?,
        default: row.take()?,
        storage: row.take()?,
        members: decode_members(row)?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::OPERATOR_CLASS, oid, Resource::OperatorClass(class)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    let (families, classes) = (family_sql(), class_sql());
    let found = futures_util::join!(
        reader.rows("operator families", &families, decode_family),
        reader.rows("operator classes", &classes, decode_class),
    );
    Ok([found.0?, found.1?].into_iter().flatten().collect())
}
