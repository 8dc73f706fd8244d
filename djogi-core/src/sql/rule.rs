//! DDL of rewrite rules.

use super::{Context, Step, comment_sql};
use crate::address::Address;
use crate::kind::{Firing, Rule, RuleAlteration};
use crate::safety::Verb;

pub(super) fn create(rule: &Rule, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let sql = definition_sql("CREATE RULE", rule);
    let mut steps = vec![ctx.step_on_one(address, Verb::CreateRule, &rule.relation_name(), sql)];
    if rule.firing != Firing::Origin {
        steps.push(set_firing(rule, rule.firing, ctx, address));
    }
    if rule.comment.is_some() {
        steps.push(set_comment(rule, rule.comment.as_deref(), ctx, address));
    }
    steps
}

fn definition_sql(verb: &str, rule: &Rule) -> String {
    format!("{verb} {} AS\n    {}", rule.name, rule.definition)
}

pub(super) fn drop(rule: &Rule, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let relation = rule.relation_name();
    let sql = format!("DROP RULE {} ON {relation}", rule.name);
    vec![ctx.step_on_one(address, Verb::DropRule, &relation, sql)]
}

pub(super) fn rename(from: &Rule, to: &Rule, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    if from.name == to.name {
        return Vec::new();
    }
    let relation = to.relation_name();
    let sql = format!("ALTER RULE {} ON {relation} RENAME TO {}", from.name, to.name);
    vec![ctx.step_on_one(address, Verb::RenameRule, &from.relation_name(), sql)]
}

pub(super) fn alter(
    desired: &Rule,
    alteration: &RuleAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    vec![match alteration {
        RuleAlteration::Redefine => {
            let sql = definition_sql("CREATE OR REPLACE RULE", desired);
            ctx.step_on_one(address, Verb::CreateRule, &desired.relation_name(), sql)
        }
        RuleAlteration::SetFiring(firing) => set_firing(desired, *firing, ctx, address),
        RuleAlteration::SetComment(comment) => set_comment(desired, comment.as_deref(), ctx, address),
    }]
}

fn set_firing(rule: &Rule, firing: Firing, ctx: &Context<'_>, address: &Address) -> Step {
    let relation = rule.relation_name();
    let sql = format!("ALTER TABLE {relation} {} RULE {}", firing.as_sql(), rule.name);
    ctx.step_on_one(address, Verb::SetRuleFiring, &relation, sql)
}

fn set_comment(rule: &Rule, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("RULE {} ON {}", rule.name, rule.relation_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
