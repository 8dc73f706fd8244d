//! DDL of row security policies.

use super::{Context, Step, comment_sql};
use crate::address::Address;
use crate::ident::Ident;
use crate::kind::{Policy, PolicyAlteration, PolicyCommand};
use crate::lexis::in_parentheses;
use crate::safety::Verb;
use crate::unsaid::is_nobody;

pub(super) fn create(policy: &Policy, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let table = policy.table_name();
    let mut sql = format!("CREATE POLICY {} ON {table}", policy.name);
    if !policy.permissive {
        sql += " AS RESTRICTIVE";
    }
    if policy.command != PolicyCommand::All {
        sql += &format!(" FOR {}", policy.command.as_sql());
    }
    if !policy.roles.is_empty() {
        sql += &format!(" TO {}", roles_sql(&policy.roles));
    }
    if let Some(using) = &policy.using {
        sql += &format!(" USING {}", in_parentheses(using.as_str()));
    }
    if let Some(check) = &policy.check {
        sql += &format!(" WITH CHECK {}", in_parentheses(check.as_str()));
    }
    let mut steps = vec![ctx.step_on_one(address, Verb::CreatePolicy, &table, sql)];
    if policy.comment.is_some() {
        steps.push(set_comment(policy, policy.comment.as_deref(), ctx, address));
    }
    steps
}

fn roles_sql(roles: &[Ident]) -> String {
    let name = |role: &Ident| if is_nobody(role) { "CURRENT_USER".to_owned() } else { role.to_string() };
    match roles {
        [] => "PUBLIC".to_owned(),
        roles => roles.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}

pub(super) fn drop(policy: &Policy, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let table = policy.table_name();
    let sql = format!("DROP POLICY {} ON {table}", policy.name);
    vec![ctx.step_on_one(address, Verb::DropPolicy, &table, sql)]
}

pub(super) fn rename(from: &Policy, to: &Policy, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    if from.name == to.name {
        return Vec::new();
    }
    let table = to.table_name();
    let sql = format!("ALTER POLICY {} ON {table} RENAME TO {}", from.name, to.name);
    vec![ctx.step_on_one(address, Verb::AlterPolicy, &from.table_name(), sql)]
}

pub(super) fn alter(
    desired: &Policy,
    alteration: &PolicyAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let table = desired.table_name();
    let alter = |action: String| {
        let sql = format!("ALTER POLICY {} ON {table} {action}", desired.name);
        ctx.step_on_one(address, Verb::AlterPolicy, &table, sql)
    };
    vec![match alteration {
        PolicyAlteration::SetRoles(roles) => alter(format!("TO {}", roles_sql(roles))),
        PolicyAlteration::SetUsing(using) => alter(format!("USING {}", in_parentheses(using.as_str()))),
        PolicyAlteration::SetCheck(check) => alter(format!("WITH CHECK {}", in_parentheses(check.as_str()))),
        PolicyAlteration::SetComment(comment) => set_comment(desired, comment.as_deref(), ctx, address),
    }]
}

fn set_comment(policy: &Policy, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("POLICY {} ON {}", policy.name, policy.table_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
