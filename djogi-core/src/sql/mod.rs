//! The only place where DDL is written: one file for each kind, each taking what is to be done and giving the
//! statements with everything the planner must know about them.
//!
//! Nothing here compares two catalogs. Every name is schema-qualified, nothing says `CASCADE` or `IF EXISTS`:
//! a statement does exactly what the plan shows or fails. What a statement locks and risks comes from the
//! table in [`safety`](crate::safety).

mod aggregate;
mod cast;
mod collation;
mod column;
mod composite;
mod constraint;
mod context;
mod conversion;
mod default_privilege;
mod detach;
mod dispatch;
mod domain;
mod enum_type;
mod event_trigger;
mod extension;
mod foreign_data_wrapper;
mod foreign_option;
mod foreign_server;
#[cfg(test)]
mod golden;
mod grant;
mod index;
mod language;
mod lineage;
mod made;
mod materialized_view;
mod migration;
mod operator;
mod operator_class;
mod operator_family;
mod owner;
mod parameters;
mod phrase;
mod policy;
mod precheck;
mod publication;
mod range;
mod role;
mod role_grant;
mod routine;
mod rule;
mod schema;
pub mod seed;
mod sequence;
mod statistics;
mod subscription;
mod table;
mod text_search_code;
mod text_search_configuration;
mod text_search_dictionary;
mod transform;
mod trigger;
mod user_mapping;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::ident::{Ident, IdentList, QualifiedName};
use crate::kind::{
    Collation, Constraint, EnumType, Index, Migration, Publication, Resource, Sequence, Table,
};
use crate::migration::{Conversion, Filling, Orphans};
use crate::observation::{SequencePosition, ServerVersion, TableSize};
use crate::plan::{Operation, Reversibility, TransactionMode};
use crate::safety::Online;
use crate::seed::SeedWork;

pub(crate) use column::filled::tighten_filled;
pub use dispatch::{alter, create, drop, rename};
pub use enum_type::dependents as enum_dependents;
pub use grant::given;
pub use index::Replacement;
pub use made::{Made, securable};
pub use owner::set_owner;

pub(crate) use phrase::suffixed;
use phrase::{comment_sql, move_sql, routine_move_sql};

/// What the statement writer must know about the live database.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub version: ServerVersion,
    pub target: &'a Ident,
    /// What exists, under the names it has when the statement runs: after the renames of the plan.
    pub live: &'a Catalog,
    /// By the same names.
    pub sizes: &'a BTreeMap<QualifiedName, TableSize>,
    /// Tables that this plan creates: no lock on them matters, they have no rows.
    pub new_tables: &'a BTreeSet<QualifiedName>,
    /// What is declared, where that is known: a partition says only what its partitioned table does not.
    pub desired: Option<&'a Desired>,
    /// What is made apart from its family: partitions as ordinary tables that are attached then, indexes and keys of
    /// partitioned tables without those of the partitions.
    pub apart: &'a BTreeSet<Address>,
    pub online: Online,
    /// What this plan makes.
    pub made: &'a Made,
    /// Names that somebody has chosen for the `NOT NULL` of a column.
    pub chosen_names: &'a BTreeSet<QualifiedName>,
    /// Where sequences stand, as far as that has been read; those of identity columns by the column.
    pub sequence_positions: &'a BTreeMap<Address, SequencePosition>,
    /// What is declared of objects that wait for the cutover of a migration.
    pub postponed: &'a Desired,
    /// See [`Postponed::fills`](crate::migration::Postponed::fills).
    pub fills: &'a BTreeMap<Address, Filling>,
    /// See [`Postponed::conversions`](crate::migration::Postponed::conversions).
    pub conversions: &'a BTreeMap<Address, Conversion>,
    /// See [`Postponed::orphans`](crate::migration::Postponed::orphans).
    pub orphans: &'a BTreeMap<Address, Orphans>,
    /// Migrations that are to be undone.
    pub abandon: &'a [Ident],
    /// What is to be done about the rows of each seed.
    pub seeds: &'a BTreeMap<Address, SeedWork>,
}

/// One statement with everything the planner must know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub operation: Operation,
    pub transaction: TransactionMode,
    pub reversibility: Reversibility,
    /// Whether it commits by itself, so that no lock of a neighbour is held as long as it takes.
    pub is_alone: bool,
}

