//! Rewrite rules, but for those that make views.

use djogi_core::Resource;
use djogi_core::kind::Rule;
use djogi_core::stable::stable;

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};
use super::trigger::firing;

/// Finds a row where there is any.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_rewrite WHERE rulename <> '_RETURN' AND oid >= 16384";

const SQL: &str = "
SELECT r.oid,
       r.ev_class,
       n.nspname,
       c.relname,
       r.rulename,
       r.ev_enabled,
       pg_catalog.pg_get_ruledef(r.oid, false),
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objoid = r.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_rewrite   r
  JOIN pg_catalog.pg_class     c ON c.oid = r.ev_class
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR c.relname = ANY ($2))
   AND r.rulename <> '_RETURN'";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let (oid, relation) = (row.take()?, row.take()?);
    let mut rule = Rule {
        schema: row.ident()?,
        table: row.ident()?,
        name: row.ident()?,
        firing: firing(row.code()?)?,
        definition: String::new(),
        comment: None,
    };
    let definition: &str = row.take()?;
    rule.comment = row.take()?;
    let rest = definition.strip_prefix(&format!("CREATE RULE {} AS", rule.name));
    let rest = rest.ok_or_else(|| FieldError::Unknown(definition.to_owned()))?.trim();
    rule.definition = stable(rest.strip_suffix(';').unwrap_or(rest).to_owned());
    Ok(Found::part(class::REWRITE, oid, relation, Resource::Rule(rule)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("rules", SQL, decode).await
}
