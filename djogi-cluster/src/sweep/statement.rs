//! Looks at what a statement outside transactions was about, and finds its row. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::observation::Oid;
use djogi_core::{Address, Ident, Kind, QualifiedName};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::backend::{Worker, worker_of};
use super::database::{self, DatabaseContent, DatabaseCreate, DatabaseDrop, FoundDatabase};
use super::detach::{self, Detach};
use super::finding::{Finding, Seen, Treatment};
use super::index_build::{self, FoundIndex, IndexBuild};
use super::index_drop::{self, IndexDrop};
use super::intent::build_digest;
use super::reindex::{self, Leftover, Reindex};
use super::table::Row;
use crate::connect::Connection;
use crate::error::EngineError;
use crate::identity::Lineage;
use crate::introspect::{Scope, observe_relations};
use crate::ledger::read_lineages;
use crate::session::Session;
use crate::state::{DatabaseIntent, OutsideOperation, Sidecar};

/// What is known of a statement besides what the catalog shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nobody has seen how.
    Unknown,
    /// This run has seen it fail because rows violate uniqueness.
    NotUnique,
}

/// The row of the statement that `sidecar` speaks of. `workers` are the server processes that bear its mark.
///
/// # Errors
/// When the catalog cannot be read: nothing is decided then.
pub(crate) async fn find(
    session: &Session<'_>,
    sidecar: &Sidecar,
    workers: &[Worker],
    ended: Ended,
) -> Result<Finding, EngineError> {
    let worker = worker_of(sidecar, workers);
    let Some(operation) = sidecar.operation else {
        return Ok(Finding::new(Row::G6, "it does not say what its statement is", Treatment::Keep));
    };
    let client = session.connection.client();
    match operation {
        OutsideOperation::DatabaseCreate | OutsideOperation::DatabaseDrop => {
            let Some(intent) = &sidecar.database else {
                return Ok(Finding::new(Row::G6, "it names no database", Treatment::Keep));
            };
            if operation == OutsideOperation::DatabaseDrop {
                return drop_of(client, intent, worker).await;
            }
            return creation_of(session, sidecar.lineage, intent, worker).await;
        }
        OutsideOperation::IndexCreate
        | OutsideOperation::IndexDrop
        | OutsideOperation::Reindex
        | OutsideOperation::Detach
        | OutsideOperation::DetachFinalize => {}
    }
    let Some((address, name)) = sidecar.addresses.first().and_then(|a| Some((a, a.relation()?))) else {
        return Ok(Finding::new(Row::G6, "it names no object", Treatment::Keep));
    };
    if worker == Seen::Absent
        && let Some(gone) = gone_table(client, &sidecar.before_oids).await?
    {
        return Ok(Finding::new(Row::G8, format!("target_gone: {gone} is gone"), Treatment::Retire));
    }
    match operation {
        OutsideOperation::IndexCreate => {
            let index = intended_index(session, sidecar, address, &name).await?;
            Ok(index_build::decide(&IndexBuild {
                name,
                index,
                builder: worker,
                before: sidecar.before_oids.values().copied().collect(),
                is_to_be_renamed: sidecar.groups.iter().all(|group| !group.addresses.contains(address)),
                is_not_unique: ended == Ended::NotUnique,
            }))
        }
        OutsideOperation::IndexDrop => {
            let index = index_named(client, &name).await?;
            let oid = sidecar.before_oids.get(address).copied();
            let index = index.map(|index| (index.oid, index.valid));
            Ok(index_drop::decide(&IndexDrop { name, oid, index, worker }))
        }
        OutsideOperation::Reindex => {
            let now = index_named(client, &name).await?;
            let invalid = match &now {
                Some(index) => invalid_neighbours(client, index).await?,
                None => Vec::new(),
            };
            Ok(reindex::decide(&Reindex {
                name,
                before: sidecar.before_oids.get(address).copied(),
                known: sidecar.before_oids.values().copied().collect(),
                now: now.map(|index| index.oid),
                invalid,
                worker,
            }))
        }
        OutsideOperation::Detach | OutsideOperation::DetachFinalize => {
            let Some(table) = sidecar.addresses.get(1).and_then(Address::relation) else {
                let told = "it does not name the table that the partition belongs to";
                return Ok(Finding::new(Row::G6, told, Treatment::Keep));
            };
            Ok(detach::decide(&detachment(client, sidecar, table, name, worker).await?))
        }
        OutsideOperation::DatabaseCreate | OutsideOperation::DatabaseDrop => {
            unreachable!("databases were dealt with above")
        }
    }
}

/// An index as `pg_index` has it.
pub(crate) struct IndexRow {
    pub(crate) oid: Oid,
    pub(crate) valid: bool,
    table: u32,
    /// `None` when it is no name that djogi can have given.
    table_name: Option<Ident>,
}

