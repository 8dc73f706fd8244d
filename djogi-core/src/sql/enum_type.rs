//! DDL of enum types, and their replacement when labels go or move.

use std::collections::BTreeSet;

use super::column::foreign_key_neighbours;
use super::{Context, Impossible, Step, comment_sql, constraint, index, move_sql, suffixed};
use crate::address::Address;
use crate::ident::{Literal, QualifiedName};
use crate::kind::{
    Column, ConstraintDefinition, EnumAlteration, EnumType, IndexElement, IndexKey, LabelPosition, Resource,
    Table,
};
use crate::lexis::{Token, tokens};
use crate::safety::Verb;

pub(super) fn create(enum_type: &EnumType, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let labels: Vec<String> = enum_type.labels.iter().map(|label| Literal(label).to_string()).collect();
    let sql = format!("CREATE TYPE {} AS ENUM ({})", enum_type.qualified_name(), labels.join(", "));
    let mut steps = vec![ctx.step(address, Verb::CreateEnum, sql)];
    if enum_type.comment.is_some() {
        steps.push(set_comment(enum_type, enum_type.comment.as_deref(), ctx, address));
    }
    steps
}

pub(super) fn drop(enum_type: &EnumType, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropEnum, format!("DROP TYPE {}", enum_type.qualified_name()))]
}

pub(super) fn rename(from: &EnumType, to: &EnumType, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let statements = move_sql("TYPE", &from.qualified_name(), &to.qualified_name());
    statements.into_iter().map(|sql| ctx.step(address, Verb::RenameEnum, sql)).collect()
}

pub(super) fn alter(
    desired: &EnumType,
    alteration: &EnumAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    match alteration {
        EnumAlteration::AddLabel { label, position } => {
            let mut sql = format!("ALTER TYPE {} ADD VALUE {}", desired.qualified_name(), Literal(label));
            match position {
                LabelPosition::Before(next) => sql += &format!(" BEFORE {}", Literal(next)),
                LabelPosition::Last => {}
            }
            vec![ctx.step(address, Verb::AddEnumLabel, sql)]
        }
        EnumAlteration::SetComment(comment) => vec![set_comment(desired, comment.as_deref(), ctx, address)],
    }
}

fn set_comment(enum_type: &EnumType, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let sql = comment_sql(&format!("TYPE {}", enum_type.qualified_name()), comment);
    ctx.step(address, Verb::Comment, sql)
}

/// Live constraints and indexes that stand in the way of replacing the type: those whose expressions name it,
/// because they would go on naming the old one, and foreign keys on its columns, whose two sides cannot change
/// at once.
pub fn dependents<'a>(enum_type: &EnumType, ctx: &Context<'a>) -> Vec<&'a Resource> {
    let cast = format!("::{}", enum_type.qualified_name());
    let names_type = |text: &str| text.contains(&cast);
    let element_names_type = |element: &IndexElement| match &element.key {
        IndexKey::Column(_) => false,
        IndexKey::Expression(expression) => names_type(expression.as_str()),
    };
    let stands_in_the_way = |resource: &&Resource| match resource {
        Resource::Constraint(constraint) => match &constraint.definition {
            ConstraintDefinition::Check { expression, .. } => names_type(expression.as_str()),
            ConstraintDefinition::Exclusion(exclusion) => {
                exclusion.elements.iter().any(|element| element_names_type(&element.element))
                    || exclusion.predicate.as_ref().is_some_and(|p| names_type(p.as_str()))
            }
            ConstraintDefinition::ForeignKey(key) => {
                let table = ctx.live.table(ctx.target, &constraint.table_name());
                let columns = table.map(|table| columns_of(enum_type, table)).unwrap_or_default();
                columns.iter().any(|column| key.columns.contains(&column.name))
            }
            ConstraintDefinition::PrimaryKey { .. } | ConstraintDefinition::Unique { .. } => false,
        },
        Resource::Index(index) => {
            index.elements.iter().any(element_names_type)
                || index.predicate.as_ref().is_some_and(|predicate| names_type(predicate.as_str()))
        }
        _ => false,
    };
    ctx.live.iter().map(|(_, resource)| resource).filter(stands_in_the_way).collect()
}

