//! DDL of table constraints.

mod online;
mod orphans;

pub(super) use online::key_of_index;
use orphans::Remedy;

use std::collections::{BTreeMap, BTreeSet};

use super::index::{attach_index, element_sql, set_options, set_tablespace};
use super::parameters::options_clause;
use super::{Context, Impossible, Replacement, Step, comment_sql, precheck};
use crate::address::Address;
use crate::ident::{Ident, IdentList, QualifiedName};
use crate::kind::{
    Constraint, ConstraintAlteration, ConstraintDefinition, Deferrable, Exclusion, ForeignKey, MatchType,
    ParameterChange, ParentConstraint, ReferentialAction,
};
use crate::lexis::in_parentheses;
use crate::safety::Verb;

pub(super) fn create(
    constraint: &Constraint,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    require_support(constraint, ctx, address)?;
    let remedy = Remedy::of(constraint, ctx, address)?;
    if let Some(steps) = online::create(constraint, remedy.as_ref(), ctx, address) {
        if let Some(remedy) = &remedy {
            remedy.require_key(ctx, address)?;
        }
        return Ok(steps);
    }
    let steps = create_at_once(constraint, ctx, address).into_iter();
    Ok(match remedy {
        // The comments come after it.
        Some(remedy) => steps
            .enumerate()
            .map(|(at, step)| if at == 0 { remedy.before(ctx, step) } else { step })
            .collect(),
        None => steps.collect(),
    })
}