const INDEX: &str = "
SELECT i.indexrelid, i.indisvalid, i.indrelid, t.relname
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class x     ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
  JOIN pg_catalog.pg_class t     ON t.oid = i.indrelid
 WHERE n.nspname = $1 AND x.relname = $2";

/// The index that has the name now.
pub(crate) async fn index_named(
    client: &Client,
    name: &QualifiedName,
) -> Result<Option<IndexRow>, EngineError> {
    let params: [(&(dyn ToSql + Sync), Type); 2] =
        [(&name.schema.as_str(), Type::TEXT), (&name.name.as_str(), Type::TEXT)];
    let row =
        client.query_typed_opt(INDEX, &params).await.map_err(|error| EngineError::sql(&error, INDEX))?;
    let Some(row) = row else { return Ok(None) };
    let table_name = Ident::new(row.get::<_, &str>(3)).ok();
    Ok(Some(IndexRow { oid: Oid(row.get(0)), valid: row.get(1), table: row.get(2), table_name }))
}

/// The index of the intended name, compared with what was to be built.
async fn intended_index(
    session: &Session<'_>,
    sidecar: &Sidecar,
    address: &Address,
    name: &QualifiedName,
) -> Result<Option<FoundIndex>, EngineError> {
    let connection = &session.connection;
    let Some(row) = index_named(connection.client(), name).await? else { return Ok(None) };
    let Some(table) = &row.table_name else {
        return Ok(Some(FoundIndex { oid: row.oid, valid: row.valid, is_intended: false }));
    };
    let observed = observe_relations(
        connection.client(),
        connection.server_version(),
        &Scope {
            target: session.target.clone(),
            schemas: vec![name.schema.clone()],
            roles: Default::default(),
        },
        std::slice::from_ref(table),
    )
    .await?;
    let is_intended = observed.oids.get(address) == Some(&row.oid)
        && observed.catalog.get(address).map(build_digest) == sidecar.after_digest
        && sidecar.after_digest.is_some();
    Ok(Some(FoundIndex { oid: row.oid, valid: row.valid, is_intended }))
}

const INVALID: &str = "
SELECT x.oid, n.nspname, x.relname
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class x     ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
 WHERE i.indrelid = $1 AND NOT i.indisvalid AND x.relkind = 'i'
 ORDER BY x.relname";

async fn invalid_neighbours(client: &Client, index: &IndexRow) -> Result<Vec<Leftover>, EngineError> {
    let rows = client.query_typed(INVALID, &[(&index.table, Type::OID)]).await;
    let rows = rows.map_err(|error| EngineError::sql(&error, INVALID))?;
    let leftover = |row: &tokio_postgres::Row| {
        let (schema, name): (&str, &str) = (row.get(1), row.get(2));
        // A name that is no identifier of ours was not made from one.
        let name = QualifiedName::new(Ident::new(schema).ok()?, Ident::new(name).ok()?);
        Some(Leftover { name, oid: Oid(row.get(0)) })
    };
    Ok(rows.iter().filter_map(leftover).collect())
}

const LEFT: &str = "SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1)";

/// A table of the before-set that is not there any more.
async fn gone_table<'a>(
    client: &Client,
    before: &'a BTreeMap<Address, Oid>,
) -> Result<Option<&'a Address>, EngineError> {
    let tables: Vec<(&Address, Oid)> =
        before.iter().filter(|(a, _)| a.kind() == Kind::Table).map(|(a, oid)| (a, *oid)).collect();
    if tables.is_empty() {
        return Ok(None);
    }
    let oids: Vec<u32> = tables.iter().map(|(_, oid)| oid.0).collect();
    let rows = client.query_typed(LEFT, &[(&oids, Type::OID_ARRAY)]).await;
    let rows = rows.map_err(|error| EngineError::sql(&error, LEFT))?;
    let left: BTreeSet<u32> = rows.iter().map(|row| row.get(0)).collect();
    Ok(tables.into_iter().find(|(_, oid)| !left.contains(&oid.0)).map(|(address, _)| address))
}

const DETACHMENT: &str = "
SELECT i.inhrelid = $2, i.inhdetachpending, n.nspname, c.relname
  FROM pg_catalog.pg_inherits i
  JOIN pg_catalog.pg_class c     ON c.oid = i.inhrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE i.inhparent = $1 AND (i.inhrelid = $2 OR i.inhdetachpending)
 ORDER BY 1, 3, 4";

