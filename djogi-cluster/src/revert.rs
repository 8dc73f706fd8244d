//! `djogi revert`: a plan toward what an earlier revision of the state has recorded. Looks, and changes nothing.
//!
//! It is a plan like any other: what was made since is a delete, with its gates. The declarations play no part in it,
//! so the next `djogi plan` leads back to them.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::declared::Source;
use djogi_core::desired::{Desired, DesiredResource};
use djogi_core::disposition::Reason;
use djogi_core::kind::Resource;
use djogi_core::migration::postpone;
use djogi_core::observation::{Observation, Oid};
use djogi_core::plan::{PlanDocument, PlanOptions, ResourceChange, TargetInputs, compile};
use djogi_core::{Address, Digest, Ident, Kind, QualifiedName};

use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::Reporter;
use crate::inputs::{Survey, gather, load_definitions, measure_unanalysed};
use crate::introspect::tables_with_dropped_columns;
use crate::live::rules;
use crate::plan::{Planned, read_and_look};
use crate::session::Session;
use crate::state::{RecordedCatalog, Serial, Store, StoreError, TargetState, WrittenBy, shell_word};
use crate::surgery::SurgeryError;
use crate::sweep::pending;

/// A plan toward a revision.
#[derive(Debug)]
pub struct Reverting {
    pub planned: Planned,
    /// Who has written the revision.
    pub written_by: WrittenBy,
}

/// Plans toward revision `serial`.
///
/// # Errors
/// When the revision, or a catalog that it names, is not kept any more, and as for every plan.
pub async fn revert(
    cluster: &Cluster,
    serial: Serial,
    options: PlanOptions,
    reporter: &dyn Reporter,
) -> Result<Reverting, EngineError> {
    let store = cluster.store();
    let revision = store.revision(serial).await?;
    let mut catalogs = Vec::with_capacity(cluster.targets.len());
    for target in cluster.targets.keys() {
        let recorded = revision.content.targets.get(target);
        let catalog = match recorded {
            Some(recorded) => catalog_of(store.as_ref(), serial, target, recorded).await?,
            None => RecordedCatalog::default(),
        };
        catalogs.push((recorded, catalog));
    }
    let (snapshot, sessions, looks) =
        read_and_look(cluster, store.as_ref(), Survey::Undeclared, reporter).await?;
    let at = (store.as_ref(), &snapshot);
    let gathered = async {
        let pending = pending::look(store.as_ref(), &snapshot, &sessions).await?;
        let survey = Survey::Undeclared;
        let mut gathered =
            gather(cluster, at, (&sessions, looks), pending, survey, options, reporter).await?;
        for (session, target) in sessions.iter().zip(&mut gathered.inputs.targets) {
            measure_unanalysed(session, &mut target.live).await?;
        }
        Ok::<_, EngineError>(gathered)
    }
    .await;
    let reshaped = reshaped(&sessions, &catalogs).await;
    Session::close_all(sessions).await?;
    let reshaped = reshaped?;
    let mut inputs = gathered?.inputs;
    load_definitions(&mut inputs, store.as_ref(), &snapshot).await?;
    for ((target, (recorded, catalog)), reshaped) in inputs.targets.iter_mut().zip(catalogs).zip(reshaped) {
        let desired = recorded.map(|recorded| desired(recorded, catalog, &target.live, &reshaped));
        target.desired = desired.unwrap_or_default();
        if let Some(settings) = cluster.targets.get(&target.target) {
            let names: BTreeSet<Address> = target.desired.keys().cloned().collect();
            let exists = |address: &Address| names.contains(address);
            let is_ours = |address: &Address, declared: &DesiredResource| {
                settings.ignore.pattern_for(address, &declared.resource, &exists).is_none()
            };
            target.desired.retain(|address, declared| is_ours(address, declared));
            if settings.partitions_elsewhere {
                leave_partitions(target);
            }
            let desired = &target.desired;
            let is_kept = |address: &Address| desired.contains_key(address);
            settings.set_partitions_aside(&target.target, &mut target.live, &is_kept);
        }
        keep_seeds(target);
        target.desired.retain(|address, _| !address.kind().is_of_migration());
        let mut rules = rules::of_target(cluster.declared.get()?, &target.target);
        // What was said of rows was said of those that a newer declaration has met.
        rules.values_mut().for_each(|rule| rule.on_orphan = None);
        target.postponed =
            postpone(&target.target, &mut target.desired, &target.live, &rules, &inputs.options);
        // Here it is meant that a package may come to declare nothing.
        target.recorded.resources.values_mut().for_each(|record| record.package = None);
    }
    // Once it is applied, the configuration is not what is there.
    inputs.config.digest = Digest::of_bytes(format!("revision {serial}").as_bytes());
    let mut document = compile(&inputs)?;
    name_way_out(&mut document, serial);
    Ok(Reverting { planned: Planned { document, inputs }, written_by: revision.written_by })
}

/// Partitions that djogi has let go since are of no revision any more.
fn leave_partitions(target: &mut TargetInputs) {
    let managed = &target.recorded.resources;
    let left: BTreeSet<QualifiedName> = target
        .desired
        .iter()
        .filter(|(address, declared)| {
            matches!(&*declared.resource, Resource::Table(table) if table.is_partition())
                && !managed.contains_key(*address)
        })
        .filter_map(|(address, _)| address.relation())
        .collect();
    let belongs = |resource: &Resource| match resource {
        Resource::Table(table) => left.contains(&table.qualified_name()),
        other => other.owner_name().is_some_and(|table| left.contains(&table)),
    };
    target.desired.retain(|_, declared| !belongs(&declared.resource));
}

