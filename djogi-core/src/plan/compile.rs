//! From catalogs to a plan, as one straight line:
//! rebase renames, diff, lower, classify, order, group, prove, assemble, seal.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use super::assemble::{self, Judged};
use super::candidates::{Sides, candidates};
use super::inputs::{Because, PlanError, PlanInputs, PlanOptions, TargetInputs};
use super::preconditions::preconditions;
use super::{
    ApprovalNeed, Base, BaseTarget, Group, PLAN_FORMAT, PlanDiagnostic, PlanDocument, RecoveryGates,
    ResourceChange, Summary, Unmanaged,
};
use super::{inherited, migrations, not_modelled, rights};
use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::diff::family::Family;
use crate::diff::making_way::is_renewed;
use crate::diff::unmanaged::unmanaged;
use crate::diff::{Action, Change, ColumnPlace, Rebased, UnmanagedDependents, diff, drift::drift, rebase};
use crate::digest::Digest;
use crate::disposition::Disposition;
use crate::holding::{columns_above, columns_under};
use crate::ident::QualifiedName;
use crate::kind::{ColumnOrigin, Resource, Table};
use crate::order::{Item, Order, Work, graph::causes, order};
use crate::plan::approval::{Standing, standing};
use crate::plan::classify::{Candidate, DestructivePolicy, Downtime, Gates, Judgement, classify};
use crate::plan::depend::{Dependencies, generated_from};
use crate::plan::group::{Grouping, group};
use crate::plan::lower::place_column;
use crate::plan::made::made;
use crate::plan::parents::Parents;
use crate::plan::prove::{prove_changes, prove_groups};
use crate::plan::unbroken::unbroken;
use crate::safety::{Online, Route, route};
use crate::sql::{Context, Step};

/// Makes the plan.
///
/// # Errors
/// When no honest plan exists, or an option names nothing known: see [`PlanError`]. Whatever only some changes cannot
/// have is a disposition.
pub fn compile(inputs: &PlanInputs) -> Result<PlanDocument, PlanError> {
    for address in inputs.options.only.iter().chain(&inputs.options.accept_downtime) {
        target_of(inputs, address)?;
    }
    let mut document = empty(inputs);
    for target in by_name(inputs) {
        let planned = plan_target(target, &inputs.options, document.groups.len() + 1, None)?;
        document.resource_changes.extend(planned.changes);
        document.resource_drift.extend(planned.drift);
        document.recoveries.extend(target.recoveries.iter().cloned());
        document.groups.extend(planned.groups);
        document.preconditions.extend(planned.preconditions);
        document.diagnostics.extend(planned.diagnostics);
        document.approvals.extend(planned.approvals);
        document.unmanaged.count += planned.unmanaged.count;
        document.unmanaged.resources.extend(planned.unmanaged.resources);
        document.unmanaged.unmodelled.extend(planned.unmanaged.unmodelled);
    }
    migrations::at_their_gates(&document.resource_changes, &inputs.options)?;
    document.summary = assemble::summary(&document.resource_changes, &document.resource_drift);
    document.converged = document.resource_changes.is_empty();
    document.digest = document.body_digest();
    Ok(document)
}

/// Why the statements of `address` stand where they do: the chain of rules that lead to them, roots first.
/// Empty when nothing has to come before.
///
/// # Errors
/// As [`compile`], and [`PlanError::UnknownAddress`].
pub fn explain(inputs: &PlanInputs, address: &Address) -> Result<Vec<Because>, PlanError> {
    let planned = plan_target(target_of(inputs, address)?, &inputs.options, 1, Some(address))?;
    Ok(planned.reasons)
}

/// The target that declares or manages `address`; a column is known with its table.
fn target_of<'a>(inputs: &'a PlanInputs, address: &Address) -> Result<&'a TargetInputs, PlanError> {
    let table = address.table_of_member().filter(|_| address.kind() == Kind::Column);
    let whole = table.as_ref().unwrap_or(address);
    let knows = |target: &&TargetInputs| {
        target.desired.contains_key(whole) || target.recorded.resources.contains_key(whole)
    };
    inputs.targets.iter().find(knows).ok_or_else(|| PlanError::UnknownAddress(address.clone()))
}

