//! The ordering rules, as data. Every edge of a plan comes from one of them and remembers which, so that
//! `djogi plan --explain` can say why something stands where it does.

use std::collections::{BTreeMap, BTreeSet};

use super::event_triggers::{event_triggers_sleep_first, goes_to_sleep, is_event_trigger};
use super::exchange::prepared_before_code_leaves;
use super::partitions::{
    bound_freed_before_taken, partition_joins_last, partition_leaves_first, references_around_partitions,
    trigger_comes_with_partition,
};
use super::replaced::{class_goes_before_keys_come, replaced_under_its_users};
use super::rows::{referring_rows_leave_first, rows_before_what_refers_to_them, rows_filled_first};
use super::{Item, Work, identity};
use crate::address::{Address, Kind};
use crate::diff::Action;
use crate::diff::parts::parents_of;
use crate::ident::QualifiedName;
use crate::kind::{Alteration, PropertyAlteration, Resource, TableAlteration};
use crate::plan::lower::{Phase, is_default_for_now};

/// A reason for one node to come before another.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Stable; shown by `--explain`.
    pub name: &'static str,
    pub why: &'static str,
    pub demand: Demand,
}

/// What a rule asks for.
#[derive(Clone, Copy, Debug)]
pub enum Demand {
    /// Required: pairs of nodes, the first before the second.
    Before(fn(&Work<'_>) -> Vec<(usize, usize)>),
    /// Preferred: nodes that come after all others unless a required rule needs them sooner. Of two such rules the
    /// later one counts for more.
    Late(fn(&Work<'_>, usize) -> bool),
}

impl Rule {
    pub fn strength(&self) -> &'static str {
        match self.demand {
            Demand::Before(_) => "required",
            Demand::Late(_) => "preferred",
        }
    }
}

const fn before(name: &'static str, why: &'static str, find: fn(&Work<'_>) -> Vec<(usize, usize)>) -> Rule {
    Rule { name, why, demand: Demand::Before(find) }
}

pub const RULES: &[Rule] = &[
    before("rename_before_use", "everything else is written under the new name", rename_before_use),
    before(
        "dependency_before_dependent",
        "an object must exist, in its new form, before what needs it",
        dependency_before_dependent,
    ),
    before(
        "extension_before_its_objects",
        "types, functions and operator classes of an extension can stand in any table, constraint or index",
        extension_before_its_objects,
    ),
    before(
        "cast_before_its_users",
        "PostgreSQL casts without saying so, so a cast can be used by any expression that does not lead to it",
        cast_before_its_users,
    ),
    before(
        "owner_after_sequence",
        "a default needs its sequence, and OWNED BY needs the column: the sequence comes first and is attached last",
        owner_after_sequence,
    ),
    before(
        "dependent_removed_first",
        "PostgreSQL refuses to drop what something else needs",
        dependent_removed_first,
    ),
    before(
        "last_use_before_removal",
        "what used an object lets go of it before it is dropped",
        last_use_before_removal,
    ),
    before(
        "partition_leaves_first",
        "what changes on a partitioned table must not come down to a partition that leaves it",
        partition_leaves_first,
    ),
    before(
        "partition_joins_last",
        "a partition must have all that its partitioned table has when it joins",
        partition_joins_last,
    ),
    before(
        "trigger_comes_with_partition",
        "a partition has the triggers of its partitioned table once it has joined",
        trigger_comes_with_partition,
    ),
    before(
        "references_around_partitions",
        "no partition leaves whose rows are referred to, and a foreign key is numbered as its partitions come",
        references_around_partitions,
    ),
    before("bound_freed_before_taken", "no two partitions may take the same rows", bound_freed_before_taken),
    before(
        "identity_before_its_grants",
        "the sequence of an identity column comes with it",
        identity::grants_after,
    ),
    before(
        "prepared_before_code_leaves",
        "what goes and comes back with a column goes when all is prepared for that",
        prepared_before_code_leaves,
    ),
    before("old_before_new", "a replacement takes the name of the object it replaces", old_before_new),
    before(
        "name_freed_before_taken",
        "a name can be taken only after the object that has it is renamed or dropped",
        name_freed_before_taken,
    ),
    before(
        "obsolete_parts_leave_first",
        "a constraint, an index or a generated column that goes must not hinder or slow changes of its columns",
        obsolete_parts_leave_first,
    ),
    before(
        "rows_filled_before_column_is_tight",
        "a column becomes NOT NULL when the rows have their values, and what rests on that comes after it",
        rows_filled_first,
    ),
    before(
        "event_triggers_sleep_first",
        "an event trigger that goes or is disabled fires for all that comes before that",
        event_triggers_sleep_first,
    ),
    before(
        "replaced_under_its_users",
        "a replaced enum or collation takes all its live columns along, so nothing else may have moved them yet",
        replaced_under_its_users,
    ),
    before(
        "class_goes_before_keys_come",
        "a key is built with the default operator class that is there",
        class_goes_before_keys_come,
    ),
    before("logged_as_referenced", "a logged table refers to no unlogged one", logged_as_referenced),
    before(
        "rows_before_what_refers_to_them",
        "a foreign key is checked against the rows that are there when it comes",
        rows_before_what_refers_to_them,
    ),
    before(
        "referring_rows_leave_first",
        "PostgreSQL deletes no row that another one refers to",
        referring_rows_leave_first,
    ),
    before(
        "default_privileges_last",
        "what a plan makes comes with the default privileges that were there when it was made",
        default_privileges_last,
    ),
    Rule {
        name: "code_leaves_late",
        why: "what goes and comes back is missing for as short as possible",
        demand: Demand::Late(|work, node| {
            work.nodes[node].phase == Phase::Down && work.item_of(node).change.goes_and_comes_back()
        }),
    },
    Rule {
        name: "concurrent_apart",
        why: "what no transaction can hold waits until all that fits into one is done",
        demand: Demand::Late(|work, node| work.item_of(node).concurrent.contains(&work.nodes[node].phase)),
    },
    Rule {
        name: "destructive_last",
        why: "what cannot be undone waits until all else has succeeded",
        demand: Demand::Late(|work, node| {
            let item = work.item_of(node);
            item.destructive && !matches!(work.nodes[node].phase, Phase::Rename)
        }),
    },
    Rule {
        name: "event_triggers_wake_last",
        why: "an event trigger that comes or is enabled must not fire for the statements of its own plan",
        demand: Demand::Late(|work, node| {
            is_event_trigger(work, node) && work.nodes[node].phase == Phase::Up && !goes_to_sleep(work, node)
        }),
    },
];

/// Calls `find` for every node of the given phase.
pub(super) fn each<'w>(
    work: &'w Work<'_>,
    phase: Phase,
    mut find: impl FnMut(usize, usize) -> Vec<(usize, usize)> + 'w,
) -> impl Iterator<Item = (usize, usize)> + 'w {
    let nodes = work.nodes.iter().enumerate().filter(move |(_, node)| node.phase == phase);
    nodes.flat_map(move |(index, node)| find(index, node.item))
}

fn rename_before_use(work: &Work<'_>) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (node, at) in work.nodes.iter().enumerate() {
        let item = &work.items[at.item];
        let address = &item.change.address;
        let own = (at.phase != Phase::Rename).then_some(address);
        let needs = &item.needs;
        let used = own.into_iter().chain(&needs.desired).chain(&needs.live).chain(&needs.owner);
        pairs.extend(used.filter_map(|used| work.node(used, Phase::Rename)).map(|rename| (rename, node)));
        // The update of a table is written under the new names of its columns.
        if address.kind() == Kind::Column
            && at.phase == Phase::Rename
            && let Some(update) = address.table_of_member().and_then(|table| work.node(&table, Phase::Up))
        {
            pairs.push((node, update));
        }
    }
    pairs
}

fn dependency_before_dependent(work: &Work<'_>) -> Vec<(usize, usize)> {
    let made = each(work, Phase::Up, |node, item| {
        let needs = &work.items[item].needs.desired;
        needs.iter().filter_map(|need| Some((work.node(need, Phase::Up)?, node))).collect()
    });
    let moved = each(work, Phase::Rename, |node, item| {
        let schema = schema_of(&work.items[item].change.address);
        schema.and_then(|schema| Some((work.node(&schema, Phase::Up)?, node))).into_iter().collect()
    });
    made.chain(moved).collect()
}

fn schema_of(address: &Address) -> Option<Address> {
    address.schema_name().map(|schema| Address::schema(address.target(), schema))
}

fn extension_before_its_objects(work: &Work<'_>) -> Vec<(usize, usize)> {
    let is_extension = |node: &usize| work.item_of(*node).change.address.kind() == Kind::Extension;
    let ups = || (0..work.nodes.len()).filter(|&node| work.nodes[node].phase == Phase::Up);
    let can_use = |node: &usize| {
        let kind = work.item_of(*node).change.address.kind();
        !matches!(kind, Kind::Schema | Kind::Extension | Kind::Collation | Kind::Enum | Kind::Sequence)
    };
    ups().filter(is_extension).flat_map(|e| ups().filter(can_use).map(move |user| (e, user))).collect()
}

fn default_privileges_last(work: &Work<'_>) -> Vec<(usize, usize)> {
    let kind = |node: &usize| work.item_of(*node).change.address.kind();
    let defaults: Vec<usize> =
        (0..work.nodes.len()).filter(|node| kind(node).is_default_privilege()).collect();
    if defaults.is_empty() {
        return Vec::new();
    }
    let makes = |node: &usize| work.nodes[*node].phase == Phase::Up && !kind(node).is_default_privilege();
    let makers = (0..work.nodes.len()).filter(makes);
    makers.flat_map(|maker| defaults.iter().map(move |default| (maker, *default))).collect()
}

fn logged_as_referenced(work: &Work<'_>) -> Vec<(usize, usize)> {
    let switched = |item: &Item<'_>| {
        let Action::Update(alterations) = &item.change.action else { return None };
        alterations.iter().find_map(|alteration| match alteration {
            Alteration::Table(TableAlteration::SetProperty(PropertyAlteration::SetUnlogged(unlogged))) => {
                Some(*unlogged)
            }
            _ => None,
        })
    };
    let nodes = work.nodes.iter().enumerate().filter(|(_, node)| node.phase == Phase::Up);
    let tables: BTreeMap<QualifiedName, (usize, bool)> = nodes
        .filter_map(|(at, node)| {
            let item = &work.items[node.item];
            Some((item.change.address.relation()?, (at, switched(item)?)))
        })
        .collect();
    if tables.is_empty() {
        return Vec::new();
    }
    let both = work.references().filter_map(|(from, to)| Some((tables.get(&from)?, tables.get(to)?)));
    both.map(|((from, unlogged), (to, _))| if *unlogged { (*from, *to) } else { (*to, *from) }).collect()
}

