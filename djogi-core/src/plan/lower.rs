//! From changes to statements, sorted into the phases in which they run. The only caller of the statement
//! writer, and it decides nothing: what PostgreSQL cannot do comes back as a refusal.

use std::collections::BTreeSet;

use crate::address::{Address, Kind};
use crate::diff::columns::changes_type;
use crate::diff::family::Way;
use crate::diff::parts::is_attachment;
use crate::diff::{Action, Change, ColumnPlace};
use crate::ident::Ident;
use crate::kind::{
    Alteration, ColumnAlteration, Constraint, OperatorAlteration, Resource, SequenceAlteration, Table,
    TableAlteration,
};
use crate::migration::Filling;
use crate::order::identity;
use crate::plan::{Reversibility, TransactionMode};
use crate::sql::{self, Context, Impossible, Step};

/// When the statements of one change run, relative to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Under its new name from here on.
    Rename,
    /// The old object goes, or the sequence of an identity column.
    Down,
    /// The new object comes, or the live one is altered.
    Up,
    /// A sequence is given to its column, an identity column gets one, an index identifies the rows of its table, operators learn of each other, a
    /// partition joins, rows of a seed leave.
    Attach,
}

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Rename => "rename",
            Phase::Down => "down",
            Phase::Up => "up",
            Phase::Attach => "attach",
        }
    }
}

/// The statements of one change by phase; phases without statements are left out.
#[derive(Clone, Debug, Default)]
pub struct Lowered {
    pub parts: Vec<(Phase, Vec<Step>)>,
    /// Why it cannot be done, when it cannot.
    pub refusal: Option<Impossible>,
}

impl Lowered {
    /// The hardest way back of all its statements.
    pub fn reversibility(&self) -> Reversibility {
        let steps = self.parts.iter().flat_map(|(_, steps)| steps);
        steps.map(|step| step.reversibility).max().unwrap_or(Reversibility::Reversible)
    }

    /// The phases with a statement that runs outside a transaction.
    pub fn concurrent_phases(&self) -> Vec<Phase> {
        let is_outside = |step: &Step| step.transaction == TransactionMode::Outside;
        let parts = self.parts.iter().filter(|(_, steps)| steps.iter().any(is_outside));
        parts.map(|(phase, _)| *phase).collect()
    }

    pub(super) fn add(&mut self, phase: Phase, steps: Vec<Step>) {
        if steps.is_empty() {
            return;
        }
        match self.parts.iter_mut().find(|(p, _)| *p == phase) {
            Some((_, existing)) => existing.extend(steps),
            None => self.parts.push((phase, steps)),
        }
    }
}

/// Whether a change of the column `address` is for rows that have got their values.
fn comes_after_rows(alteration: &Alteration, address: &Address, context: &Context<'_>) -> bool {
    let Some(fill) = context.fills.get(address).and_then(Filling::beside) else { return false };
    let Alteration::Table(TableAlteration::AlterColumn { alteration, .. }) = alteration else { return false };
    match alteration {
        ColumnAlteration::SetNotNull | ColumnAlteration::AlterNotNull(_) => fill.not_null,
        // What it says is that they have.
        ColumnAlteration::SetDefault(_) => !fill.not_null,
        _ => false,
    }
}

/// What of a plan the statements of one change depend on.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The constraints that its `CREATE TABLE` brings along.
    pub inline: &'a [&'a Constraint],
    /// What must make way for a replaced enum, or be taken from a replaced table.
    pub rebuild: &'a [&'a Resource],
    /// Whether the columns of an index or a constraint change with it.
    pub moves: bool,
    /// What of a part of a partition is to be done by itself.
    pub way: &'a Way,
}

/// Writes the statements of `change`.
pub fn lower(change: &Change<'_>, around: Surroundings<'_>, context: &Context<'_>) -> Lowered {
    let mut lowered = Lowered::default();
    if let Err(refusal) = write(change, around, context, &mut lowered) {
        return Lowered { parts: Vec::new(), refusal: Some(refusal) };
    }
    let Way { down, up, attach, .. } = around.way;
    lowered.parts.retain(|(phase, _)| match phase {
        Phase::Down => *down,
        Phase::Up => *up,
        Phase::Rename | Phase::Attach => true,
    });
    if *attach && let (Action::Create | Action::Replace(_), Some(declared)) = (&change.action, change.desired)
    {
        lowered.add(Phase::Attach, sql::attach_part(&declared.resource, context, &change.address));
    }
    lowered
}