/// What somebody else changed in one target since it was recorded, whatever is declared.
pub fn drifted(inputs: &TargetInputs) -> Vec<ResourceChange> {
    let rebased = rebase(&inputs.target, &inputs.desired, &inputs.recorded, &inputs.live);
    assemble::drift(&drift(&rebased), &rebased, &[])
}

fn by_name(inputs: &PlanInputs) -> Vec<&TargetInputs> {
    let mut targets: Vec<_> = inputs.targets.iter().collect();
    targets.sort_by(|a, b| a.target.cmp(&b.target));
    targets
}

fn empty(inputs: &PlanInputs) -> PlanDocument {
    let base_of = |target: &TargetInputs| BaseTarget {
        system_identifier: target.live.identity.system_identifier.clone(),
        database: target.live.identity.database.clone(),
        server_version: target.live.identity.server_version,
        epoch: target.epoch,
    };
    PlanDocument {
        format_version: PLAN_FORMAT.to_owned(),
        djogi_version: inputs.djogi_version.clone(),
        created_at: inputs.created_at.clone(),
        digest: Digest::of_bytes(b""),
        config: inputs.config.clone(),
        base: Base {
            lineage: inputs.lineage.clone(),
            serial: inputs.serial,
            targets: inputs.targets.iter().map(|target| (target.target.clone(), base_of(target))).collect(),
        },
        converged: false,
        summary: Summary::default(),
        resource_changes: Vec::new(),
        resource_drift: Vec::new(),
        groups: Vec::new(),
        preconditions: BTreeMap::new(),
        approvals: Vec::new(),
        recoveries: Vec::new(),
        diagnostics: Vec::new(),
        signature: None,
        unmanaged: Unmanaged::default(),
    }
}

/// The part of a plan that belongs to one target.
struct TargetPlan {
    changes: Vec<ResourceChange>,
    drift: Vec<ResourceChange>,
    groups: Vec<Group>,
    preconditions: BTreeMap<Address, Option<Digest>>,
    unmanaged: Unmanaged,
    diagnostics: Vec<PlanDiagnostic>,
    approvals: Vec<ApprovalNeed>,
    reasons: Vec<Because>,
}

fn plan_target(
    inputs: &TargetInputs,
    options: &PlanOptions,
    first_group: usize,
    explained: Option<&Address>,
) -> Result<TargetPlan, PlanError> {
    let mut anew = BTreeSet::new();
    loop {
        let known = anew.len();
        let planned = plan_around(inputs, options, first_group, explained, &mut anew);
        if !matches!(planned, Err(PlanError::Cycle { .. })) || anew.len() == known {
            return planned;
        }
    }
}

