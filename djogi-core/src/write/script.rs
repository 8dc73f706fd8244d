//! The statements that make a catalog, in the order in which they can run: the plan from an empty database to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::declared::Source;
use crate::desired::{Desired, DesiredResource};
use crate::digest::Digest;
use crate::disposition::Verdict;
use crate::heeranjid;
use crate::ident::Ident;
use crate::kind::{Resource, Schema};
use crate::observation::{DatabaseIdentity, Observation, Oid, RoleRights, Roles, ServerVersion};
use crate::plan::classify::DestructivePolicy;
use crate::plan::depend::Dependencies;
use crate::plan::{
    ConfigReference, Group, PlanError, PlanInputs, PlanOptions, ResourceChange, TargetInputs, compile,
};
use crate::recorded::{Recorded, RecordedResource};
use crate::safety::Online;
use crate::unsaid;

/// What makes a catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    pub statements: Vec<Statement>,
    /// What no statement can make on this server.
    pub left_out: Vec<LeftOut>,
    /// What the statements need and the catalog does not have: it stands in schemas that are not managed.
    pub presumed: BTreeSet<Address>,
}

/// One statement, without its semicolon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it makes, or is a part of making.
    pub address: Address,
    pub sql: String,
}

/// An object that is not made, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub address: Address,
    pub why: Vec<String>,
}

/// What a live database holds, as something that should be.
pub fn resources_of(live: &Observation) -> Desired {
    let declare = |(address, resource): (&Address, &Arc<Resource>)| {
        let needs = live.dependencies.get(address).cloned().unwrap_or_default();
        (address.clone(), wanted(resource.clone(), needs, live.owners.get(address).cloned()))
    };
    // What of the rows is a seed's says nothing of the rows themselves, and nobody declares a migration.
    live.catalog.iter_shared().filter(|(address, _)| !address.kind().is_about_rows()).map(declare).collect()
}

fn wanted(resource: Arc<Resource>, needs: BTreeSet<Address>, owner: Option<Ident>) -> DesiredResource {
    DesiredResource {
        resource,
        source: Source { file: String::new(), line: 0 },
        package: String::new(),
        renamed_from: None,
        renamed_columns: BTreeMap::new(),
        needs,
        owner,
    }
}

/// The statements that make what is `selected` of `catalog` on a server of `version`, where the rest of it is there
/// already. What an object consists of is selected with it.
///
/// # Errors
/// When the objects need each other in a way that no order satisfies.
pub fn write_script(
    target: &Ident,
    version: ServerVersion,
    catalog: &Desired,
    selected: &dyn Fn(&Address) -> bool,
) -> Result<Script, PlanError> {
    let mut desired: Desired = catalog
        .iter()
        .map(|(address, declared)| {
            let DesiredResource { resource, needs, owner, .. } = declared;
            (address.clone(), wanted(resource.clone(), needs.clone(), owner.clone()))
        })
        .collect();
    let mut script = Script { presumed: presumed(target, &desired), ..Script::default() };
    // A schema that only holds what extensions bring is made with them.
    let (schemas, others): (BTreeSet<_>, BTreeSet<_>) =
        script.presumed.into_iter().partition(|address| address.kind() == Kind::Schema);
    script.presumed = others;
    for address in schemas.into_iter().filter(|address| !is_public(address)) {
        let schema = Resource::Schema(Schema { name: address.name().clone(), comment: None });
        desired.insert(address, wanted(schema.into(), BTreeSet::new(), None));
    }
    for address in &script.presumed {
        // Only whether it is there matters, and by which address.
        let stand_in = Resource::Schema(Schema { name: address.name().clone(), comment: None });
        desired.insert(address.clone(), wanted(stand_in.into(), BTreeSet::new(), None));
    }
    let is_made = |address: &Address| !script.presumed.contains(address) && selected(address);
    let inputs = inputs(target, version, desired, &is_made);
    let document = compile(&inputs)?;
    let secret = without_secrets(&document.groups, &document.resource_changes);
    let blocked = document.resource_changes.into_iter().filter(|change| {
        matches!(change.disposition, Verdict::Blocked | Verdict::Deferred) && !is_public(&change.address)
    });
    script.left_out = blocked.map(|change| LeftOut { address: change.address, why: change.notes }).collect();
    let operations = document.groups.into_iter().flat_map(|group| group.operations);
    let (brought, operations): (Vec<_>, Vec<_>) = operations
        .filter(|operation| !secret.contains(&operation.address))
        .partition(|operation| is_brought(&operation.address));
    let operations = operations.into_iter();
    script.statements =
        operations.map(|operation| Statement { address: operation.address, sql: operation.sql }).collect();
    let why = "djogi brings it, for models that declare `djogi_core::extension!(heeranjid)`";
    let brought = brought.into_iter().map(|operation| operation.address);
    script.left_out.extend(brought.map(|address| LeftOut { address, why: vec![why.to_owned()] }));
    let why =
        "a catalog does not hold the secret values of its options, or of what it needs: write it by hand";
    script.left_out.extend(secret.into_iter().map(|address| LeftOut { address, why: vec![why.to_owned()] }));
    Ok(script)
}

