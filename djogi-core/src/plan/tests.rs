//! Whatever two catalogs a plan leads from and to: it is proved, it is reproducible, and it survives JSON.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::Resource;
use crate::fixtures::*;
use crate::kind::{ConstraintDefinition, SequenceOwner};
use crate::plan::classify::DestructivePolicy;
use crate::plan::{PlanDocument, compile};
use crate::safety::Online;

const TYPES: &[&str] = &["bigint", "integer", "smallint", "text", "public.mood", "numeric(12,2)"];

/// What a random catalog is drawn from: for each of the tables, what it has.
#[derive(Clone, Debug)]
pub(crate) struct RandomTable {
    /// Type index by column; `None` is an absent column.
    columns: Vec<Option<usize>>,
    key: bool,
    index: Option<usize>,
    check: Option<usize>,
    references: Option<usize>,
    serial: bool,
}

fn random_table() -> impl Strategy<Value = Option<RandomTable>> {
    let parts = (
        proptest::collection::vec(proptest::option::of(0..TYPES.len()), 4),
        any::<bool>(),
        proptest::option::of(0..4_usize),
        proptest::option::of(0..4_usize),
        proptest::option::of(0..4_usize),
        any::<bool>(),
    );
    let table = parts.prop_map(|(columns, key, index, check, references, serial)| RandomTable {
        columns,
        key,
        index,
        check,
        references,
        serial,
    });
    proptest::option::weighted(0.8, table)
}

/// A consistent catalog of up to four tables, an enum type and owned sequences.
pub(crate) fn random_catalog() -> impl Strategy<Value = Vec<Resource>> {
    let labels = proptest::sample::subsequence(vec!["a", "b", "c"], 1..=3);
    (proptest::collection::vec(random_table(), 4), labels)
        .prop_map(|(tables, labels)| catalog(&tables, &labels))
}

fn catalog(tables: &[Option<RandomTable>], labels: &[&str]) -> Vec<Resource> {
    let mut resources = Vec::new();
    let mut uses_enum = false;
    for (number, table) in tables.iter().enumerate() {
        let Some(table) = table else { continue };
        let name = format!("t{number}");
        let mut columns = vec![column("id", "bigint"), column("ref", "bigint")];
        if table.serial {
            resources.push(sequence(&format!("{name}_seq"), Some((&name, "id"))));
            columns[0] = with_default("id", "bigint", &format!("nextval('public.{name}_seq'::regclass)"));
        }
        for (position, data_type) in table.columns.iter().enumerate() {
            let Some(data_type) = data_type.map(|at| TYPES[at]) else { continue };
            uses_enum |= data_type == "public.mood";
            columns.push(column(&format!("c{position}"), data_type));
        }
        let has = |at: &usize| table.columns[*at].is_some();
        if table.key {
            columns[0].not_null = true;
            resources.push(primary_key(&name, &["id"]));
        }
        if let Some(at) = table.index.filter(has) {
            resources.push(index(&name, &format!("{name}_idx"), &[&format!("c{at}"), "ref"]));
        }
        if let Some(at) = table.check.filter(has) {
            let expression = format!("((c{at} IS NOT NULL) OR (id > 0))");
            resources.push(check(&name, &format!("{name}_check"), &expression));
        }
        let keyed = |at: &usize| tables[*at].as_ref().is_some_and(|t| t.key);
        if let Some(at) = table.references.filter(keyed) {
            resources.push(foreign_key(&name, "ref", &format!("t{at}"), "id"));
        }
        resources.push(table_of(&name, columns));
    }
    if uses_enum {
        resources.push(enum_type("mood", labels));
    }
    resources
}

/// From `old`, all of it managed but for `unmanaged`, to `new`.
pub(crate) fn between(old: &[Resource], new: &[Resource], policy: DestructivePolicy) -> World {
    let mut world = World::new();
    world.policy(policy);
    for resource in old {
        world.owned(resource.clone());
    }
    for resource in new {
        world.desired(resource.clone());
    }
    // Random catalogs may be empty; that is not what this is about.
    world.inputs.recorded.resources.values_mut().for_each(|record| record.package = None);
    world
}

fn policy() -> impl Strategy<Value = DestructivePolicy> {
    prop_oneof![
        Just(DestructivePolicy::Approve),
        Just(DestructivePolicy::Allow),
        Just(DestructivePolicy::Deny)
    ]
}

fn online() -> impl Strategy<Value = Online> {
    prop_oneof![Just(Online::Always), Just(Online::Auto), Just(Online::Never)]
}

