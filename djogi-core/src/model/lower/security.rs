//! Row security policies, and those that keep tenants apart.

use std::collections::BTreeMap;

use super::tables::Lowered;
use super::{Entry, Result, Sink, ident};
use crate::ident::{Ident, Literal};
use crate::kind::{Expression, Policy, PolicyCommand, Resource, TableProperties};
use crate::model::descriptor::{ModelDescriptor, PolicyDescriptor, RowSecurity, Source, TenantKeyDescriptor};
use crate::model::error::LowerError;

/// What a tenant may not leave, whatever other policies allow.
const ISOLATION: &str = "tenant_isolation";
/// What lets a tenant in where no other policy does.
const ACCESS: &str = "tenant_access";

/// Sets whether the table heeds its policies.
pub(super) fn set_properties(model: &ModelDescriptor, properties: &mut TableProperties) {
    let forced = model.row_security == RowSecurity::Forced || model.tenant_key.is_some();
    properties.force_row_security = forced;
    properties.row_security = forced || model.row_security == RowSecurity::Enabled;
}

pub(super) fn declare(table: &Lowered, sink: &mut Sink, errors: &mut Vec<LowerError>) {
    let mut known: BTreeMap<Ident, Source> = BTreeMap::new();
    for (policy, at) in policies(table, errors) {
        if let Some(first) = known.insert(policy.name.clone(), at) {
            let (name, table) = (policy.name, table.name());
            errors.push(LowerError::PartTwice { what: "policy", name, table, first, second: at });
            continue;
        }
        sink.add(&table.target, at, Entry::new(Resource::Policy(policy), true));
    }
}

fn policies(table: &Lowered, errors: &mut Vec<LowerError>) -> Vec<(Policy, Source)> {
    let model = table.model;
    let mut policies = Vec::new();
    let mut take = |policy: Result<Policy>, at| match policy {
        Ok(policy) => policies.push((policy, at)),
        Err(error) => errors.push(*error),
    };
    for descriptor in model.policies {
        let at = model.source.at(descriptor.line);
        take(policy(table, descriptor, at), at);
    }
    if let Some(key) = &model.tenant_key {
        let at = model.source.at(key.line);
        take(isolation(table, key, at), at);
        // Restrictive policies alone let nobody in.
        if model.policies.iter().all(|policy| policy.restrictive) {
            take(access(table, at), at);
        }
    }
    policies
}

fn policy(table: &Lowered, descriptor: &PolicyDescriptor, at: Source) -> Result<Policy> {
    let mut roles =
        descriptor.roles.iter().map(|role| ident("role", role, at)).collect::<Result<Vec<_>>>()?;
    roles.sort();
    roles.dedup();
    let expression = |sql: Option<&str>| sql.map(|sql| Expression::new(sql.trim()));
    Ok(Policy {
        permissive: !descriptor.restrictive,
        command: descriptor.command,
        roles,
        using: expression(descriptor.using),
        check: expression(descriptor.check),
        comment: descriptor.comment.map(str::to_owned),
        ..everything(table, ident("policy", descriptor.name, at)?)
    })
}

/// Rows of another tenant are neither seen nor written. A session that has not said who it is has no rows at all: a
/// setting that was set for a transaction is empty after it, not gone.
fn isolation(table: &Lowered, key: &TenantKeyDescriptor, at: Source) -> Result<Policy> {
    let column = table.column("the tenant key", key.column, at)?;
    let setting = format!("NULLIF(current_setting({}, true), '')", Literal(key.setting));
    let sql = format!("{} = {setting}::{}", column.name, column.data_type);
    let name = ident("policy", ISOLATION, at)?;
    Ok(Policy { permissive: false, using: Some(Expression::new(sql)), ..everything(table, name) })
}

fn access(table: &Lowered, at: Source) -> Result<Policy> {
    Ok(Policy { using: Some(Expression::new("true")), ..everything(table, ident("policy", ACCESS, at)?) })
}

/// A permissive policy for everybody about everything that says nothing yet.
fn everything(table: &Lowered, name: Ident) -> Policy {
    Policy {
        schema: table.table.schema.clone(),
        table: table.table.name.clone(),
        name,
        permissive: true,
        command: PolicyCommand::All,
        roles: Vec::new(),
        using: None,
        check: None,
        comment: None,
    }
}
