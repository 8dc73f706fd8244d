//! Relations with columns: tables, partitioned and foreign ones and partitions among them, views, materialized views, composite types.

use djogi_core::ident::{Ident, QualifiedName};
use djogi_core::kind::{
    ForeignSource, Lineage, Parameters, PartitionBound, PartitionKey, ReplicaIdentity, Secrecy,
};
use djogi_core::observation::{DetachObstacle, TableSize};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use super::error::IntrospectError;
use super::foreign_option::options;
use super::index::parse_options;
use super::reader::{FieldError, Fields, Reader};
use crate::connect::DatabaseError;

const SQL: &str = "
SELECT c.oid,
       c.relnamespace,
       c.relname,
       c.relkind,
       c.reltype,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END,
       CASE WHEN c.reltoastrelid = 0 THEN c.reloptions
            ELSE c.reloptions
                 || (SELECT pg_catalog.array_agg('toast.' || o)
                       FROM pg_catalog.pg_class t
                      CROSS JOIN LATERAL pg_catalog.unnest(t.reloptions) o
                      WHERE t.oid = c.reltoastrelid)
       END,
       c.relpersistence,
       c.relreplident,
       CASE WHEN c.relreplident = 'i'
            THEN (SELECT x.relname
                    FROM pg_catalog.pg_index i
                    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
                   WHERE i.indrelid = c.oid AND i.indisreplident)
       END,
       CASE WHEN c.relhasindex AND c.relkind = 'r'
            THEN (SELECT x.relname
                    FROM pg_catalog.pg_index i
                    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
                   WHERE i.indrelid = c.oid AND i.indisclustered)
       END,
       c.relrowsecurity,
       c.relforcerowsecurity,
       c.relam,
       CASE WHEN c.reltablespace <> 0
            THEN (SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace)
       END,
       c.reltuples,
       c.relpages,
       CASE WHEN c.relkind = 'p'
            THEN (WITH RECURSIVE part (oid) AS (
                      SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid
                       UNION ALL
                      SELECT i.inhrelid FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid)
                  SELECT ARRAY[CASE WHEN pg_catalog.count(*) = 0 THEN 0
                                    ELSE pg_catalog.sum(x.reltuples::float8) FILTER (WHERE x.reltuples >= 0)
                               END,
                               pg_catalog.sum(x.relpages::float8)]
                    FROM part
                    JOIN pg_catalog.pg_class x ON x.oid = part.oid
                   WHERE x.relkind = 'r')
       END,
       pg_catalog.current_setting('block_size')::int4,
       CASE WHEN c.relispartition AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') THEN 'o'
            WHEN c.relkind <> 'p' THEN NULL
            WHEN c.oid IN (SELECT k.partrelid FROM pg_catalog.pg_partitioned_table k WHERE k.partdefid <> 0) THEN 'd'
            WHEN c.oid IN (SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhdetachpending) THEN 'p'
            WHEN c.oid IN (SELECT f.confrelid FROM pg_catalog.pg_constraint f WHERE f.contype = 'f') THEN 'f'
       END,
       CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,
       CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END,
       h.schemas,
       h.names,
       h.detach_pending,
       s.srvname,
       f.ftoptions
  FROM pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_foreign_table  f ON f.ftrelid = c.oid
  LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver
  LEFT JOIN (SELECT i.inhrelid,
                    pg_catalog.array_agg(n.nspname ORDER BY i.inhseqno) AS schemas,
                    pg_catalog.array_agg(p.relname ORDER BY i.inhseqno) AS names,
                    pg_catalog.bool_or(i.inhdetachpending) AS detach_pending
               FROM pg_catalog.pg_inherits  i
               JOIN pg_catalog.pg_class     p ON p.oid = i.inhparent
               JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
              WHERE p.relkind IN ('r', 'p', 'f')
              GROUP BY i.inhrelid) h
         ON h.inhrelid = c.oid
 WHERE c.relnamespace = ANY (ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)))
   AND ($2 IS NULL OR c.relname = ANY ($2))
   AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')";

pub(super) struct TableRow {
    pub(super) oid: u32,
    pub(super) schema: u32,
    pub(super) name: Ident,
    /// `r`, `p`, `f`, `v`, `m` or `c`.
    pub(super) kind: char,
    pub(super) row_type: u32,
    /// The query of a view.
    pub(super) definition: Option<String>,
    options: Option<Vec<String>>,
    pub(super) unlogged: bool,
    pub(super) replica_identity: ReplicaIdentity,
    pub(super) cluster_on: Option<Ident>,
    pub(super) row_security: bool,
    pub(super) force_row_security: bool,
    pub(super) access_method: u32,
    pub(super) tablespace: Option<Ident>,
    pub(super) size: TableSize,
    pub(super) partition_by: Option<PartitionKey>,
    pub(super) lineage: Lineage,
    pub(super) foreign: Option<ForeignSource>,
}

