//! Puts judged changes into the shapes of the plan document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    ActionVerb, ApprovalNeed, ApprovalStatus, ChangeBody, FieldChange, Group, PlanDiagnostic, ResourceChange,
    Reversibility, Severity, Summary, Unmanaged,
};
use crate::address::{Address, Kind};
use crate::diff::{Action, Change, Drift, Rebased, fields};
use crate::digest::Digest;
use crate::disposition::{Reason, Verdict};
use crate::ident::QualifiedName;
use crate::kind::{Alteration, Column, Resource, Table};
use crate::observation::{Oid, Unmodelled};
use crate::plan::approval::{ApprovedAction, Binding, GivenApproval, Rejection, Standing, needs_approval};
use crate::plan::classify::{Candidate, DestructivePolicy, Judgement};
use crate::seed::{RowChanges, SeedWork};
use crate::sql::Step;

/// A change after classification.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged<'a> {
    pub(super) candidate: &'a Candidate<'a>,
    pub(super) judgement: &'a Judgement,
    pub(super) parent: Option<&'a Address>,
}

/// What is to be done about rows, and which tables come with the plan.
pub(super) type Rows<'a> = (&'a BTreeMap<Address, SeedWork>, &'a BTreeSet<QualifiedName>);

pub(super) fn changes(
    judged: &[Judged<'_>],
    rebased: &Rebased<'_>,
    groups: &[Group],
    rows: Rows<'_>,
) -> Vec<ResourceChange> {
    let mut groups_of: BTreeMap<&Address, Vec<String>> = BTreeMap::new();
    for group in groups {
        for operation in &group.operations {
            let ids = groups_of.entry(&operation.address).or_default();
            if ids.last() != Some(&group.id) {
                ids.push(group.id.clone());
            }
        }
    }
    let columns_apart: BTreeSet<&Address> = judged
        .iter()
        .map(|judged| &judged.candidate.change.address)
        .filter(|address| address.kind() == Kind::Column)
        .collect();
    let tables_left_open: BTreeSet<Address> = judged
        .iter()
        .filter(|judged| {
            matches!(judged.judgement.disposition.verdict(), Verdict::Blocked | Verdict::Deferred)
        })
        .map(|judged| &judged.candidate.change.address)
        .filter(|address| address.kind() == Kind::Column)
        .filter_map(Address::table_of_member)
        .collect();
    judged
        .iter()
        .map(|judged| {
            let mut change = change(judged, rebased, &columns_apart, rows);
            let worker = judged.parent.unwrap_or(&change.address);
            let is_done = matches!(change.disposition, Verdict::Applied | Verdict::Derived);
            if is_done {
                change.groups = groups_of.get(worker).cloned().unwrap_or_default();
            }
            if tables_left_open.contains(&change.address) {
                // What comes out is not yet what was declared, and must not be recorded as that.
                change.after_digest = None;
            }
            change
        })
        .collect()
}

fn change(
    judged: &Judged<'_>,
    rebased: &Rebased<'_>,
    columns_apart: &BTreeSet<&Address>,
    rows: Rows<'_>,
) -> ResourceChange {
    let Judged { candidate: Candidate { change, needs, lowered }, judgement, .. } = judged;
    let address = &change.address;
    let origin = rebased.origin(address);
    let Sides { before, after, oid } = sides(change, rebased);
    let depends_on: BTreeSet<&Address> = match change.action {
        Action::Delete | Action::Forget => needs.live.iter().collect(),
        Action::Create | Action::Update(_) | Action::Adopt | Action::Replace(_) => {
            needs.desired.iter().collect()
        }
    };
    ResourceChange {
        address: address.clone(),
        previous_address: change.renamed_from.map(|_| origin.clone().into_owned()),
        kind: address.kind(),
        name: address.name().as_str().to_owned(),
        change: ChangeBody {
            actions: verbs(change),
            before: before.as_ref().map(Part::body),
            after: after.as_ref().map(Part::body),
        },
        fields: changed_fields(change, rebased, columns_apart),
        disposition: judgement.disposition.verdict(),
        reason: judgement.disposition.reason(),
        reversibility: lowered.reversibility(),
        drift: change.drift,
        before_digest: before.as_ref().map(Part::digest),
        before_oid: oid,
        after_digest: after.as_ref().map(Part::digest),
        depends_on: depends_on.into_iter().filter(|need| known(need, rebased, change)).cloned().collect(),
        rows: rows_of(change, rows),
        groups: Vec::new(),
        source: change.desired.map(|declared| declared.source.clone()),
        notes: change
            .notes
            .iter()
            .cloned()
            .chain(new_owner(change))
            .chain(judgement.notes.iter().cloned())
            .collect(),
        way_out: judgement.way_out.clone(),
    }
}

/// What a change does to the rows of a seed.
fn rows_of(change: &Change<'_>, (seeds, new_tables): Rows<'_>) -> Option<RowChanges> {
    let Resource::Seed(seed) = &*change.desired?.resource else { return None };
    match change.action {
        Action::Create | Action::Update(_) | Action::Replace(_) => {
            seeds.get(&change.address).map(|work| work.changes(new_tables.contains(&seed.table)))
        }
        Action::Adopt | Action::Delete | Action::Forget => None,
    }
}

/// Whose a new object will be, where that is said.
fn new_owner(change: &Change<'_>) -> Option<String> {
    let makes = matches!(change.action, Action::Create | Action::Replace(None));
    let owner = change.desired.filter(|_| makes && change.address.kind() != Kind::Column)?.owner.as_ref()?;
    Some(format!("it will belong to {owner}"))
}

/// What a change leads from and to.
struct Sides<'a> {
    before: Option<Part<'a>>,
    after: Option<Part<'a>>,
    /// Of the live object; of its table for a column.
    oid: Option<Oid>,
}

