//! DDL of aggregate functions.

use super::{Context, Step, comment_sql, routine_move_sql};
use crate::address::Address;
use crate::kind::{Aggregate, AggregateAlteration};
use crate::safety::Verb;

pub(super) fn create(aggregate: &Aggregate, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut steps = vec![ctx.step(address, Verb::CreateRoutine, definition_sql("CREATE", aggregate))];
    if aggregate.comment.is_some() {
        steps.push(set_comment(aggregate, aggregate.comment.as_deref(), ctx, address));
    }
    steps
}

fn definition_sql(verb: &str, aggregate: &Aggregate) -> String {
    let option = |(name, value): &(String, Option<String>)| match value {
        Some(value) => format!("    {name} = {value}"),
        None => format!("    {name}"),
    };
    let options: Vec<String> = aggregate.options.iter().map(option).collect();
    format!(
        "{verb} AGGREGATE {}({}) (\n{}\n)",
        aggregate.qualified_name(),
        aggregate.parameters,
        options.join(",\n")
    )
}

fn named(aggregate: &Aggregate) -> String {
    format!("AGGREGATE {}({})", aggregate.qualified_name(), aggregate.parameters)
}

pub(super) fn drop(aggregate: &Aggregate, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropRoutine, format!("DROP {}", named(aggregate)))]
}

pub(super) fn rename(from: &Aggregate, to: &Aggregate, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let names = (&from.qualified_name(), &to.qualified_name());
    let statements = routine_move_sql("AGGREGATE", names, &from.parameters);
    statements.into_iter().map(|sql| ctx.step(address, Verb::RenameRoutine, sql)).collect()
}

pub(super) fn alter(
    desired: &Aggregate,
    alteration: &AggregateAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    match alteration {
        AggregateAlteration::Redefine => {
            vec![ctx.step(address, Verb::ReplaceRoutine, definition_sql("CREATE OR REPLACE", desired))]
        }
        AggregateAlteration::SetComment(comment) => {
            vec![set_comment(desired, comment.as_deref(), ctx, address)]
        }
    }
}

fn set_comment(aggregate: &Aggregate, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    ctx.step(address, Verb::Comment, comment_sql(&named(aggregate), comment))
}