/// Why no statement can bring about a change. [`remedy`](Impossible::remedy) says what can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// A disposition of its own: `needs_newer_server`.
    #[error("{address}: {what} needs PostgreSQL {since}, the server is {server}")]
    NeedsNewerServer { address: Address, what: &'static str, since: u32, server: ServerVersion },
    /// The column must be dropped and made anew
    /// ([`TableAlteration::ReplaceColumn`](crate::kind::TableAlteration::ReplaceColumn)).
    #[error("{column}: this change needs the generated column to be made anew")]
    NeedsNewColumn { column: Address },
    #[error("{column}: there is no cast from {from} to {to}")]
    NoCast { column: Address, from: String, to: String },
    #[error(
        "{column}: a column that is not null and has no default cannot be added to a table that holds rows"
    )]
    NoValueForRows { column: Address },
    /// PostgreSQL changes no type that a generated column is computed from.
    #[error("{generated}: the generated column depends on {used}, whose type is to change")]
    UsedByGenerated { generated: Address, used: String },
    #[error("{address}: an object of this kind cannot be renamed")]
    FixedName { address: Address },
    #[error("{address}: the sequence has come to {value}, which is not between {min} and {max}")]
    OutOfBounds { address: Address, value: i64, min: i64, max: i64 },
    /// PostgreSQL completes an index of a partitioned table only by parts that are attached one by one.
    #[error(
        "{address}: the declared partitions have parts of it under names of their own, or none; {partition}, which is managed \
         elsewhere, would get none"
    )]
    PartsElsewhere { address: Address, partition: QualifiedName },
    /// PostgreSQL 18 changes no type where a table that inherits the column calls its `NOT NULL` otherwise.
    #[error(
        "{column}: a table that inherits it calls its NOT NULL otherwise, and the primary key of {keyed} needs that of the \
         column"
    )]
    NamedOtherwise { column: Address, keyed: QualifiedName },
    #[error(
        "{address}: version {found} is installed, which is newer than {brought}, the one that djogi brings"
    )]
    NewerInstalled { address: Address, found: String, brought: &'static str },
    /// PostgreSQL does not look through the rows for values of a type within others.
    #[error("{address}: {column} holds values of this type, so {what}")]
    TypeInUse { address: Address, column: Address, what: &'static str },
    #[error("{column} cannot get its type by `up` of [live.{migration}]: {why}")]
    NotConverted { column: Address, migration: Ident, why: String },
    #[error("{address}: [live.{rule}] on_orphan = \"{policy}\" cannot be done: {why}")]
    OrphansStay { address: Address, rule: Ident, policy: &'static str, why: String },
}

impl Impossible {
    /// What the user can do about it, as one sentence without a full stop.
    pub fn remedy(&self) -> String {
        match self {
            Impossible::NeedsNewerServer { since, .. } => {
                format!(
                    "upgrade the server to PostgreSQL {since} or newer, or remove it from the declaration"
                )
            }
            Impossible::NeedsNewColumn { .. } => {
                "drop the column and add it with its new definition".to_owned()
            }
            Impossible::NoCast { .. } => {
                "add a column of the new type under another name, fill it, then drop the old one".to_owned()
            }
            Impossible::NotConverted { migration, .. } => format!("correct it in [live.{migration}]"),
            Impossible::OrphansStay { .. } => "mend the rows by hand, and leave the rule out".to_owned(),
            Impossible::NoValueForRows { .. } => {
                "give the column a default, or add it nullable, fill it and make it not null then".to_owned()
            }
            Impossible::UsedByGenerated { .. } => {
                "drop the generated column, apply, then declare it again".to_owned()
            }
            Impossible::OutOfBounds { .. } => {
                "declare wider bounds, or restart the sequence within these by hand, which gives numbers out again"
                    .to_owned()
            }
            Impossible::FixedName { .. } => "drop it and create the other one".to_owned(),
            Impossible::PartsElsewhere { .. } => {
                "declare it on the partitioned table alone, so that PostgreSQL makes and names the parts".to_owned()
            }
            Impossible::NamedOtherwise { .. } => {
                "declare the table that inherits it without a name for the NOT NULL, or drop the primary key, apply, then \
                 declare it again"
                    .to_owned()
            }
            Impossible::NewerInstalled { .. } => "use the djogi that has installed it, or a newer one".to_owned(),
            Impossible::TypeInUse { .. } => {
                "make another type, give the column that type, then drop this one".to_owned()
            }
        }
    }
}

/// The statements that would make `resource` on an empty database of `version`, for people to read.
pub fn definition(resource: &Resource, version: ServerVersion, address: &Address) -> String {
    if let Resource::Seed(seed) = resource {
        // No statement says which rows it has.
        return format!("-- {} rows of {}, by ({})\n", seed.rows, seed.table, IdentList(&seed.key));
    }
    let live = Catalog::default();
    let new_tables = address.relation().into_iter().collect();
    let context = Context { new_tables: &new_tables, ..Context::of(version, address.target(), &live) };
    match create(resource, &context, address) {
        Ok(steps) => steps.iter().map(|step| format!("{};\n", step.operation.sql)).collect(),
        Err(impossible) => format!("-- {impossible}\n"),
    }
}

/// Creates a table with the constraints `inline` in the same statement, then all the comments. The comment of
/// a constraint is a step of the constraint's own address. Foreign keys are not for `inline`: they lock another
/// table, see [`create`].
pub fn create_table(
    table: &Table,
    inline: &[&Constraint],
    ctx: &Context<'_>,
) -> Result<Vec<Step>, Impossible> {
    let address = Address::table(ctx.target, &table.qualified_name());
    table::create_with(table, inline, ctx, &address)
}

/// What of a table has to wait for its indexes; nothing for most. Goes after them.
pub fn attach_table(table: &Table, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    table::attach(table, ctx, address)
}

/// The statements that end a migration, in one way or the other. Those that exchange columns come second.
pub fn end_migration(migration: &Migration, ctx: &Context<'_>, address: &Address) -> Replacement {
    migration::end(migration, ctx, address)
}

/// What the table of a new index, or of a new constraint, says of it, where it is there in the place of another one. Goes
/// after it.
pub fn renew_uses_of_index(
    table: &QualifiedName,
    index: &Ident,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    table::renew_uses_of_index(table, index, ctx, address)
}

/// Makes a new index or key of a partition a part of that of the partitioned table; checks the rows of the partition where
/// another constraint has come to it unchecked.
pub fn attach_part(part: &Resource, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    match part {
        Resource::Index(index) => index::attach(index, ctx, address),
        Resource::Constraint(constraint) => constraint::attach(constraint, ctx, address),
        _ => Vec::new(),
    }
}

/// Takes a sequence that stays from the table that owns it; goes before the table.
pub fn disown(owned: &Resource, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    match owned {
        Resource::Sequence(owned) => sequence::disown(owned, ctx, address),
        _ => Vec::new(),
    }
}

/// Makes a sequence belong to its column; nothing for a free one. Goes after the table.
pub fn own_sequence(sequence: &Sequence, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    sequence::own(sequence, ctx, address)
}

/// Renames a column of `table`, which already has the name it shall keep.
pub fn rename_column(
    table: &QualifiedName,
    from: &Ident,
    to: &Ident,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    column::rename(table, from, to, ctx, address)
}

/// Gives an enum type another set or order of labels: a new type takes the old one's name, and every live
/// column of the type, arrays too, is changed to it. All steps belong in one transaction.
///
/// `rebuild` are those of its [`enum_dependents`] that the plan does not drop or replace anyway; they are
/// dropped first and created again in the end. The steps go before all other alterations of the tables
/// concerned: they change every column that is of the type now.
pub fn replace_enum(
    live: &EnumType,
    desired: &EnumType,
    rebuild: &[&Resource],
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    enum_type::replace(live, desired, rebuild, ctx, address)
}

/// Exchanges a collation for one with another definition under the name of the old one: every live column that is sorted
/// by it changes to the new one. All steps belong in one transaction, before all other alterations of the tables concerned.
pub fn replace_collation(
    live: &Collation,
    desired: &Collation,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    collation::replace(live, desired, ctx, address)
}

/// Exchanges an index for one with another definition; see [`Replacement`]. `moves` says whether the plan changes what
/// the index is about, so that the old one must be gone before.
pub fn replace_index(
    live: &Index,
    desired: &Index,
    moves: bool,
    ctx: &Context<'_>,
    address: &Address,
) -> Replacement {
    index::replace(live, desired, moves, ctx, address)
}

/// Exchanges a constraint for one with another definition; `moves` is as with [`replace_index`].
///
/// # Errors
/// When the server lacks constraints of this sort.
pub fn replace_constraint(
    live: &Constraint,
    desired: &Constraint,
    moves: bool,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Replacement, Impossible> {
    constraint::replace(live, desired, moves, ctx, address)
}

/// Takes out of a publication what changes under it, and puts it in again as `desired` has it.
pub fn replace_publication(
    live: &Publication,
    desired: &Publication,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Replacement, Impossible> {
    publication::replace(live, desired, ctx, address)
}