fn sides<'a>(change: &Change<'a>, rebased: &'a Rebased<'_>) -> Sides<'a> {
    let address = &change.address;
    let as_read = change.live.and_then(|_| match address.kind() {
        Kind::Column => rebased.as_read(&address.table_of_member()?),
        _ => rebased.as_read(address),
    });
    let desired = change.desired.map(|declared| &*declared.resource);
    let before = as_read.and_then(|resource| Part::of(resource, &rebased.origin(address)));
    let after =
        desired.filter(|_| change.action != Action::Delete).and_then(|resource| Part::of(resource, address));
    let oid = before.is_some().then(|| rebased.oid(&whole(address))).flatten();
    Sides { before, after, oid }
}

/// What an approval of `candidate` would be bound to; `None` when it needs none.
pub(super) fn binding(candidate: &Candidate<'_>, rebased: &Rebased<'_>) -> Option<Binding> {
    let Candidate { change, lowered, .. } = candidate;
    if !needs_approval(change.address.kind(), lowered.reversibility()) {
        return None;
    }
    let Sides { before, after, oid } = sides(change, rebased);
    Some(Binding {
        address: change.address.clone(),
        action: ApprovedAction::of(&verbs(change))?,
        before_digest: before?.digest(),
        oid: oid?,
        after_digest: after.as_ref().map(Part::digest),
    })
}

