//! Partitions that somebody else makes and drops, such as pg_partman: `partitions = "elsewhere"`.
//!
//! What is a partition and is not declared is none of the target's business, with all that belongs to it. What its
//! partitioned table gives it and takes from it PostgreSQL does by itself; what others have built on it keeps that table.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::diff::parts::parents_of;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Resource, Table};
use crate::observation::{Observation, Unmodelled};
use crate::plan::depend::Dependencies;

/// Takes the partitions out of `live` that are not among what `is_kept`, and all that belongs to them.
pub fn set_aside(target: &Ident, live: &mut Observation, is_kept: &dyn Fn(&Address) -> bool) {
    let partitions = partitions(&live.catalog, is_kept);
    if partitions.is_empty() {
        return;
    }
    let belongs = |resource: &Resource| match resource {
        Resource::Table(table) => partitions.contains_key(&table.qualified_name()),
        other => other.owner_name().is_some_and(|table| partitions.contains_key(&table)),
    };
    let aside: BTreeSet<Address> = live
        .catalog
        .iter()
        .filter(|(address, resource)| belongs(resource) && !is_kept(address))
        .map(|(address, _)| address.clone())
        .collect();
    let mut resting = resting(target, live, &aside, &partitions);
    for (address, objects) in &live.unmodelled_dependents {
        let Some(above) = above(target, address, &partitions) else { continue };
        resting.extend(objects.iter().map(|object| (above.clone(), object.clone())));
    }
    live.leave_alone(aside, resting);
    for (partition, of) in partitions {
        live.partitions_elsewhere.entry(of).or_default().insert(partition);
    }
}

/// Each partition that is left to others, with the first table above it that is not.
fn partitions(live: &Catalog, is_kept: &dyn Fn(&Address) -> bool) -> BTreeMap<QualifiedName, QualifiedName> {
    let parents: BTreeMap<QualifiedName, &QualifiedName> = live
        .iter()
        .filter_map(|(address, resource)| match resource {
            Resource::Table(table) if table.is_partition() && !is_kept(address) => {
                Some((table.qualified_name(), table.lineage.parents().first()?))
            }
            _ => None,
        })
        .collect();
    let above = |mut parent| {
        while let Some(next) = parents.get(parent) {
            parent = next;
        }
        parent.clone()
    };
    parents.iter().map(|(partition, parent)| (partition.clone(), above(*parent))).collect()
}

/// What keeps what: objects that rest on a partition keep its partitioned table, and what is a partition's own keeps what it
/// needs, unless its partitioned table needs that too.
fn resting(
    target: &Ident,
    live: &Observation,
    aside: &BTreeSet<Address>,
    partitions: &BTreeMap<QualifiedName, QualifiedName>,
) -> Vec<(Address, Unmodelled)> {
    let dependencies = Dependencies::new(target, live.catalog.iter()).with_edges(live.dependencies.iter());
    let mut resting = Vec::new();
    for (address, resource) in live.catalog.iter() {
        let is_held = address.kind().holds_nothing_up() || address.kind() == Kind::Publication;
        let needs = if is_held { Vec::new() } else { dependencies.of(resource) };
        let object = || Unmodelled::of(address);
        if !aside.contains(address) {
            let above = needs.iter().filter_map(|need| above(target, need, partitions));
            resting.extend(above.map(|need| (need, object())));
            continue;
        }
        // What comes from the partitioned table goes with that.
        if !parents_of(target, resource).is_empty() {
            continue;
        }
        let relation = resource.owner_name().or_else(|| address.relation());
        let Some(root) = relation.and_then(|relation| partitions.get(&relation)) else { continue };
        let given = match live.catalog.table(target, root) {
            Some(table) => given_by(table, &dependencies),
            None => BTreeSet::new(),
        };
        let own = needs.into_iter().filter(|need| {
            need.kind() != Kind::Schema
                && !given.contains(need)
                && need.relation().as_ref() != Some(root)
                && above(target, need, partitions).is_none()
        });
        resting.extend(own.map(|need| (need, object())));
    }
    resting
}

/// What a partitioned table and its columns need.
fn given_by(table: &Table, dependencies: &Dependencies<'_>) -> BTreeSet<Address> {
    let columns = table.columns.iter().flat_map(|column| dependencies.of_column(column));
    dependencies.of(&Resource::Table(table.clone())).into_iter().chain(columns).collect()
}