/// Plans with the code in `anew` made anew. Where changes need each other, what code of the circle could be made anew is
/// added to it: it lets go of what it used before what it uses comes.
fn plan_around(
    inputs: &TargetInputs,
    options: &PlanOptions,
    first_group: usize,
    explained: Option<&Address>,
    anew: &mut BTreeSet<Address>,
) -> Result<TargetPlan, PlanError> {
    let TargetInputs { target, desired, recorded, live, .. } = inputs;
    refuse_vanished_packages(inputs)?;
    if options.strict {
        not_modelled::refuse(inputs)?;
    }
    let rebased = rebase(target, desired, recorded, live);
    let drifted = drift(&rebased);
    let foreign = unmanaged(desired, &rebased);
    // Most plans find nothing to do, and need none of this.
    let live_side = LazyCell::new(|| {
        Dependencies::new(target, rebased.live.iter())
            .with_edges(rebased.dependencies.iter())
            .with_owners(live.owners.iter())
            .with_extension_requirements(&live.extension_requirements)
    });
    let dependents = LazyCell::new(|| UnmanagedDependents::new(target, &rebased, &foreign, &live_side));

    let chosen_names = chosen_names(desired);
    let sequence_positions = rebased.sequence_positions();
    let context = Context {
        sizes: &rebased.sizes,
        desired: Some(desired),
        online: options.online,
        chosen_names: &chosen_names,
        seeds: &inputs.seeds,
        postponed: &inputs.postponed.declared,
        fills: &inputs.postponed.fills,
        conversions: &inputs.postponed.conversions,
        orphans: &inputs.postponed.orphans,
        abandon: &options.abandon,
        sequence_positions: &sequence_positions,
        ..Context::of(live.identity.server_version, target, &rebased.live)
    };
    let changes = diff(
        desired,
        &rebased,
        &drifted,
        (&options.adopt, anew),
        &inputs.postponed.exchanges,
        &|old, new, alteration| {
            if inputs.postponed.fills_beside(target, new, alteration) {
                return ColumnPlace::Column;
            }
            place_column(old, new, alteration, &context, |column| {
                !dependents.of(&Address::column(target, &new.qualified_name(), column)).is_empty()
            })
        },
    );
    let new_tables = changes
        .iter()
        .filter(|change| {
            change.address.kind() == Kind::Table
                && matches!(change.action, Action::Create | Action::Replace(_))
        })
        .filter_map(|change| change.address.relation())
        .collect();
    let busy = if changes.is_empty() { BTreeSet::new() } else { busy(options.online, &rebased) };
    let family = Family::of(target, desired, &rebased.live, &changes, &busy);
    let made = made(&changes, &rebased);
    let context = Context { new_tables: &new_tables, apart: family.apart(), made: &made, ..context };

    let desired_side = LazyCell::new(|| {
        Dependencies::new(target, desired.iter().map(|(a, d)| (a, &*d.resource)))
            .with_edges(desired.iter().map(|(address, declared)| (address, &declared.needs)))
            .with_owners(desired.iter().filter_map(|(a, declared)| Some((a, declared.owner.as_ref()?))))
            .with_extension_requirements(&live.extension_requirements)
    });
    let parents = Parents::of(&changes, &family, &context, |resource| desired_side.of(resource));
    let candidates = if changes.is_empty() {
        Vec::new()
    } else {
        let sides = Sides { desired: &desired_side, live: &live_side, declared: desired, rebased: &rebased };
        candidates(changes, &parents, &family, &sides, &context)
    };
    let live_dependents = live_dependents(&candidates, &rebased, &live_side);
    let standings: Vec<Option<Standing<'_>>> = candidates
        .iter()
        .map(|candidate| match inputs.destructive {
            DestructivePolicy::Approve => {
                assemble::binding(candidate, &rebased).map(|now| standing(&now, &inputs.approvals))
            }
            DestructivePolicy::Allow | DestructivePolicy::Deny => None,
        })
        .collect();
    let judgements = if candidates.is_empty() {
        Vec::new()
    } else {
        let created = candidates.iter().filter(|candidate| candidate.change.action == Action::Create);
        let created = created.filter(|candidate| candidate.change.address.kind() == Kind::Role);
        let new_roles = created.map(|candidate| candidate.change.address.name()).collect();
        let downtime = Downtime::of(options, &rebased.sizes);
        let gates = Gates {
            policy: inputs.destructive,
            downtime: &downtime,
            finalize: &options.finalize,
            abandon: &options.abandon,
            obstacles: &inputs.postponed.obstacles,
            unfilled: &inputs.postponed.unfilled,
            waits: &inputs.postponed.waits,
            fills: &inputs.postponed.fills,
            standings: &standings,
            only: &options.only,
            recoveries: &RecoveryGates::new(&inputs.recoveries),
            parents: &parents,
            unmanaged: &dependents,
            foreign: &foreign.iter().copied().collect(),
            live: &rebased.live,
            rebased: &rebased,
            new_roles: &new_roles,
            live_dependents: &live_dependents,
        };
        classify(&candidates, &gates)
    };

    let work = work(&candidates, &judgements, &parents, &rebased.live).with_lacking(family.lacking());
    let order = order(&work).map_err(|cycle| {
        let changes = cycle.0.iter().map(|edge| work.item_of(edge.from).change);
        let code = changes
            .filter(|change| change.address.kind().is_code() && matches!(change.action, Action::Update(_)));
        anew.extend(code.map(|change| change.address.clone()));
        PlanError::Cycle { target: target.clone(), edges: because(&work, &cycle.0) }
    })?;
    let steps = ordered_steps(&candidates, &judgements, &work, &order);
    let grouping = Grouping {
        target,
        sizes: &rebased.sizes,
        lock_timeout_ms: inputs.lock_timeout_ms,
        max_locks: inputs.max_locks_per_group,
        first: first_group,
    };
    let stretches = unbroken(&work, &steps);
    let groups = group(steps.iter().map(|(step, _)| (*step).clone()).collect(), &stretches, &grouping);

    let judged: Vec<Judged<'_>> = candidates
        .iter()
        .zip(&judgements)
        .map(|(candidate, judgement)| Judged {
            candidate,
            judgement,
            parent: parents.parent(&candidate.change.address),
        })
        .collect();
    let changes = assemble::changes(&judged, &rebased, &groups, (&inputs.seeds, &new_tables));
    let failed = |error| PlanError::Proof { target: target.clone(), error };
    prove_groups(&work, &order, &steps, &groups, first_group).map_err(failed)?;
    prove_changes(&changes, &groups).map_err(failed)?;

    let reasons = explained.map_or_else(Vec::new, |address| {
        let nodes: Vec<usize> =
            (0..work.nodes.len()).filter(|&node| work.item_of(node).change.address == *address).collect();
        because(&work, &causes(&nodes, &order.edges))
    });
    Ok(TargetPlan {
        drift: assemble::drift(&drifted, &rebased, &changes),
        preconditions: preconditions(&changes, &rebased),
        diagnostics: assemble::diagnostics(&changes, inputs.destructive, &standings)
            .into_iter()
            .chain(not_modelled::findings(&inputs.not_modelled))
            .chain(inherited::findings(desired, &rebased, &changes))
            .chain(rights::findings(
                &candidates,
                &judgements,
                &live.roles,
                live.identity.server_version.major(),
            ))
            .chain(rights::unread_connections(desired, &live.catalog))
            .collect(),
        approvals: assemble::approvals(&judged, &standings, &assemble::spenders(&steps, &groups)),
        unmanaged: assemble::unmanaged(&foreign, &live.unmodelled, options.unmanaged),
        changes,
        groups,
        reasons,
    })
}

