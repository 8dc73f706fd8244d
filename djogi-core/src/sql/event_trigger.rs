//! DDL of event triggers, for which no event trigger fires.

use super::{Context, Impossible, Step, comment_sql};
use crate::address::Address;
use crate::ident::Literal;
use crate::kind::{EventTrigger, EventTriggerAlteration, Firing};
use crate::safety::Verb;

pub(super) fn create(
    trigger: &EventTrigger,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let EventTrigger { name, event, tags, function, .. } = trigger;
    let verb = match event.as_str() {
        "login" => {
            ctx.require(Verb::CreateLoginTrigger, "an event trigger that fires on login", address)?;
            Verb::CreateLoginTrigger
        }
        _ => Verb::CreateEventTrigger,
    };
    let mut sql = format!("CREATE EVENT TRIGGER {name} ON {event}");
    if !tags.is_empty() {
        let tags: Vec<String> = tags.iter().map(|tag| Literal(tag).to_string()).collect();
        sql += &format!(" WHEN TAG IN ({})", tags.join(", "));
    }
    sql += &format!(" EXECUTE FUNCTION {function}()");
    let mut steps = vec![ctx.step(address, verb, sql)];
    if trigger.firing != Firing::Origin {
        steps.push(set_firing(trigger, trigger.firing, ctx, address));
    }
    if trigger.comment.is_some() {
        steps.push(set_comment(trigger, trigger.comment.as_deref(), ctx, address));
    }
    Ok(steps)
}

pub(super) fn drop(trigger: &EventTrigger, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropEventTrigger, format!("DROP EVENT TRIGGER {}", trigger.name))]
}

pub(super) fn rename(
    from: &EventTrigger,
    to: &EventTrigger,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let sql = format!("ALTER EVENT TRIGGER {} RENAME TO {}", from.name, to.name);
    vec![ctx.step(address, Verb::AlterEventTrigger, sql)]
}

pub(super) fn alter(
    desired: &EventTrigger,
    alteration: &EventTriggerAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    vec![match alteration {
        EventTriggerAlteration::SetFiring(firing) => set_firing(desired, *firing, ctx, address),
        EventTriggerAlteration::SetComment(comment) => set_comment(desired, comment.as_deref(), ctx, address),
    }]
}

fn set_firing(trigger: &EventTrigger, firing: Firing, ctx: &Context<'_>, address: &Address) -> Step {
    let sql = format!("ALTER EVENT TRIGGER {} {}", trigger.name, firing.as_sql());
    ctx.step(address, Verb::AlterEventTrigger, sql)
}

fn set_comment(trigger: &EventTrigger, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("EVENT TRIGGER {}", trigger.name);
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
