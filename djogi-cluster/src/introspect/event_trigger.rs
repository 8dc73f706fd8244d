//! Event triggers, which belong to the database.

use djogi_core::Resource;
use djogi_core::kind::EventTrigger;

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};
use super::trigger::firing;

pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_event_trigger";

const SQL: &str = "
SELECT e.oid,
       e.evtname,
       e.evtevent::pg_catalog.text,
       e.evttags,
       n.nspname,
       f.proname,
       e.evtenabled,
       pg_catalog.obj_description(e.oid, 'pg_event_trigger')
  FROM pg_catalog.pg_event_trigger e
  JOIN pg_catalog.pg_proc          f ON f.oid = e.evtfoid
  JOIN pg_catalog.pg_namespace     n ON n.oid = f.pronamespace
 WHERE NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass
                      AND d.objid   = e.oid
                      AND d.deptype = 'e')";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let trigger = EventTrigger {
        name: row.ident()?,
        event: row.take()?,
        tags: row.take::<Option<Vec<String>>>()?.unwrap_or_default(),
        function: row.qualified_name()?,
        firing: firing(row.code()?)?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::EVENT_TRIGGER, oid, Resource::EventTrigger(trigger)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("event triggers", SQL, decode).await
}
