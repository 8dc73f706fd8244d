//! The rows that a foreign key would refuse, where somebody has said what becomes of them (RFC 0017).
//!
//! Under a lock that stops writers they go before the foreign key comes, in its transaction. Beside others it comes first,
//! `NOT VALID`, so that no row is added to them; then they go chunk by chunk, and it is validated.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::ident::{Ident, IdentList, QualifiedName};
use crate::kind::{Column, Constraint, ConstraintDefinition, ForeignKey, Resource, Table};
use crate::migration::{OnOrphan, Orphans, can_be_joined, forget, is_key, names, row_key};
use crate::names::column_names;
use crate::plan::{Backfill, RefusedRows};
use crate::safety::{Route, Verb};
use crate::seed::Compared;
use crate::sql::{Context, Impossible, Step, precheck};

/// What is to be done about them.
pub(super) struct Remedy<'a> {
    said: &'a Orphans,
    constraint: &'a Constraint,
    key: &'a ForeignKey,
    table: &'a Table,
    name: QualifiedName,
    /// Those columns of the foreign key that get null.
    nulls: Vec<&'a Ident>,
    /// By what the rows are gone through, where others go on.
    row_key: Option<Vec<Ident>>,
}

impl<'a> Remedy<'a> {
    /// Of the rows that `constraint` would refuse; `None` where nothing is said of them, or where there are none.
    ///
    /// # Errors
    /// [`Impossible::OrphansStay`], where what is said cannot be done.
    pub(super) fn of(
        constraint: &'a Constraint,
        ctx: &Context<'a>,
        address: &Address,
    ) -> Result<Option<Self>, Impossible> {
        let name = constraint.table_name();
        let ConstraintDefinition::ForeignKey(key) = &constraint.definition else { return Ok(None) };
        let Some(said) = ctx.orphans.get(address) else { return Ok(None) };
        if !constraint.validated || !constraint.enforced || !ctx.has_rows_here(&name) {
            return Ok(None);
        }
        let Some(table) = ctx.live.table(ctx.target, &name) else { return Ok(None) };
        let chosen = if key.on_delete_columns.is_empty() { &key.columns } else { &key.on_delete_columns };
        let declared = ctx.declared_table(&name).unwrap_or(table);
        let remedy = Self {
            said,
            constraint,
            key,
            table,
            nulls: chosen.iter().filter(|column| may_be_null(declared, column)).collect(),
            row_key: row_key(table, ctx.live),
            name,
        };
        match remedy.obstacle(ctx) {
            None => Ok(Some(remedy)),
            Some(why) => {
                let (rule, policy) = (said.name.clone(), said.policy.as_str());
                Err(Impossible::OrphansStay { address: address.clone(), rule, policy, why })
            }
        }
    }