/// An approval is for what a plan would do, and only here a plan would do this.
fn name_way_out(document: &mut PlanDocument, serial: Serial) {
    let waits = |change: &&mut ResourceChange| {
        matches!(change.reason, Some(Reason::ApprovalRequired | Reason::ApprovalStale))
    };
    for change in document.resource_changes.iter_mut().filter(waits) {
        let address = change.address.to_string();
        let is_plain = address.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'));
        let address = if is_plain { address } else { shell_word(&address) };
        change.way_out =
            Some(format!("djogi approve {address} --revert-to {serial} --reason REASON, then revert again"));
    }
    document.digest = document.body_digest();
}

/// For each target the recorded tables that have lost a column at any time: the columns of all others are still known by
/// their places.
async fn reshaped(
    sessions: &[Session<'_>],
    catalogs: &[(Option<&TargetState>, RecordedCatalog)],
) -> Result<Vec<BTreeSet<Oid>>, EngineError> {
    let mut reshaped = Vec::with_capacity(sessions.len());
    for (session, (recorded, _)) in sessions.iter().zip(catalogs) {
        let resources = recorded.iter().flat_map(|recorded| &recorded.resources);
        let tables = resources.filter(|(address, _)| address.kind() == Kind::Table);
        let tables: Vec<u32> = tables.map(|(_, resource)| resource.oid.0).collect();
        reshaped.push(tables_with_dropped_columns(session.connection.client(), &tables).await?);
    }
    Ok(reshaped)
}

async fn catalog_of(
    store: &dyn Store,
    serial: Serial,
    target: &Ident,
    recorded: &TargetState,
) -> Result<RecordedCatalog, EngineError> {
    store.catalog(&recorded.catalog).await.map_err(|error| match error {
        StoreError::CatalogMissing { digest, location } => {
            SurgeryError::NoCatalogOfRevision { serial, target: target.clone(), location, digest }.into()
        }
        error => error.into(),
    })
}

/// What was recorded, as if it were declared. An object that goes by another name since is known by its oid, a column by
/// its place, unless its table is `reshaped`.
fn desired(
    recorded: &TargetState,
    catalog: RecordedCatalog,
    live: &Observation,
    reshaped: &BTreeSet<Oid>,
) -> Desired {
    let file = format!("catalogs/{}.json", recorded.catalog.hex());
    // The head of such a file takes two lines.
    (3..)
        .zip(catalog.resources)
        .map(|(line, (address, entry))| {
            let declared = DesiredResource {
                renamed_columns: columns_since(recorded, &address, &entry.resource, live, reshaped),
                resource: entry.resource,
                source: Source { file: file.clone(), line },
                package: entry.package.unwrap_or_default(),
                renamed_from: name_since(recorded, &address, live),
                needs: BTreeSet::new(),
                owner: None,
            };
            (address, declared)
        })
        .collect()
}

/// What the rows of a seed were is recorded nowhere: they stay as they are, as long as there is a table for them.
fn keep_seeds(target: &mut TargetInputs) {
    target.desired.retain(|address, _| address.kind() != Kind::Seed);
    let seeds = target.live.catalog.iter_shared().filter_map(|(address, resource)| match &**resource {
        Resource::Seed(seed) => Some((address, resource, Address::table(address.target(), &seed.table))),
        _ => None,
    });
    for (address, resource, table) in seeds {
        let is_table = |(name, declared): (&Address, &DesiredResource)| {
            *name == table || declared.renamed_from.as_ref() == Some(&table)
        };
        if target.recorded.resources.contains_key(address) && target.desired.iter().any(is_table) {
            let source = Source { file: String::new(), line: 0 };
            target.desired.insert(
                address.clone(),
                DesiredResource {
                    resource: resource.clone(),
                    source,
                    package: String::new(),
                    renamed_from: None,
                    renamed_columns: BTreeMap::new(),
                    needs: BTreeSet::new(),
                    owner: None,
                },
            );
        }
    }
}

fn name_since(recorded: &TargetState, address: &Address, live: &Observation) -> Option<Address> {
    if live.catalog.contains(address) || address.kind().holds_nothing_up() {
        return None;
    }
    found_by_oid(recorded, address, live).cloned()
}

/// Where the object is now that was recorded under `address`.
fn found_by_oid<'a>(recorded: &TargetState, address: &Address, live: &'a Observation) -> Option<&'a Address> {
    let oid = recorded.resources.get(address)?.oid;
    let is_same = |(found, id): &(&Address, &Oid)| **id == oid && found.kind() == address.kind();
    live.oids.iter().find(is_same).map(|(found, _)| found)
}

/// The columns of a table that go by other names since: recorded name to live name.
///
/// PostgreSQL numbers the columns of a table and never uses a number again. Where none was ever dropped, the places of
/// columns are their numbers.
fn columns_since(
    recorded: &TargetState,
    address: &Address,
    resource: &Resource,
    live: &Observation,
    reshaped: &BTreeSet<Oid>,
) -> BTreeMap<Ident, Ident> {
    let Resource::Table(before) = resource else { return BTreeMap::new() };
    let Some(found) = found_by_oid(recorded, address, live) else { return BTreeMap::new() };
    let Some(Resource::Table(now)) = live.catalog.get(found) else { return BTreeMap::new() };
    if live.oids.get(found).is_none_or(|oid| reshaped.contains(oid)) {
        return BTreeMap::new();
    }
    let pairs = before.columns.iter().zip(&now.columns).map(|(before, now)| (&before.name, &now.name));
    // A name that is taken again is no longer free for the column that had it.
    let renamed = pairs.filter(|(then, _)| now.column(then).is_none());
    renamed.map(|(then, name)| (then.clone(), name.clone())).collect()
}
