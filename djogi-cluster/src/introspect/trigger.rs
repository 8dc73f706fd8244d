//! Triggers, but for those that PostgreSQL makes for foreign keys, and for partitions that have nothing for themselves
//! on them.

use djogi_core::Resource;
use djogi_core::ident::QualifiedName;
use djogi_core::kind::{Firing, ParentTrigger, Trigger};
use djogi_core::stable::stable;

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there is any.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_trigger WHERE NOT tgisinternal";

const SQL: &str = "
SELECT g.oid,
       g.tgrelid,
       n.nspname,
       c.relname,
       g.tgname,
       g.tgconstraint <> 0,
       g.tgenabled,
       pg_catalog.pg_get_triggerdef(g.oid, false),
       above.nspname,
       above.relname,
       above.tgenabled,
       d.description
  FROM pg_catalog.pg_trigger   g
  JOIN pg_catalog.pg_class     c ON c.oid = g.tgrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
                                       AND d.objoid   = g.oid
                                       AND d.objsubid = 0
  LEFT JOIN (SELECT p.oid, pn.nspname, pc.relname, p.tgenabled
               FROM pg_catalog.pg_trigger   p
               JOIN pg_catalog.pg_class     pc ON pc.oid = p.tgrelid
               JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace) above ON above.oid = g.tgparentid
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR c.relname = ANY ($2))
   AND NOT g.tgisinternal
   AND (g.tgparentid = 0 OR g.tgenabled <> above.tgenabled OR d.description IS NOT NULL)";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let (oid, relation) = (row.take()?, row.take()?);
    let mut trigger = Trigger {
        schema: row.ident()?,
        table: row.ident()?,
        name: row.ident()?,
        constraint: row.take()?,
        firing: firing(row.code()?)?,
        event: String::new(),
        action: String::new(),
        parent: None,
        comment: None,
    };
    let definition: &str = row.take()?;
    trigger.parent = match (row.optional_ident()?, row.optional_ident()?, row.optional_code()?) {
        (Some(schema), Some(table), Some(code)) => {
            Some(ParentTrigger { table: QualifiedName::new(schema, table), firing: firing(code)? })
        }
        _ => None,
    };
    trigger.comment = row.take()?;
    let unknown = || FieldError::Unknown(definition.to_owned());
    let kind = if trigger.constraint { "CREATE CONSTRAINT TRIGGER" } else { "CREATE TRIGGER" };
    let rest = definition.strip_prefix(&format!("{kind} {} ", trigger.name)).ok_or_else(unknown)?;
    let (event, action) =
        rest.split_once(&format!(" ON {} ", trigger.relation_name())).ok_or_else(unknown)?;
    (trigger.event, trigger.action) = (event.to_owned(), stable(action.to_owned()));
    Ok(Found::part(class::TRIGGER, oid, relation, Resource::Trigger(trigger)))
}

pub(super) fn firing(code: char) -> Result<Firing, FieldError> {
    match code {
        'O' => Ok(Firing::Origin),
        'R' => Ok(Firing::Replica),
        'A' => Ok(Firing::Always),
        'D' => Ok(Firing::Disabled),
        other => Err(FieldError::Unknown(other.to_string())),
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("triggers", SQL, decode).await
}
