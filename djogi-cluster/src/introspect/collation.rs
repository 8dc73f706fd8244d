//! Collations.

use djogi_core::Resource;
use djogi_core::kind::Collation;

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};
use super::version;

/// Finds a row where there is any.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_collation WHERE oid >= 16384";

fn sql(locale: &str, rules: &str) -> String {
    format!(
        "
SELECT c.oid,
       n.nspname,
       c.collname,
       c.collprovider,
       c.collisdeterministic,
       {locale},
       c.collcollate,
       c.collctype,
       {rules},
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_collation'::pg_catalog.regclass AND d.objoid = c.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_collation c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR c.collname = ANY ($2))
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_collation'::pg_catalog.regclass
                      AND e.objid   = c.oid
                      AND e.deptype = 'e')"
    )
}

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let (schema, name) = (row.ident()?, row.ident()?);
    let provider = match row.code()? {
        'c' => "libc",
        'i' => "icu",
        'b' => "builtin",
        other => return Err(FieldError::Unknown(other.to_string())),
    };
    let mut collation = Collation {
        schema,
        name,
        provider: provider.to_owned(),
        deterministic: row.take()?,
        locale: row.take()?,
        lc_collate: row.take()?,
        lc_ctype: row.take()?,
        rules: row.take()?,
        comment: row.take()?,
    };
    if collation.locale.is_none() && collation.lc_collate == collation.lc_ctype {
        collation.locale = collation.lc_collate.take();
    }
    if collation.locale.is_some() {
        (collation.lc_collate, collation.lc_ctype) = (None, None);
    }
    Ok(Found::whole(class::COLLATION, oid, Resource::Collation(collation)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    let (locale, rules) =
        (version::collation_locale(reader.version), version::collation_rules(reader.version));
    reader.rows("collations", &sql(locale, rules), decode).await
}