/// Of the address of a partition, or of a part of one: the partitioned table, or its column of the same name.
fn above(
    target: &Ident,
    address: &Address,
    partitions: &BTreeMap<QualifiedName, QualifiedName>,
) -> Option<Address> {
    let is_of_table = address.kind() == Kind::Table || address.table_of_member().is_some();
    let of = partitions.get(&address.relation().filter(|_| is_of_table)?)?;
    Some(match address.kind() {
        Kind::Column => Address::column(target, of, address.name()),
        _ => Address::table(target, of),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;
    use crate::kind::{Column, Expression, Lineage, PartitionBound, PartitionKey};

    fn partitioned(name: &str, columns: &[&str]) -> Resource {
        let Resource::Table(table) = table(name, columns) else { unreachable!() };
        Resource::Table(Table { partition_by: PartitionKey::read("RANGE (id)"), ..table })
    }

    fn partition_of(of: &str, of_table: Resource) -> Resource {
        let Resource::Table(table) = of_table else { unreachable!() };
        let lineage = Lineage::partition(public(of), PartitionBound::Default);
        Resource::Table(Table { lineage, ..table })
    }

    fn left(world: &mut World, kept: &[&str]) -> Observation {
        let mut live = world.inputs().targets.remove(0).live;
        set_aside(&id("main"), &mut live, &|address| kept.contains(&address.to_string().as_str()));
        live
    }

    fn names(addresses: impl Iterator<Item = impl ToString>) -> Vec<String> {
        addresses.map(|address| address.to_string()).collect()
    }

    #[test]
    fn undeclared_partitions_leave_with_all_that_is_theirs() {
        let mut world = World::new();
        world
            .live(partitioned("a", &["id integer"]))
            .live(partition_of("a", table("a_1", &["id integer"])))
            .live(partition_of("a", partitioned("a_2", &["id integer"])))
            .live(partition_of("a_2", table("a_2_1", &["id integer"])))
            .live(primary_key("a_2_1", &["id"]))
            .live(index("a_1", "an_index", &["id"]));
        let live = left(&mut world, &["table.main.public.a_1"]);
        assert_eq!(
            names(live.catalog.iter().map(|(address, _)| address)),
            [
                "schema.main.public",
                "table.main.public.a",
                "table.main.public.a_1",
                "index.main.public.an_index"
            ]
        );
        let elsewhere = &live.partitions_elsewhere[&public("a")];
        assert_eq!(names(elsewhere.iter()), ["public.a_2", "public.a_2_1"]);
        assert!(live.left_alone.contains(&address("constraint.main.public.a_2_1.a_2_1_pkey")));
    }

    #[test]
    fn what_rests_on_a_partition_keeps_the_partitioned_table() {
        let mut world = World::new();
        world
            .live(partitioned("a", &["id integer"]))
            .live(partition_of("a", table("a_1", &["id integer"])))
            .live(primary_key("a_1", &["id"]))
            .live(table("b", &["id integer"]))
            .live(foreign_key("b", "id", "a_1", "id"))
            .view_on("table.main.public.a_1", "public.v");
        let live = left(&mut world, &[]);
        let keeping = |text: &str| names(live.unmodelled_dependents[&address(text)].iter().map(|o| &o.name));
        assert_eq!(keeping("table.main.public.a"), ["public.b.b_id_fkey", "public.v"]);
        assert_eq!(keeping("column.main.public.a.id"), ["public.b.b_id_fkey"]);
    }

    #[test]
    fn what_is_a_partitions_own_keeps_what_the_partitioned_table_does_not_need() {
        let mut world = World::new();
        let own = Column {
            default: Some(Expression::new("nextval('public.s'::regclass)")),
            ..column("id", "public.mood")
        };
        world
            .live(enum_type("mood", &["a"]))
            .live(sequence("s", None))
            .live(partitioned("a", &["id public.mood"]))
            .live(partition_of("a", table_of("a_1", vec![own])))
            .live(table("b", &["id integer"]))
            .live(foreign_key("a_1", "id", "b", "id"));
        let live = left(&mut world, &[]);
        assert_eq!(
            names(live.unmodelled_dependents.keys()),
            ["sequence.main.public.s", "table.main.public.b", "column.main.public.b.id"]
        );
    }
}
