//! DDL of text search dictionaries.

use super::{Context, Step, comment_sql, move_sql};
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::{ParameterChange, TextSearchDictionary, TextSearchDictionaryAlteration};
use crate::safety::Verb;

const OBJECT: &str = "TEXT SEARCH DICTIONARY";

pub(super) fn create(dictionary: &TextSearchDictionary, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let name = dictionary.qualified_name();
    let template = format!("TEMPLATE = {}", dictionary.template);
    let options = dictionary.options.iter().map(|(option, value)| format!("{option} = {value}"));
    let options: Vec<String> = std::iter::once(template).chain(options).collect();
    let sql = format!("CREATE {OBJECT} {name} (\n    {}\n)", options.join(",\n    "));
    let mut steps = vec![ctx.step(address, Verb::CreateTextSearch, sql)];
    if dictionary.comment.is_some() {
        steps.push(set_comment(&name, dictionary.comment.as_deref(), ctx, address));
    }
    steps
}

pub(super) fn drop(dictionary: &TextSearchDictionary, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let sql = format!("DROP {OBJECT} {}", dictionary.qualified_name());
    vec![ctx.step(address, Verb::DropTextSearch, sql)]
}

pub(super) fn rename(
    from: &TextSearchDictionary,
    to: &TextSearchDictionary,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let statements = move_sql(OBJECT, &from.qualified_name(), &to.qualified_name());
    statements.into_iter().map(|sql| ctx.step(address, Verb::RenameTextSearch, sql)).collect()
}

pub(super) fn alter(
    desired: &TextSearchDictionary,
    alteration: &TextSearchDictionaryAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let name = desired.qualified_name();
    vec![match alteration {
        TextSearchDictionaryAlteration::SetOptions(ParameterChange { set, reset }) => {
            // An option without a value is taken away.
            let set = set.iter().map(|(option, value)| format!("{option} = {value}"));
            let options: Vec<String> = set.chain(reset.iter().cloned()).collect();
            let sql = format!("ALTER {OBJECT} {name} ({})", options.join(", "));
            ctx.step(address, Verb::AlterTextSearch, sql)
        }
        TextSearchDictionaryAlteration::SetComment(comment) => {
            set_comment(&name, comment.as_deref(), ctx, address)
        }
    }]
}

fn set_comment(name: &QualifiedName, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    ctx.step(address, Verb::Comment, comment_sql(&format!("{OBJECT} {name}"), comment))
}
