//! Changes without statements of their own: what vanishes with its table or column, and constraints that
//! `CREATE TABLE` brings along.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::diff::family::{Family, Way};
use crate::diff::{Action, Change};
use crate::ident::Ident;
use crate::kind::{Constraint, ConstraintDefinition, Deferrable, Resource};
use crate::plan::depend::columns_used;
use crate::sql::{Context, given};

/// Child address to the address of the change that does its work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parents(BTreeMap<Address, Address>);

impl Parents {
    /// The parents among `changes`, of whose desired sides `needs` knows what they need.
    pub fn of(
        changes: &[Change<'_>],
        family: &Family<'_>,
        context: &Context<'_>,
        needs: impl Fn(&Resource) -> Vec<Address>,
    ) -> Self {
        let by_address: BTreeMap<&Address, &Change<'_>> = changes.iter().map(|c| (&c.address, c)).collect();
        let repeated = repeated_keys(changes);
        let parents = changes.iter().filter_map(|change| {
            if let Some(worker) = family.worker(change) {
                return Some((change.address.clone(), worker));
            }
            let parent = match change.action {
                // It comes after the partitions that shall have no part of it, or with their place.
                Action::Create if family.apart().contains(&change.address) => None,
                // It is attached by a statement of its own.
                Action::Create
                    if matches!(family.way(change), Way { up: false, .. } | Way { attach: true, .. }) =>
                {
                    None
                }
                Action::Create if repeated.contains(&change.address) => None,
                Action::Create => {
                    created_with(change, &by_address, &needs).or_else(|| given_with(change, context))
                }
                Action::Delete => dropped_with(change, &by_address, context.live),
                Action::Update(_) | Action::Adopt | Action::Forget | Action::Replace(_) => None,
            };
            Some((change.address.clone(), parent?))
        });
        let direct: BTreeMap<Address, Address> = parents.collect();
        // What follows from a change that follows from another is done by the latter.
        let root = |parent: &Address| {
            let mut root = parent;
            while let Some(above) = direct.get(root).filter(|above| *above != parent) {
                root = above;
            }
            root.clone()
        };
        Self(direct.iter().map(|(child, parent)| (child.clone(), root(parent))).collect())
    }

    pub fn parent(&self, address: &Address) -> Option<&Address> {
        self.0.get(address)
    }
}

/// New unique constraints that say what another new key of their table says. `CREATE TABLE` would make one of the two.
fn repeated_keys<'a>(changes: &'a [Change<'_>]) -> BTreeSet<&'a Address> {
    let mut known = BTreeSet::new();
    let mut repeated = BTreeSet::new();
    let mut keys: Vec<_> = changes.iter().filter_map(|change| Some((change, new_key(change)?))).collect();
    // The primary key is the one that is made.
    keys.sort_by_key(|(_, (is_unique, _))| *is_unique);
    for (change, (_, key)) in keys {
        if !known.insert((change.address.table_of_member(), key)) {
            repeated.insert(&change.address);
        }
    }
    repeated
}

/// Whether a new key is a unique constraint rather than the primary key, and what PostgreSQL tells keys apart by.
fn new_key<'a>(change: &'a Change<'_>) -> Option<(bool, Key<'a>)> {
    if change.action != Action::Create {
        return None;
    }
    let Resource::Constraint(constraint) = &*change.desired?.resource else { return None };
    let deferrable = constraint.deferrable;
    match &constraint.definition {
        ConstraintDefinition::PrimaryKey { columns, include } => {
            Some((false, (columns, include, false, deferrable)))
        }
        ConstraintDefinition::Unique { columns, include, nulls_not_distinct } => {
            Some((true, (columns, include, *nulls_not_distinct, deferrable)))
        }
        ConstraintDefinition::Check { .. }
        | ConstraintDefinition::ForeignKey(_)
        | ConstraintDefinition::Exclusion(_) => None,
    }
}

type Key<'a> = (&'a [Ident], &'a [Ident], bool, Deferrable);

/// A new table takes its constraints along, but for foreign keys, which may be mutual, and for those that call what is
/// new as well, which may need the table.
fn created_with(
    change: &Change<'_>,
    changes: &BTreeMap<&Address, &Change<'_>>,
    needs: &impl Fn(&Resource) -> Vec<Address>,
) -> Option<Address> {
    let resource = &*change.desired?.resource;
    let Resource::Constraint(constraint) = resource else { return None };
    let inline = match constraint.definition {
        ConstraintDefinition::PrimaryKey { .. }
        | ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::Check { .. }
        | ConstraintDefinition::Exclusion(_) => constraint.validated,
        ConstraintDefinition::ForeignKey(_) => false,
    };
    let table = change.address.table_of_member()?;
    if !inline || changes.get(&table)?.action != Action::Create {
        return None;
    }
    let is_new = |need: &Address| {
        let change = changes.get(need).filter(|_| need.kind().is_code());
        change.is_some_and(|change| matches!(change.action, Action::Create | Action::Replace(_)))
    };
    (!needs(resource).iter().any(is_new)).then_some(table)
}

/// What default privileges let others do with a new object comes with it.
fn given_with(change: &Change<'_>, context: &Context<'_>) -> Option<Address> {
    let Resource::Grant(grant) = &*change.desired?.resource else { return None };
    let maker = context.made.maker(context.target, &grant.on)?;
    (given(grant, context) == grant.rights()).then(|| maker.clone())
}

fn dropped_with(
    change: &Change<'_>,
    changes: &BTreeMap<&Address, &Change<'_>>,
    catalog: &Catalog,
) -> Option<Address> {
    let is_deleted = |address: &Address| changes.get(address).is_some_and(|c| c.action == Action::Delete);
    let target = change.address.target();
    let live = change.live?;
    if let Resource::Table(table) = live {
        let parent = Address::table(target, table.lineage.parents().first()?);
        return (change.address.kind() == Kind::Table && table.is_partition() && is_deleted(&parent))
            .then_some(parent);
    }
    if let Resource::MigrationStep(step) = live {
        return Some(Address::migration(target, &step.migration)).filter(is_deleted);
    }
    if let Resource::Migration(migration) = live {
        let is_gone = |address: &Address| {
            let goes = |change: &&Change<'_>| matches!(change.action, Action::Delete | Action::Replace(None));
            changes.get(address).is_some_and(goes)
        };
        return Some(Address::table(target, migration.table())).filter(is_gone);
    }
    if let Resource::Sequence(sequence) = live {
        let owner = Address::table(target, &sequence.owned_by.as_ref()?.table);
        if matches!(changes.get(&owner), Some(Change { action: Action::Replace(_), .. })) {
            return Some(owner);
        }
    }
    if let Resource::Grant(grant) = live {
        let is_gone = |address: &Address| {
            let goes = |change: &&Change<'_>| matches!(change.action, Action::Delete | Action::Replace(None));
            changes.get(address).is_some_and(goes)
        };
        return grant.on.addresses(target).into_iter().find(is_gone);
    }
    if let Resource::DefaultPrivilege(privilege) = live {
        let schema = privilege.schema.as_ref().map(|schema| Address::schema(target, schema));
        return schema.filter(is_deleted);
    }
    let (table, columns) = match live {
        Resource::Constraint(constraint) if leaves_first(constraint, target, &is_deleted) => return None,
        Resource::Sequence(sequence) => {
            let owner = sequence.owned_by.as_ref()?;
            (owner.table.clone(), Some(vec![owner.column.clone()]))
        }
        // PostgreSQL forgets it with what it is about.
        Resource::Statistics(statistics) => (statistics.table.clone(), Some(Vec::new())),
        _ => (live.relation_name()?, None),
    };
    let relations = [Kind::Table, Kind::View, Kind::MaterializedView];
    let mut relations = relations.map(|kind| Address::of_schema(kind, target, &table)).into_iter();
    if let Some(relation) = relations.find(is_deleted) {
        return Some(relation);
    }
    let columns: Vec<Ident> = columns.unwrap_or_else(|| {
        catalog.table(target, &table).map(|table| columns_used(table, live)).unwrap_or_default()
    });
    columns.iter().map(|column| Address::column(target, &table, column)).find(|column| is_deleted(column))
}

/// A foreign key between two tables that both go, or lose columns of it: were it to go with its table, two that refer to
/// each other could not go at all.
fn leaves_first(constraint: &Constraint, target: &Ident, is_deleted: &impl Fn(&Address) -> bool) -> bool {
    match &constraint.definition {
        ConstraintDefinition::ForeignKey(key) => {
            let column = |column: &Ident| Address::column(target, &key.references, column);
            let mut columns = key.referenced_columns.iter().map(column);
            key.references != constraint.table_name()
                && (is_deleted(&Address::table(target, &key.references)) || columns.any(|at| is_deleted(&at)))
        }
        ConstraintDefinition::PrimaryKey { .. }
        | ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::Check { .. }
        | ConstraintDefinition::Exclusion(_) => false,
    }
}
