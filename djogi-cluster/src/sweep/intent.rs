//! What a sidecar of class T says of its groups: which objects each one is the first or the last to change, and how
//! they are before and after.
//!
//! Whoever arms a run writes these digests, and the sweep compares them with what is live; both do it here.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::disposition::Verdict;
use djogi_core::kind::{Index, MigrationPhase, Resource};
use djogi_core::plan::{ActionVerb, PlanDocument, ResourceChange};
use djogi_core::{Address, Catalog, Digest, Kind};

use crate::identity::{ApprovalId, OpId};
use crate::state::SidecarGroup;

/// The digest of what `address` names: a resource, or a column of one.
pub(crate) fn digest_in(catalog: &Catalog, address: &Address) -> Option<Digest> {
    match (address.kind(), address.table_of_member()) {
        (Kind::Column, Some(table)) => match catalog.get(&table) {
            Some(Resource::Table(table)) => table.column(address.name()).map(Digest::of),
            _ => None,
        },
        _ => catalog.get(address).map(Digest::of),
    }
}

/// One digest over several, with `None` for what is not there.
fn digest_over(digests: &BTreeMap<&Address, Option<Digest>>) -> Digest {
    let by_text: BTreeMap<String, &Option<Digest>> =
        digests.iter().map(|(address, digest)| (address.to_string(), digest)).collect();
    Digest::of(&by_text)
}

/// One digest over what `addresses` name in `catalog`.
pub(crate) fn digest_of(catalog: &Catalog, addresses: &BTreeSet<&Address>) -> Digest {
    digest_over(&addresses.iter().map(|address| (*address, digest_in(catalog, address))).collect())
}

/// What a group changes: its changes by their new and their old names, and the tables whose columns a live migration
/// exchanges.
fn addresses_of(changes: &[&ResourceChange]) -> BTreeSet<Address> {
    changes
        .iter()
        .flat_map(|change| {
            std::iter::once(&change.address).chain(&change.previous_address).chain(exchanged(change))
        })
        .cloned()
        .collect()
}

fn exchanged(change: &ResourceChange) -> impl Iterator<Item = &Address> {
    let is_exchange = match change.kind {
        Kind::Migration => change.change.actions.contains(&ActionVerb::Delete),
        Kind::MigrationStep => change.name == MigrationPhase::Cutover.as_str(),
        _ => false,
    };
    change.depends_on.iter().filter(move |need| is_exchange && need.kind() == Kind::Table)
}

/// One group of a plan that is about to be executed.
pub(crate) struct Intended<'d> {
    /// Position within the run, counted from 1.
    pub(crate) group_no: u32,
    /// The id it will have in the ledger.
    pub(crate) op: OpId,
    pub(crate) changes: &'d [&'d ResourceChange],
    /// What it spends.
    pub(crate) approvals: Vec<ApprovalId>,
    /// Whether its digests say anything; those of a statement outside transactions are in its own sidecar.
    pub(crate) is_transactional: bool,
}

/// The groups of one target as its sidecar has them. `live` is what the plan was made or verified with: what is before
/// is read there and not in the plan, which speaks of the members of a renamed table by its new name.
pub(crate) fn group_intents(
    document: &PlanDocument,
    live: &Catalog,
    groups: &[Intended<'_>],
) -> Vec<SidecarGroup> {
    let addresses: Vec<BTreeSet<Address>> = groups.iter().map(|group| addresses_of(group.changes)).collect();
    let after = after_digests(document);
    let (first, last) = (first_touched(&addresses), last_touched(&addresses));
    let intents = groups.iter().enumerate().map(|(at, group)| {
        let after: Option<BTreeMap<&Address, Option<Digest>>> =
            last[at].iter().map(|address| after.get(*address).map(|digest| (*address, *digest))).collect();
        SidecarGroup {
            addresses: addresses[at].iter().cloned().collect(),
            approvals: group.approvals.clone(),
            before_digest: group.is_transactional.then(|| digest_of(live, &first[at])),
            after_digest: after.filter(|_| group.is_transactional).as_ref().map(digest_over),
            group_no: group.group_no,
            op_id: group.op,
            xid: None,
        }
    });
    intents.collect()
}

/// How everything is to be when the plan is done; what is not in here, the plan does not say.
fn after_digests(document: &PlanDocument) -> BTreeMap<&Address, Option<Digest>> {
    let mut after = BTreeMap::new();
    let is_done =
        |change: &&ResourceChange| matches!(change.disposition, Verdict::Applied | Verdict::Derived);
    for change in document.resource_changes.iter().filter(is_done) {
        if let Some(previous) = &change.previous_address {
            after.entry(previous).or_insert(None);
        }
    }
    for change in document.resource_changes.iter().filter(is_done) {
        let is_gone = change.change.actions.last() == Some(&ActionVerb::Delete);
        if is_gone || change.after_digest.is_some() {
            after.insert(&change.address, change.after_digest.filter(|_| !is_gone));
        } else {
            after.remove(&change.address);
        }
    }
    after
}

/// Of each group, what no earlier one changes.
pub(crate) fn first_touched(addresses: &[BTreeSet<Address>]) -> Vec<BTreeSet<&Address>> {
    let mut seen = BTreeSet::new();
    addresses.iter().map(|group| group.iter().filter(|address| seen.insert(*address)).collect()).collect()
}

/// Of each group, what no later one changes.
pub(crate) fn last_touched(addresses: &[BTreeSet<Address>]) -> Vec<BTreeSet<&Address>> {
    let mut seen = BTreeSet::new();
    let mut last: Vec<BTreeSet<&Address>> = addresses
        .iter()
        .rev()
        .map(|group| group.iter().filter(|address| seen.insert(*address)).collect())
        .collect();
    last.reverse();
    last
}

/// What an index is to be, under whatever name: what decides whether a build of it can come to another end.
pub(crate) fn definition_digest(index: &Index) -> Digest {
    let index = Index { name: index.table.clone(), ..index.clone() };
    build_digest(&Resource::Index(index))
}

/// What an index is to be, whether or not its build has ended: what no build makes comes later.
pub(crate) fn build_digest(resource: &Resource) -> Digest {
    match resource {
        Resource::Index(index) => {
            let mut index = index.clone();
            index.valid = true;
            index.parent = None;
            index.statistics.clear();
            index.comment = None;
            Digest::of(&Resource::Index(index))
        }
        other => Digest::of(other),
    }
}