    /// Why nobody can be sure which rows they are, or that they can go.
    fn obstacle(&self, ctx: &Context<'_>) -> Option<String> {
        let references = &self.key.references;
        if self.said.refused.is_some() {
            return self.said.refused.clone();
        }
        if precheck::of_constraint(self.constraint, ctx).is_none() {
            return Some("it is not for `MATCH FULL` over several columns, nor for `PERIOD`".to_owned());
        }
        let referenced = ctx.live.table(ctx.target, references).filter(|_| !ctx.is_new(references));
        let Some(referenced) = referenced else {
            return Some(format!("{references} is made by the same plan, and every row would be one"));
        };
        for (own, other) in self.key.columns.iter().zip(&self.key.referenced_columns) {
            let (Some(own), Some(other)) = (self.table.column(own), referenced.column(other)) else {
                return Some("a column is made by the same plan, and every row would be one".to_owned());
            };
            if is_to_be_written(references, &other.name, ctx) {
                let other = &other.name;
                return Some(format!(
                    "{references}.{other} gets its values by the same plan or a live migration"
                ));
            }
            // The same plan may give them other types.
            let later = [(&self.name, own), (references, other)].map(|(table, column)| {
                let declared = ctx.declared_table(table);
                declared.and_then(|table| table.column(&column.name)).unwrap_or(column)
            });
            if !(is_compared_alike(own, other) && is_compared_alike(later[0], later[1])) {
                let (own, other) = (&own.name, &other.name);
                return Some(format!("djogi cannot tell how PostgreSQL compares {own} with {other}"));
            }
        }
        if gets_rows(references, ctx) {
            return Some(format!("{references} gets rows by the same plan"));
        }
        for (name, table) in [(&self.name, self.table), (references, referenced)] {
            if table.properties.force_row_security {
                return Some(format!(
                    "{name} forces row level security, so that nobody sees all of its rows for sure"
                ));
            }
            if has_heirs(name, ctx) {
                return Some(format!(
                    "other tables inherit from {name}, whose rows the foreign key is not about"
                ));
            }
        }
        if self.said.policy == OnOrphan::Null && self.nulls.is_empty() {
            return Some(format!("{} cannot be null", IdentList(&self.key.columns)));
        }
        self.referring(ctx).map(|other| {
            format!("{other} refers to what would change, and what refers to it would not stay as it is")
        })
    }

    /// A foreign key to what goes.
    fn referring(&self, ctx: &Context<'_>) -> Option<String> {
        let family = family(&self.name, ctx);
        let go = self.said.policy.takes_rows() || family.iter().any(|table| self.moves_in(table, ctx));
        let changes = |table: &QualifiedName, column: &Ident| {
            let is_computed = |table: &Table| table.column(column).is_some_and(|it| it.generated.is_some());
            self.nulls.contains(&column) || on_each_side(table, ctx).any(is_computed)
        };
        let is_hit = |key: &ForeignKey| {
            let mut columns = key.referenced_columns.iter();
            family.contains(&key.references) && (go || columns.any(|column| changes(&key.references, column)))
        };
        let refers = |resource: &Resource| match resource {
            Resource::Constraint(other) => match &other.definition {
                ConstraintDefinition::ForeignKey(key) if is_hit(key) => {
                    Some(format!("{} of {}", other.name, other.table_name()))
                }
                _ => None,
            },
            _ => None,
        };
        on_both_sides(ctx).find_map(refers)
    }

    /// Whether a null can move a row to another partition of `table`, which is a row that goes and another that comes.
    fn moves_in(&self, table: &QualifiedName, ctx: &Context<'_>) -> bool {
        on_each_side(table, ctx).filter_map(|table| table.partition_by.as_ref()).any(|key| {
            let elements = key.elements.as_str();
            elements.contains('(') || column_names(elements).iter().any(|column| self.nulls.contains(&column))
        })
    }

    /// Whether the key that the rows are gone through by is there all the time.
    fn can_be_gone_through(&self, ctx: &Context<'_>) -> bool {
        let Some(key) = &self.row_key else { return false };
        let mut declared = ctx.desired.into_iter().flatten();
        declared.any(|(_, declared)| is_key(&declared.resource, &self.name, key))
    }

    /// # Errors
    /// [`Impossible::OrphansStay`] where the rows have to go beside others, and cannot.
    pub(super) fn require_key(&self, ctx: &Context<'_>, address: &Address) -> Result<(), Impossible> {
        if self.can_be_gone_through(ctx) {
            return Ok(());
        }
        Err(Impossible::OrphansStay {
            address: address.clone(),
            rule: self.said.name.clone(),
            policy: self.said.policy.as_str(),
            why: "the table has no unique key without nulls that stays, to go through its rows by".to_owned(),
        })
    }