/// The resources that nothing else in `catalog` needs, so that any of them can be taken out.
fn leaves(catalog: &[Resource]) -> Vec<Resource> {
    let is_leaf = |resource: &&Resource| match resource {
        Resource::Index(_) => true,
        Resource::Constraint(c) => {
            matches!(c.definition, ConstraintDefinition::ForeignKey(_) | ConstraintDefinition::Check { .. })
        }
        _ => false,
    };
    catalog.iter().filter(is_leaf).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_catalog_does_not_differ_from_itself(catalog in random_catalog()) {
        let plan = between(&catalog, &catalog, DestructivePolicy::Allow).plan();
        prop_assert!(plan.converged && plan.groups.is_empty() && plan.resource_drift.is_empty());
    }

    #[test]
    fn any_catalog_can_be_planned_from_any_other(
        old in random_catalog(), new in random_catalog(), policy in policy(), online in online(),
    ) {
        let mut world = between(&old, &new, policy);
        world.options.online = online;
        let plan = world.try_plan();
        prop_assert!(plan.is_ok(), "{}", plan.unwrap_err());
        let plan = plan.unwrap();
        if policy == DestructivePolicy::Allow {
            // With nothing in the way, all is done but what has no cast.
            for change in plan.resource_changes.iter().filter(|c| c.reason.is_some()) {
                prop_assert!(matches!(change.reason.unwrap().code(), "owned_by_parent" | "no_way_in_place" | "dependency_not_applied"), "{change:?}");
            }
        }
        prop_assert_eq!(world.plan(), plan);
    }

    #[test]
    fn plans_round_trip_through_json_with_their_digest(old in random_catalog(), new in random_catalog()) {
        let plan = between(&old, &new, DestructivePolicy::Approve).plan();
        let text = crate::digest::canonical_json(&plan);
        let mut read: PlanDocument = serde_json::from_str(&text).unwrap();
        prop_assert!(read.verify_digest());
        prop_assert_eq!(&read, &plan);
        read.created_at = "later".to_owned();
        prop_assert!(read.verify_digest());
        read.base.serial += 1;
        prop_assert!(!read.verify_digest());
    }

    #[test]
    fn what_is_not_recorded_is_never_touched(old in random_catalog(), new in random_catalog()) {
        let mut world = between(&old, &new, DestructivePolicy::Allow);
        for leaf in leaves(&old) {
            let address = leaf.address(&id("main"));
            world.inputs.recorded.resources.remove(&address);
            world.inputs.desired.remove(&address);
        }
        let theirs: BTreeSet<_> = leaves(&old).iter().map(|leaf| leaf.address(&id("main"))).collect();
        let plan = world.plan();
        prop_assert!(plan.resource_changes.iter().all(|change| !theirs.contains(&change.address)));
        prop_assert_eq!(plan.unmanaged.count, theirs.len());
        // What they rest on stays, too.
        let touched: BTreeSet<_> = plan.groups.iter().flat_map(|g| &g.operations).map(|o| &o.sql).collect();
        for leaf in leaves(&old) {
            let (Resource::Index(crate::kind::Index { table, .. })
            | Resource::Constraint(crate::kind::Constraint { table, .. })) = &leaf else { continue };
            let drop = format!("DROP TABLE public.{table}");
            prop_assert!(!touched.contains(&drop));
        }
    }
}

#[test]
fn targets_are_planned_in_the_order_of_their_names() {
    let mut world = World::new();
    world.desired(table("t", &["id bigint"]));
    let mut inputs = world.inputs();
    let mut other = inputs.targets[0].clone();
    other.target = id("audit");
    let move_to = |address: crate::Address| {
        format!("table.audit.public.{}", address.name()).parse::<crate::Address>().unwrap()
    };
    other.desired = other.desired.into_iter().map(|(address, d)| (move_to(address), d)).collect();
    other.live.catalog = crate::Catalog::default();
    other.live.catalog.insert(&other.target, schema("public"));
    inputs.targets.push(other);
    let plan = compile(&inputs).unwrap();
    let groups: Vec<_> = plan.groups.iter().map(|g| format!("{} {}", g.id, g.target)).collect();
    assert_eq!(groups, ["g1 audit", "g2 main"]);
    assert_eq!(plan.base.targets.len(), 2);
}

#[test]
fn a_sequence_that_outlives_its_owner_is_let_go_first() {
    let mut world = World::new();
    world.policy(DestructivePolicy::Allow).owned(table("t", &["id bigint"]));
    world.converged([sequence("s", Some(("t", "id")))]);
    let mut free = sequence("s", None);
    world.desired(free.clone());
    assert_eq!(world.sql(), ["ALTER SEQUENCE public.s OWNED BY NONE", "DROP TABLE public.t"]);
    if let Resource::Sequence(sequence) = &mut free {
        sequence.owned_by = Some(SequenceOwner { table: public("t"), column: id("id") });
    }
    world.desired(free);
    assert_eq!(world.changes(), ["delete table.main.public.t: blocked/dependency_not_applied"]);
}
