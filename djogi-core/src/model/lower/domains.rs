//! Domains: the names of their checks, and where their default comes from.

use super::columns::default_value;
use super::types::{Types, collation, data_type};
use super::{Result, ident};
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Domain, DomainConstraint, Expression, NotNull};
use crate::model::descriptor::{CheckDescriptor, ColumnValue, DomainDescriptor};
use crate::model::error::LowerError;
use crate::model::naming::{Label, Names};

/// The domain, and whether it holds text that only PostgreSQL understands.
pub(super) fn lower(
    descriptor: &DomainDescriptor,
    name: &QualifiedName,
    target: &Ident,
    types: &Types,
) -> Result<(Domain, bool)> {
    let at = descriptor.head.source;
    let base = data_type(descriptor.base, target, types, &|| format!("domain {name}"), at)?;
    let default = match descriptor.default {
        ColumnValue::Default(default) => {
            Some(default_value(descriptor.head.name, &default, &base, at)?.expression)
        }
        ColumnValue::Given | ColumnValue::Identity(_) | ColumnValue::Generated(_) => None,
    };
    let raw = base.raw || default.is_some() || !descriptor.checks.is_empty();
    let domain = Domain {
        schema: name.schema.clone(),
        name: name.name.clone(),
        data_type: base.name,
        collation: collation(descriptor.collation, at)?,
        not_null: descriptor.not_null,
        not_null_constraint: NotNull::default(),
        default,
        constraints: constraints(descriptor, name)?,
        comment: descriptor.head.comment.map(str::to_owned),
    };
    Ok((domain, raw))
}

/// The checks under their names: those of a domain are apart from all others.
fn constraints(descriptor: &DomainDescriptor, domain: &QualifiedName) -> Result<Vec<DomainConstraint>> {
    let at = descriptor.head.source;
    let mut names = Names::default();
    for name in descriptor.checks.iter().filter_map(|check| check.name) {
        names.take(&domain.schema, Label::Check, name);
    }
    let mut constraint = |check: &CheckDescriptor| {
        Ok(DomainConstraint {
            name: match check.name {
                Some(name) => ident("constraint", name, at)?,
                None => names.choose(&domain.schema, &domain.name, &[], Label::Check),
            },
            expression: Expression::new(check.sql.trim()),
            validated: true,
            comment: check.comment.map(str::to_owned),
        })
    };
    let mut constraints = descriptor.checks.iter().map(&mut constraint).collect::<Result<Vec<_>>>()?;
    constraints.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(twice) = constraints.windows(2).find(|pair| pair[0].name == pair[1].name) {
        let (name, table) = (twice[0].name.clone(), domain.clone());
        return Err(LowerError::PartTwice { what: "check", name, table, first: at, second: at }.into());
    }
    Ok(constraints)
}
