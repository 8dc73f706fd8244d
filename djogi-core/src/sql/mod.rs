//! The only place where DDL is written: one file for each kind, each taking what is to be done and giving the
//! statements with everything the planner must know about them.
//!
//! Nothing here compares two catalogs. Every name is schema-qualified, nothing says `CASCADE` or `IF EXISTS`:
//! a statement does exactly what the plan shows or fails. What a statement locks and risks comes from the
//! table in [`safety`](crate::safety).

mod aggregate;
mod collation;
mod column;
mod composite;
mod constraint;
mod domain;
mod enum_type;
mod extension;
#[cfg(test)]
mod golden;
mod index;
mod materialized_view;
mod parameters;
mod policy;
mod range;
mod routine;
mod rule;
mod schema;
mod sequence;
mod statistics;
mod table;
mod trigger;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::catalog::Catalog;
use crate::ident::{Ident, Literal, MAX_IDENT_BYTES, QualifiedName};
use crate::kind::{Alteration, Column, Constraint, EnumType, Index, Resource, Sequence, Table};
use crate::names::qualified_names;
use crate::observation::{ServerVersion, TableSize};
use crate::plan::{Effect, Lock, Operation, Reversibility, TransactionMode};
use crate::safety::{Online, Route, Verb, look_up, route, since};

pub use enum_type::dependents as enum_dependents;
pub use index::Replacement;

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
    pub online: Online,
}

/// One statement with everything the planner must know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub operation: Operation,
    pub transaction: TransactionMode,
    pub reversibility: Reversibility,
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
    #[error("{address}: an extension cannot be renamed")]
    FixedName { address: Address },
    /// PostgreSQL does not look through the rows for values of a type within others.
    #[error("{address}: {column} holds values of this type, so {what}")]
    TypeInUse { address: Address, column: Address, what: &'static str },
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
            Impossible::NoValueForRows { .. } => {
                "give the column a default, or add it nullable, fill it and make it not null then".to_owned()
            }
            Impossible::UsedByGenerated { .. } => {
                "drop the generated column, apply, then declare it again".to_owned()
            }
            Impossible::FixedName { .. } => "drop the extension and create the other one".to_owned(),
            Impossible::TypeInUse { .. } => {
                "make another type, give the column that type, then drop this one".to_owned()
            }
        }
    }
}

/// The statements that would make `resource` on an empty database of `version`, for people to read.
pub fn definition(resource: &Resource, version: ServerVersion, address: &Address) -> String {
    let (live, sizes) = (Catalog::default(), BTreeMap::new());
    let new_tables = address.relation().into_iter().collect();
    let target = address.target();
    let context = Context {
        version,
        target,
        live: &live,
        sizes: &sizes,
        new_tables: &new_tables,
        online: Online::Never,
    };
    match create(resource, &context, address) {
        Ok(steps) => steps.iter().map(|step| format!("{};\n", step.operation.sql)).collect(),
        Err(impossible) => format!("-- {impossible}\n"),
    }
}

