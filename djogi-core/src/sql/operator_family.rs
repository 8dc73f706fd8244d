//! DDL of operator families.

use super::{Context, Step, comment_sql};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{FamilyMember, OperatorFamily, OperatorFamilyAlteration};
use crate::safety::Verb;

pub(super) fn create(family: &OperatorFamily, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut steps = vec![ctx.step(address, Verb::CreateOperatorFamily, format!("CREATE {}", named(family)))];
    if !family.members.is_empty() {
        steps.push(add(family, &family.members, ctx, address));
    }
    if family.comment.is_some() {
        steps.push(set_comment(family, family.comment.as_deref(), ctx, address));
    }
    steps
}

fn named(family: &OperatorFamily) -> String {
    format!("OPERATOR FAMILY {} USING {}", family.qualified_name(), family.method)
}

fn add(family: &OperatorFamily, members: &[FamilyMember], ctx: &Context<'_>, address: &Address) -> Step {
    let members: Vec<String> = members.iter().map(|member| format!("    {}", definition(member))).collect();
    let sql = format!("ALTER {} ADD\n{}", named(family), members.join(",\n"));
    ctx.step(address, Verb::AlterOperatorFamily, sql)
}

/// The types of a member's operands are a part of what a family knows it by; those of an operator stand at its name.
pub(super) fn definition(member: &FamilyMember) -> String {
    match member.name.split_once(" (") {
        Some((numbered, _)) if numbered.starts_with("OPERATOR") => format!("{numbered} {}", member.value),
        _ => format!("{} {}", member.name, member.value),
    }
}

pub(super) fn drop(family: &OperatorFamily, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropOperatorFamily, format!("DROP {}", named(family)))]
}

pub(super) fn rename(
    from: &OperatorFamily,
    to: &OperatorFamily,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let names = (&from.qualified_name(), &to.qualified_name());
    let statements = method_move_sql("OPERATOR FAMILY", names, &from.method);
    statements.into_iter().map(|sql| ctx.step(address, Verb::AlterOperatorFamily, sql)).collect()
}

/// The statements that move what belongs to an index method: into the schema first, then to the name.
pub(super) fn method_move_sql(
    object: &str,
    (from, to): (&QualifiedName, &QualifiedName),
    method: &Ident,
) -> Vec<String> {
    let mut statements = Vec::new();
    if from.schema != to.schema {
        statements.push(format!("ALTER {object} {from} USING {method} SET SCHEMA {}", to.schema));
    }
    if from.name != to.name {
        statements
            .push(format!("ALTER {object} {}.{} USING {method} RENAME TO {}", to.schema, from.name, to.name));
    }
    statements
}

pub(super) fn alter(
    desired: &OperatorFamily,
    alteration: &OperatorFamilyAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    vec![match alteration {
        OperatorFamilyAlteration::AddMember(member) => {
            add(desired, std::slice::from_ref(member), ctx, address)
        }
        OperatorFamilyAlteration::DropMember(member) => {
            let sql = format!("ALTER {} DROP {}", named(desired), member.name);
            ctx.step(address, Verb::AlterOperatorFamily, sql)
        }
        OperatorFamilyAlteration::SetComment(comment) => {
            set_comment(desired, comment.as_deref(), ctx, address)
        }
    }]
}

fn set_comment(family: &OperatorFamily, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    ctx.step(address, Verb::Comment, comment_sql(&named(family), comment))
}
