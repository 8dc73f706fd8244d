//! Server processes of interrupted runs that are still at work: row G7, and the first question of every other row.
//!
//! Killing a client does not stop its server process. While one works, the catalog looks as if it were dead.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row as SqlRow};

use super::finding::Seen;
use crate::error::EngineError;
use crate::state::{Backend, Sidecar};

/// A server process that may belong to an interrupted run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    pub pid: i32,
    /// `None` when this role may not see it.
    pub start: Option<String>,
    pub application_name: Option<String>,
    /// What it does, in words.
    pub doing: String,
}

const WORKERS: &str = "
SELECT a.pid,
       a.backend_start::text,
       a.application_name,
       a.state,
       p.command,
       p.phase,
       p.blocks_done,
       p.blocks_total
  FROM pg_catalog.pg_stat_activity a
  LEFT JOIN pg_catalog.pg_stat_progress_create_index p ON p.pid = a.pid
 WHERE a.pid <> pg_catalog.pg_backend_pid()
   AND (a.pid = ANY ($1) OR a.application_name = ANY ($2))
 ORDER BY a.pid";

const THIS: &str = "
SELECT a.pid, a.backend_start::text
  FROM pg_catalog.pg_stat_activity a
 WHERE a.pid = pg_catalog.pg_backend_pid()";

/// The server process of this session, as a sidecar names it.
///
/// # Errors
/// When the session is gone.
pub async fn this_backend(client: &Client) -> Result<Backend, EngineError> {
    let row = client.query_typed_one(THIS, &[]).await.map_err(|error| EngineError::sql(&error, THIS))?;
    Ok(Backend { pid: row.get(0), start: row.get(1) })
}

/// The server processes, other than this one, that bear the mark of one of `sidecars`. Reads only.
///
/// # Errors
/// When the server refuses the query.
pub async fn workers(client: &Client, sidecars: &[&Sidecar]) -> Result<Vec<Worker>, EngineError> {
    let pids: Vec<i32> = sidecars.iter().filter_map(|sidecar| Some(sidecar.backend.as_ref()?.pid)).collect();
    let names: Vec<String> = sidecars.iter().flat_map(|sidecar| application_names(sidecar)).collect();
    let params: [(&(dyn ToSql + Sync), Type); 2] = [(&pids, Type::INT4_ARRAY), (&names, Type::TEXT_ARRAY)];
    let rows =
        client.query_typed(WORKERS, &params).await.map_err(|error| EngineError::sql(&error, WORKERS))?;
    Ok(rows.iter().map(worker).collect())
}

/// What the sessions of a run are called: see [`crate::connect::Connection::open`].
fn application_names(sidecar: &Sidecar) -> [String; 2] {
    [format!("djogi/{}", sidecar.run_id), format!("djogi/{}", sidecar.op_id)]
}

fn worker(row: &SqlRow) -> Worker {
    let text = |at: usize| row.get::<_, Option<String>>(at);
    let (done, total): (Option<i64>, Option<i64>) = (row.get(6), row.get(7));
    let doing = match (text(4), text(5)) {
        (Some(command), Some(phase)) => match (done, total) {
            (Some(done), Some(total)) if total > 0 => {
                format!("{command}, {phase}, {}%", done.saturating_mul(100) / total)
            }
            _ => format!("{command}, {phase}"),
        },
        _ => text(3).unwrap_or_else(|| "hidden from this role".to_owned()),
    };
    Worker { pid: row.get(0), start: text(1), application_name: text(2), doing }
}

/// The worker of one sidecar, in words.
pub fn worker_of(sidecar: &Sidecar, workers: &[Worker]) -> Seen<String> {
    let names = application_names(sidecar);
    let mut hidden = None;
    for worker in workers {
        let is_named = worker.application_name.as_ref().is_some_and(|name| names.contains(name));
        let same_pid = sidecar.backend.as_ref().filter(|backend| backend.pid == worker.pid);
        let is_it = same_pid.is_some_and(|backend| worker.start.as_deref() == Some(backend.start.as_str()));
        if is_named || is_it {
            return Seen::Present(format!(
                "server process {} of run {} is still at work ({})",
                worker.pid, sidecar.run_id, worker.doing
            ));
        }
        if same_pid.is_some() && worker.start.is_none() {
            hidden = Some(format!(
                "server process {} may be that of run {}, but this role may not see it; GRANT pg_read_all_stats \
                 lets it",
                worker.pid, sidecar.run_id
            ));
        }
    }
    hidden.map_or(Seen::Absent, Seen::Unknown)
}
