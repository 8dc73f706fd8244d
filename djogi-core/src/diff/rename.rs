//! Rebases the live and the recorded catalog onto declared renames, so that whatever refers to a renamed
//! object is compared under its new name and only real differences remain.
//!
//! A rename is taken when the old object is there and managed, and the new name is free or is freed by another
//! rename. One that was carried out before is no longer a rename, and is ignored; this is why names cannot go
//! round in a circle, see [`Declarations::rename_cycles`](crate::declared::Declarations::rename_cycles).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::carry::{Carried, carried};
use super::parts::{is_same_part, parents_of, shared_part};
use super::rewrite::NewNames;
use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::digest::Digest;
use crate::ident::{Ident, QualifiedName};
use crate::kind::Resource;
use crate::observation::{Observation, Oid, SequencePosition, TableSize, Unmodelled};
use crate::plan::depend::Edges;
use crate::recorded::Recorded;

/// The live and recorded side of a comparison, under the names that the declarations use.
#[derive(Clone, Debug)]
pub struct Rebased<'a> {
    pub observation: &'a Observation,
    pub live: Cow<'a, Catalog>,
    pub recorded: Cow<'a, Recorded>,
    pub sizes: Cow<'a, BTreeMap<QualifiedName, TableSize>>,
    /// See [`Observation::partitions_elsewhere`].
    pub partitions_elsewhere: Cow<'a, BTreeMap<QualifiedName, BTreeSet<QualifiedName>>>,
    /// Of the live side.
    pub dependencies: Cow<'a, Edges>,
    /// Renames to carry out: new address to the address under which the object is found when its turn comes
    /// (a constraint or column of a renamed table is found under the new table).
    pub renames: BTreeMap<Address, Address>,
    pub(super) carried: Carried,
    /// New address to the live address, for all resources that the renames touch.
    origins: BTreeMap<Address, Address>,
}

impl<'a> Rebased<'a> {
    /// The address under which the live database has it now, of a column too.
    pub fn origin<'b>(&'b self, address: &'b Address) -> Cow<'b, Address> {
        match (address.table_of_member(), address.kind()) {
            (Some(table), Kind::Column) => {
                let name = self.renames.get(address).unwrap_or(address).name();
                let table = self.origin(&table).relation().expect("a table's address names a relation");
                Cow::Owned(Address::column(address.target(), &table, name))
            }
            _ => Cow::Borrowed(self.origins.get(address).unwrap_or(address)),
        }
    }

    /// What the catalog has no kind for and depends on `address`.
    pub fn unmodelled_dependents(&self, address: &Address) -> &'a [Unmodelled] {
        self.observation.unmodelled_dependents.get(&self.origin(address)).map_or(&[], Vec::as_slice)
    }

    /// Who owns the live object.
    pub fn owner(&self, address: &Address) -> &'a Ident {
        self.observation.owners.get(&self.origin(address)).unwrap_or(&self.observation.roles.current)
    }

    /// Where sequences stand, under the names that they have by now.
    pub fn sequence_positions(&self) -> BTreeMap<Address, SequencePosition> {
        let known = &self.observation.sequence_positions;
        if known.is_empty() {
            return BTreeMap::new();
        }
        let of = |(address, resource): (&Address, &Resource)| match resource {
            Resource::Sequence(_) => vec![address.clone()],
            Resource::Table(table) => {
                let numbered = table.columns.iter().filter(|column| column.identity.is_some());
                let name = table.qualified_name();
                numbered.map(|column| Address::column(address.target(), &name, &column.name)).collect()
            }
            _ => Vec::new(),
        };
        let addresses = self.live.iter().flat_map(of);
        addresses.filter_map(|address| Some((address.clone(), *known.get(&self.origin(&address))?))).collect()
    }

    /// The object as it was read, before any rename.
    pub fn as_read(&self, address: &Address) -> Option<&'a Resource> {
        self.observation.catalog.get(&self.origin(address))
    }

    /// Whether it is there and left to others.
    pub fn is_left_alone(&self, address: &Address) -> bool {
        self.observation.left_alone.contains(&*self.origin(address))
    }

    pub fn oid(&self, address: &Address) -> Option<Oid> {
        self.observation.oids.get(&self.origin(address)).copied()
    }
}