async fn detachment(
    client: &Client,
    sidecar: &Sidecar,
    table: QualifiedName,
    partition: QualifiedName,
    worker: Seen<String>,
) -> Result<Detach, EngineError> {
    let oid = |at: usize| sidecar.addresses.get(at).and_then(|address| sidecar.before_oids.get(address));
    let (Some(child), Some(parent)) = (oid(0), oid(1)) else {
        // Without their oids nobody can say that they are the same tables.
        let is_there = false;
        return Ok(Detach { table, partition, is_there, pending: None, pending_sibling: None, worker });
    };
    let params: [(&(dyn ToSql + Sync), Type); 2] = [(&parent.0, Type::OID), (&child.0, Type::OID)];
    let rows = client.query_typed(DETACHMENT, &params).await;
    let rows = rows.map_err(|error| EngineError::sql(&error, DETACHMENT))?;
    let (mut pending, mut pending_sibling) = (None, None);
    for row in &rows {
        if row.get(0) {
            pending = Some(row.get(1));
        } else {
            pending_sibling = Some(format!("{}.{}", row.get::<_, &str>(2), row.get::<_, &str>(3)));
        }
    }
    // That a table of the before-set is gone was asked before.
    Ok(Detach { table, partition, is_there: true, pending, pending_sibling, worker })
}

const DATABASE: &str = "
SELECT d.oid, d.datconnlimit = -2, pg_catalog.pg_get_userbyid(d.datdba)::text
  FROM pg_catalog.pg_database d
 WHERE d.datname = $1";

async fn drop_of(
    client: &Client,
    intent: &DatabaseIntent,
    worker: Seen<String>,
) -> Result<Finding, EngineError> {
    let name = intent.name.clone();
    let row = client.query_typed_opt(DATABASE, &[(&name, Type::TEXT)]).await;
    let row = row.map_err(|error| EngineError::sql(&error, DATABASE))?;
    let database = row.map(|row| (Oid(row.get(0)), row.get(1)));
    Ok(database::decide_drop(&DatabaseDrop { name, oid: intent.oid, database, worker }))
}

async fn creation_of(
    session: &Session<'_>,
    lineage: Lineage,
    intent: &DatabaseIntent,
    worker: Seen<String>,
) -> Result<Finding, EngineError> {
    let name = intent.name.clone();
    let row = session.connection.client().query_typed_opt(DATABASE, &[(&name, Type::TEXT)]).await;
    let row = row.map_err(|error| EngineError::sql(&error, DATABASE))?;
    let database = match row {
        None => None,
        Some(row) => {
            let is_half_dropped = row.get(1);
            let content = if is_half_dropped {
                Seen::Unknown("it cannot be connected to".to_owned())
            } else {
                look_into(session, lineage, &name).await
            };
            Some(FoundDatabase {
                oid: Oid(row.get(0)),
                is_half_dropped,
                has_intended_owner: row.get::<_, String>(2) == intent.owner,
                content,
            })
        }
    };
    Ok(database::decide_create(&DatabaseCreate { name, database, before: intent.oid, worker }))
}

/// Whether somebody has made anything: what PostgreSQL makes itself has oids below 16384, and an empty ledger is what
/// a claim leaves that was interrupted.
const CONTENT: &str = "
SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'djogi') AND c.oid >= 16384)
    OR EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.oid >= 16384)
    OR EXISTS (SELECT FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
                WHERE n.nspname NOT IN ('pg_toast', 'djogi') AND t.oid >= 16384)
    OR EXISTS (SELECT FROM pg_catalog.pg_namespace n
                WHERE n.oid >= 16384 AND n.nspname <> 'djogi' AND n.nspname !~ '^pg_')";

async fn look_into(session: &Session<'_>, lineage: Lineage, name: &str) -> Seen<DatabaseContent> {
    let parameters = session.parameters.with_database(name);
    let connection = match Connection::open(&parameters, "sweep").await {
        Ok(connection) => connection,
        Err(error) => return Seen::Unknown(error.to_string()),
    };
    let content = content_of(connection.client(), lineage).await;
    connection.close().await;
    content.unwrap_or_else(|error| Seen::Unknown(error.to_string()))
}

async fn content_of(client: &Client, lineage: Lineage) -> Result<Seen<DatabaseContent>, EngineError> {
    let owners = read_lineages(client).await?;
    if !owners.is_empty() {
        let is_ours = owners.iter().all(|owner| *owner == lineage);
        let content = if is_ours { DatabaseContent::OurLedger } else { DatabaseContent::OtherLedger };
        return Ok(Seen::Present(content));
    }
    let row =
        client.query_typed_one(CONTENT, &[]).await.map_err(|error| EngineError::sql(&error, CONTENT))?;
    Ok(if row.get(0) { Seen::Present(DatabaseContent::Objects) } else { Seen::Absent })
}
