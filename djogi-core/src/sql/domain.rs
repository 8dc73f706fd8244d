//! DDL of domains.

use super::{Context, Impossible, Step, comment_sql, move_sql};
use crate::address::Address;
use crate::holding::columns_holding;
use crate::ident::Ident;
use crate::kind::{Domain, DomainAlteration, DomainConstraint, NotNullAlteration, not_null};
use crate::lexis::in_parentheses;
use crate::safety::Verb;

pub(super) fn create(domain: &Domain, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let name = domain.qualified_name();
    let mut sql = format!("CREATE DOMAIN {name} AS {}", domain.data_type);
    if let Some(collation) = &domain.collation {
        sql += &format!(" COLLATE {collation}");
    }
    if let Some(default) = &domain.default {
        sql += &format!(" DEFAULT {default}");
    }
    if domain.not_null {
        if let Some(name) = &domain.not_null_constraint.name {
            sql += &format!(" CONSTRAINT {name}");
        }
        sql += " NOT NULL";
    }
    let (inline, later): (Vec<_>, Vec<_>) = domain.constraints.iter().partition(|c| c.validated);
    for constraint in inline {
        sql += &format!("\n    {}", constraint_sql(constraint));
    }
    let mut steps = vec![ctx.step(address, Verb::CreateDomain, sql)];
    for constraint in later {
        let sql = format!("ALTER DOMAIN {name} ADD {} NOT VALID", constraint_sql(constraint));
        steps.push(ctx.step(address, Verb::AlterDomain, sql));
    }
    steps.extend(comment_on_not_null(domain, ctx, address));
    let commented = domain.constraints.iter().filter(|constraint| constraint.comment.is_some());
    steps.extend(commented.map(|c| set_constraint_comment(domain, c, ctx, address)));
    if domain.comment.is_some() {
        steps.push(set_comment(domain, domain.comment.as_deref(), ctx, address));
    }
    steps
}

fn constraint_sql(constraint: &DomainConstraint) -> String {
    format!("CONSTRAINT {} CHECK {}", constraint.name, in_parentheses(constraint.expression.as_str()))
}

pub(super) fn drop(domain: &Domain, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropType, format!("DROP DOMAIN {}", domain.qualified_name()))]
}

pub(super) fn rename(from: &Domain, to: &Domain, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let statements = move_sql("DOMAIN", &from.qualified_name(), &to.qualified_name());
    statements.into_iter().map(|sql| ctx.step(address, Verb::RenameType, sql)).collect()
}

pub(super) fn alter(
    live: &Domain,
    desired: &Domain,
    alteration: &DomainAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    use DomainAlteration as Alter;
    let name = desired.qualified_name();
    let checks = match alteration {
        Alter::SetNotNull(true) | Alter::ValidateConstraint(_) => true,
        Alter::AddConstraint(constraint) => constraint.validated,
        _ => false,
    };
    if checks && let Some(column) = columns_holding(&name, true, ctx.live, ctx.target).next() {
        let what = "no check of it can be added";
        return Err(Impossible::TypeInUse { address: address.clone(), column, what });
    }
    let alter = |verb, action: String| ctx.step(address, verb, format!("ALTER DOMAIN {name} {action}"));
    Ok(match alteration {
        Alter::DropConstraint(constraint) => {
            vec![alter(Verb::AlterDomain, format!("DROP CONSTRAINT {constraint}"))]
        }
        Alter::SetDefault(Some(default)) => vec![alter(Verb::AlterDomain, format!("SET DEFAULT {default}"))],
        Alter::SetDefault(None) => vec![alter(Verb::AlterDomain, "DROP DEFAULT".to_owned())],
        Alter::SetNotNull(true) => {
            let action = match &desired.not_null_constraint.name {
                Some(name) => format!("ADD CONSTRAINT {name} NOT NULL"),
                None => "SET NOT NULL".to_owned(),
            };
            let set = alter(Verb::CheckDomain, action);
            std::iter::once(set).chain(comment_on_not_null(desired, ctx, address)).collect()
        }
        Alter::SetNotNull(false) => vec![alter(Verb::AlterDomain, "DROP NOT NULL".to_owned())],
        Alter::AlterNotNull(NotNullAlteration::Rename) => {
            let action = format!("RENAME CONSTRAINT {} TO {}", not_null_name(live), not_null_name(desired));
            vec![alter(Verb::AlterDomain, action)]
        }
        Alter::AlterNotNull(NotNullAlteration::SetComment(comment)) => {
            vec![set_not_null_comment(desired, comment.as_deref(), ctx, address)]
        }
        // A domain is not inherited, and its NOT NULL is always checked.
        Alter::AlterNotNull(
            NotNullAlteration::LeaveName
            | NotNullAlteration::TakeName
            | NotNullAlteration::SetNoInherit(_)
            | NotNullAlteration::Validate,
        ) => Vec::new(),
        Alter::AddConstraint(constraint) => {
            let (verb, valid) = if constraint.validated {
                (Verb::CheckDomain, "")
            } else {
                (Verb::AlterDomain, " NOT VALID")
            };
            let mut steps = vec![alter(verb, format!("ADD {}{valid}", constraint_sql(constraint)))];
            if constraint.comment.is_some() {
                steps.push(set_constraint_comment(desired, constraint, ctx, address));
            }
            steps
        }
        Alter::ValidateConstraint(constraint) => {
            vec![alter(Verb::CheckDomain, format!("VALIDATE CONSTRAINT {constraint}"))]
        }
        Alter::SetConstraintComment { constraint, comment: _ } => {
            let found = desired.constraints.iter().filter(|c| c.name == *constraint);
            found.map(|constraint| set_constraint_comment(desired, constraint, ctx, address)).collect()
        }
        Alter::SetComment(comment) => vec![set_comment(desired, comment.as_deref(), ctx, address)],
    })
}

/// The name that the `NOT NULL` has, or will have.
fn not_null_name(domain: &Domain) -> Ident {
    let name = domain.not_null_constraint.name.clone();
    name.unwrap_or_else(|| not_null::default_name(&domain.name, None))
}

fn comment_on_not_null(domain: &Domain, ctx: &Context<'_>, address: &Address) -> Option<Step> {
    let comment = domain.not_null_constraint.comment.as_deref().filter(|_| domain.not_null)?;
    Some(set_not_null_comment(domain, Some(comment), ctx, address))
}

fn set_not_null_comment(
    domain: &Domain,
    comment: Option<&str>,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let object = format!("CONSTRAINT {} ON DOMAIN {}", not_null_name(domain), domain.qualified_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}

fn set_comment(domain: &Domain, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("DOMAIN {}", domain.qualified_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}

fn set_constraint_comment(
    domain: &Domain,
    constraint: &DomainConstraint,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let object = format!("CONSTRAINT {} ON DOMAIN {}", constraint.name, domain.qualified_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, constraint.comment.as_deref()))
}