/// A resource, or the column of one.
enum Part<'a> {
    Resource(&'a Resource),
    Column(&'a Column),
}

impl<'a> Part<'a> {
    fn of(resource: &'a Resource, address: &Address) -> Option<Self> {
        match (address.kind(), resource) {
            (Kind::Column, Resource::Table(table)) => table.column(address.name()).map(Part::Column),
            _ => Some(Part::Resource(resource)),
        }
    }

    fn body(&self) -> Value {
        match self {
            Part::Resource(resource) => fields::body(resource),
            Part::Column(column) => {
                serde_json::to_value(column).expect("columns have string keys and no failing serializers")
            }
        }
    }

    fn digest(&self) -> Digest {
        match self {
            Part::Resource(resource) => Digest::of(*resource),
            Part::Column(column) => Digest::of(*column),
        }
    }
}

/// The address of the resource that an address is or belongs to.
fn whole(address: &Address) -> Address {
    match (address.kind(), address.table_of_member()) {
        (Kind::Column, Some(table)) => table,
        _ => address.clone(),
    }
}

/// Columns are needed as parts of their tables, unless they have changes of their own.
fn known(need: &Address, rebased: &Rebased<'_>, change: &Change<'_>) -> bool {
    need.kind() != Kind::Column || rebased.renames.contains_key(need) || change.address.kind() == Kind::Column
}

fn verbs(change: &Change<'_>) -> Vec<ActionVerb> {
    let mut verbs: Vec<ActionVerb> = change.renamed_from.map(|_| ActionVerb::Rename).into_iter().collect();
    match &change.action {
        Action::Create => verbs.push(ActionVerb::Create),
        Action::Update(alterations) if alterations.is_empty() => {}
        Action::Update(_) => verbs.push(ActionVerb::Update),
        Action::Adopt => verbs.push(ActionVerb::Adopt),
        Action::Delete => verbs.push(ActionVerb::Delete),
        Action::Forget => verbs.push(ActionVerb::Forget),
        Action::Replace(_) => verbs.extend([ActionVerb::Delete, ActionVerb::Create]),
    }
    verbs
}

fn changed_fields(
    change: &Change<'_>,
    rebased: &Rebased<'_>,
    columns_apart: &BTreeSet<&Address>,
) -> Vec<FieldChange> {
    let mut found = Vec::new();
    if change.renamed_from.is_some() {
        let old = rebased.origin(&change.address);
        let text = |value: &str| Value::String(value.to_owned());
        let schemas = old.schema_name().zip(change.address.schema_name()).map(|(a, b)| ("schema", a, b));
        let names = [schemas, Some(("name", old.name(), change.address.name()))];
        found.extend(names.into_iter().flatten().filter(|(_, before, after)| before != after).map(
            |(path, before, after)| FieldChange {
                path: path.to_owned(),
                before: text(before.as_str()),
                after: text(after.as_str()),
            },
        ));
    }
    let desired = change.desired.map(|declared| &*declared.resource);
    if let Action::Update(alterations) = &change.action {
        let owner = alterations.iter().find_map(|alteration| match alteration {
            Alteration::Owner(role) => Some(role),
            _ => None,
        });
        found.extend(owner.map(|role| FieldChange {
            path: "owner".to_owned(),
            before: Value::String(rebased.owner(&change.address).as_str().to_owned()),
            after: Value::String(role.as_str().to_owned()),
        }));
    }
    let differing = match (&change.action, change.live, desired) {
        (
            Action::Update(_) | Action::Replace(_),
            Some(Resource::Table(live)),
            Some(Resource::Table(desired)),
        ) => table_fields(change, live, desired, columns_apart),
        (Action::Update(_) | Action::Replace(_), Some(live), Some(desired)) => fields::between(live, desired),
        (
            Action::Create
            | Action::Update(_)
            | Action::Adopt
            | Action::Delete
            | Action::Forget
            | Action::Replace(_),
            _,
            _,
        ) => Vec::new(),
    };
    found.extend(differing);
    found
}

fn table_fields(
    change: &Change<'_>,
    live: &Table,
    desired: &Table,
    columns_apart: &BTreeSet<&Address>,
) -> Vec<FieldChange> {
    let address = &change.address;
    if address.kind() != Kind::Column {
        let name = desired.qualified_name();
        return fields::between_tables(live, desired, |column| {
            let column = live.columns.iter().chain(&desired.columns).find(|c| c.name.as_str() == column);
            column.is_some_and(|c| columns_apart.contains(&Address::column(address.target(), &name, &c.name)))
        });
    }
    match (live.column(address.name()), desired.column(address.name())) {
        (Some(before), Some(after)) => {
            fields::between_values(&Part::Column(before).body(), &Part::Column(after).body())
        }
        _ => Vec::new(),
    }
}

/// What changed since the last run, shown beside the changes that follow from it; these are sorted by address.
pub(super) fn drift(
    drifted: &BTreeMap<&Address, Drift<'_>>,
    rebased: &Rebased<'_>,
    changes: &[ResourceChange],
) -> Vec<ResourceChange> {
    let entries = drifted.iter().filter_map(|(address, drift)| {
        let record = rebased.recorded.resources.get(*address)?;
        let healing =
            changes.binary_search_by(|change| change.address.cmp(address)).map(|at| &changes[at]).ok();
        let both = drift.recorded.zip(drift.live);
        Some(ResourceChange {
            address: (*address).clone(),
            previous_address: None,
            kind: address.kind(),
            name: address.name().as_str().to_owned(),
            change: ChangeBody {
                actions: vec![if drift.live.is_some() { ActionVerb::Update } else { ActionVerb::Delete }],
                before: drift.recorded.map(fields::body),
                after: drift.live.map(fields::body),
            },
            fields: both.map(|(recorded, live)| fields::between(recorded, live)).unwrap_or_default(),
            disposition: healing.map_or(Verdict::Derived, |change| change.disposition),
            reason: healing.map_or(Some(Reason::CompositeDigest), |change| change.reason),
            reversibility: Reversibility::Reversible,
            drift: true,
            before_digest: Some(record.observed),
            before_oid: Some(record.oid),
            after_digest: drift.live.map(Digest::of),
            depends_on: Vec::new(),
            rows: None,
            groups: Vec::new(),
            source: healing.and_then(|change| change.source.clone()),
            notes: Vec::new(),
            way_out: healing.and_then(|change| change.way_out.clone()),
        })
    });
    entries.collect()
}

pub(super) fn unmanaged(found: &[&Address], unmodelled: &[Unmodelled], list: bool) -> Unmanaged {
    Unmanaged {
        count: found.len() + unmodelled.len(),
        resources: if list { found.iter().map(|address| (*address).clone()).collect() } else { Vec::new() },
        unmodelled: if list { unmodelled.to_vec() } else { Vec::new() },
    }
}

/// What the approvals of a target are about, for the changes whose standing was asked for. `spenders` holds, for each
/// change that destroys something, the group in which it does.
pub(super) fn approvals(
    judged: &[Judged<'_>],
    standings: &[Option<Standing<'_>>],
    spenders: &BTreeMap<&Address, String>,
) -> Vec<ApprovalNeed> {
    let mut needs = Vec::new();
    for (Judged { candidate, judgement, .. }, standing) in judged.iter().zip(standings) {
        let Some(standing) = standing else { continue };
        if matches!(judgement.disposition.reason(), Some(Reason::NotTargeted | Reason::UnmanagedConflict)) {
            continue;
        }
        let address = &candidate.change.address;
        let (status, approval) = match standing {
            Standing::Present(given) => (ApprovalStatus::Present, Some(given.id.clone())),
            Standing::Stale(..) => (ApprovalStatus::Stale, None),
            Standing::Rejected(..) | Standing::Required => (ApprovalStatus::Required, None),
        };
        needs.push(ApprovalNeed {
            address: address.clone(),
            status,
            command: match status {
                ApprovalStatus::Present => "djogi apply".to_owned(),
                ApprovalStatus::Required | ApprovalStatus::Stale => {
                    format!("djogi approve {} --reason REASON", shell_word(address))
                }
            },
            group: approval.as_ref().and_then(|_| spenders.get(address).cloned()),
            approval,
        });
    }
    needs
}

/// An address with a quoted name is no single word of a shell.
fn shell_word(address: &Address) -> String {
    let text = address.to_string();
    if text.contains('"') { format!("'{}'", text.replace('\'', "'\\''")) } else { text }
}

/// For each change that destroys something, the group in which it first does.
pub(super) fn spenders<'a>(steps: &[(&'a Step, usize)], groups: &[Group]) -> BTreeMap<&'a Address, String> {
    let ids = groups.iter().flat_map(|group| group.operations.iter().map(|_| &group.id));
    let mut spenders = BTreeMap::new();
    for ((step, _), id) in steps.iter().zip(ids) {
        if step.reversibility.is_destructive() {
            spenders.entry(&step.operation.address).or_insert_with(|| id.clone());
        }
    }
    spenders
}

