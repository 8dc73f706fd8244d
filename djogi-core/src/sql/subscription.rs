//! DDL of subscriptions, none of which reaches the publisher: what is to be done there is told instead.
//!
//! So every statement can run, and be undone, within a transaction, and no plan waits for another server.

use super::{Context, Impossible, Step, comment_sql};
use crate::address::Address;
use crate::digest::Digest;
use crate::ident::{IdentList, Literal};
use crate::kind::subscription::CONNECTION;
use crate::kind::{Streaming, Subscription, SubscriptionAlteration, SubscriptionOption};
use crate::plan::Secret;
use crate::safety::Verb;

pub(super) fn create(
    subscription: &Subscription,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let verb = verb(subscription, ctx, address)?;
    let Subscription { name, publications, slot, .. } = subscription;
    let mut options = vec!["connect = false".to_owned(), slot_sql(slot.as_deref())];
    options.extend(options_of(subscription, ctx));
    options.extend(subscription.two_phase.then(|| "two_phase = true".to_owned()));
    options.extend(subscription.failover.then(|| "failover = true".to_owned()));
    let secret = secret(subscription);
    let sql = format!(
        "CREATE SUBSCRIPTION {name} CONNECTION {secret} PUBLICATION {} WITH ({})",
        IdentList(publications),
        options.join(", ")
    );
    let mut created = ctx.step(address, verb, sql);
    created.operation.secrets = vec![secret];
    if let Some(slot) = slot {
        created = created.with_hazard(format!(
            "it starts when the publisher has the slot {slot} and somebody has run ALTER SUBSCRIPTION {name} ENABLE, \
             then REFRESH PUBLICATION"
        ));
    }
    let comment = subscription.comment.as_deref();
    let comment = comment.map(|comment| set_comment(subscription, Some(comment), ctx, address));
    Ok(std::iter::once(created).chain(comment).collect())
}

/// The connection string. One that could not be read is known by what no string has.
fn secret(subscription: &Subscription) -> Secret {
    let digest = subscription.connection.unwrap_or_else(|| Digest::of_bytes(b""));
    Secret { option: CONNECTION.to_owned(), digest }
}

/// Which server has all that the subscription says.
fn verb(subscription: &Subscription, ctx: &Context<'_>, address: &Address) -> Result<Verb, Impossible> {
    let Subscription { failover, run_as_owner, password_required, origin, streaming, .. } = subscription;
    let is_of_16 =
        *run_as_owner || !*password_required || origin != "any" || *streaming == Streaming::Parallel;
    if *failover {
        ctx.require(Verb::SubscribeWithFailover, "a subscription with failover", address)?;
        return Ok(Verb::SubscribeWithFailover);
    }
    if is_of_16 {
        let what = "a subscription with parallel streaming, run_as_owner, origin or no required password";
        ctx.require(Verb::SubscribeAs, what, address)?;
        return Ok(Verb::SubscribeAs);
    }
    Ok(Verb::CreateSubscription)
}

/// The options that are not as this server makes them.
fn options_of(subscription: &Subscription, ctx: &Context<'_>) -> Vec<String> {
    let streams = if ctx.version.major() >= 18 { Streaming::Parallel } else { Streaming::Off };
    let options = [
        (SubscriptionOption::Binary, subscription.binary),
        (SubscriptionOption::Streaming, subscription.streaming != streams),
        (SubscriptionOption::SynchronousCommit, subscription.synchronous_commit != "off"),
        (SubscriptionOption::DisableOnError, subscription.disable_on_error),
        (SubscriptionOption::PasswordRequired, !subscription.password_required),
        (SubscriptionOption::RunAsOwner, subscription.run_as_owner),
        (SubscriptionOption::Origin, subscription.origin != "any"),
    ];
    let unusual = options.into_iter().filter(|(_, is_unusual)| *is_unusual);
    unusual.map(|(option, _)| option_sql(subscription, option)).collect()
}