fn cast_before_its_users(work: &Work<'_>) -> Vec<(usize, usize)> {
    let is_new = |item: &Item<'_>| matches!(item.change.action, Action::Create | Action::Replace(None));
    let has_expressions = |kind: Kind| {
        kind.is_relation()
            || kind.is_routine()
            || kind.is_part_of_relation() && kind != Kind::Column
            || matches!(kind, Kind::Domain | Kind::Statistics)
    };
    each(work, Phase::Up, |node, item| {
        if work.items[item].change.address.kind() != Kind::Cast {
            return Vec::new();
        }
        let needed = needed_by(work, item);
        let users = work.nodes.iter().enumerate().filter(|(_, user)| {
            let other = &work.items[user.item];
            user.phase == Phase::Up
                && has_expressions(other.change.address.kind())
                && is_new(other)
                && !needed.contains(&user.item)
        });
        users.map(|(user, _)| (node, user)).collect()
    })
    .collect()
}

/// The items that one needs, directly or not.
fn needed_by(work: &Work<'_>, item: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::from([item]);
    let mut open = vec![item];
    while let Some(item) = open.pop() {
        let needs = work.items[item].needs.desired.iter().filter_map(|need| work.by_address.get(need));
        open.extend(needs.copied().filter(|need| found.insert(*need)).collect::<Vec<_>>());
    }
    found
}