/// Creates `resource`, with its comment. Does not yet make an owned sequence belong to its column: the table
/// may need the sequence first, see [`own_sequence`].
pub fn create(resource: &Resource, ctx: &Context<'_>, address: &Address) -> Result<Vec<Step>, Impossible> {
    match resource {
        Resource::Schema(schema) => Ok(schema::create(schema, ctx, address)),
        Resource::Extension(extension) => Ok(extension::create(extension, ctx, address)),
        Resource::Enum(enum_type) => Ok(enum_type::create(enum_type, ctx, address)),
        Resource::Sequence(sequence) => Ok(sequence::create(sequence, ctx, address)),
        Resource::Table(table) => table::create(table, &[], ctx, address),
        Resource::Constraint(constraint) => constraint::create(constraint, ctx, address),
        Resource::Index(index) => Ok(index::create(index, ctx, address)),
        Resource::Collation(collation) => collation::create(collation, ctx, address),
        Resource::Domain(domain) => Ok(domain::create(domain, ctx, address)),
        Resource::Composite(composite) => Ok(composite::create(composite, ctx, address)),
        Resource::Range(range) => Ok(range::create(range, ctx, address)),
        Resource::Statistics(statistics) => Ok(statistics::create(statistics, ctx, address)),
        Resource::View(view) => Ok(view::create(view, ctx, address)),
        Resource::MaterializedView(view) => Ok(materialized_view::create(view, ctx, address)),
        Resource::Routine(routine) => Ok(routine::create(routine, ctx, address)),
        Resource::Aggregate(aggregate) => Ok(aggregate::create(aggregate, ctx, address)),
        Resource::Trigger(trigger) => Ok(trigger::create(trigger, ctx, address)),
        Resource::Rule(rule) => Ok(rule::create(rule, ctx, address)),
        Resource::Policy(policy) => Ok(policy::create(policy, ctx, address)),
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
    table::create(table, inline, ctx, &address)
}

/// What of a table has to wait for its indexes; nothing for most. Goes after them.
pub fn attach_table(table: &Table, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    table::attach(table, ctx, address)
}

/// Makes a sequence belong to its column; nothing for a free one. Goes after the table.
pub fn own_sequence(sequence: &Sequence, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    sequence::own(sequence, ctx, address)
}

/// Drops `resource`.
pub fn drop(resource: &Resource, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    match resource {
        Resource::Schema(schema) => schema::drop(schema, ctx, address),
        Resource::Extension(extension) => extension::drop(extension, ctx, address),
        Resource::Enum(enum_type) => enum_type::drop(enum_type, ctx, address),
        Resource::Sequence(sequence) => sequence::drop(sequence, ctx, address),
        Resource::Table(table) => table::drop(table, ctx, address),
        Resource::Constraint(constraint) => constraint::drop(constraint, ctx, address),
        Resource::Index(index) => index::drop(index, ctx, address),
        Resource::Collation(collation) => collation::drop(collation, ctx, address),
        Resource::Domain(domain) => domain::drop(domain, ctx, address),
        Resource::Composite(composite) => composite::drop(composite, ctx, address),
        Resource::Range(range) => range::drop(range, ctx, address),
        Resource::Statistics(statistics) => statistics::drop(statistics, ctx, address),
        Resource::View(view) => view::drop(view, ctx, address),
        Resource::MaterializedView(view) => materialized_view::drop(view, ctx, address),
        Resource::Routine(routine) => routine::drop(routine, ctx, address),
        Resource::Aggregate(aggregate) => aggregate::drop(aggregate, ctx, address),
        Resource::Trigger(trigger) => trigger::drop(trigger, ctx, address),
        Resource::Rule(rule) => rule::drop(rule, ctx, address),
        Resource::Policy(policy) => policy::drop(policy, ctx, address),
    }
}

/// Renames or moves the object `from` so that it has the name of `to`; both are of one kind. Constraints,
/// indexes and owned sequences follow their table into another schema, so the table goes first, and they are
/// named as they are called then.
pub fn rename(
    from: &Resource,
    to: &Resource,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    match (from, to) {
        (Resource::Schema(from), Resource::Schema(to)) => Ok(schema::rename(from, to, ctx, address)),
        (Resource::Enum(from), Resource::Enum(to)) => Ok(enum_type::rename(from, to, ctx, address)),
        (Resource::Sequence(from), Resource::Sequence(to)) => Ok(sequence::rename(from, to, ctx, address)),
        (Resource::Table(from), Resource::Table(to)) => Ok(table::rename(from, to, ctx, address)),
        (Resource::Constraint(from), Resource::Constraint(to)) => {
            Ok(constraint::rename(from, to, ctx, address))
        }
        (Resource::Index(from), Resource::Index(to)) => Ok(index::rename(from, to, ctx, address)),
        (Resource::Extension(_), _) => Err(Impossible::FixedName { address: address.clone() }),
        (Resource::Collation(from), Resource::Collation(to)) => Ok(collation::rename(from, to, ctx, address)),
        (Resource::Domain(from), Resource::Domain(to)) => Ok(domain::rename(from, to, ctx, address)),
        (Resource::Composite(from), Resource::Composite(to)) => Ok(composite::rename(from, to, ctx, address)),
        (Resource::Range(from), Resource::Range(to)) => Ok(range::rename(from, to, ctx, address)),
        (Resource::Statistics(from), Resource::Statistics(to)) => {
            Ok(statistics::rename(from, to, ctx, address))
        }
        (Resource::View(from), Resource::View(to)) => Ok(view::rename(from, to, ctx, address)),
        (Resource::MaterializedView(from), Resource::MaterializedView(to)) => {
            Ok(materialized_view::rename(from, to, ctx, address))
        }
        (Resource::Routine(from), Resource::Routine(to)) => Ok(routine::rename(from, to, ctx, address)),
        (Resource::Aggregate(from), Resource::Aggregate(to)) => Ok(aggregate::rename(from, to, ctx, address)),
        (Resource::Trigger(from), Resource::Trigger(to)) => Ok(trigger::rename(from, to, ctx, address)),
        (Resource::Rule(from), Resource::Rule(to)) => Ok(rule::rename(from, to, ctx, address)),
        (Resource::Policy(from), Resource::Policy(to)) => Ok(policy::rename(from, to, ctx, address)),
        _ => unreachable!("a rename keeps the kind of its resource: {address}"),
    }
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

/// Makes one change that PostgreSQL can make in place. `alteration` comes from comparing `live` with `desired`.
pub fn alter(
    live: &Resource,
    desired: &Resource,
    alteration: &Alteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    match (live, desired, alteration) {
        (_, Resource::Schema(desired), Alteration::Schema(alteration)) => {
            Ok(schema::alter(desired, alteration, ctx, address))
        }
        (_, Resource::Extension(desired), Alteration::Extension(alteration)) => {
            Ok(extension::alter(desired, alteration, ctx, address))
        }
        (_, Resource::Enum(desired), Alteration::Enum(alteration)) => {
            Ok(enum_type::alter(desired, alteration, ctx, address))
        }
        (Resource::Sequence(live), Resource::Sequence(desired), Alteration::Sequence(alteration)) => {
            Ok(sequence::alter(live, desired, alteration, ctx, address))
        }
        (Resource::Table(live), Resource::Table(desired), Alteration::Table(alteration)) => {
            table::alter(live, desired, alteration, ctx, address)
        }
        (_, Resource::Constraint(desired), Alteration::Constraint(alteration)) => {
            Ok(constraint::alter(desired, alteration, ctx, address))
        }
        (_, Resource::Index(desired), Alteration::Index(alteration)) => {
            Ok(index::alter(desired, alteration, ctx, address))
        }
        (_, Resource::Collation(desired), Alteration::Collation(alteration)) => {
            Ok(collation::alter(desired, alteration, ctx, address))
        }
        (Resource::Domain(live), Resource::Domain(desired), Alteration::Domain(alteration)) => {
            domain::alter(live, desired, alteration, ctx, address)
        }
        (_, Resource::Composite(desired), Alteration::Composite(alteration)) => {
            composite::alter(desired, alteration, ctx, address)
        }
        (_, Resource::Range(desired), Alteration::Range(alteration)) => {
            Ok(range::alter(desired, alteration, ctx, address))
        }
        (_, Resource::Statistics(desired), Alteration::Statistics(alteration)) => {
            Ok(statistics::alter(desired, alteration, ctx, address))
        }
        (_, Resource::View(desired), Alteration::View(alteration)) => {
            Ok(view::alter(desired, alteration, ctx, address))
        }
        (_, Resource::MaterializedView(desired), Alteration::MaterializedView(alteration)) => {
            Ok(materialized_view::alter(desired, alteration, ctx, address))
        }
        (_, Resource::Routine(desired), Alteration::Routine(alteration)) => {
            Ok(routine::alter(desired, alteration, ctx, address))
        }
        (_, Resource::Aggregate(desired), Alteration::Aggregate(alteration)) => {
            Ok(aggregate::alter(desired, alteration, ctx, address))
        }
        (_, Resource::Trigger(desired), Alteration::Trigger(alteration)) => {
            Ok(trigger::alter(desired, alteration, ctx, address))
        }
        (_, Resource::Rule(desired), Alteration::Rule(alteration)) => {
            Ok(rule::alter(desired, alteration, ctx, address))
        }
        (_, Resource::Policy(desired), Alteration::Policy(alteration)) => {
            Ok(policy::alter(desired, alteration, ctx, address))
        }
        _ => unreachable!("an alteration comes from comparing two resources of its kind: {address}"),
    }
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

impl Context<'_> {
    fn is_new(&self, table: &QualifiedName) -> bool {
        self.new_tables.contains(table)
    }

    /// A statement that concerns no table.
    fn step(&self, address: &Address, verb: Verb, sql: String) -> Step {
        let row = look_up(verb, self.version);
        Step {
            operation: Operation {
                address: address.clone(),
                sql,
                lock: None,
                effect: row.effect,
                rows: None,
                bytes: None,
                hazards: row.hazard.map(str::to_owned).into_iter().collect(),
                concurrently: None,
            },
            transaction: row.transaction,
            reversibility: row.reversibility,
        }
    }

    /// A statement that changes the relation `on` and locks the tables `referenced` besides.
    fn step_on(
        &self,
        address: &Address,
        verb: Verb,
        on: &QualifiedName,
        referenced: &BTreeSet<QualifiedName>,
        sql: String,
    ) -> Step {
        let row = look_up(verb, self.version);
        let mut step = self.step(address, verb, sql);
        let lock = |mode, relation: &QualifiedName| Lock { mode, relation: relation.to_string() };
        let mut others = referenced.iter().filter(|other| *other != on && !self.is_new(other));
        if self.is_new(on) {
            step.operation.effect = Effect::Catalog;
            step.operation.hazards.clear();
        } else {
            step.operation.lock = row.lock.map(|mode| lock(mode, on));
            if row.effect != Effect::Catalog
                && let Some(size) = self.sizes.get(on)
            {
                step.operation.rows = size.rows;
                step.operation.bytes = Some(size.bytes);
            }
        }
        let Some(mode) = row.referenced_lock else { return step };
        if step.operation.lock.is_none() {
            step.operation.lock = others.next().map(|other| lock(mode, other));
        }
        for other in others {
            step.operation.hazards.push(format!("also locks {other} in {} mode", mode.as_sql()));
        }
        step
    }

    /// A statement on one relation.
    fn step_on_one(&self, address: &Address, verb: Verb, on: &QualifiedName, sql: String) -> Step {
        self.step_on(address, verb, on, &BTreeSet::new(), sql)
    }

    /// The way for work on an index of `table`; `None` when the table is new, where no way is better than another.
    fn index_route(&self, table: &QualifiedName) -> Option<Route> {
        (!self.is_new(table)).then(|| route(self.online, self.sizes.get(table)))
    }

    /// Whether the server has the operation at all.
    fn require(&self, verb: Verb, what: &'static str, address: &Address) -> Result<(), Impossible> {
        let since = since(verb);
        if self.version.major() >= since {
            return Ok(());
        }
        Err(Impossible::NeedsNewerServer { address: address.clone(), what, since, server: self.version })
    }
}

impl Step {
    fn with_hazard(mut self, hazard: impl Into<String>) -> Self {
        self.operation.hazards.push(hazard.into());
        self
    }
}

/// A name that shows where it comes from, cut to PostgreSQL's length.
fn suffixed(name: &Ident, suffix: &str) -> Ident {
    let mut stem = name.as_str();
    while stem.len() + suffix.len() > MAX_IDENT_BYTES {
        let last = stem.char_indices().next_back().map_or(0, |(at, _)| at);
        stem = &stem[..last];
    }
    Ident::new(format!("{stem}{suffix}")).expect("the stem was cut to leave room for the suffix")
}

/// A live column whose values are of the type `name`, or hold some. Of a domain, which PostgreSQL finds by itself, only the
/// latter count.
fn column_holding(name: &QualifiedName, is_domain: bool, ctx: &Context<'_>) -> Option<Address> {
    let mut types = vec![name.clone()];
    let mut next = 0;
    while let Some(name) = types.get(next).cloned() {
        next += 1;
        for (_, resource) in ctx.live.iter() {
            let holds = |text: &str| qualified_names(text).contains(&name);
            let found = match resource {
                Resource::Composite(composite) => composite.attributes.iter().any(|a| holds(&a.data_type)),
                Resource::Range(range) => holds(&range.subtype),
                _ => false,
            };
            types.extend(resource.qualified_name().filter(|other| found && !types.contains(other)));
        }
    }
    ctx.live.iter().find_map(|(_, resource)| {
        let Resource::Table(table) = resource else { return None };
        let holds = |column: &&Column| {
            let is_itself = is_domain && column.data_type == name.to_string();
            !is_itself && qualified_names(&column.data_type).iter().any(|used| types.contains(used))
        };
        let column = table.columns.iter().find(holds)?;
        Some(Address::column(ctx.target, &table.qualified_name(), &column.name))
    })
}

/// `COMMENT ON <object> IS ...`; without a comment it removes the one that is there.
fn comment_sql(object: &str, comment: Option<&str>) -> String {
    match comment {
        Some(comment) => format!("COMMENT ON {object} IS {}", Literal(comment)),
        None => format!("COMMENT ON {object} IS NULL"),
    }
}

/// The statements that move a schema-level object: into the schema first, then to the name.
fn move_sql(object: &str, from: &QualifiedName, to: &QualifiedName) -> Vec<String> {
    let mut statements = Vec::new();
    if from.schema != to.schema {
        statements.push(format!("ALTER {object} {from} SET SCHEMA {}", to.schema));
    }
    if from.name != to.name {
        statements.push(format!("ALTER {object} {}.{} RENAME TO {}", to.schema, from.name, to.name));
    }
    statements
}

/// The same for what is named with its arguments.
fn routine_move_sql(
    kind: &str,
    (from, to): (&QualifiedName, &QualifiedName),
    arguments: &str,
) -> Vec<String> {
    let mut statements = Vec::new();
    if from.schema != to.schema {
        statements.push(format!("ALTER {kind} {from}({arguments}) SET SCHEMA {}", to.schema));
    }
    if from.name != to.name {
        statements
            .push(format!("ALTER {kind} {}.{}({arguments}) RENAME TO {}", to.schema, from.name, to.name));
    }
    statements
}