fn option_sql(subscription: &Subscription, option: SubscriptionOption) -> String {
    let is = |name: &str, is_on: bool| format!("{name} = {is_on}");
    match option {
        SubscriptionOption::Binary => is("binary", subscription.binary),
        SubscriptionOption::Streaming => format!("streaming = {}", subscription.streaming.as_sql()),
        SubscriptionOption::SynchronousCommit => {
            format!("synchronous_commit = {}", Literal(&subscription.synchronous_commit))
        }
        SubscriptionOption::DisableOnError => is("disable_on_error", subscription.disable_on_error),
        SubscriptionOption::PasswordRequired => is("password_required", subscription.password_required),
        SubscriptionOption::RunAsOwner => is("run_as_owner", subscription.run_as_owner),
        SubscriptionOption::Origin => format!("origin = {}", Literal(&subscription.origin)),
    }
}

fn slot_sql(slot: Option<&str>) -> String {
    format!("slot_name = {}", slot.map_or_else(|| "NONE".to_owned(), |slot| Literal(slot).to_string()))
}

/// Lets go of the slot: PostgreSQL would go to the publisher for it, and could not undo that.
fn let_go_of_slot(
    subscription: &Subscription,
    slot: &str,
    ctx: &Context<'_>,
    address: &Address,
) -> [Step; 2] {
    let alter = |action: &str| {
        let sql = format!("ALTER SUBSCRIPTION {} {action}", subscription.name);
        ctx.step(address, Verb::AlterSubscription, sql)
    };
    let stays = format!(
        "the slot {slot} stays on the publisher, which keeps its log for it until it is dropped there: \
         SELECT pg_drop_replication_slot({})",
        Literal(slot)
    );
    [alter("DISABLE"), alter(&format!("SET ({})", slot_sql(None))).with_hazard(stays)]
}

pub(super) fn drop(subscription: &Subscription, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let slot = subscription.slot.as_deref().into_iter();
    let mut steps: Vec<Step> =
        slot.flat_map(|slot| let_go_of_slot(subscription, slot, ctx, address)).collect();
    // PostgreSQL would leave it behind.
    let comment = subscription.comment.as_ref().map(|_| set_comment(subscription, None, ctx, address));
    steps.extend(comment);
    let sql = format!("DROP SUBSCRIPTION {}", subscription.name);
    steps.push(ctx.step(address, Verb::DropSubscription, sql));
    steps
}

pub(super) fn rename(
    from: &Subscription,
    to: &Subscription,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let sql = format!("ALTER SUBSCRIPTION {} RENAME TO {}", from.name, to.name);
    vec![ctx.step(address, Verb::AlterSubscription, sql)]
}

pub(super) fn alter(
    live: &Subscription,
    desired: &Subscription,
    alteration: &SubscriptionAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let alter = |verb: Verb, action: String| {
        ctx.step(address, verb, format!("ALTER SUBSCRIPTION {} {action}", desired.name))
    };
    Ok(match alteration {
        SubscriptionAlteration::SetConnection => {
            let secret = secret(desired);
            let mut step = alter(Verb::SetSubscriptionConnection, format!("CONNECTION {secret}"));
            step.operation.secrets = vec![secret];
            vec![step]
        }
        SubscriptionAlteration::SetPublications => {
            let publications = IdentList(&desired.publications);
            let action = format!("SET PUBLICATION {publications} WITH (refresh = false)");
            vec![alter(Verb::SetSubscribedPublications, action)]
        }
        SubscriptionAlteration::SetSlot(None) => {
            let slot = live.slot.as_deref().unwrap_or_default();
            let_go_of_slot(desired, slot, ctx, address).into()
        }
        SubscriptionAlteration::SetSlot(Some(slot)) => {
            let step = alter(Verb::AlterSubscription, format!("SET ({})", slot_sql(Some(slot))));
            vec![step.with_hazard(format!("it fails until the publisher has the slot {slot}"))]
        }
        SubscriptionAlteration::SetOptions(options) => {
            verb(desired, ctx, address)?;
            let options: Vec<String> = options.iter().map(|option| option_sql(desired, *option)).collect();
            vec![alter(Verb::AlterSubscription, format!("SET ({})", options.join(", ")))]
        }
        SubscriptionAlteration::SetComment(comment) => {
            vec![set_comment(desired, comment.as_deref(), ctx, address)]
        }
    })
}

fn set_comment(
    subscription: &Subscription,
    comment: Option<&str>,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let object = format!("SUBSCRIPTION {}", subscription.name);
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