impl TableRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        let (oid, schema, name, kind) = (row.take()?, row.take()?, row.ident()?, row.code()?);
        Ok(Self {
            oid,
            schema,
            name,
            kind,
            row_type: row.take()?,
            definition: row.take()?,
            options: row.take()?,
            unlogged: row.code()? == 'u',
            replica_identity: match (row.code()?, row.optional_ident()?) {
                // A foreign table has no rows to identify.
                _ if kind == 'f' => ReplicaIdentity::Default,
                ('n', _) => ReplicaIdentity::Nothing,
                ('f', _) => ReplicaIdentity::Full,
                ('i', Some(index)) => ReplicaIdentity::Index(index),
                // Without its index the primary key counts for nothing either.
                ('i', None) => ReplicaIdentity::Nothing,
                _ => ReplicaIdentity::Default,
            },
            cluster_on: row.optional_ident()?,
            row_security: row.take()?,
            force_row_security: row.take()?,
            access_method: row.take()?,
            tablespace: row.optional_ident()?,
            size: size(row)?,
            partition_by: partition_key(row.take()?)?,
            lineage: lineage(row)?,
            foreign: foreign(row)?,
        })
    }
}

fn partition_key(text: Option<&str>) -> Result<Option<PartitionKey>, FieldError> {
    let read = |text: &str| PartitionKey::read(text).ok_or_else(|| FieldError::Unknown(text.to_owned()));
    text.map(read).transpose()
}

fn lineage(row: &mut Fields<'_>) -> Result<Lineage, FieldError> {
    let bound: Option<&str> = row.take()?;
    let schemas = row.take::<Option<Vec<&str>>>()?.unwrap_or_default();
    let names = row.take::<Option<Vec<&str>>>()?.unwrap_or_default();
    let name = |(schema, name)| Ok(QualifiedName::new(Ident::new(schema)?, Ident::new(name)?));
    let detach_pending = row.take::<Option<bool>>()?.unwrap_or_default();
    let parents: Result<Vec<_>, _> = schemas.into_iter().zip(names).map(name).collect();
    let mut parents = parents.map_err(FieldError::Name)?;
    match (bound, parents.pop()) {
        (None, None) => Ok(Lineage::None),
        (Some(text), Some(of)) => {
            let bound = PartitionBound::read(text).ok_or_else(|| FieldError::Unknown(text.to_owned()))?;
            Ok(Lineage::Partition { of, bound, detach_pending })
        }
        (None, Some(last)) => {
            parents.push(last);
            Ok(Lineage::Inherits(parents))
        }
        (Some(text), None) => Err(FieldError::Unknown(text.to_owned())),
    }
}

fn foreign(row: &mut Fields<'_>) -> Result<Option<ForeignSource>, FieldError> {
    let (server, options) = (row.optional_ident()?, options(row, Secrecy::ByLook)?);
    Ok(server.map(|server| ForeignSource { server, options }))
}

impl TableRow {
    pub(super) fn options(&self) -> Parameters {
        self.options.as_deref().map(parse_options).unwrap_or_default()
    }
}

/// `reltuples` is -1 until the table is analysed. A partitioned table has the rows of its partitions, however deep: of those
/// that were analysed.
fn size(row: &mut Fields<'_>) -> Result<TableSize, FieldError> {
    let (tuples, pages): (f32, i32) = (row.take()?, row.take()?);
    let of_partitions: Option<Vec<Option<f64>>> = row.take()?;
    let block: i32 = row.take()?;
    let detach_obstacle = match row.take::<Option<&str>>()? {
        None => None,
        Some("o") => Some(DetachObstacle::NotOwner),
        Some("d") => Some(DetachObstacle::DefaultPartition),
        Some("p") => Some(DetachObstacle::DetachPending),
        Some("f") => Some(DetachObstacle::Referenced),
        Some(other) => return Err(FieldError::Unknown(other.to_owned())),
    };
    let (tuples, pages) = match of_partitions.as_deref() {
        Some([tuples, pages]) => (tuples.unwrap_or(-1.0), pages.unwrap_or_default()),
        _ => (f64::from(tuples), f64::from(pages)),
    };
    Ok(TableSize {
        rows: (tuples >= 0.0).then_some(tuples as u64),
        holds_rows: None,
        detach_obstacle,
        bytes: pages as u64 * u64::from(block.unsigned_abs()),
    })
}