/// What takes the place of a constraint of the same name.
pub(super) fn replace(
    live: &Constraint,
    desired: &Constraint,
    moves: bool,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Replacement, Impossible> {
    require_support(desired, ctx, address)?;
    if let Some(exchange) = online::exchange(live, desired, moves, ctx, address) {
        return Ok(exchange);
    }
    let up = if live.has_index() && desired.has_index() {
        // Between the two no row may escape both.
        create_at_once(desired, ctx, address)
    } else {
        // What is said of orphans was said of the other one.
        create(desired, &Context { orphans: &BTreeMap::new(), ..*ctx }, address)?
    };
    // What is dropped is of the old table where the table is replaced too.
    let before = Context { new_tables: &BTreeSet::new(), ..*ctx };
    Ok(Replacement { down: drop(live, &before, address), up })
}

/// In the transaction of its neighbours, whatever the size of its table.
pub(super) fn create_at_once(constraint: &Constraint, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let table = constraint.table_name();
    let is_checked = constraint.validated && constraint.enforced;
    let valid = if constraint.validated || !constraint.enforced { "" } else { " NOT VALID" };
    let only = if ctx.apart.contains(address) { "ONLY " } else { "" };
    let sql = format!("ALTER TABLE {only}{table} ADD {}{valid}", definition_sql(constraint));
    let verb = match (&constraint.definition, is_checked) {
        (ConstraintDefinition::PrimaryKey { .. }, _) => Verb::AddPrimaryKey,
        (ConstraintDefinition::Unique { .. }, _) => Verb::AddUnique,
        (ConstraintDefinition::Exclusion(_), _) => Verb::AddExclusion,
        (ConstraintDefinition::Check { .. }, true) => Verb::AddCheck,
        (ConstraintDefinition::Check { .. }, false) => Verb::AddCheckNotValid,
        (ConstraintDefinition::ForeignKey(_), true) => Verb::AddForeignKey,
        (ConstraintDefinition::ForeignKey(_), false) => Verb::AddForeignKeyNotValid,
    };
    let mut steps = vec![ctx.step_on(address, verb, &table, &referenced(constraint), sql)];
    steps.extend(comments(constraint, ctx, address));
    steps
}

/// Whether the server has constraints of this sort.
pub(super) fn require_support(
    constraint: &Constraint,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<(), Impossible> {
    if !constraint.enforced {
        ctx.require(Verb::SetConstraintEnforced, "a constraint that is not enforced", address)?;
    }
    if constraint.period {
        let what = match constraint.definition {
            ConstraintDefinition::ForeignKey(_) => "a foreign key with PERIOD",
            ConstraintDefinition::PrimaryKey { .. }
            | ConstraintDefinition::Unique { .. }
            | ConstraintDefinition::Check { .. }
            | ConstraintDefinition::Exclusion(_) => "a key WITHOUT OVERLAPS",
        };
        ctx.require(Verb::AddTemporalKey, what, address)?;
    }
    Ok(())
}

/// `CONSTRAINT name ...` as it stands in `CREATE TABLE` and after `ADD`, without `NOT VALID`.
pub(super) fn definition_sql(constraint: &Constraint) -> String {
    let mut sql = format!("CONSTRAINT {} ", constraint.name);
    let overlaps = if constraint.period { " WITHOUT OVERLAPS" } else { "" };
    let mut index = options_clause(&constraint.options);
    if let Some(tablespace) = &constraint.tablespace {
        index += &format!(" USING INDEX TABLESPACE {tablespace}");
    }
    match &constraint.definition {
        ConstraintDefinition::PrimaryKey { columns, include } => {
            sql += &format!("PRIMARY KEY ({}{overlaps})", IdentList(columns));
            if !include.is_empty() {
                sql += &format!(" INCLUDE ({})", IdentList(include));
            }
            sql += &index;
        }
        ConstraintDefinition::Unique { columns, include, nulls_not_distinct } => {
            let nulls = if *nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
            sql += &format!("UNIQUE{nulls} ({}{overlaps})", IdentList(columns));
            if !include.is_empty() {
                sql += &format!(" INCLUDE ({})", IdentList(include));
            }
            sql += &index;
        }
        ConstraintDefinition::Check { expression, no_inherit } => {
            sql += &format!("CHECK {}", in_parentheses(expression.as_str()));
            if *no_inherit {
                sql += " NO INHERIT";
            }
        }
        ConstraintDefinition::ForeignKey(key) => sql += &foreign_key_sql(key, constraint.period),
        ConstraintDefinition::Exclusion(exclusion) => sql += &exclusion_sql(exclusion, &index),
    }
    sql += timing_sql(constraint.deferrable);
    if !constraint.enforced {
        sql += " NOT ENFORCED";
    }
    sql
}

fn timing_sql(deferrable: Deferrable) -> &'static str {
    match deferrable {
        Deferrable::NotDeferrable => "",
        Deferrable::InitiallyImmediate => " DEFERRABLE",
        Deferrable::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
    }
}

fn foreign_key_sql(key: &ForeignKey, period: bool) -> String {
    let mut sql = format!(
        "FOREIGN KEY ({}) REFERENCES {} ({})",
        key_columns(&key.columns, period),
        key.references,
        key_columns(&key.referenced_columns, period)
    );
    if key.match_type == MatchType::Full {
        sql += " MATCH FULL";
    }
    if key.on_update != ReferentialAction::NoAction {
        sql += &format!(" ON UPDATE {}", key.on_update.as_sql());
    }
    if key.on_delete != ReferentialAction::NoAction {
        sql += &format!(" ON DELETE {}", key.on_delete.as_sql());
        if !key.on_delete_columns.is_empty() {
            sql += &format!(" ({})", IdentList(&key.on_delete_columns));
        }
    }
    sql
}

fn key_columns(columns: &[Ident], period: bool) -> String {
    match columns.split_last() {
        Some((last, [])) if period => format!("PERIOD {last}"),
        Some((last, others)) if period => format!("{}, PERIOD {last}", IdentList(others)),
        _ => IdentList(columns).to_string(),
    }
}

/// `index` is what is said of its index.
fn exclusion_sql(exclusion: &Exclusion, index: &str) -> String {
    let elements: Vec<String> = exclusion
        .elements
        .iter()
        .map(|element| format!("{} WITH {}", element_sql(&element.element), element.operator))
        .collect();
    let mut sql = format!("EXCLUDE USING {} ({}){index}", exclusion.method, elements.join(", "));
    if let Some(predicate) = &exclusion.predicate {
        sql += &format!(" WHERE {}", in_parentheses(predicate.as_str()));
    }
    sql
}

/// The tables that a statement about the constraint locks besides its own.
fn referenced(constraint: &Constraint) -> BTreeSet<QualifiedName> {
    match &constraint.definition {
        ConstraintDefinition::ForeignKey(key) => BTreeSet::from([key.references.clone()]),
        ConstraintDefinition::PrimaryKey { .. }
        | ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::Check { .. }
        | ConstraintDefinition::Exclusion(_) => BTreeSet::new(),
    }
}

pub(super) fn drop(constraint: &Constraint, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let table = constraint.table_name();
    let verb = match constraint.definition {
        ConstraintDefinition::PrimaryKey { .. }
        | ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::Exclusion(_) => Verb::DropKey,
        ConstraintDefinition::Check { .. } => Verb::DropCheck,
        ConstraintDefinition::ForeignKey(_) => Verb::DropForeignKey,
    };
    let sql = format!("ALTER TABLE {table} DROP CONSTRAINT {}", constraint.name);
    vec![ctx.step_on(address, verb, &table, &referenced(constraint), sql)]
}

pub(super) fn rename(from: &Constraint, to: &Constraint, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    if from.name == to.name {
        return Vec::new();
    }
    let table = to.table_name();
    let sql = format!("ALTER TABLE {table} RENAME CONSTRAINT {} TO {}", from.name, to.name);
    vec![ctx.step_on_one(address, Verb::RenameConstraint, &from.table_name(), sql)]
}

pub(super) fn alter(
    desired: &Constraint,
    alteration: &ConstraintAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let (table, name) = (desired.table_name(), &desired.name);
    let index_name = || QualifiedName::new(desired.schema.clone(), name.clone());
    Ok(vec![match alteration {
        ConstraintAlteration::SetDeferrable(deferrable) => {
            let sql = set_timing(&table, name, *deferrable);
            ctx.step_on_one(address, Verb::SetConstraintDeferrable, &table, sql)
        }
        ConstraintAlteration::SetEnforced(enforced) => {
            let (verb, word) = if *enforced {
                (Verb::EnforceConstraint, "ENFORCED")
            } else {
                (Verb::SetConstraintEnforced, "NOT ENFORCED")
            };
            let sql = format!("ALTER TABLE {table} ALTER CONSTRAINT {name} {word}");
            let step = ctx.step_on(address, verb, &table, &referenced(desired), sql);
            match Remedy::of(desired, ctx, address)? {
                Some(remedy) => remedy.before(ctx, step),
                None => step,
            }
        }
        ConstraintAlteration::SetOptions(ParameterChange { set, reset }) => {
            return Ok(set_options(&index_name(), set, reset, ctx, address));
        }
        ConstraintAlteration::SetTablespace(tablespace) => {
            set_tablespace(&index_name(), tablespace.as_ref(), ctx, address)
        }
        ConstraintAlteration::Validate => match Remedy::of(desired, ctx, address)? {
            Some(remedy) if remedy.is_beside_others(ctx) => {
                remedy.require_key(ctx, address)?;
                let steps = remedy.beside(ctx, address).into_iter();
                return Ok(steps.chain([remedy.after(ctx, address)]).collect());
            }
            Some(remedy) => remedy.before_validation(ctx, address),
            None => {
                let step = validate(desired, ctx, address);
                let is_asked = step.operation.precheck.is_some();
                step.with_precheck(precheck::of_declared(desired, ctx).filter(|_| is_asked))
            }
        },
        ConstraintAlteration::Attach(parent) => attach_to(desired, parent, ctx, address),
        ConstraintAlteration::SetComment(comment) => set_comment(desired, comment.as_deref(), ctx, address),
        ConstraintAlteration::SetIndexComment(comment) => {
            set_index_comment(desired, comment.as_deref(), ctx, address)
        }
    }])
}

/// Looks at the rows that were there before the constraint.
pub(super) fn validate(constraint: &Constraint, ctx: &Context<'_>, address: &Address) -> Step {
    let (table, name) = (constraint.table_name(), &constraint.name);
    let verb = match constraint.definition {
        ConstraintDefinition::ForeignKey(_) => Verb::ValidateForeignKey,
        ConstraintDefinition::PrimaryKey { .. }
        | ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::Check { .. }
        | ConstraintDefinition::Exclusion(_) => Verb::ValidateCheck,
    };
    let sql = format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}");
    ctx.step_on(address, verb, &table, &referenced(constraint), sql)
        .asking(|| precheck::of_constraint(constraint, ctx))
}

