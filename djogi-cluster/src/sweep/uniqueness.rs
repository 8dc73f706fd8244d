//! Unique indexes, of keys too, whose build has failed for their rows: they are not built again before these have changed,
//! which the rows themselves tell. Reads only.

use std::borrow::Cow;
use std::collections::BTreeMap;

use djogi_core::declared::Declarations;
use djogi_core::desired::Desired;
use djogi_core::kind::{Index, IndexElement, IndexKey, Resource};
use djogi_core::observation::Observation;
use djogi_core::plan::Recovery;
use djogi_core::{Address, Ident};
use tokio_postgres::Client;

use super::finding::Finding;
use super::index_build;
use super::intent::definition_digest;
use crate::state::{FailedBuild, RecoveryEntry, Snapshot};

/// What stands in the way of building again what has failed: row I7.
pub(crate) async fn still_violated(
    client: &Client,
    snapshot: &Snapshot,
    (target, desired, live): (&Ident, &Desired, &Observation),
    declarations: &Declarations,
) -> Vec<Recovery> {
    let mut found = Vec::new();
    for (address, (entry, failed)) in remembered(snapshot) {
        let Some(index) = desired.get(address).and_then(|declared| unique_index(&declared.resource)) else {
            continue;
        };
        let is_the_same = definition_digest(&index) == failed.definition;
        let built = live.catalog.get(address).and_then(unique_index);
        let is_there = built.is_some_and(|live| definition_digest(&live) == failed.definition);
        if address.target() != target || !is_the_same || is_there {
            continue;
        }
        let is_shown = declarations.sensitive(target, &index.table_name()).is_empty();
        let Some(rows) = duplicates(client, &index, is_shown).await else { continue };
        found.push(recovery(entry, address, &index_build::decide_again(address, &rows)));
    }
    found
}

/// The builds that have failed for their rows, as the state remembers them: whether the rows were mended since, nobody
/// has asked.
pub(crate) fn untried(snapshot: &Snapshot) -> impl Iterator<Item = Recovery> {
    remembered(snapshot).into_iter().filter_map(|(address, (entry, _))| {
        let target = snapshot.state.as_ref()?.content.targets.get(address.target())?;
        let is_there = target.resources.contains_key(address);
        (!is_there).then(|| recovery(entry, address, &index_build::decide_untried(address)))
    })
}

fn unique_index(resource: &Resource) -> Option<Cow<'_, Index>> {
    match resource {
        Resource::Index(index) => Some(Cow::Borrowed(index)),
        Resource::Constraint(key) => key.index().map(Cow::Owned),
        _ => None,
    }
}

fn recovery(entry: &RecoveryEntry, address: &Address, finding: &Finding) -> Recovery {
    Recovery {
        row: finding.row.code().to_owned(),
        target: address.target().clone(),
        op: entry.op.to_string(),
        run: entry.run.to_string(),
        addresses: vec![address.clone()],
        observed: finding.told.clone(),
        action: "leave it until the rows or the declaration have changed".to_owned(),
        way_out: finding.row.way_out().to_owned(),
        reason: finding.gate(),
    }
}

/// The builds that have failed for their rows; of each index the last.
fn remembered(snapshot: &Snapshot) -> BTreeMap<&Address, (&RecoveryEntry, &FailedBuild)> {
    let entries = snapshot.state.iter().flat_map(|state| &state.content.recoveries);
    entries
        .filter_map(|entry| {
            let build = entry.build.as_ref()?;
            Some((&build.address, (entry, build)))
        })
        .collect()
}

/// Rows that are equal by `index`, in words; `None` when there are none, and also when nobody can say: then the build
/// itself finds out.
async fn duplicates(client: &Client, index: &Index, is_shown: bool) -> Option<String> {
    let sql = question(index)?;
    let (begun, answer, _) = futures_util::join!(
        client.batch_execute("BEGIN READ ONLY; SET LOCAL lock_timeout = '100ms'"),
        client.query_typed_opt(&sql, &[]),
        client.batch_execute("ROLLBACK"),
    );
    begun.ok()?;
    let row = answer.ok()??;
    let (key, count): (&str, i64) = (row.get(0), row.get(1));
    Some(if is_shown { format!("{count} rows have {key}") } else { format!("{count} rows are equal") })
}

/// `None` when equality is not that of `GROUP BY`.
fn question(index: &Index) -> Option<String> {
    let keys: Option<Vec<String>> = index.elements.iter().map(key).collect();
    let keys = keys?;
    let mut conditions = Vec::new();
    if !index.nulls_not_distinct {
        conditions.extend(keys.iter().map(|key| format!("{key} IS NOT NULL")));
    }
    conditions.extend(index.predicate.iter().map(|predicate| format!("({predicate})")));
    let condition = if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") };
    let keys = keys.join(", ");
    Some(format!(
        "SELECT ROW({keys})::text, count(*) FROM {} WHERE {condition} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1",
        index.table_name()
    ))
}

fn key(element: &IndexElement) -> Option<String> {
    if element.operator_class.is_some() {
        return None;
    }
    let key = match &element.key {
        IndexKey::Column(column) => column.to_string(),
        IndexKey::Expression(expression) => format!("({expression})"),
    };
    Some(match &element.collation {
        Some(collation) => format!("{key} COLLATE {collation}"),
        None => key,
    })
}
