//! What each change needs on the declared side, and what it rests on in the live database.

use std::collections::BTreeSet;

use crate::address::{Address, Kind};
use crate::diff::Change;
use crate::diff::parts::parents_of;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Alteration, Resource, SequenceOwner, TableAlteration};
use crate::plan::depend::{Dependencies, generated_from};

/// The dependencies of one change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Of the declared object.
    pub desired: Vec<Address>,
    /// Of the live object, under new names.
    pub live: Vec<Address>,
    /// The table and column that own a declared sequence; they come after it, and `OWNED BY` after them. For a table the
    /// indexes that it names, and its parents; for a part of a partition that of the partitioned table; for an
    /// operator its commutator and negator.
    pub owner: Vec<Address>,
    /// The same for the live one, but for indexes that a table names: they may go before it lets go of them.
    pub live_owner: Vec<Address>,
}

impl Needs {
    /// What `change` needs, without what the columns `apart`, which have changes of their own, need of either side.
    pub fn of(
        change: &Change<'_>,
        (desired, live): (&Dependencies<'_>, &Dependencies<'_>),
        apart: &BTreeSet<Address>,
    ) -> Self {
        let declared = change.desired.map(|declared| &*declared.resource);
        let of_side = |resource: Option<&Resource>, side: &Dependencies<'_>| match resource {
            Some(Resource::Table(table)) if change.address.kind() == Kind::Column => {
                let column = table.column(change.address.name());
                let name = table.qualified_name();
                let of_column = column.into_iter().flat_map(|column| {
                    let bases = generated_from(table, column);
                    let bases =
                        bases.into_iter().map(|base| Address::column(change.address.target(), &name, &base));
                    side.of_column(column).into_iter().chain(bases.collect::<Vec<_>>())
                });
                let mut needs: Vec<Address> =
                    change.address.table_of_member().into_iter().chain(of_column).collect();
                // What an inherited column has of its own is set again once that of the parent is there again.
                if sets_again(change) && column.is_some_and(|column| column.origin.is_inherited()) {
                    let parents = table.lineage.parents().iter();
                    let above =
                        |parent| Address::column(change.address.target(), parent, change.address.name());
                    needs.extend(parents.map(above));
                }
                needs
            }
            Some(Resource::Table(table)) if !apart.is_empty() => {
                let name = table.qualified_name();
                let is_apart =
                    |column: &Ident| apart.contains(&Address::column(change.address.target(), &name, column));
                let mut rest = table.clone();
                rest.columns.retain(|column| !is_apart(&column.name));
                side.of(&Resource::Table(rest))
            }
            Some(resource) => side.of(resource),
            None => Vec::new(),
        };
        Self {
            desired: of_side(declared, desired),
            live: of_side(change.live, live),
            owner: owner(declared, &change.address)
                .into_iter()
                .chain(joined(declared, &change.address))
                .collect(),
            live_owner: live_owner(change),
        }
    }
}

/// Whether something of a column goes and comes back.
fn sets_again(change: &Change<'_>) -> bool {
    use crate::diff::Action::Replace;
    matches!(change.action, Replace(Some(Alteration::Table(TableAlteration::AlterColumn { .. }))))
}

fn live_owner(change: &Change<'_>) -> Vec<Address> {
    match change.live {
        Some(Resource::Table(_)) => Vec::new(),
        live => owner(live, &change.address),
    }
}

/// What must be there before a table, or a part of one, can join it.
fn joined(resource: Option<&Resource>, address: &Address) -> Vec<Address> {
    let target = address.target();
    match resource {
        Some(Resource::Table(table)) if address.kind() == Kind::Table => {
            table.lineage.parents().iter().map(|parent| Address::table(target, parent)).collect()
        }
        Some(part) => {
            let mut needs = parents_of(target, part);
            // Its own table may come with this plan, while what it is a part of is there.
            let own = part.relation_name().filter(|_| !needs.is_empty());
            needs.extend(own.map(|table| Address::table(target, &table)));
            needs
        }
        None => Vec::new(),
    }
}

fn owner(resource: Option<&Resource>, address: &Address) -> Vec<Address> {
    if let Some(Resource::Table(table)) = resource
        && address.kind() == Kind::Table
    {
        let named = table.properties.named_indexes().flat_map(|index| {
            let name = QualifiedName::new(table.schema.clone(), index.clone());
            let constraint = Address::constraint(address.target(), &table.qualified_name(), index);
            [Address::index(address.target(), &name), constraint]
        });
        return named.collect();
    }
    if let Some(Resource::Operator(operator)) = resource {
        let target = address.target();
        let turned = |left: &str| format!("{}, {left}", operator.right);
        let commutator = operator.commutator.as_ref().zip(operator.left.as_deref());
        let commutator =
            commutator.map(|(name, left)| Address::routine(Kind::Operator, target, name, &turned(left)));
        let negator = operator.negator.as_ref();
        let negator =
            negator.map(|name| Address::routine(Kind::Operator, target, name, &operator.operands()));
        return commutator.into_iter().chain(negator).filter(|companion| companion != address).collect();
    }
    let Some(Resource::Sequence(sequence)) = resource else { return Vec::new() };
    let Some(SequenceOwner { table, column }) = &sequence.owned_by else { return Vec::new() };
    vec![Address::table(address.target(), table), Address::column(address.target(), table, column)]
}
