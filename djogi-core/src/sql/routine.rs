//! DDL of functions and procedures.

use super::{Context, Step, comment_sql, routine_move_sql};
use crate::address::Address;
use crate::kind::{Routine, RoutineAlteration};
use crate::safety::Verb;

pub(super) fn create(routine: &Routine, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut steps = vec![ctx.step(address, Verb::CreateRoutine, definition_sql("CREATE", routine))];
    if routine.comment.is_some() {
        steps.push(set_comment(routine, routine.comment.as_deref(), ctx, address));
    }
    steps
}

fn definition_sql(verb: &str, routine: &Routine) -> String {
    let (kind, name) = (routine.kind.as_sql(), routine.qualified_name());
    format!("{verb} {kind} {name}({})\n{}", routine.parameters, routine.definition.trim_end())
}

/// By which statements name it: the input arguments decide.
fn named(routine: &Routine) -> String {
    format!("{} {}({})", routine.kind.as_sql(), routine.qualified_name(), routine.arguments)
}

pub(super) fn drop(routine: &Routine, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropRoutine, format!("DROP {}", named(routine)))]
}

pub(super) fn rename(from: &Routine, to: &Routine, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let names = (&from.qualified_name(), &to.qualified_name());
    let statements = routine_move_sql(from.kind.as_sql(), names, &from.arguments);
    statements.into_iter().map(|sql| ctx.step(address, Verb::RenameRoutine, sql)).collect()
}

pub(super) fn alter(
    desired: &Routine,
    alteration: &RoutineAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    match alteration {
        RoutineAlteration::Redefine => {
            vec![ctx.step(address, Verb::ReplaceRoutine, definition_sql("CREATE OR REPLACE", desired))]
        }
        RoutineAlteration::SetComment(comment) => {
            vec![set_comment(desired, comment.as_deref(), ctx, address)]
        }
    }
}

fn set_comment(routine: &Routine, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    ctx.step(address, Verb::Comment, comment_sql(&named(routine), comment))
}