fn owner_after_sequence(work: &Work<'_>) -> Vec<(usize, usize)> {
    each(work, Phase::Attach, |node, item| {
        let item = &work.items[item];
        let own = work.node(&item.change.address, Phase::Up).map(|up| (up, node));
        let owners = item.needs.owner.iter().filter_map(|owner| Some((work.node(owner, Phase::Up)?, node)));
        own.into_iter().chain(owners).collect()
    })
    .collect()
}

fn dependent_removed_first(work: &Work<'_>) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for item in &work.items {
        let lets_go = || match &item.change.action {
            Action::Update(all) if all.iter().any(|one| is_default_for_now(one, all)) => {
                work.node(&item.change.address, Phase::Down)
            }
            _ => None,
        };
        let Some(down) = removal(work, &item.change.address).or_else(lets_go) else { continue };
        pairs.extend(item.needs.live.iter().filter_map(|need| Some((down, removal(work, need)?))));
    }
    pairs
}

/// Where the object at `address` goes, rather than leaves its parent.
fn removal(work: &Work<'_>, address: &Address) -> Option<usize> {
    let item = &work.items[*work.by_address.get(address)?];
    match item.change.action {
        Action::Update(_) => None,
        _ => work.node(address, Phase::Down),
    }
}

fn last_use_before_removal(work: &Work<'_>) -> Vec<(usize, usize)> {
    let removal = |need: &Address| removal(work, need);
    let uses = each(work, Phase::Up, |node, item| {
        let Item { change, needs, .. } = &work.items[item];
        if matches!(change.action, Action::Replace(_)) {
            // A replacement lets go when the old one is dropped.
            return Vec::new();
        }
        let dropped = needs.live.iter().filter(|need| !needs.desired.contains(need));
        dropped.filter_map(|need| Some((node, removal(need)?))).collect()
    });
    let owned = each(work, Phase::Attach, |node, item| {
        let Item { needs, .. } = &work.items[item];
        // An owner that is made anew lets go of it by itself.
        let owners = needs.live_owner.iter().filter(|owner| !needs.owner.contains(owner));
        owners.filter_map(|owner| Some((node, removal(owner)?))).collect()
    });
    let moved = each(work, Phase::Rename, |node, item| {
        let schema = work.items[item].change.renamed_from.and_then(schema_of);
        schema.and_then(|schema| Some((node, removal(&schema)?))).into_iter().collect()
    });
    uses.chain(owned).chain(moved).collect()
}

