//! DDL of procedural languages.

use super::{Context, Step, comment_sql};
use crate::address::Address;
use crate::kind::{Language, LanguageAlteration};
use crate::safety::Verb;

pub(super) fn create(language: &Language, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let created = ctx.step(address, Verb::CreateLanguage, definition(language, ""));
    let comment = language.comment.as_deref();
    let comment = comment.map(|comment| set_comment(language, Some(comment), ctx, address));
    std::iter::once(created).chain(comment).collect()
}

fn definition(language: &Language, or_replace: &str) -> String {
    let Language { name, trusted, handler, inline, validator, comment: _ } = language;
    let trusted = if *trusted { "TRUSTED " } else { "" };
    let mut sql = format!("CREATE {or_replace}{trusted}LANGUAGE {name} HANDLER {handler}");
    if let Some(inline) = inline {
        sql += &format!(" INLINE {inline}");
    }
    if let Some(validator) = validator {
        sql += &format!(" VALIDATOR {validator}");
    }
    sql
}

pub(super) fn drop(language: &Language, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropLanguage, format!("DROP LANGUAGE {}", language.name))]
}

pub(super) fn rename(from: &Language, to: &Language, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let sql = format!("ALTER LANGUAGE {} RENAME TO {}", from.name, to.name);
    vec![ctx.step(address, Verb::RenameLanguage, sql)]
}

pub(super) fn alter(
    desired: &Language,
    alteration: &LanguageAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    vec![match alteration {
        LanguageAlteration::SetDefinition => {
            ctx.step(address, Verb::CreateLanguage, definition(desired, "OR REPLACE "))
        }
        LanguageAlteration::SetComment(comment) => set_comment(desired, comment.as_deref(), ctx, address),
    }]
}

fn set_comment(language: &Language, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("LANGUAGE {}", language.name);
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