fn write(
    change: &Change<'_>,
    around: Surroundings<'_>,
    context: &Context<'_>,
    out: &mut Lowered,
) -> Result<(), Impossible> {
    let Surroundings { inline, rebuild, moves, way } = around;
    let address = &change.address;
    let desired = change.desired.map(|declared| &*declared.resource);
    if let (Some(old), Some(live)) = (change.renamed_from, change.live) {
        let steps = match (address.kind(), address.relation()) {
            (Kind::Column, Some(table)) => {
                sql::rename_column(&table, old.name(), address.name(), context, address)
            }
            _ => sql::rename(&live.renamed(old), live, context, address)?,
        };
        out.add(Phase::Rename, steps);
    }
    match (&change.action, change.live, desired) {
        (Action::Create, Some(live), Some(desired)) if address.kind() == Kind::Column => {
            if let Resource::Table(table) = desired
                && let Some(column) = table.column(address.name())
            {
                let added = Alteration::Table(TableAlteration::AddColumn(Box::new(column.clone())));
                out.add(Phase::Up, sql::alter(live, desired, &added, context, address)?);
                out.add(Phase::Attach, sql::tighten_filled(table, column, context, address));
            }
        }
        (Action::Create, _, Some(Resource::Table(table))) => {
            out.add(Phase::Up, sql::create_table(table, inline, context)?);
            out.add(Phase::Attach, sql::attach_table(table, context, address));
        }
        (Action::Create, _, Some(resource)) => create(resource, change, context, out)?,
        (Action::Update(alterations), Some(live), Some(desired)) => {
            for alteration in alterations {
                if let Alteration::Owner(role) = alteration {
                    out.add(Phase::Up, sql::set_owner(desired, role, context, address));
                    continue;
                }
                let phase = match alteration {
                    Alteration::Sequence(SequenceAlteration::SetOwner(_))
                    | Alteration::Operator(OperatorAlteration::Complete(_)) => Phase::Attach,
                    Alteration::Table(TableAlteration::SetProperty(property)) if property.names_index() => {
                        Phase::Attach
                    }
                    Alteration::Table(TableAlteration::SetLineage(step)) if step.leaves() => Phase::Down,
                    Alteration::Table(
                        TableAlteration::SetLineage(_)
                        | TableAlteration::AlterColumn { alteration: ColumnAlteration::KeepNotNull, .. },
                    ) => Phase::Attach,
                    other if identity::frees_name(other) => Phase::Down,
                    other if comes_after_rows(other, address, context) => Phase::Attach,
                    other if is_default_for_now(other, alterations) => Phase::Down,
                    other if identity::takes_name(other) => Phase::Attach,
                    other if is_attachment(other) && !way.attach => continue,
                    other if is_attachment(other) => Phase::Attach,
                    _ => Phase::Up,
                };
                out.add(phase, sql::alter(live, desired, alteration, context, address)?);
            }
            if let Resource::Seed(seed) = desired {
                out.add(Phase::Attach, sql::seed::settle(seed, context, address));
            }
        }
        (Action::Replace(Some(alteration)), Some(live), Some(desired)) => {
            match in_two_steps(live, alteration) {
                Some((dropped, added)) => {
                    // First, so that a column that cannot be added is not dropped either.
                    let added = sql::alter(live, desired, &added, context, address)?;
                    out.add(Phase::Down, sql::alter(live, desired, &dropped, context, address)?);
                    out.add(Phase::Up, added);
                }
                None => out.add(Phase::Up, sql::alter(live, desired, alteration, context, address)?),
            }
        }
        (Action::Replace(None), Some(Resource::Enum(live)), Some(Resource::Enum(desired))) => {
            out.add(Phase::Up, sql::replace_enum(live, desired, rebuild, context, address)?);
        }
        (Action::Replace(None), Some(Resource::Collation(live)), Some(Resource::Collation(desired))) => {
            out.add(Phase::Up, sql::replace_collation(live, desired, context, address)?);
        }
        (Action::Replace(None), Some(Resource::Index(live)), Some(Resource::Index(desired))) => {
            let sql::Replacement { down, up } = sql::replace_index(live, desired, moves, context, address);
            out.add(Phase::Down, down);
            out.add(Phase::Up, up);
            out.add(
                Phase::Attach,
                sql::renew_uses_of_index(&desired.table_name(), &desired.name, context, address),
            );
        }
        (Action::Replace(None), Some(Resource::Constraint(live)), Some(Resource::Constraint(desired))) => {
            let sql::Replacement { down, up } =
                sql::replace_constraint(live, desired, moves, context, address)?;
            out.add(Phase::Down, down);
            out.add(Phase::Up, up);
            let table = desired.table_name();
            out.add(Phase::Attach, sql::renew_uses_of_index(&table, &desired.name, context, address));
        }
        (Action::Replace(None), Some(Resource::Publication(live)), Some(Resource::Publication(desired))) => {
            let sql::Replacement { down, up } = sql::replace_publication(live, desired, context, address)?;
            out.add(Phase::Down, down);
            out.add(Phase::Up, up);
        }
        // The rows go with their table.
        (Action::Replace(None), Some(Resource::Seed(live)), Some(desired))
            if context.new_tables.contains(&live.table) =>
        {
            create(desired, change, context, out)?;
        }
        (Action::Replace(None), Some(live), Some(desired)) => {
            for owned in rebuild {
                out.add(Phase::Down, sql::disown(owned, context, address));
            }
            // What is dropped is not the new table.
            let context_before = Context { new_tables: &BTreeSet::new(), ..*context };
            out.add(Phase::Down, sql::drop(live, &context_before, address));
            create(desired, change, context, out)?;
        }
        (Action::Delete, Some(live), declared) if address.kind() == Kind::Column => {
            let alteration = Alteration::Table(TableAlteration::DropColumn(address.name().clone()));
            out.add(Phase::Down, sql::alter(live, declared.unwrap_or(live), &alteration, context, address)?);
        }
        (Action::Delete, Some(Resource::Migration(migration)), _) => {
            let sql::Replacement { down, up } = sql::end_migration(migration, context, address);
            out.add(Phase::Down, down);
            out.add(Phase::Up, up);
        }
        (Action::Delete, Some(live), _) => out.add(Phase::Down, sql::drop(live, context, address)),
        (
            Action::Create
            | Action::Update(_)
            | Action::Adopt
            | Action::Delete
            | Action::Forget
            | Action::Replace(_),
            _,
            _,
        ) => {}
    }
    Ok(())
}