/// Refuses to plan the end of everything that a package declared: its models were probably not linked.
fn refuse_vanished_packages(inputs: &TargetInputs) -> Result<(), PlanError> {
    let declared: BTreeSet<&str> = inputs.desired.values().map(|d| d.package.as_str()).collect();
    let recorded = inputs.recorded.resources.iter();
    let vanished: BTreeSet<String> = recorded
        .filter(|(address, _)| inputs.live.catalog.contains(address))
        .filter_map(|(_, record)| record.package.as_deref())
        .filter(|package| !package.is_empty() && !declared.contains(package))
        .map(str::to_owned)
        .collect();
    if vanished.is_empty() {
        return Ok(());
    }
    Err(PlanError::PackagesVanished {
        target: inputs.target.clone(),
        packages: vanished.into_iter().collect(),
    })
}

/// The tables whose readers and writers go on. Whoever makes the partitions elsewhere has to index them, too.
fn busy(online: Online, rebased: &Rebased<'_>) -> BTreeSet<QualifiedName> {
    let tables = rebased.live.iter().filter_map(|(_, resource)| match resource {
        Resource::Table(table) => Some(table),
        _ => None,
    });
    let is_divided = |table: &&Table| {
        let parents = table.lineage.parents();
        !parents.is_empty() && !parents.iter().any(|of| rebased.partitions_elsewhere.contains_key(of))
    };
    let names = tables.filter(is_divided).map(Table::qualified_name);
    names.filter(|name| matches!(route(online, rebased.sizes.get(name)), Route::Online(_))).collect()
}

/// Names that somebody has chosen for the `NOT NULL` of a column.
fn chosen_names(desired: &Desired) -> BTreeSet<QualifiedName> {
    let tables = desired.values().filter_map(|declared| match &*declared.resource {
        Resource::Table(table) => Some(table),
        _ => None,
    });
    tables
        .flat_map(|table| {
            let constraints = table.columns.iter().map(|column| &column.not_null_constraint);
            let chosen = constraints.filter(|constraint| constraint.origin != ColumnOrigin::Inherited);
            let names = chosen.filter_map(|constraint| constraint.name.clone());
            names.map(|name| QualifiedName::new(table.schema.clone(), name))
        })
        .collect()
}

