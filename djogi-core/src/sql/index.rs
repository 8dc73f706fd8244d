//! DDL of indexes, and index elements as exclusion constraints share them.

use std::collections::BTreeMap;

use super::{Context, Step, comment_sql};
use crate::address::Address;
use crate::ident::{Ident, IdentList, Literal, QualifiedName};
use crate::kind::{Index, IndexAlteration, IndexElement, IndexKey};
use crate::lexis::in_parentheses;
use crate::safety::Verb;

pub(super) fn create(index: &Index, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut steps = vec![ctx.step_on_one(address, Verb::CreateIndex, &index.table_name(), create_sql(index))];
    if index.comment.is_some() {
        let mut step = set_comment(index, index.comment.as_deref(), ctx, address);
        step.operation.lock = None;
        steps.push(step);
    }
    steps
}

fn create_sql(index: &Index) -> String {
    let elements: Vec<String> = index.elements.iter().map(element_sql).collect();
    let mut sql = format!(
        "CREATE {}INDEX {} ON {} USING {} ({})",
        if index.unique { "UNIQUE " } else { "" },
        index.name,
        index.table_name(),
        index.method,
        elements.join(", ")
    );
    if !index.include.is_empty() {
        sql += &format!(" INCLUDE ({})", IdentList(&index.include));
    }
    if index.nulls_not_distinct {
        sql += " NULLS NOT DISTINCT";
    }
    if !index.options.is_empty() {
        sql += &format!(" WITH ({})", options_sql(&index.options));
    }
    if let Some(predicate) = &index.predicate {
        sql += &format!(" WHERE {}", in_parentheses(predicate.as_str()));
    }
    sql
}

/// One element, saying only what differs from PostgreSQL's choice.
pub(super) fn element_sql(element: &IndexElement) -> String {
    let mut sql = match &element.key {
        IndexKey::Column(name) => name.to_string(),
        IndexKey::Expression(expression) => in_parentheses(expression.as_str()),
    };
    if let Some(collation) = &element.collation {
        sql += &format!(" COLLATE {collation}");
    }
    if let Some(class) = &element.operator_class {
        sql += &format!(" {}", class.name);
        if !class.options.is_empty() {
            sql += &format!(" ({})", options_sql(&class.options));
        }
    }
    if element.descending {
        sql += " DESC";
    }
    match (element.descending, element.nulls_first) {
        (true, false) => sql += " NULLS LAST",
        (false, true) => sql += " NULLS FIRST",
        (true, true) | (false, false) => {}
    }
    sql
}

/// `fillfactor = '70', fastupdate = 'off'`
fn options_sql(options: &BTreeMap<String, String>) -> String {
    let options: Vec<String> =
        options.iter().map(|(name, value)| format!("{} = {}", option_name(name), Literal(value))).collect();
    options.join(", ")
}

fn option_name(name: &str) -> String {
    Ident::new(name).map_or_else(|_| name.to_owned(), |ident| ident.to_string())
}

pub(super) fn drop(index: &Index, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let sql = format!("DROP INDEX {}", index.qualified_name());
    vec![ctx.step_on_one(address, Verb::DropIndex, &index.table_name(), sql)]
}

pub(super) fn rename(from: &Index, to: &Index, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    if from.name == to.name {
        return Vec::new();
    }
    // The index lives where its table lives by now.
    let sql = format!("ALTER INDEX {}.{} RENAME TO {}", to.schema, from.name, to.name);
    vec![ctx.step_on_one(address, Verb::RenameIndex, &from.qualified_name(), sql)]
}

pub(super) fn alter(
    desired: &Index,
    alteration: &IndexAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let name = desired.qualified_name();
    match alteration {
        IndexAlteration::SetOptions { set, reset } => {
            let mut statements = Vec::new();
            if !set.is_empty() {
                statements.push(format!("ALTER INDEX {name} SET ({})", options_sql(set)));
            }
            if !reset.is_empty() {
                let names: Vec<String> = reset.iter().map(|name| option_name(name)).collect();
                statements.push(format!("ALTER INDEX {name} RESET ({})", names.join(", ")));
            }
            let step = |sql| {
                ctx.step_on_one(address, Verb::SetIndexOptions, &name, sql)
                    .with_hazard("holds for what is written from now on, until REINDEX")
            };
            statements.into_iter().map(step).collect()
        }
        IndexAlteration::SetComment(comment) => vec![set_comment(desired, comment.as_deref(), ctx, address)],
    }
}

fn set_comment(index: &Index, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let name: QualifiedName = index.qualified_name();
    let sql = comment_sql(&format!("INDEX {name}"), comment);
    ctx.step_on_one(address, Verb::CommentOnRelation, &name, sql)
}