fn old_before_new(work: &Work<'_>) -> Vec<(usize, usize)> {
    each(work, Phase::Up, |node, item| {
        let Item { change, .. } = &work.items[item];
        match (work.node(&change.address, Phase::Down), &change.action, change.live) {
            (Some(down), _, _) => vec![(down, node)],
            (None, Action::Replace(_), Some(live)) => {
                let goes_with = removal_of_parent(work, &change.address, live);
                goes_with.map(|removal| (removal, node)).into_iter().collect()
            }
            (None, _, _) => Vec::new(),
        }
    })
    .collect()
}

/// Where the part of a partition goes with that of the partitioned table, or with the partition.
pub(super) fn removal_of_parent(work: &Work<'_>, part: &Address, live: &Resource) -> Option<usize> {
    let target = part.target();
    let table = live.relation_name().map(|table| Address::table(target, &table));
    parents_of(target, live).into_iter().chain(table).find_map(|other| removal(work, &other))
}

fn name_freed_before_taken(work: &Work<'_>) -> Vec<(usize, usize)> {
    let mut freed: Vec<(String, usize)> = Vec::new();
    for item in &work.items {
        let address = &item.change.address;
        let dropped = relation_names(item.change.live.filter(|_| address.kind() != Kind::Column));
        let giver = match (&item.change.action, item.change.live) {
            (Action::Delete, Some(live)) => {
                work.node(address, Phase::Down).or_else(|| removal_of_parent(work, address, live))
            }
            _ => work.node(address, Phase::Down),
        };
        freed.extend(dropped.into_iter().filter_map(|name| Some((name, giver?))));
        let Some(rename) = work.node(address, Phase::Rename) else { continue };
        if let (Some(old), Some(live), true) =
            (item.change.renamed_from, item.change.live, address.kind() != Kind::Column)
        {
            let names = relation_names(Some(&live.renamed(old)));
            freed.extend(names.into_iter().map(|name| (name, rename)));
        }
    }
    freed.extend(identity::givers(work));
    freed.sort();
    let mut pairs = Vec::new();
    pairs.extend(column_names_freed(work));
    let mut take = |name: &str, taker: usize| {
        let from = freed.partition_point(|(freed, _)| freed.as_str() < name);
        let same = freed[from..].iter().take_while(|(freed, _)| freed == name);
        let others = same.filter(|(_, giver)| work.nodes[*giver].item != work.nodes[taker].item);
        pairs.extend(others.map(|(_, giver)| (*giver, taker)));
    };
    for (name, taker) in identity::takers(work) {
        take(&name, taker);
    }
    for item in work.items.iter().filter(|item| item.change.address.kind() != Kind::Column) {
        let address = &item.change.address;
        let is_new = item.change.action == Action::Create;
        let phase = if is_new { Phase::Up } else { Phase::Rename };
        let Some(taker) = work.node(address, phase) else { continue };
        for name in relation_names(item.change.desired.map(|declared| &*declared.resource)) {
            take(&name, taker);
        }
    }
    pairs
}

