//! DDL of collations.

use super::{Context, Impossible, Step, comment_sql, move_sql};
use crate::address::Address;
use crate::ident::Literal;
use crate::kind::{Collation, CollationAlteration};
use crate::safety::Verb;

pub(super) fn create(
    collation: &Collation,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let Collation { provider, deterministic, locale, lc_collate, lc_ctype, rules, comment, .. } = collation;
    if provider == "builtin" {
        ctx.require(Verb::CreateBuiltinCollation, "a collation of the provider `builtin`", address)?;
    }
    if rules.is_some() {
        ctx.require(Verb::CreateCollationWithRules, "a collation with rules", address)?;
    }
    let mut options = vec![format!("PROVIDER = {provider}")];
    if !deterministic {
        options.push("DETERMINISTIC = false".to_owned());
    }
    let texts = [("LOCALE", locale), ("LC_COLLATE", lc_collate), ("LC_CTYPE", lc_ctype), ("RULES", rules)];
    let texts = texts.iter().filter_map(|(word, text)| Some(format!("{word} = {}", Literal(text.as_ref()?))));
    options.extend(texts);
    let sql = format!("CREATE COLLATION {} ({})", collation.qualified_name(), options.join(", "));
    let mut steps = vec![ctx.step(address, Verb::CreateCollation, sql)];
    if comment.is_some() {
        steps.push(set_comment(collation, comment.as_deref(), ctx, address));
    }
    Ok(steps)
}

pub(super) fn drop(collation: &Collation, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let sql = format!("DROP COLLATION {}", collation.qualified_name());
    vec![ctx.step(address, Verb::DropCollation, sql)]
}

pub(super) fn rename(from: &Collation, to: &Collation, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let statements = move_sql("COLLATION", &from.qualified_name(), &to.qualified_name());
    statements.into_iter().map(|sql| ctx.step(address, Verb::RenameCollation, sql)).collect()
}

pub(super) fn alter(
    desired: &Collation,
    alteration: &CollationAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    match alteration {
        CollationAlteration::SetComment(comment) => {
            vec![set_comment(desired, comment.as_deref(), ctx, address)]
        }
    }
}

fn set_comment(collation: &Collation, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("COLLATION {}", collation.qualified_name());
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