/// The statement that changes when a foreign key is checked, where that is another time.
pub(super) fn set_other_timing(
    table: &QualifiedName,
    name: &Ident,
    from: Deferrable,
    to: Deferrable,
) -> Option<String> {
    (from != to).then(|| set_timing(table, name, to))
}

fn set_timing(table: &QualifiedName, name: &Ident, deferrable: Deferrable) -> String {
    let words = match deferrable {
        Deferrable::NotDeferrable => "NOT DEFERRABLE",
        Deferrable::InitiallyImmediate => "DEFERRABLE INITIALLY IMMEDIATE",
        Deferrable::InitiallyDeferred => "DEFERRABLE INITIALLY DEFERRED",
    };
    format!("ALTER TABLE {table} ALTER CONSTRAINT {name} {words}")
}

pub(super) fn attach(constraint: &Constraint, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    if !constraint.has_index() {
        return vec![validate(constraint, ctx, address)];
    }
    constraint.parent.iter().map(|parent| attach_to(constraint, parent, ctx, address)).collect()
}

/// The index of a key has the key's name.
fn attach_to(key: &Constraint, parent: &ParentConstraint, ctx: &Context<'_>, address: &Address) -> Step {
    let parent = QualifiedName::new(parent.table.schema.clone(), parent.name.clone());
    let own = QualifiedName::new(key.schema.clone(), key.name.clone());
    attach_index(&parent, &own, &key.table_name(), ctx, address)
}

/// The comments of a new constraint.
pub(super) fn comments(constraint: &Constraint, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let own = constraint.comment.as_deref();
    let of_index = constraint.index_comment.as_deref();
    let own = own.map(|comment| set_comment(constraint, Some(comment), ctx, address));
    own.into_iter()
        .chain(of_index.map(|comment| set_index_comment(constraint, Some(comment), ctx, address)))
        .collect()
}

fn set_index_comment(
    constraint: &Constraint,
    comment: Option<&str>,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let index = QualifiedName::new(constraint.schema.clone(), constraint.name.clone());
    ctx.step(address, Verb::Comment, comment_sql(&format!("INDEX {index}"), comment))
}

/// Takes no lock on the table.
fn set_comment(constraint: &Constraint, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("CONSTRAINT {} ON {}", constraint.name, constraint.table_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