/// Rebases `live` and `recorded` onto the renames that `desired` declares.
pub fn rebase<'a>(
    target: &Ident,
    desired: &Desired,
    recorded: &'a Recorded,
    observation: &'a Observation,
) -> Rebased<'a> {
    let mut rebased = Rebased {
        observation,
        live: Cow::Borrowed(&observation.catalog),
        recorded: Cow::Borrowed(recorded),
        sizes: Cow::Borrowed(&observation.sizes),
        partitions_elsewhere: Cow::Borrowed(&observation.partitions_elsewhere),
        dependencies: Cow::Borrowed(&observation.dependencies),
        renames: BTreeMap::new(),
        carried: Carried::default(),
        origins: BTreeMap::new(),
    };
    let major = observation.identity.server_version.major();
    // Each pass sees the names that the one before it left.
    for collect in [relations, columns, parts, inherited_parts] {
        let mut names = collect(target, desired, &mut rebased);
        names.major = major;
        if !names.is_empty() {
            names.take_indexes_along(&rebased.live);
            rebased.take(target, &names);
        }
    }
    rebased.carried = carried(target, desired, &rebased.live, major);
    rebased
}

/// Declared renames that can be carried out: new address with the old one as it is found by now.
fn due(desired: &Desired, rebased: &Rebased<'_>, kinds: &[Kind]) -> Vec<(Address, Address)> {
    let mut due: Vec<(Address, Address)> = Vec::new();
    for (new, declared) in desired {
        let Some(old) = &declared.renamed_from else { continue };
        if !kinds.contains(&new.kind()) || old.kind() != new.kind() {
            continue;
        }
        let moved = rebased.origins.iter().find(|(_, origin)| *origin == old).map(|(moved, _)| moved);
        let old = moved.unwrap_or(old);
        let ours = rebased.live.contains(old) && rebased.recorded.resources.contains_key(old);
        if ours && !due.iter().any(|(_, taken)| taken == old) {
            due.push((new.clone(), old.clone()));
        }
    }
    only_to_free_names(&mut due, |new| {
        !rebased.live.contains(new) && !rebased.recorded.resources.contains_key(new)
    });
    due
}

/// Keeps the renames, pairs of new and old, whose new name is free, or gets free by another of them.
fn only_to_free_names<T: PartialEq>(renames: &mut Vec<(T, T)>, is_free: impl Fn(&T) -> bool) {
    while let Some(stuck) = renames
        .iter()
        .position(|(new, _)| !is_free(new) && !renames.iter().any(|(_, vacated)| vacated == new))
    {
        renames.remove(stuck);
    }
}

fn relations(_: &Ident, desired: &Desired, rebased: &mut Rebased<'_>) -> NewNames {
    let mut names = NewNames::default();
    let is_whole = |kind: &Kind| {
        !kind.is_part_of_relation()
            && !kind.is_about_roles()
            && !matches!(
                kind,
                Kind::Schema | Kind::Extension | Kind::UserMapping | Kind::Role | Kind::RoleGrant
            )
    };
    let kinds: Vec<Kind> = Kind::ALL.iter().copied().filter(is_whole).collect();
    for (new, old) in due(desired, rebased, &kinds) {
        if new.arguments() != old.arguments() {
            continue;
        }
        names.rename(&old, &new);
        rebased.renames.insert(new, old);
    }
    names
}

fn columns(target: &Ident, desired: &Desired, rebased: &mut Rebased<'_>) -> NewNames {
    let mut names = NewNames::default();
    for (address, declared) in desired.iter().filter(|(_, d)| !d.renamed_columns.is_empty()) {
        let (Some(table), true) = (address.relation(), rebased.recorded.resources.contains_key(address))
        else {
            continue;
        };
        let Some(live) = rebased.live.table(target, &table) else { continue };
        let mut due: Vec<(&Ident, &Ident)> =
            declared.renamed_columns.iter().filter(|(_, old)| live.column(old).is_some()).collect();
        only_to_free_names(&mut due, |new| live.column(new).is_none());
        let due: BTreeMap<Ident, Ident> =
            due.into_iter().map(|(new, old)| (old.clone(), new.clone())).collect();
        for (old, new) in &due {
            rebased
                .renames
                .insert(Address::column(target, &table, new), Address::column(target, &table, old));
        }
        if !due.is_empty() {
            names.columns.insert(table, due);
        }
    }
    names.inherit_columns(&rebased.live);
    names
}

fn parts(_: &Ident, desired: &Desired, rebased: &mut Rebased<'_>) -> NewNames {
    let mut names = NewNames::default();
    let kinds = [Kind::Constraint, Kind::Index, Kind::Trigger, Kind::Rule, Kind::Policy];
    for (new, old) in due(desired, rebased, &kinds) {
        let same_parent = match new.kind() {
            Kind::Index => new.schema_name() == old.schema_name(),
            _ => new.table_of_member() == old.table_of_member(),
        };
        if same_parent {
            names.rename(&old, &new);
            names.inherit_trigger(&rebased.live, &old, new.name());
            rebased.renames.insert(new, old);
        }
    }
    names.inherit_constraints(&rebased.live);
    names
}

