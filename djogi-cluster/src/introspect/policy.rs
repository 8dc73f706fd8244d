//! Row security policies.

use djogi_core::Resource;
use djogi_core::ident::Ident;
use djogi_core::kind::{Expression, Policy, PolicyCommand};

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there is any.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_policy";

/// `PUBLIC` is no role.
const SQL: &str = "
SELECT y.oid,
       y.polrelid,
       n.nspname,
       c.relname,
       y.polname,
       y.polpermissive,
       y.polcmd,
       ARRAY(SELECT r.rolname::pg_catalog.text
               FROM pg_catalog.pg_roles r
              WHERE r.oid = ANY (y.polroles)
              ORDER BY r.rolname::pg_catalog.text COLLATE \"C\"),
       pg_catalog.pg_get_expr(y.polqual, y.polrelid),
       pg_catalog.pg_get_expr(y.polwithcheck, y.polrelid),
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND d.objoid = y.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_policy    y
  JOIN pg_catalog.pg_class     c ON c.oid = y.polrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR c.relname = ANY ($2))";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let (oid, relation) = (row.take()?, row.take()?);
    let policy = Policy {
        schema: row.ident()?,
        table: row.ident()?,
        name: row.ident()?,
        permissive: row.take()?,
        command: match row.code()? {
            '*' => PolicyCommand::All,
            'r' => PolicyCommand::Select,
            'a' => PolicyCommand::Insert,
            'w' => PolicyCommand::Update,
            'd' => PolicyCommand::Delete,
            other => return Err(FieldError::Unknown(other.to_string())),
        },
        roles: row
            .take::<Vec<&str>>()?
            .into_iter()
            .map(Ident::new)
            .collect::<Result<_, _>>()
            .map_err(FieldError::Name)?,
        using: row.take::<Option<String>>()?.map(Expression::new),
        check: row.take::<Option<String>>()?.map(Expression::new),
        comment: row.take()?,
    };
    Ok(Found::part(class::POLICY, oid, relation, Resource::Policy(policy)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("policies", SQL, decode).await
}