/// The code of the finding that a target's policy denies a change.
pub const DESTRUCTIVE_DENIED: &str = "destructive_denied";

/// What closes a gate for good: the policy of the target, or the rules about approvals.
pub(super) fn diagnostics(
    changes: &[ResourceChange],
    policy: DestructivePolicy,
    standings: &[Option<Standing<'_>>],
) -> Vec<PlanDiagnostic> {
    let denied = |change: &ResourceChange| PlanDiagnostic {
        code: DESTRUCTIVE_DENIED.to_owned(),
        severity: Severity::Error,
        address: Some(change.address.clone()),
        message: "the policy of this target denies changes that destroy or narrow data".to_owned(),
        help: Some(format!("set `destructive` for target {} to another value", change.address.target())),
    };
    let rejected = |(given, rejection): (&GivenApproval, &Rejection)| PlanDiagnostic {
        code: rejection.code().to_owned(),
        severity: Severity::Error,
        address: Some(given.bound.address.clone()),
        message: format!("approval {} does not count: {rejection}", given.id),
        help: Some(rejection.help().to_owned()),
    };
    match policy {
        DestructivePolicy::Deny => {
            let closed = changes.iter().filter(|change| change.reason == Some(Reason::ApprovalRequired));
            closed.map(denied).collect()
        }
        DestructivePolicy::Approve => {
            let rejections = standings.iter().flatten().filter_map(|standing| match standing {
                Standing::Rejected(given, rejection) => Some((*given, *rejection)),
                Standing::Present(_) | Standing::Stale(..) | Standing::Required => None,
            });
            rejections.map(rejected).collect()
        }
        DestructivePolicy::Allow => Vec::new(),
    }
}

pub(super) fn summary(changes: &[ResourceChange], drift: &[ResourceChange]) -> Summary {
    let mut summary = Summary { drift: drift.len(), ..Summary::default() };
    for change in changes {
        match change.change.actions.as_slice() {
            [.., ActionVerb::Delete, ActionVerb::Create] => summary.replace += 1,
            [ActionVerb::Create, ..] => summary.create += 1,
            [ActionVerb::Update, ..] => summary.update += 1,
            [ActionVerb::Rename, ..] => summary.rename += 1,
            [ActionVerb::Delete, ..] => summary.delete += 1,
            [ActionVerb::Adopt, ..] => summary.adopt += 1,
            [ActionVerb::Forget, ..] => summary.forget += 1,
            [] => {}
        }
        match change.disposition {
            Verdict::Applied => summary.applied += 1,
            Verdict::Derived => summary.derived += 1,
            Verdict::Deferred => summary.deferred += 1,
            Verdict::Blocked => summary.blocked += 1,
        }
    }
    summary
}
