//! Subscriptions, which belong to the database though their catalog is one for the whole server.

use djogi_core::Resource;
use djogi_core::ident::Ident;
use djogi_core::kind::{Streaming, Subscription, secret_digest, subscription::CONNECTION};

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_subscription s
                                JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
                               WHERE d.datname = pg_catalog.current_database()";

/// Everybody may read the catalog but for the connection strings.
const MAY_READ_CONNECTIONS: &str =
    "SELECT pg_catalog.has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'SELECT')";

/// What each version has; the columns of later ones have the values that the earlier ones behave by.
fn sql(major: u32, may_read_connections: bool) -> String {
    let since = |version: u32, column: &'static str, otherwise: &'static str| {
        if major >= version { column } else { otherwise }
    };
    let connection = if may_read_connections { "s.subconninfo" } else { "NULL::pg_catalog.text" };
    let password_required = since(16, "s.subpasswordrequired", "true");
    let run_as_owner = since(16, "s.subrunasowner", "false");
    let origin = since(16, "s.suborigin", "'any'::pg_catalog.text");
    let failover = since(17, "s.subfailover", "false");
    format!(
        "
SELECT s.oid,
       s.subname,
       {connection},
       ARRAY(SELECT p FROM pg_catalog.unnest(s.subpublications) p ORDER BY p COLLATE \"C\"),
       s.subslotname::pg_catalog.text,
       s.subbinary,
       s.substream::pg_catalog.text,
       s.subsynccommit,
       s.subtwophasestate <> 'd',
       s.subdisableonerr,
       {password_required},
       {run_as_owner},
       {origin},
       {failover},
       pg_catalog.obj_description(s.oid, 'pg_subscription')
  FROM pg_catalog.pg_subscription s
  JOIN pg_catalog.pg_database     d ON d.oid = s.subdbid
 WHERE d.datname = pg_catalog.current_database()"
    )
}

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let subscription = Subscription {
        name: row.ident()?,
        connection: row.take::<Option<&str>>()?.map(|text| secret_digest(CONNECTION, text)),
        publications: publications(&row.take::<Vec<&str>>()?)?,
        slot: row.take()?,
        binary: row.take()?,
        streaming: streaming(row.take()?)?,
        synchronous_commit: row.take()?,
        two_phase: row.take()?,
        disable_on_error: row.take()?,
        password_required: row.take()?,
        run_as_owner: row.take()?,
        origin: row.take()?,
        failover: row.take()?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::SUBSCRIPTION, oid, Resource::Subscription(subscription)))
}

fn publications(names: &[&str]) -> Result<Vec<Ident>, FieldError> {
    names.iter().map(|name| Ident::new(*name)).collect::<Result<_, _>>().map_err(FieldError::Name)
}

/// A boolean before PostgreSQL 16.
fn streaming(code: &str) -> Result<Streaming, FieldError> {
    match code {
        "f" | "false" => Ok(Streaming::Off),
        "t" | "true" => Ok(Streaming::On),
        "p" => Ok(Streaming::Parallel),
        other => Err(FieldError::Unknown(other.to_owned())),
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    let may_read = reader.rows("rights", MAY_READ_CONNECTIONS, |row| row.take::<bool>()).await?;
    let sql = sql(reader.version.major(), may_read.first() == Some(&true));
    reader.rows("subscriptions", &sql, decode).await
}