/// The columns of the type, and of arrays of it.
fn columns_of<'a>(enum_type: &EnumType, table: &'a Table) -> Vec<&'a Column> {
    let name = enum_type.qualified_name().to_string();
    let is_of_type = |data_type: &str| data_type.strip_suffix("[]").unwrap_or(data_type) == name;
    table.columns.iter().filter(|column| is_of_type(&column.data_type)).collect()
}

pub(super) fn replace(
    live: &EnumType,
    desired: &EnumType,
    rebuild: &[&Resource],
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let name = live.qualified_name();
    let retired = retired_name(&name);
    let mut steps = Vec::new();
    // Foreign keys, checks and indexes do not depend on each other: any order will do.
    for dependent in rebuild {
        if let Resource::Index(dependent) = dependent {
            steps.push(index::drop_in_transaction(dependent, None, ctx, address));
        } else {
            steps.extend(super::drop(dependent, ctx, address));
        }
    }
    steps.push(ctx.step(address, Verb::RenameEnum, format!("ALTER TYPE {name} RENAME TO {}", retired.name)));
    steps.extend(create(desired, ctx, address));
    let changing = ctx.live.iter().filter_map(|(_, resource)| match resource {
        // Computed columns are made anew, and so are those of tables that are.
        Resource::Table(table) if !ctx.new_tables.contains(&table.qualified_name()) => {
            let columns = columns_of(live, table).into_iter().filter(|column| column.generated.is_none());
            Some((table, columns.collect::<Vec<_>>()))
        }
        _ => None,
    });
    let (mut own, mut heirs) = (Vec::new(), Vec::new());
    for (table, columns) in changing {
        let (inherited, of_table): (Vec<_>, Vec<_>) =
            columns.into_iter().partition(|column| column.origin.is_inherited());
        own.extend((!of_table.is_empty()).then_some((table, of_table)));
        heirs.extend((!inherited.is_empty()).then_some((table, inherited)));
    }
    heirs.sort_by_key(|(table, _)| inheritance_depth(table, ctx));
    for (table, columns) in &heirs {
        steps.extend(let_defaults_go(table, columns, ctx, address));
    }
    for (table, columns) in &own {
        steps.push(change_columns(table, columns, live, desired, ctx, address)?);
    }
    for (table, columns) in &heirs {
        steps.extend(bring_defaults_back(table, columns, (live, desired), ctx, address));
    }
    steps.push(ctx.step(address, Verb::DropEnum, format!("DROP TYPE {retired}")));
    for dependent in rebuild {
        match dependent {
            Resource::Constraint(dependent) => {
                steps.extend(constraint::create_at_once(dependent, ctx, address));
            }
            Resource::Index(dependent) => {
                steps.extend(index::create_in_transaction(dependent, None, ctx, address));
            }
            _ => unreachable!("only constraints and indexes are dependents of an enum"),
        }
    }
    Ok(steps)
}

/// How many parents a table has above each other.
fn inheritance_depth(table: &Table, ctx: &Context<'_>) -> usize {
    let parents = table.lineage.parents().iter().filter_map(|parent| ctx.live.table(ctx.target, parent));
    parents.map(|parent| 1 + inheritance_depth(parent, ctx)).max().unwrap_or_default()
}

/// Columns that are inherited change with those of the parents, but defaults of their own would have to be cast.
fn let_defaults_go(table: &Table, columns: &[&Column], ctx: &Context<'_>, address: &Address) -> Option<Step> {
    let name = table.qualified_name();
    let with_default = columns.iter().filter(|column| column.default.is_some());
    let actions: Vec<String> =
        with_default.map(|column| format!("ALTER COLUMN {} DROP DEFAULT", column.name)).collect();
    let sql = format!("ALTER TABLE {name} {}", actions.join(", "));
    (!actions.is_empty()).then(|| ctx.step_on_one(address, Verb::DropDefault, &name, sql))
}