/// In pages that are there, whatever is in them. Whoever has locked a table for itself alone would be waited for.
const BYTES: &str = "
WITH RECURSIVE root (oid, schema, name, kind) AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind
      FROM pg_catalog.pg_class     c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1)
       AND c.relkind IN ('r', 'p')
), part (root, oid) AS (
    SELECT r.oid, r.oid FROM root r
     UNION ALL
    SELECT p.root, i.inhrelid
      FROM part p
      JOIN root r ON r.oid = p.root AND r.kind = 'p'
      JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
), stored AS (
    SELECT p.root, c.oid, c.reltuples, c.relpages
      FROM part p
      JOIN pg_catalog.pg_class c ON c.oid = p.oid
     WHERE c.relkind = 'r'
), unanalysed (root) AS (
    SELECT DISTINCT s.root FROM stored s WHERE s.reltuples < 0
)
SELECT r.schema,
       r.name,
       pg_catalog.sum(CASE WHEN s.reltuples >= 0 OR EXISTS (SELECT
                                                              FROM pg_catalog.pg_locks l
                                                             WHERE l.relation = s.oid
                                                               AND l.mode = 'AccessExclusiveLock'
                                                               AND l.pid <> pg_catalog.pg_backend_pid())
                           THEN s.relpages * pg_catalog.current_setting('block_size')::int8
                           ELSE pg_catalog.pg_relation_size(s.oid)
                      END)::int8
  FROM unanalysed u
  JOIN root   r ON r.oid  = u.root
  JOIN stored s ON s.root = u.root
 GROUP BY r.oid, r.schema, r.name";

/// The sizes in bytes of the tables in `schemas` that were never analysed, of which `pg_class` knows nothing, and of
/// partitioned tables with such partitions. Of those that somebody has locked for himself as far as they are known.
///
/// # Errors
/// What the server said.
pub async fn unanalysed_sizes(
    client: &Client,
    schemas: &[Ident],
) -> Result<Vec<(QualifiedName, u64)>, IntrospectError> {
    const WHAT: &str = "sizes of tables";
    let failed = |error: tokio_postgres::Error| IntrospectError::Database {
        what: WHAT,
        error: DatabaseError::new(&error).in_statement(BYTES),
    };
    let schemas: Vec<&str> = schemas.iter().map(Ident::as_str).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 1] = [(&schemas, Type::NAME_ARRAY)];
    let (begun, answer, _) = futures_util::join!(
        client.batch_execute("BEGIN READ ONLY; SET LOCAL lock_timeout = '100ms'"),
        client.query_typed(BYTES, &parameters),
        client.batch_execute("ROLLBACK"),
    );
    begun.map_err(|error| IntrospectError::transaction(&error))?;
    let rows = match answer {
        Ok(rows) => rows,
        // Somebody was faster with a lock.
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Vec::new(),
        Err(error) => return Err(failed(error)),
    };
    let ident = |name: &str| Ident::new(name).map_err(|error| IntrospectError::Name { what: WHAT, error });
    rows.iter()
        .map(|row| {
            let name = QualifiedName::new(ident(row.get(0))?, ident(row.get(1))?);
            // A table that is dropped meanwhile has none.
            Ok((name, row.get::<_, Option<i64>>(2).unwrap_or_default().unsigned_abs()))
        })
        .collect()
}

/// Whether each of `tables` holds a row; `None` for all of them when they cannot be looked into, for want of a
/// privilege or because one is locked. One statement, which reads at most one row of each.
///
/// # Errors
/// What the server said besides.
pub async fn hold_rows(
    client: &Client,
    tables: &[&QualifiedName],
) -> Result<Vec<Option<bool>>, IntrospectError> {
    let looks: Vec<String> = tables.iter().map(|table| format!("EXISTS (SELECT FROM {table})")).collect();
    let sql = format!("SELECT ARRAY[{}]", looks.join(", "));
    let (begun, answer, _) = futures_util::join!(
        client.batch_execute("BEGIN READ ONLY; SET LOCAL lock_timeout = '100ms'"),
        client.query_typed(&sql, &[]),
        client.batch_execute("ROLLBACK"),
    );
    begun.map_err(|error| IntrospectError::transaction(&error))?;
    let failed = |error: tokio_postgres::Error| IntrospectError::Database {
        what: "rows of tables",
        error: DatabaseError::new(&error).in_statement(sql.as_str()),
    };
    match answer {
        Ok(rows) => {
            let held: Vec<bool> =
                rows.first().map_or(Ok(Vec::new()), |row| row.try_get(0)).map_err(failed)?;
            Ok(held.into_iter().map(Some).collect())
        }
        Err(error)
            if matches!(
                error.code(),
                Some(&SqlState::INSUFFICIENT_PRIVILEGE | &SqlState::LOCK_NOT_AVAILABLE)
            ) =>
        {
            Ok(vec![None; tables.len()])
        }
        Err(error) => Err(failed(error)),
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<TableRow>, IntrospectError> {
    reader.rows("tables", SQL, TableRow::decode).await
}