/// Indexes and keys of partitions that have another name than they are declared with, but are a part of the same: which one
/// is meant is no guess. One that a partition has already becomes the declared part the same way.
fn inherited_parts(target: &Ident, desired: &Desired, rebased: &mut Rebased<'_>) -> NewNames {
    let mut names = NewNames::default();
    let declared = desired.iter().filter(|(address, declared)| {
        !parents_of(target, &declared.resource).is_empty() && !rebased.live.contains(address)
    });
    let mut taken: Vec<(Address, Address)> = Vec::new();
    for (new, declared) in declared {
        let Some(table) = shared_part(&declared.resource) else { continue };
        let is_free = |old: &Address| {
            rebased.recorded.resources.contains_key(old)
                && !desired.contains_key(old)
                && !taken.iter().any(|(_, gone)| gone == old)
        };
        let of_table = rebased.live.iter().filter(|(old, live)| {
            old.kind() == new.kind() && shared_part(live).as_ref() == Some(&table) && is_free(old)
        });
        let parents = parents_of(target, &declared.resource);
        let alike: Vec<(&Address, bool)> = of_table
            .filter(|(_, live)| is_same_part(live, &declared.resource))
            .filter_map(|(old, live)| match parents_of(target, live) {
                same if same == parents => Some((old, true)),
                none if none.is_empty() => Some((old, false)),
                _ => None,
            })
            .collect();
        if let Some((old, _)) = alike.into_iter().max_by_key(|(_, is_part)| *is_part) {
            taken.push((new.clone(), old.clone()));
        }
    }
    for (new, old) in taken {
        names.rename(&old, &new);
        rebased.renames.insert(new, old);
    }
    names
}

impl Rebased<'_> {
    fn take(&mut self, target: &Ident, names: &NewNames) {
        let mut moved = BTreeMap::new();
        let mut unchanged_since = BTreeMap::new();
        let mut live = Catalog::default();
        for (address, resource) in self.live.iter() {
            let rewritten = names.rewrite(target, resource);
            if rewritten == *resource {
                live.insert(target, rewritten);
                continue;
            }
            let new = rewritten.address(target);
            if let Some(record) = self.recorded.resources.get(address)
                && record.observed == Digest::of(resource)
            {
                unchanged_since.insert(new.clone(), Digest::of(&rewritten));
            }
            moved.insert(address.clone(), new);
            live.insert(target, rewritten);
        }
        self.recorded = Cow::Owned(rewrite_recorded(target, &self.recorded, names, &moved, &unchanged_since));
        self.live = Cow::Owned(live);
        let new_name = |table: &QualifiedName| names.tables.get(table).unwrap_or(table).clone();
        self.sizes = Cow::Owned(self.sizes.iter().map(|(table, size)| (new_name(table), *size)).collect());
        let elsewhere = self.partitions_elsewhere.iter();
        let elsewhere = elsewhere.map(|(table, partitions)| (new_name(table), partitions.clone()));
        self.partitions_elsewhere = Cow::Owned(elsewhere.collect());
        if !self.dependencies.is_empty() {
            let new = |address: &Address| names.address(&moved, address);
            let edges = self.dependencies.iter();
            let edges = edges.map(|(dependent, needs)| (new(dependent), needs.iter().map(new).collect()));
            self.dependencies = Cow::Owned(edges.collect());
        }
        // All at once: an old address can be the new one of another.
        let origins: Vec<(Address, Address)> = moved
            .into_iter()
            .map(|(old, new)| {
                let origin = self.origins.remove(&old).unwrap_or(old);
                (new, origin)
            })
            .collect();
        self.origins.extend(origins);
    }
}

pub(super) fn rewrite_recorded(
    target: &Ident,
    recorded: &Recorded,
    names: &NewNames,
    moved: &BTreeMap<Address, Address>,
    unchanged_since: &BTreeMap<Address, Digest>,
) -> Recorded {
    let mut rewritten = Recorded::default();
    for (address, record) in &recorded.resources {
        let mut record = record.clone();
        let as_recorded =
            recorded.catalog.get(address).map(|resource| (resource, names.rewrite(target, resource)));
        // What has vanished from live moves with its table all the same, so that its drift is told once.
        let renamed = as_recorded.as_ref().map(|(_, renamed)| renamed.address(target));
        let new = moved.get(address).cloned().or(renamed).unwrap_or_else(|| address.clone());
        match (unchanged_since.get(&new), as_recorded) {
            (Some(digest), resource) => {
                record.observed = *digest;
                rewritten.catalog.extend(resource.map(|(_, renamed)| (new.clone(), renamed)));
            }
            (None, Some((resource, renamed))) => {
                if renamed != *resource {
                    record.observed = Digest::of(&renamed);
                }
                rewritten.catalog.extend([(new.clone(), renamed)]);
            }
            (None, None) => {}
        }
        rewritten.resources.insert(new, record);
    }
    rewritten
}
