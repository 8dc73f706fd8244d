//! Primary keys, unique, check and exclusion constraints.

use super::indexes::element;
use super::names::{Named, ObjectNames};
use super::tables::Lowered;
use super::{Entry, Result, Sink, ident};
use crate::address::Address;
use crate::ident::Ident;
use crate::kind::{
    Constraint, ConstraintDefinition, Deferrable, Exclusion, ExclusionElement, Expression, Parameters,
    Resource,
};
use crate::model::descriptor::{Deferral, ExclusionDescriptor, Source};
use crate::model::error::LowerError;

pub(super) fn declare(table: &Lowered, names: &ObjectNames, sink: &mut Sink, errors: &mut Vec<LowerError>) {
    let (model, at) = (table.model, table.model.source);
    for (key, name) in model.primary_key.iter().zip(&names.primary_key) {
        match key_columns(table, "the primary key", key.columns, key.include) {
            Ok((columns, include)) => {
                let definition = ConstraintDefinition::PrimaryKey { columns, include };
                let said = Said { period: key.without_overlaps, comment: key.comment, ..Said::NOTHING };
                add(table, name, definition, said, false, at, sink);
            }
            Err(error) => errors.push(*error),
        }
    }
    for (unique, name) in model.uniques.iter().zip(&names.uniques) {
        match key_columns(table, "a unique constraint", unique.columns, unique.include) {
            Ok((columns, include)) => {
                let nulls_not_distinct = unique.nulls_not_distinct;
                let definition = ConstraintDefinition::Unique { columns, include, nulls_not_distinct };
                let said = Said {
                    deferral: unique.deferral,
                    period: unique.without_overlaps,
                    comment: unique.comment,
                    ..Said::NOTHING
                };
                add(table, name, definition, said, false, at, sink);
            }
            Err(error) => errors.push(*error),
        }
    }
    for (check, name) in model.checks.iter().zip(&names.checks) {
        let expression = Expression::new(check.sql.trim());
        let definition = ConstraintDefinition::Check { expression, no_inherit: check.no_inherit };
        let said = Said { not_enforced: check.not_enforced, comment: check.comment, ..Said::NOTHING };
        add(table, name, definition, said, true, at, sink);
    }
    for (descriptor, name) in model.exclusions.iter().zip(&names.exclusions) {
        let at = at.at(descriptor.line);
        match exclusion(table, descriptor, at) {
            Ok((exclusion, raw)) => {
                let definition = ConstraintDefinition::Exclusion(exclusion);
                let said =
                    Said { deferral: descriptor.deferral, comment: descriptor.comment, ..Said::NOTHING };
                add(table, name, definition, said, raw, at, sink);
            }
            Err(error) => errors.push(*error),
        }
    }
}

/// The columns of a key, and those that its index has besides.
fn key_columns(
    table: &Lowered,
    what: &'static str,
    columns: &[&str],
    include: &[&str],
) -> Result<(Vec<Ident>, Vec<Ident>)> {
    let at = table.model.source;
    Ok((table.columns(what, columns, at)?, table.columns(what, include, at)?))
}

/// What every constraint can say besides its definition.
#[derive(Clone, Copy)]
pub(super) struct Said {
    pub(super) deferral: Deferral,
    pub(super) not_enforced: bool,
    /// `WITHOUT OVERLAPS`, or `PERIOD`.
    pub(super) period: bool,
    pub(super) comment: Option<&'static str>,
}

impl Said {
    const NOTHING: Self =
        Self { deferral: Deferral::NotDeferrable, not_enforced: false, period: false, comment: None };
}

/// Adds a constraint, remembering the address it had before a declared rename.
pub(super) fn add(
    table: &Lowered,
    name: &Named,
    definition: ConstraintDefinition,
    said: Said,
    raw: bool,
    at: Source,
    sink: &mut Sink,
) {
    let constraint = Constraint {
        schema: table.table.schema.clone(),
        table: table.table.name.clone(),
        name: name.new.clone(),
        definition,
        parent: None,
        derived: false,
        deferrable: match said.deferral {
            Deferral::NotDeferrable => Deferrable::NotDeferrable,
            Deferral::InitiallyImmediate => Deferrable::InitiallyImmediate,
            Deferral::InitiallyDeferred => Deferrable::InitiallyDeferred,
        },
        validated: true,
        enforced: !said.not_enforced,
        period: said.period,
        options: Parameters::new(),
        tablespace: None,
        comment: said.comment.map(str::to_owned),
        index_comment: None,
    };
    let mut entry = Entry::new(Resource::Constraint(constraint), raw);
    entry.renamed_from = Some(Address::constraint(&table.target, &table.old_name, &name.old));
    sink.add(&table.target, at, entry);
}

fn exclusion(table: &Lowered, descriptor: &ExclusionDescriptor, at: Source) -> Result<(Exclusion, bool)> {
    let mut raw = descriptor.predicate.is_some();
    let mut elements = Vec::with_capacity(descriptor.elements.len());
    for (key, operator) in descriptor.elements {
        let (element, element_is_raw) = element(table, "an exclusion constraint", key, at)?;
        // `OPERATOR(schema.op)` is printed by rules of its own.
        raw |=
            element_is_raw || !operator.chars().all(|c| c.is_ascii_punctuation() && !matches!(c, '(' | '.'));
        elements.push(ExclusionElement { element, operator: (*operator).to_owned() });
    }
    let exclusion = Exclusion {
        method: ident("index method", descriptor.method, at)?,
        elements,
        predicate: descriptor.predicate.map(|sql| Expression::new(sql.trim())),
    };
    Ok((exclusion, raw))
}
