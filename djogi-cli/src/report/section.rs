//! The order in which a plan is read: what destroys data first, then schema by schema, kind by kind.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::disposition::{Reason, Verdict};
use djogi_core::ident::Ident;
use djogi_core::kind::{Index, MigrationPhase};
use djogi_core::plan::{PlanDocument, ResourceChange};
use djogi_core::{Address, Kind, QualifiedName};

use super::action::Action;
use super::block::Block;
use super::definition;

/// Blocks under a common title.
pub(crate) struct Section<'a> {
    pub(crate) title: String,
    pub(crate) is_destructive: bool,
    pub(crate) blocks: Vec<Block<'a>>,
}

/// The sections of a plan in reading order; none is empty.
pub(crate) fn sections(document: &PlanDocument) -> Vec<Section<'_>> {
    let names_target = document.base.targets.len() > 1;
    let mut destructive = Vec::new();
    let mut others: BTreeMap<(&Ident, Option<&Ident>), Vec<Block<'_>>> = BTreeMap::new();
    for block in blocks(document) {
        if block.change.reversibility.is_destructive() {
            destructive.push(block);
        } else {
            let address = &block.change.address;
            others.entry((address.target(), schema_of(address))).or_default().push(block);
        }
    }
    let mut sections = Vec::new();
    if !destructive.is_empty() {
        sections.push(Section {
            title: "Destroys or narrows data".to_owned(),
            is_destructive: true,
            blocks: destructive,
        });
    }
    for ((target, schema), mut blocks) in others {
        blocks.sort_by_key(|block| (block.change.kind, &block.change.address));
        let what = schema.map_or_else(|| "Database".to_owned(), |schema| format!("Schema {schema}"));
        let title = if names_target { format!("{what} of {target}") } else { what };
        sections.push(Section { title, is_destructive: false, blocks });
    }
    sections
}

/// A schema is listed with what is in it.
fn schema_of(address: &Address) -> Option<&Ident> {
    if address.kind() == Kind::Schema { Some(address.name()) } else { address.schema_name() }
}

/// Every change in a block, sorted by address; what comes or goes with a table is in the table's block.
fn blocks(document: &PlanDocument) -> Vec<Block<'_>> {
    let changes = &document.resource_changes;
    let tables: BTreeMap<&Address, &ResourceChange> =
        changes.iter().filter(|c| c.kind == Kind::Table).map(|change| (&change.address, change)).collect();
    let mut members: BTreeMap<&Address, Vec<&ResourceChange>> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for change in changes {
        let table = table_of(change).and_then(|address| tables.get(&address));
        if let Some(table) = table.filter(|table| goes_with(change, table)) {
            members.entry(&table.address).or_default().push(change);
            taken.insert(&change.address);
        }
    }
    let alone = changes.iter().filter(|change| !taken.contains(&change.address));
    let mut blocks: Vec<Block<'_>> = alone
        .map(|change| {
            let mut members = members.remove(&change.address).unwrap_or_default();
            members.sort_by_key(|member| (member.kind, rank(member), &member.address));
            Block { change, members }
        })
        .collect();
    blocks.sort_by_key(|block| place(block.change));
    blocks
}

/// By address, but for the steps of a migration, which stand in the order in which they are made.
fn place(change: &ResourceChange) -> (Kind, Option<&Ident>, Option<usize>, &Address) {
    let migration = change.address.parent_name().filter(|_| change.kind == Kind::MigrationStep);
    let step = MigrationPhase::ALL.iter().position(|phase| phase.as_str() == change.name);
    (change.kind, migration, migration.and(step), &change.address)
}

/// The primary key is looked for first.
fn rank(member: &ResourceChange) -> u8 {
    let body = member.change.after.as_ref().or(member.change.before.as_ref());
    let is_primary_key = body.is_some_and(|body| body.pointer("/definition/primary_key").is_some());
    u8::from(!is_primary_key)
}

/// Whether one line in the table's block says all there is to say about a change.
fn goes_with(change: &ResourceChange, table: &ResourceChange) -> bool {
    let action = Action::of(&change.change);
    let follows = change.disposition == table.disposition && change.reason == table.reason
        || change.disposition == Verdict::Derived
        || table.disposition != Verdict::Applied && change.reason == Some(Reason::DependencyNotApplied);
    matches!(action, Action::Create | Action::Delete)
        && action == Action::of(&table.change)
        && follows
        && change.drift == table.drift
}

/// The table that a constraint or index is on.
fn table_of(change: &ResourceChange) -> Option<Address> {
    match change.kind {
        Kind::Constraint => change.address.table_of_member(),
        Kind::Index => {
            let body = change.change.after.as_ref().or(change.change.before.as_ref())?;
            let index: Index = definition::read(body)?;
            Some(Address::table(change.address.target(), &QualifiedName::new(index.schema, index.table)))
        }
        _ => None,
    }
}
