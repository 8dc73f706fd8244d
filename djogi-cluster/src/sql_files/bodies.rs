//! Bodies of routines that name each other, and were loaded unread therefore: read when everything is there.

use std::collections::BTreeSet;

use djogi_core::script::Script;
use futures_util::future::join_all;
use tokio_postgres::Client;

use super::error::Rejected;
use super::item::{Item, Origin};
use super::load::{Failure, lost};
use super::settings::FRESH;
use crate::normalise::NormaliseError;

/// Routines with a body that their language can check; those with an SQL-standard body were read when they were made.
const ROUTINES: &str = "
SELECT p.oid,
       p.proname::text,
       p.prosrc,
       l.lanvalidator::pg_catalog.regproc::text
  FROM pg_catalog.pg_proc      p
  JOIN pg_catalog.pg_language  l ON l.oid = p.prolang
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE l.lanvalidator <> 0
   AND p.prosqlbody IS NULL
   AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                      AND d.objid   = p.oid
                      AND d.deptype = 'e')
 ORDER BY p.oid";

struct Routine {
    oid: u32,
    body: String,
    validator: String,
    /// The statement that made it, where its words tell.
    item: Option<usize>,
}

/// Has PostgreSQL read the bodies of `unread`.
///
/// # Errors
/// Every body that it refuses.
pub(super) async fn check(
    client: &Client,
    scripts: &[Script],
    items: &[Item<'_>],
    unread: &BTreeSet<usize>,
) -> Result<(), NormaliseError> {
    if unread.is_empty() {
        return Ok(());
    }
    client.batch_execute(FRESH).await.map_err(|error| lost(&error))?;
    let rows = client.query(ROUTINES, &[]).await.map_err(|error| lost(&error))?;
    let routines: Vec<Routine> = rows
        .iter()
        .map(|row| {
            let (name, body): (String, String) = (row.get(1), row.get(2));
            let item = maker(items, &name, &body);
            Routine { oid: row.get(0), body, validator: row.get(3), item }
        })
        .filter(|routine| routine.item.is_some_and(|item| unread.contains(&item)))
        .collect();
    let sent = routines.iter().map(|routine| async move {
        let mut sql = format!("{FRESH};\nSET check_function_bodies = on;\n");
        for setting in routine.item.into_iter().flat_map(|item| items[item].settings.all()) {
            sql.push_str(&setting.sql(scripts));
            sql.push_str(";\n");
        }
        sql.push_str(&format!("SELECT {}({})", routine.validator, routine.oid));
        client.batch_execute(&sql).await
    });
    let mut rejected = Vec::new();
    for (routine, answer) in routines.iter().zip(join_all(sent).await) {
        let Err(error) = answer else { continue };
        let Some(failure) = Failure::new(routine.item.unwrap_or_default(), &error) else {
            return Err(lost(&error));
        };
        // What no statement of a file made in so many words was made by one that ran.
        let Some(item) = routine.item.map(|item| &items[item]) else { continue };
        rejected.extend(told(scripts, item, routine, &failure));
    }
    if rejected.is_empty() { Ok(()) } else { Err(NormaliseError::Rejected(rejected)) }
}

/// The statement that made the routine, best the one with this very body.
fn maker(items: &[Item<'_>], name: &str, body: &str) -> Option<usize> {
    let mut found = (0..items.len()).filter(|&at| {
        let created = items[at].statement.created.as_ref();
        created.is_some_and(|it| it.name == name && ["function", "procedure"].contains(&it.kind.as_str()))
    });
    let first = found.clone().next();
    found.find(|&at| items[at].sql.contains(body)).or(first)
}

fn told(scripts: &[Script], item: &Item<'_>, routine: &Routine, failure: &Failure) -> Option<Rejected> {
    let Origin::File(script) = item.origin else { return None };
    let script = scripts.get(script)?;
    let within = failure.in_body.and_then(|position| {
        let start = item.sql.find(&routine.body)?;
        let before = usize::try_from(position.saturating_sub(1)).ok()?;
        let at = routine.body.char_indices().nth(before).map_or(routine.body.len(), |(at, _)| at);
        Some(script.place(item.statement.span.start + start + at))
    });
    let place = within.unwrap_or_else(|| script.place(item.statement.span.start));
    Some(Rejected::at(script, place, &failure.error))
}