/// For everything that goes or is made anew: the managed live objects that rest on it.
fn live_dependents(
    candidates: &[Candidate<'_>],
    rebased: &Rebased<'_>,
    live: &Dependencies<'_>,
) -> BTreeMap<Address, Vec<Address>> {
    let own_change: BTreeSet<&Address> = candidates.iter().map(|c| &c.change.address).collect();
    let leaving = |change: &Change<'_>| matches!(change.action, Action::Delete | Action::Replace(_));
    let mut dependents: BTreeMap<Address, Vec<Address>> = candidates
        .iter()
        .filter(|c| leaving(&c.change))
        .map(|c| (c.change.address.clone(), Vec::new()))
        .collect();
    if dependents.is_empty() {
        return dependents;
    }
    let managed = rebased.live.iter().filter(|(a, _)| rebased.recorded.resources.contains_key(*a));
    for (address, resource) in managed {
        let mut add = |needed: &Address, dependent: &Address| {
            // What others may do with an object does not keep it, but it keeps their role.
            if dependent.kind().holds_nothing_up() && needed.kind() != Kind::Role {
                return;
            }
            if let Some(list) = dependents.get_mut(needed) {
                list.push(dependent.clone());
            }
        };
        match resource {
            Resource::Table(table) => {
                for column in &table.columns {
                    let member = Address::column(address.target(), &table.qualified_name(), &column.name);
                    let has_own_change = own_change.contains(&member);
                    let changes = |above: &Address| own_change.contains(above);
                    if !has_own_change && columns_above(&member, &rebased.live).iter().any(changes) {
                        continue;
                    }
                    let dependent = if has_own_change { &member } else { address };
                    live.of_column(column).iter().for_each(|needed| add(needed, dependent));
                    for base in generated_from(table, column) {
                        add(&Address::column(address.target(), &table.qualified_name(), &base), dependent);
                    }
                }
                add(&Address::schema(address.target(), &table.schema), address);
                live.owner_of(address).iter().for_each(|role| add(role, address));
                for parent in table.lineage.parents() {
                    add(&Address::table(address.target(), parent), address);
                }
            }
            Resource::Sequence(sequence) => {
                live.of(resource).iter().for_each(|needed| add(needed, address));
                if let Some(owner) = &sequence.owned_by {
                    add(&Address::table(address.target(), &owner.table), address);
                    add(&Address::column(address.target(), &owner.table, &owner.column), address);
                }
            }
            _ => live.of(resource).iter().for_each(|needed| add(needed, address)),
        }
    }
    dependents
}

/// What runs, and what follows from it.
fn work<'a>(
    candidates: &'a [Candidate<'a>],
    judgements: &[Judgement],
    parents: &'a Parents,
    live: &'a Catalog,
) -> Work<'a> {
    let goes_on = |judgement: &Judgement| {
        matches!(judgement.disposition, Disposition::Applied | Disposition::Derived(_))
    };
    let items = candidates.iter().zip(judgements).filter(|(_, judgement)| goes_on(judgement));
    Work::new(
        items
            .map(|(candidate, _)| Item {
                change: &candidate.change,
                needs: &candidate.needs,
                parent: parents.parent(&candidate.change.address),
                destructive: candidate.lowered.reversibility().is_destructive(),
                phases: candidate.lowered.parts.iter().map(|(phase, _)| *phase).collect(),
                concurrent: candidate.lowered.concurrent_phases(),
                takes_along: match (&candidate.change.action, candidate.change.address.kind()) {
                    (Action::Replace(_), kind) if is_renewed(kind) => {
                        columns_under(&candidate.change.address, live)
                    }
                    _ => Vec::new(),
                },
            })
            .collect(),
    )
    .over(live)
}

/// All statements in their order, each with its node.
fn ordered_steps<'a>(
    candidates: &'a [Candidate<'_>],
    judgements: &[Judgement],
    work: &Work<'_>,
    order: &Order,
) -> Vec<(&'a Step, usize)> {
    let by_address: BTreeMap<&Address, &Candidate<'_>> = candidates
        .iter()
        .zip(judgements)
        .map(|(candidate, _)| (&candidate.change.address, candidate))
        .collect();
    let mut ordered = Vec::new();
    for &node in &order.nodes {
        let parts = by_address.get(&work.item_of(node).change.address).map(|c| c.lowered.parts.iter());
        let phase = work.nodes[node].phase;
        let steps = parts.into_iter().flatten().filter(|(p, _)| *p == phase).flat_map(|(_, steps)| steps);
        ordered.extend(steps.map(|step| (step, node)));
    }
    ordered
}

fn because(work: &Work<'_>, edges: &[crate::order::Edge]) -> Vec<Because> {
    let describe = |edge: &crate::order::Edge| Because {
        first: work.describe(edge.from),
        then: work.describe(edge.to),
        rule: edge.rule,
    };
    edges.iter().map(describe).collect()
}