/// Renamed columns whose name another renamed column of their table takes.
fn column_names_freed(work: &Work<'_>) -> Vec<(usize, usize)> {
    let renamed: BTreeMap<&Address, usize> = work
        .items
        .iter()
        .filter(|item| item.change.address.kind() == Kind::Column)
        .filter_map(|item| Some((item.change.renamed_from?, work.node(&item.change.address, Phase::Rename)?)))
        .collect();
    let takers = renamed.values();
    takers.filter_map(|&taker| Some((*renamed.get(&work.item_of(taker).change.address)?, taker))).collect()
}

/// The names that a resource takes in `pg_class` and `pg_type`, or in `pg_proc`.
pub(crate) fn relation_names(resource: Option<&Resource>) -> Vec<String> {
    match resource {
        Some(Resource::Constraint(r)) if r.has_index() => {
            vec![QualifiedName::new(r.schema.clone(), r.name.clone()).to_string()]
        }
        Some(Resource::Routine(r)) => vec![format!("{}({})", r.qualified_name(), r.arguments)],
        Some(Resource::Aggregate(r)) => vec![format!("{}({})", r.qualified_name(), r.arguments)],
        Some(Resource::Range(r)) => vec![r.qualified_name().to_string(), r.multirange.to_string()],
        // These have names of their own sort.
        Some(resource) if resource.kind().names_code() => {
            let name = resource.qualified_name();
            name.iter().map(|name| format!("{} {name}", resource.kind())).collect()
        }
        Some(Resource::Collation(_) | Resource::Statistics(_)) | None => Vec::new(),
        Some(resource) => resource.qualified_name().iter().map(ToString::to_string).collect(),
    }
}

fn obsolete_parts_leave_first(work: &Work<'_>) -> Vec<(usize, usize)> {
    each(work, Phase::Down, |node, item| {
        let item = &work.items[item];
        match item.change.address.kind() {
            Kind::Constraint | Kind::Index => {
                item.needs.live.iter().filter_map(|need| Some((node, work.node(need, Phase::Up)?))).collect()
            }
            // Whoever gets the object would lose what is his own.
            kind if kind.is_grant() => {
                item.needs.live.iter().filter_map(|need| Some((node, work.node(need, Phase::Up)?))).collect()
            }
            kind if kind.is_code() => {
                let retyped = item.needs.live.iter().filter_map(|need| retyping(work, need));
                retyped.map(|up| (node, up)).collect()
            }
            // Of the columns that a generated one is computed from.
            Kind::Column => {
                let bases = item.needs.live.iter().filter(|need| need.kind() == Kind::Column);
                bases.filter_map(|base| Some((node, work.node(base, Phase::Up)?))).collect()
            }
            _ => Vec::new(),
        }
    })
    .collect()
}

/// The node that gives the column at `address` another type.
fn retyping(work: &Work<'_>, address: &Address) -> Option<usize> {
    let item_of = |address: &Address| Some(&work.items[*work.by_address.get(address)?]);
    let retypes = |owner: &Address| {
        item_of(owner).is_some_and(|item| item.change.retyped_columns().any(|column| column == *address))
    };
    let owners = [Some(address.clone()), address.table_of_member()];
    if address.kind() != Kind::Column {
        return None;
    }
    let owner = owners.into_iter().flatten().find(retypes).or_else(|| work.exchanging.get(address).cloned());
    owner.and_then(|owner| work.node(&owner, Phase::Up))
}