/// Whether an alteration drops a default that the column has again in the end.
pub(crate) fn is_default_for_now(alteration: &Alteration, all: &[Alteration]) -> bool {
    let Alteration::Table(TableAlteration::AlterColumn { column, alteration: ColumnAlteration::DropDefault }) =
        alteration
    else {
        return false;
    };
    let sets = |alteration: &Alteration| {
        matches!(alteration, Alteration::Table(TableAlteration::AlterColumn {
            column: other,
            alteration: ColumnAlteration::SetDefault(_),
        }) if other == column)
    };
    all.iter().any(sets)
}

/// A generated column that is made anew leaves before its base columns change and comes back after them, and so does a
/// default before and after what it calls, and values before and after their type.
fn in_two_steps(live: &Resource, alteration: &Alteration) -> Option<(Alteration, Alteration)> {
    let (Resource::Table(live), Alteration::Table(alteration)) = (live, alteration) else { return None };
    let (first, then) = match alteration {
        TableAlteration::ReplaceColumn(column) => {
            live.column(&column.name)?.generated.as_ref()?;
            let dropped = TableAlteration::DropColumn(column.name.clone());
            (dropped, TableAlteration::AddColumn(column.clone()))
        }
        TableAlteration::AlterColumn { column, alteration: ColumnAlteration::SetDefault(_) } => {
            let dropped = ColumnAlteration::DropDefault;
            let dropped = TableAlteration::AlterColumn { column: column.clone(), alteration: dropped };
            (dropped, alteration.clone())
        }
        TableAlteration::AlterColumn {
            column,
            alteration: ColumnAlteration::Remake { through, attributes, .. },
        } => {
            let aside =
                ColumnAlteration::SetAside { through: through.clone(), attributes: attributes.clone() };
            let aside = TableAlteration::AlterColumn { column: column.clone(), alteration: aside };
            (aside, alteration.clone())
        }
        _ => return None,
    };
    Some((Alteration::Table(first), Alteration::Table(then)))
}

fn create(
    resource: &Resource,
    change: &Change<'_>,
    context: &Context<'_>,
    out: &mut Lowered,
) -> Result<(), Impossible> {
    out.add(Phase::Up, sql::create(resource, context, &change.address)?);
    if let Resource::Table(table) = resource {
        out.add(Phase::Attach, sql::attach_table(table, context, &change.address));
    }
    if let Resource::Seed(seed) = resource {
        out.add(Phase::Attach, sql::seed::settle(seed, context, &change.address));
    }
    if let Resource::Sequence(sequence) = resource {
        out.add(Phase::Attach, sql::own_sequence(sequence, context, &change.address));
    }
    Ok(())
}

/// Where an alteration of a live column belongs: what the server can only do with a new column replaces it,
/// what loses values or could hurt `dependents` of the column stands alone, the rest goes with the table.
pub fn place_column(
    live: &Table,
    desired: &Table,
    alteration: &TableAlteration,
    context: &Context<'_>,
    has_unmanaged_dependents: impl Fn(&Ident) -> bool,
) -> ColumnPlace {
    let column = match alteration {
        TableAlteration::AlterColumn { column, .. } => column,
        TableAlteration::AddColumn(column) => &column.name,
        TableAlteration::ReplaceColumn(_)
        | TableAlteration::DropColumn(_)
        | TableAlteration::SetLineage(_)
        | TableAlteration::SetProperty(_)
        | TableAlteration::SetForeignOptions(_)
        | TableAlteration::SetComment(_) => {
            return ColumnPlace::Table;
        }
    };
    let address = crate::address::Address::column(context.target, &desired.qualified_name(), column);
    let steps = sql::alter(
        &Resource::Table(live.clone()),
        &Resource::Table(desired.clone()),
        &Alteration::Table(alteration.clone()),
        context,
        &address,
    );
    match steps {
        Err(Impossible::NeedsNewColumn { .. }) => ColumnPlace::Replacement,
        // It is refused at the column, and the rest of the table goes on.
        Err(_) => ColumnPlace::Column,
        Ok(steps) if steps.iter().any(|step| step.reversibility.is_destructive()) => ColumnPlace::Column,
        Ok(_) if changes_type(alteration) && has_unmanaged_dependents(column) => ColumnPlace::Column,
        Ok(_) => ColumnPlace::Table,
    }
}