/// What has come down to inherited columns with the defaults of the parents is not always what they had.
fn bring_defaults_back(
    table: &Table,
    columns: &[&Column],
    (live, desired): (&EnumType, &EnumType),
    ctx: &Context<'_>,
    address: &Address,
) -> Option<Step> {
    let name = table.qualified_name();
    let kept = |column: &Column| {
        column.default.clone().filter(|default| labels_removed(live, desired, default.as_str()).is_empty())
    };
    let parents: Vec<&Table> =
        table.lineage.parents().iter().filter_map(|parent| ctx.live.table(ctx.target, parent)).collect();
    let actions = columns.iter().filter_map(|column| {
        let own = kept(column);
        let mut above = parents.iter().filter_map(|parent| parent.column(&column.name)).map(kept);
        if above.all(|default| default == own) {
            return None;
        }
        let action = own.map_or("DROP DEFAULT".to_owned(), |default| format!("SET DEFAULT {default}"));
        Some(format!("ALTER COLUMN {} {action}", column.name))
    });
    let actions: Vec<String> = actions.collect();
    let sql = format!("ALTER TABLE {name} {}", actions.join(", "));
    (!actions.is_empty()).then(|| ctx.step_on_one(address, Verb::SetDefault, &name, sql))
}

/// The labels that go although a default holds them.
fn labels_removed<'a>(live: &'a EnumType, desired: &EnumType, default: &str) -> Vec<&'a String> {
    let removed = live.labels.iter().filter(|label| !desired.labels.contains(label));
    removed.filter(|label| names_label(default, label)).collect()
}

/// Where the old type waits within the transaction for its columns to leave it.
fn retired_name(name: &QualifiedName) -> QualifiedName {
    QualifiedName::new(name.schema.clone(), suffixed(&name.name, "__djogi_old"))
}

/// One statement for each table, so that it is written anew only once.
fn change_columns(
    table: &Table,
    columns: &[&Column],
    live: &EnumType,
    desired: &EnumType,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Step, Impossible> {
    let name = table.qualified_name();
    let removed: Vec<&String> = live.labels.iter().filter(|label| !desired.labels.contains(label)).collect();
    let mut actions = Vec::new();
    let mut neighbours = BTreeSet::new();
    for column in columns {
        neighbours.extend(foreign_key_neighbours(&name, &column.name, ctx));
        let (text, array) = if column.data_type.ends_with("[]") { ("text[]", "[]") } else { ("text", "") };
        let (column_name, new) = (&column.name, desired.qualified_name());
        let mut change = format!("ALTER COLUMN {column_name} TYPE {new}{array}");
        if table.foreign.is_none() {
            change += &format!(" USING {column_name}::{text}::{new}{array}");
        }
        let Some(default) = &column.default else {
            actions.push(change);
            continue;
        };
        actions.push(format!("ALTER COLUMN {column_name} DROP DEFAULT"));
        actions.push(change);
        // A default that is gone as a label is replaced by the table's own change.
        if labels_removed(live, desired, default.as_str()).is_empty() {
            actions.push(format!("ALTER COLUMN {column_name} SET DEFAULT {default}"));
        }
    }
    let verb = if removed.is_empty() { Verb::SetTypeRewrite } else { Verb::SetTypeNarrowing };
    let sql = format!("ALTER TABLE {name} {}", actions.join(", "));
    let step = ctx.step_on(address, verb, &name, &neighbours, sql);
    if removed.is_empty() || table.foreign.is_some() {
        return Ok(step);
    }
    let labels: Vec<String> = removed.iter().map(|label| Literal(label).to_string()).collect();
    Ok(step.with_hazard(format!("fails if a row still has {}", labels.join(" or "))))
}

/// Whether a default holds `label`, alone or in an array literal.
fn names_label(default: &str, label: &str) -> bool {
    tokens(default).iter().any(|token| {
        let Token::Literal(literal) = token else { return false };
        let value = literal.trim_matches('\'').replace("''", "'");
        let value = value.trim_start_matches('{').trim_end_matches('}');
        value.split(',').any(|part| part.trim_matches('"') == label)
    })
}
