//! Which relations there are in schemas that are not managed, where nobody reads more of them.

use std::collections::BTreeSet;

use djogi_core::ident::{Ident, QualifiedName};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::error::IntrospectError;
use crate::connect::DatabaseError;

const SQL: &str = "
SELECT n.nspname::text,
       c.relname::text
  FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) w (schema, name)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  JOIN pg_catalog.pg_class     c ON c.relnamespace = n.oid AND c.relname = w.name";

const WHAT: &str = "unmanaged tables";

/// Those of `relations` that exist.
///
/// # Errors
/// When PostgreSQL does not answer.
pub async fn existing_relations(
    client: &Client,
    relations: &[QualifiedName],
) -> Result<BTreeSet<QualifiedName>, IntrospectError> {
    let failed = |error: tokio_postgres::Error| IntrospectError::Database {
        what: WHAT,
        error: DatabaseError::new(&error).in_statement(SQL),
    };
    let ident = |name: &str| Ident::new(name).map_err(|error| IntrospectError::Name { what: WHAT, error });
    let schemas: Vec<&str> = relations.iter().map(|name| name.schema.as_str()).collect();
    let names: Vec<&str> = relations.iter().map(|name| name.name.as_str()).collect();
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
        [(&schemas, Type::NAME_ARRAY), (&names, Type::NAME_ARRAY)];
    let mut existing = BTreeSet::new();
    for row in client.query_typed(SQL, &parameters).await.map_err(failed)? {
        let [schema, name] = [row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?];
        existing.insert(QualifiedName::new(ident(schema)?, ident(name)?));
    }
    Ok(existing)
}
