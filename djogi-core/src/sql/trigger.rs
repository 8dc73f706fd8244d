//! DDL of triggers.

use super::{Context, Step, comment_sql};
use crate::address::Address;
use crate::kind::{Firing, Trigger, TriggerAlteration};
use crate::safety::Verb;

pub(super) fn create(trigger: &Trigger, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    if let Some(above) = &trigger.parent {
        return set_apart(trigger, above.firing, ctx, address);
    }
    let relation = trigger.relation_name();
    let kind = if trigger.constraint { "CREATE CONSTRAINT TRIGGER" } else { "CREATE TRIGGER" };
    let sql = definition_sql(kind, trigger);
    let mut steps = vec![ctx.step_on_one(address, Verb::CreateTrigger, &relation, sql)];
    if trigger.firing != Firing::Origin {
        steps.push(set_firing(trigger, trigger.firing, ctx, address));
    }
    if trigger.comment.is_some() {
        steps.push(set_comment(trigger, trigger.comment.as_deref(), ctx, address));
    }
    steps
}

/// What the trigger of a partition has for itself, besides that of the partitioned table, which fires as `above`.
fn set_apart(trigger: &Trigger, above: Firing, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut steps = Vec::new();
    if trigger.firing != above {
        steps.push(set_firing(trigger, trigger.firing, ctx, address));
    }
    if trigger.comment.is_some() {
        steps.push(set_comment(trigger, trigger.comment.as_deref(), ctx, address));
    }
    steps
}

fn definition_sql(verb: &str, trigger: &Trigger) -> String {
    let Trigger { name, event, action, .. } = trigger;
    format!("{verb} {name} {event} ON {} {action}", trigger.relation_name())
}

pub(super) fn drop(trigger: &Trigger, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let relation = trigger.relation_name();
    if let Some(above) = &trigger.parent {
        let mut steps = Vec::new();
        if trigger.firing != above.firing {
            steps.push(set_firing(trigger, above.firing, ctx, address));
        }
        if trigger.comment.is_some() {
            steps.push(set_comment(trigger, None, ctx, address));
        }
        return steps;
    }
    let sql = format!("DROP TRIGGER {} ON {relation}", trigger.name);
    vec![ctx.step_on_one(address, Verb::DropTrigger, &relation, sql)]
}

pub(super) fn rename(from: &Trigger, to: &Trigger, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    // That of a partition gets its name with that of the partitioned table.
    if from.name == to.name || to.parent.is_some() {
        return Vec::new();
    }
    let relation = to.relation_name();
    let sql = format!("ALTER TRIGGER {} ON {relation} RENAME TO {}", from.name, to.name);
    vec![ctx.step_on_one(address, Verb::RenameTrigger, &from.relation_name(), sql)]
}

pub(super) fn alter(
    desired: &Trigger,
    alteration: &TriggerAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    vec![match alteration {
        TriggerAlteration::Redefine => {
            let sql = definition_sql("CREATE OR REPLACE TRIGGER", desired);
            ctx.step_on_one(address, Verb::CreateTrigger, &desired.relation_name(), sql)
        }
        TriggerAlteration::SetFiring(firing) => set_firing(desired, *firing, ctx, address),
        TriggerAlteration::SetComment(comment) => set_comment(desired, comment.as_deref(), ctx, address),
    }]
}

/// Works on views too.
fn set_firing(trigger: &Trigger, firing: Firing, ctx: &Context<'_>, address: &Address) -> Step {
    let relation = trigger.relation_name();
    let sql = format!("ALTER TABLE {relation} {} TRIGGER {}", firing.as_sql(), trigger.name);
    ctx.step_on_one(address, Verb::SetTriggerFiring, &relation, sql)
}

fn set_comment(trigger: &Trigger, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("TRIGGER {} ON {}", trigger.name, trigger.relation_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