    /// `step`, which keeps writers away, with the rows taken out of its way before. Nobody adds to what they refer to
    /// meanwhile.
    pub(super) fn before(&self, ctx: &Context<'_>, mut step: Step) -> Step {
        let mut sql = vec!["SET LOCAL row_security = off".to_owned()];
        sql.extend(self.make_table());
        sql.push(self.written(ctx).statement(None));
        // An update that constraints are still to be checked for would keep the table from being altered.
        sql.push("SET CONSTRAINTS ALL IMMEDIATE".to_owned());
        sql.push(step.operation.sql);
        step.operation.sql = sql.join(";\n");
        step.operation.besides.push(self.key.references.clone());
        step.operation.refused = Some(self.refused(ctx));
        self.telling(step.with_precheck(None))
    }

    /// As [`Remedy::before`], of the validation of a foreign key that is there.
    pub(super) fn before_validation(&self, ctx: &Context<'_>, address: &Address) -> Step {
        let sql = super::validate(self.constraint, ctx, address).operation.sql;
        let others = super::referenced(self.constraint);
        self.before(ctx, ctx.step_on(address, Verb::AddForeignKey, &self.name, &others, sql))
    }

    /// What takes them away while others write, once the foreign key is there.
    pub(super) fn beside(&self, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
        let made = self.make_table().map(|sql| ctx.step(address, Verb::MakeQuarantine, sql));
        let backfill = self.written(ctx);
        let mut written = ctx.step_on_one(address, Verb::Backfill, &self.name, backfill.statement(None));
        written.operation.backfill = Some(backfill);
        made.into_iter().chain([self.telling(written)]).collect()
    }

    /// The validation, after all of them are gone.
    pub(super) fn after(&self, ctx: &Context<'_>, address: &Address) -> Step {
        let mut step = super::validate(self.constraint, ctx, address).with_precheck(None);
        step.operation.sql += &format!(";\n{}", forget(ctx.target, self.said.name.as_str()));
        step
    }

    /// Whether writers go on meanwhile.
    pub(super) fn is_beside_others(&self, ctx: &Context<'_>) -> bool {
        matches!(ctx.row_route(&self.name), Some(Route::Online(_)))
    }

    /// `step`, which is what becomes of them.
    fn telling(&self, step: Step) -> Step {
        let (table, references) = (&self.name, &self.key.references);
        let what = match self.said.policy {
            OnOrphan::Null => format!("get {}", self.assignment()),
            OnOrphan::Quarantine | OnOrphan::Delete | OnOrphan::Fail => match self.quarantine() {
                Some(name) => format!("are moved into {name}"),
                None => "are deleted".to_owned(),
            },
        };
        let hazard = format!("rows of {table} that refer to no row of {references} {what}");
        Step { reversibility: self.said.policy.reversibility(), ..step }.with_hazard(hazard)
    }

    fn written(&self, ctx: &Context<'_>) -> Backfill {
        Backfill {
            migration: self.said.name.as_str().to_owned(),
            table: self.name.clone(),
            key: self.row_key.clone().unwrap_or_default(),
            assignment: (self.said.policy == OnOrphan::Null).then(|| self.assignment()),
            // What others have put into a schema where a chunk looks for the operators of its key decides nothing.
            condition: precheck::orphans(self.key, &self.name.name.to_string(), "OPERATOR(pg_catalog.=)"),
            refused: Some(self.refused(ctx)),
        }
    }

    fn refused(&self, ctx: &Context<'_>) -> RefusedRows {
        let nulls = || self.nulls.iter().map(|column| (*column).clone()).collect();
        RefusedRows {
            table: self.name.clone(),
            foreign_key: self.constraint.name.clone(),
            columns: self.key.columns.clone(),
            references: self.key.references.clone(),
            referenced_columns: self.key.referenced_columns.clone(),
            nulls: if self.said.policy == OnOrphan::Null { nulls() } else { Vec::new() },
            into: self.quarantine(),
            partitioned: ctx.is_partitioned(&self.name),
        }
    }

    fn assignment(&self) -> String {
        self.nulls.iter().map(|column| format!("{column} = NULL")).collect::<Vec<_>>().join(", ")
    }