/// What has options with secret values, and what cannot be made without it.
fn without_secrets(groups: &[Group], changes: &[ResourceChange]) -> BTreeSet<Address> {
    let operations = groups.iter().flat_map(|group| &group.operations);
    let mut secret: BTreeSet<Address> = operations
        .filter(|operation| !operation.secrets.is_empty())
        .map(|operation| operation.address.clone())
        .collect();
    let mut known = 0;
    while known < secret.len() {
        known = secret.len();
        let needs_one = |change: &&ResourceChange| change.depends_on.iter().any(|need| secret.contains(need));
        let more: Vec<Address> =
            changes.iter().filter(needs_one).map(|change| change.address.clone()).collect();
        secret.extend(more);
    }
    secret
}
/// The schema that every new database has.
const PUBLIC: &str = "public";

/// No file can say it.
fn is_brought(address: &Address) -> bool {
    address.kind() == Kind::Extension && heeranjid::is_it(address.name())
}

fn is_public(address: &Address) -> bool {
    address.kind() == Kind::Schema && address.name().as_str() == PUBLIC
}

/// The schemas, relations and extensions that are needed and not in the catalog.
fn presumed(target: &Ident, desired: &Desired) -> BTreeSet<Address> {
    let dependencies = Dependencies::new(target, desired.iter().map(|(a, d)| (a, &*d.resource)))
        .with_edges(desired.iter().map(|(address, declared)| (address, &declared.needs)));
    let needed = desired.values().flat_map(|declared| dependencies.of(&declared.resource));
    let is_whole = |address: &Address| {
        address.kind().is_relation() || matches!(address.kind(), Kind::Schema | Kind::Extension)
    };
    needed.filter(|need| is_whole(need) && !desired.contains_key(need)).collect()
}

/// The plan's three sides: all is desired; what is not selected is there.
fn inputs(
    target: &Ident,
    version: ServerVersion,
    mut desired: Desired,
    selected: &dyn Fn(&Address) -> bool,
) -> PlanInputs {
    let owners = owners(target, &desired);
    let is_selected = |address: &Address| selected(address) || owners.get(address).is_some_and(selected);
    let mut catalog = Catalog::default();
    let mut recorded = Recorded::default();
    for (address, declared) in &desired {
        let resource = if is_public(address) && is_selected(address) {
            Arc::new(Resource::Schema(Schema { name: address.name().clone(), comment: None }))
        } else if is_selected(address) {
            continue;
        } else {
            declared.resource.clone()
        };
        let record = RecordedResource {
            desired: None,
            observed: Digest::of(&*resource),
            oid: Oid(0),
            drifted: false,
            package: None,
        };
        recorded.resources.insert(address.clone(), record);
        recorded.catalog.extend([(address.clone(), resource.clone())]);
        catalog.extend([(address.clone(), resource)]);
    }
    let public = Ident::new(PUBLIC).expect("a name");
    if !desired.contains_key(&Address::schema(target, &public)) {
        catalog.insert(target, Resource::Schema(Schema { name: public, comment: None }));
    }
    // Which roles there are where the script is run, and what whoever runs it may do, is not known here.
    let mut roles = Roles::of_superuser(unsaid::nobody());
    let named =
        desired.values().flat_map(|declared| declared.resource.roles().into_iter().chain(&declared.owner));
    roles.known.extend(named.map(|role| (role.clone(), RoleRights::default())));
    let identity = DatabaseIdentity {
        system_identifier: String::new(),
        database: String::new(),
        server_version: version,
    };
    let live = Observation::of(identity, catalog, roles);
    unsaid::settle(&mut desired, &live);
    PlanInputs {
        config: ConfigReference { name: String::new(), digest: Digest::of_bytes(b"") },
        djogi_version: String::new(),
        created_at: String::new(),
        lineage: None,
        serial: 0,
        targets: vec![TargetInputs {
            postponed: Default::default(),
            target: target.clone(),
            desired,
            not_modelled: Vec::new(),
            recorded,
            recoveries: Vec::new(),
            live,
            seeds: BTreeMap::new(),
            epoch: 0,
            destructive: DestructivePolicy::Allow,
            approvals: Vec::new(),
            lock_timeout_ms: 0,
            max_locks_per_group: usize::MAX,
        }],
        options: PlanOptions { online: Online::Never, ..PlanOptions::default() },
    }
}

/// What each part belongs to: the relation that it is on, or whose column it is for.
fn owners(target: &Ident, desired: &Desired) -> BTreeMap<Address, Address> {
    let relations: BTreeMap<_, &Address> = desired
        .iter()
        .filter(|(address, _)| address.kind().is_relation())
        .filter_map(|(address, declared)| Some((declared.resource.qualified_name()?, address)))
        .collect();
    let owner = |resource: &Resource| {
        let name = resource.owner_name()?;
        Some(relations.get(&name).map_or_else(|| Address::table(target, &name), |&address| address.clone()))
    };
    desired
        .iter()
        .filter_map(|(address, declared)| Some((address.clone(), owner(&declared.resource)?)))
        .collect()
}
