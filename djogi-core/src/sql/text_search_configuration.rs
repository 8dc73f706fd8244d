//! DDL of text search configurations.

use std::collections::BTreeMap;

use super::{Context, Step, comment_sql, move_sql};
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::{TextSearchConfiguration, TextSearchConfigurationAlteration};
use crate::safety::Verb;

const OBJECT: &str = "TEXT SEARCH CONFIGURATION";

pub(super) fn create(
    configuration: &TextSearchConfiguration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let (name, parser) = (configuration.qualified_name(), &configuration.parser);
    let sql = format!("CREATE {OBJECT} {name} (PARSER = {parser})");
    let mut steps = vec![ctx.step(address, Verb::CreateTextSearch, sql)];
    // One statement for all tokens that go the same way.
    let mut ways: BTreeMap<&[QualifiedName], Vec<&str>> = BTreeMap::new();
    for (token, dictionaries) in &configuration.mappings {
        ways.entry(dictionaries).or_default().push(token);
    }
    for (dictionaries, tokens) in ways {
        steps.push(map(&name, "ADD", &tokens.join(", "), dictionaries, ctx, address));
    }
    if configuration.comment.is_some() {
        steps.push(set_comment(&name, configuration.comment.as_deref(), ctx, address));
    }
    steps
}

fn map(
    name: &QualifiedName,
    verb: &str,
    tokens: &str,
    dictionaries: &[QualifiedName],
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let dictionaries: Vec<String> = dictionaries.iter().map(ToString::to_string).collect();
    let with = dictionaries.join(", ");
    let sql = format!("ALTER {OBJECT} {name} {verb} MAPPING FOR {tokens} WITH {with}");
    ctx.step(address, Verb::AlterTextSearch, sql)
}

pub(super) fn drop(
    configuration: &TextSearchConfiguration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let sql = format!("DROP {OBJECT} {}", configuration.qualified_name());
    vec![ctx.step(address, Verb::DropTextSearch, sql)]
}

pub(super) fn rename(
    from: &TextSearchConfiguration,
    to: &TextSearchConfiguration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let statements = move_sql(OBJECT, &from.qualified_name(), &to.qualified_name());
    statements.into_iter().map(|sql| ctx.step(address, Verb::RenameTextSearch, sql)).collect()
}

pub(super) fn alter(
    desired: &TextSearchConfiguration,
    alteration: &TextSearchConfigurationAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    use TextSearchConfigurationAlteration as Alter;
    let name = desired.qualified_name();
    vec![match alteration {
        Alter::AddMapping { token, dictionaries } => map(&name, "ADD", token, dictionaries, ctx, address),
        Alter::AlterMapping { token, dictionaries } => map(&name, "ALTER", token, dictionaries, ctx, address),
        Alter::DropMapping { token } => {
            let sql = format!("ALTER {OBJECT} {name} DROP MAPPING FOR {token}");
            ctx.step(address, Verb::AlterTextSearch, sql)
        }
        Alter::SetComment(comment) => set_comment(&name, comment.as_deref(), ctx, address),
    }]
}

fn set_comment(name: &QualifiedName, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    ctx.step(address, Verb::Comment, comment_sql(&format!("{OBJECT} {name}"), comment))
}