    fn quarantine(&self) -> Option<QualifiedName> {
        (self.said.policy == OnOrphan::Quarantine).then(|| names::quarantine(&self.said.name))
    }

    fn make_table(&self) -> Option<String> {
        let table = self.quarantine()?;
        Some(format!(
            "CREATE TABLE IF NOT EXISTS {table} (kept_at timestamp with time zone DEFAULT pg_catalog.now() NOT NULL, \
             kept json NOT NULL, exact text NOT NULL)"
        ))
    }
}

fn may_be_null(table: &Table, column: &Ident) -> bool {
    table.column(column).is_some_and(|column| !column.not_null && column.generated.is_none())
}

/// Whether `=` is the operator of the foreign key: that of a type of PostgreSQL's own, which is found by every session.
fn is_compared_alike(own: &Column, other: &Column) -> bool {
    let is_builtin = |column: &Column| !column.data_type.contains('.');
    is_builtin(own)
        && is_builtin(other)
        && can_be_joined(&own.data_type, &other.data_type)
        && own.collation == other.collation
}

/// Whether the values of a column are still to come, by this plan or by a live migration.
fn is_to_be_written(table: &QualifiedName, column: &Ident, ctx: &Context<'_>) -> bool {
    let address = Address::column(ctx.target, table, column);
    let migrates = |resource: &Resource| {
        matches!(resource, Resource::Migration(migration)
            if migration.table() == table && migration.column() == column)
    };
    ctx.fills.contains_key(&address)
        || ctx.conversions.contains_key(&address)
        || on_both_sides(ctx).any(migrates)
}

/// The table with all that its rows are also rows of: what it is a partition of, and its own partitions.
fn family(table: &QualifiedName, ctx: &Context<'_>) -> BTreeSet<QualifiedName> {
    let mut family = BTreeSet::from([table.clone()]);
    loop {
        let more: Vec<QualifiedName> = on_both_sides(ctx)
            .filter_map(|resource| match resource {
                Resource::Table(other) => Some((other.qualified_name(), other.lineage.parents())),
                _ => None,
            })
            .flat_map(|(name, parents)| parents.iter().map(move |parent| (name.clone(), parent.clone())))
            .filter_map(|(name, parent)| match (family.contains(&name), family.contains(&parent)) {
                (true, false) => Some(parent),
                (false, true) => Some(name),
                _ => None,
            })
            .collect();
        if more.is_empty() {
            return family;
        }
        family.extend(more);
    }
}

/// Whether a seed writes rows of `table`.
fn gets_rows(table: &QualifiedName, ctx: &Context<'_>) -> bool {
    let is_of_it = |address: &Address| {
        let declared = ctx.desired.and_then(|desired| desired.get(address));
        matches!(declared.map(|declared| &*declared.resource), Some(Resource::Seed(seed)) if seed.table == *table)
    };
    ctx.seeds.iter().any(|(address, work)| work.compared != Compared::Same && is_of_it(address))
}

/// Whether the table has more rows than its own: those of tables that inherit.
fn has_heirs(table: &QualifiedName, ctx: &Context<'_>) -> bool {
    on_both_sides(ctx).any(|other| {
        matches!(other, Resource::Table(child) if !child.is_partition() && child.lineage.parents().contains(table))
    })
}

/// The table as it is and as it is declared.
fn on_each_side<'c>(name: &QualifiedName, ctx: &'c Context<'_>) -> impl Iterator<Item = &'c Table> {
    [ctx.live.table(ctx.target, name), ctx.declared_table(name)].into_iter().flatten()
}

fn on_both_sides<'c>(ctx: &'c Context<'_>) -> impl Iterator<Item = &'c Resource> {
    let declared = ctx.desired.into_iter().flatten().map(|(_, declared)| &*declared.resource);
    ctx.live.iter().map(|(_, resource)| resource).chain(declared)
}
