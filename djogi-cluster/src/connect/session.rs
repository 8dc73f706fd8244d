//! What every session is set to before it is used.

use djogi_core::observation::{DatabaseIdentity, ServerVersion};
use tokio_postgres::Client;

use super::error::{ConnectError, Endpoint};

/// The settings that decide how PostgreSQL reads and prints values and expressions come first, then those that
/// would end a long apply. `jit` costs more than any catalog query takes. The body of a function may name what comes
/// after it. One statement, one round trip.
const SETTINGS: &str = "
SELECT pg_catalog.pg_backend_pid(),
       pg_catalog.current_setting('server_version_num')::int4,
       pg_catalog.current_database()::text,
       (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
       pg_catalog.set_config('search_path', '', false),
       pg_catalog.set_config('DateStyle', 'ISO, MDY', false),
       pg_catalog.set_config('IntervalStyle', 'postgres', false),
       pg_catalog.set_config('TimeZone', 'UTC', false),
       pg_catalog.set_config('extra_float_digits', '1', false),
       pg_catalog.set_config('bytea_output', 'hex', false),
       pg_catalog.set_config('quote_all_identifiers', 'off', false),
       pg_catalog.set_config('standard_conforming_strings', 'on', false),
       pg_catalog.set_config('default_transaction_isolation', 'read committed', false),
       pg_catalog.set_config('lock_timeout', '0', false),
       pg_catalog.set_config('statement_timeout', '0', false),
       pg_catalog.set_config('idle_in_transaction_session_timeout', '0', false),
       pg_catalog.set_config('idle_session_timeout', '0', false),
       (SELECT pg_catalog.set_config(s.name, '0', false)
          FROM pg_catalog.pg_settings s WHERE s.name = 'transaction_timeout'),
       pg_catalog.set_config('jit', 'off', false),
       pg_catalog.set_config('check_function_bodies', 'off', false)";

const SYSTEM_IDENTIFIER: &str = "SELECT system_identifier::text FROM pg_catalog.pg_control_system()";

/// What the server says of itself.
pub(super) struct Facts {
    pub(super) backend_pid: i32,
    pub(super) identity: DatabaseIdentity,
}

/// Sets the session up and asks who is there.
pub(super) async fn prepare(client: &Client, endpoint: &Endpoint) -> Result<Facts, ConnectError> {
    let failed = |error: tokio_postgres::Error| ConnectError::from_driver(endpoint.clone(), &error);
    let (settings, system) = futures_util::join!(
        client.query_typed_one(SETTINGS, &[]),
        client.query_typed_one(SYSTEM_IDENTIFIER, &[]),
    );
    let settings = match settings {
        Ok(row) => row,
        // Servers too old for one of the settings say so; their version is the better message.
        Err(error) => return Err(too_old(client, endpoint).await.unwrap_or_else(|| failed(error))),
    };
    let version: i32 = settings.try_get(1).map_err(failed)?;
    let server_version = ServerVersion(version.unsigned_abs());
    if server_version.major() < ServerVersion::OLDEST_MAJOR {
        return Err(ConnectError::TooOld { endpoint: endpoint.clone().into(), found: server_version });
    }
    let system_identifier = match system {
        Ok(row) => row.try_get(0).map_err(failed)?,
        // Some managed hosts keep the control file to themselves. A database keeps its oid on standbys and
        // through failover, and a foreign database is told apart by the lineage in its ledger anyway.
        Err(error) if error.as_db_error().is_some() => {
            format!("database-{}", settings.try_get::<_, u32>(3).map_err(failed)?)
        }
        Err(error) => return Err(failed(error)),
    };
    Ok(Facts {
        backend_pid: settings.try_get(0).map_err(failed)?,
        identity: DatabaseIdentity {
            system_identifier,
            database: settings.try_get(2).map_err(failed)?,
            server_version,
        },
    })
}

async fn too_old(client: &Client, endpoint: &Endpoint) -> Option<ConnectError> {
    let row = client
        .query_typed_one("SELECT pg_catalog.current_setting('server_version_num')::int4", &[])
        .await
        .ok()?;
    let found = ServerVersion(row.try_get::<_, i32>(0).ok()?.unsigned_abs());
    (found.major() < ServerVersion::OLDEST_MAJOR)
        .then(|| ConnectError::TooOld { endpoint: endpoint.clone().into(), found })
}
