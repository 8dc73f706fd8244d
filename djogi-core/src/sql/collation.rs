//! DDL of collations.

use std::collections::BTreeSet;

use super::column::{foreign_key_neighbours, recollated};
use super::{Context, Impossible, Step, comment_sql, move_sql, suffixed};
use crate::address::Address;
use crate::ident::Literal;
use crate::kind::{Collation, CollationAlteration, Column, Resource};
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

/// The old one waits under another name until all columns have left it, so that no index is built with neither of them.
pub(super) fn replace(
    live: &Collation,
    desired: &Collation,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let name = live.qualified_name();
    let retired = suffixed(&name.name, "__djogi_old");
    let aside = format!("ALTER COLLATION {name} RENAME TO {retired}");
    let mut steps = vec![ctx.step(address, Verb::RenameCollation, aside)];
    steps.extend(create(desired, ctx, address)?);
    for (_, resource) in ctx.live.iter() {
        let Resource::Table(table) = resource else { continue };
        let of_table = table.qualified_name();
        // Computed columns are made anew, inherited ones change with those of the parents.
        let is_sorted = |column: &&Column| {
            column.collation.as_ref() == Some(&name)
                && column.generated.is_none()
                && !column.origin.is_inherited()
        };
        let columns: Vec<&Column> = table.columns.iter().filter(is_sorted).collect();
        if columns.is_empty() || ctx.new_tables.contains(&of_table) {
            continue;
        }
        let change = |column: &&Column| {
            format!("ALTER COLUMN {} TYPE {} COLLATE {name}", column.name, column.data_type)
        };
        let actions: Vec<String> = columns.iter().map(change).collect();
        let neighbours: BTreeSet<_> =
            columns.iter().flat_map(|column| foreign_key_neighbours(&of_table, &column.name, ctx)).collect();
        let sql = format!("ALTER TABLE {of_table} {}", actions.join(", "));
        let verb = recollated(&of_table, &columns, ctx);
        steps.push(ctx.step_on(address, verb, &of_table, &neighbours, sql));
    }
    let drop = format!("DROP COLLATION {}.{retired}", name.schema);
    steps.push(ctx.step(address, Verb::DropCollation, drop));
    Ok(steps)
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
