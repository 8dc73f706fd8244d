//! DDL of statistics objects.

use super::{Context, Step, comment_sql, move_sql};
use crate::address::Address;
use crate::kind::{Statistics, StatisticsAlteration};
use crate::safety::Verb;

pub(super) fn create(statistics: &Statistics, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let Statistics { table, kinds, columns, target, comment, .. } = statistics;
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    let name = statistics.qualified_name();
    let sql = format!("CREATE STATISTICS {name}{kinds} ON {columns} FROM {table}");
    let mut steps = vec![ctx.step_on_one(address, Verb::CreateStatistics, table, sql)];
    if target.is_some() {
        steps.push(set_target(statistics, *target, ctx, address));
    }
    if comment.is_some() {
        steps.push(set_comment(statistics, comment.as_deref(), ctx, address));
    }
    steps
}

pub(super) fn drop(statistics: &Statistics, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let sql = format!("DROP STATISTICS {}", statistics.qualified_name());
    vec![ctx.step_on_one(address, Verb::DropStatistics, &statistics.table, sql)]
}

pub(super) fn rename(from: &Statistics, to: &Statistics, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let statements = move_sql("STATISTICS", &from.qualified_name(), &to.qualified_name());
    statements.into_iter().map(|sql| ctx.step(address, Verb::AlterStatistics, sql)).collect()
}

pub(super) fn alter(
    desired: &Statistics,
    alteration: &StatisticsAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    vec![match alteration {
        StatisticsAlteration::SetTarget(target) => set_target(desired, *target, ctx, address),
        StatisticsAlteration::SetComment(comment) => set_comment(desired, comment.as_deref(), ctx, address),
    }]
}

/// -1 is the default, in every version.
fn set_target(statistics: &Statistics, target: Option<i32>, ctx: &Context<'_>, address: &Address) -> Step {
    let name = statistics.qualified_name();
    let sql = format!("ALTER STATISTICS {name} SET STATISTICS {}", target.unwrap_or(-1));
    ctx.step(address, Verb::AlterStatistics, sql)
}

fn set_comment(statistics: &Statistics, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("STATISTICS {}", statistics.qualified_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
