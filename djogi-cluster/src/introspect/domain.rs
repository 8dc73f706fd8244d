//! Domains with their checks.

use djogi_core::Resource;
use djogi_core::ident::Ident;
use djogi_core::kind::{Domain, DomainConstraint, Expression, NotNull, not_null};

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there is any.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_type WHERE typtype = 'd' AND oid >= 16384";

/// `typdefault` is as it was printed when the domain was made; the expression is printed anew.
const SQL: &str = "
SELECT t.oid,
       n.nspname,
       t.typname,
       pg_catalog.format_type(t.typbasetype, t.typtypmod),
       l.nspname,
       l.collname,
       t.typnotnull,
       pg_catalog.pg_get_expr(t.typdefaultbin, 0),
       k.names,
       k.expressions,
       k.validated,
       k.comments,
       z.conname,
       z.description,
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objoid = t.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_type      t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  JOIN pg_catalog.pg_type      b ON b.oid = t.typbasetype
  LEFT JOIN LATERAL (
       SELECT ln.nspname, c.collname
         FROM pg_catalog.pg_collation c
         JOIN pg_catalog.pg_namespace ln ON ln.oid = c.collnamespace
        WHERE c.oid = t.typcollation AND t.typcollation <> b.typcollation) l ON true
 CROSS JOIN LATERAL (
       SELECT COALESCE(pg_catalog.array_agg(c.conname::pg_catalog.text ORDER BY c.conname), '{}') AS names,
              COALESCE(pg_catalog.array_agg(pg_catalog.pg_get_expr(c.conbin, 0) ORDER BY c.conname), '{}') AS expressions,
              COALESCE(pg_catalog.array_agg(c.convalidated ORDER BY c.conname), '{}') AS validated,
              COALESCE(pg_catalog.array_agg(d.description ORDER BY c.conname), '{}') AS comments
         FROM pg_catalog.pg_constraint c
         LEFT JOIN pg_catalog.pg_description d
                ON d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objoid = c.oid
        WHERE c.contypid = t.oid AND c.contype = 'c') k
  LEFT JOIN LATERAL (
       SELECT c.conname, d.description
         FROM pg_catalog.pg_constraint c
         LEFT JOIN pg_catalog.pg_description d
                ON d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objoid = c.oid
        WHERE c.contypid = t.oid AND c.contype = 'n') z ON true
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR t.typname = ANY ($2))
   AND t.typtype = 'd'";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let mut domain = Domain {
        schema: row.ident()?,
        name: row.ident()?,
        data_type: row.take()?,
        collation: row.optional_qualified_name()?,
        not_null: row.take()?,
        not_null_constraint: NotNull::default(),
        default: row.take::<Option<String>>()?.map(Expression::new),
        constraints: Vec::new(),
        comment: None,
    };
    let names = row.take::<Vec<&str>>()?;
    let expressions = row.take::<Vec<String>>()?;
    let validated = row.take::<Vec<bool>>()?;
    let comments = row.take::<Vec<Option<String>>>()?;
    let not_null_name = row.optional_ident()?;
    let not_null = &mut domain.not_null_constraint;
    not_null.name = not_null_name.filter(|name| !not_null::is_default_name(name, &domain.name, None));
    not_null.comment = row.take()?;
    domain.comment = row.take()?;
    let parts = names.into_iter().zip(expressions).zip(validated).zip(comments);
    for (((name, expression), validated), comment) in parts {
        let name = Ident::new(name).map_err(FieldError::Name)?;
        let expression = Expression::new(expression);
        domain.constraints.push(DomainConstraint { name, expression, validated, comment });
    }
    Ok(Found::whole(class::TYPE, oid, Resource::Domain(domain)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("domains", SQL, decode).await
}
