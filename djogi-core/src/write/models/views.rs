//! Views as models: relations whose columns are what their queries give.

use std::borrow::Cow;

use crate::ident::Ident;
use crate::kind::{
    Column, ColumnProperties, Expression, Lineage, NotNull, Parameters, Resource, Table, TableProperties,
    ViewColumn,
};

/// The relation as a model has it; `None` of what is none.
pub(super) fn as_table(resource: &Resource) -> Option<Cow<'_, Table>> {
    match resource {
        Resource::Table(table) => Some(Cow::Borrowed(table)),
        Resource::View(view) => {
            let properties = TableProperties::default();
            Some(Cow::Owned(table((&view.schema, &view.name), &view.columns, properties, &view.comment)))
        }
        Resource::MaterializedView(view) => {
            let properties = TableProperties {
                options: view.options.clone(),
                access_method: view.access_method.clone(),
                tablespace: view.tablespace.clone(),
                ..TableProperties::default()
            };
            Some(Cow::Owned(table((&view.schema, &view.name), &view.columns, properties, &view.comment)))
        }
        _ => None,
    }
}

fn table(
    (schema, name): (&Ident, &Ident),
    columns: &[ViewColumn],
    properties: TableProperties,
    comment: &Option<String>,
) -> Table {
    let column = |column: &ViewColumn| Column {
        name: column.name.clone(),
        data_type: column.data_type.clone(),
        collation: None,
        origin: Default::default(),
        not_null: false,
        not_null_constraint: NotNull::default(),
        default: None,
        identity: None,
        generated: None,
        properties: ColumnProperties::default(),
        comment: column.comment.clone(),
    };
    Table {
        schema: schema.clone(),
        name: name.clone(),
        columns: columns.iter().map(column).collect(),
        partition_by: None,
        lineage: Lineage::None,
        foreign: None,
        properties,
        comment: comment.clone(),
    }
}

/// Whether attributes say all of the options of a view.
pub(super) fn can_be_said(options: &Parameters) -> bool {
    options.iter().all(|(name, value)| match name.as_str() {
        "security_invoker" | "security_barrier" => value == "true",
        "check_option" => ["local", "cascaded"].contains(&value.as_str()),
        _ => false,
    })
}

/// The query of a view, and its options, as items.
pub(super) fn query(resource: &Resource) -> Vec<String> {
    match resource {
        Resource::View(view) => {
            let options = view.options.iter().map(|(name, value)| match name.as_str() {
                "check_option" => format!("check_option = {value}"),
                _ => name.clone(),
            });
            std::iter::once(format!("view = {}", literal(&view.definition))).chain(options).collect()
        }
        Resource::MaterializedView(view) => {
            vec![format!("materialized_view = {}", literal(&view.definition))]
        }
        _ => Vec::new(),
    }
}

/// A query as a literal in which its lines stay lines.
fn literal(sql: &Expression) -> String {
    let text = sql.as_str().trim();
    if !text.contains('\n') {
        return format!("{text:?}");
    }
    let mut hashes = "#".to_owned();
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"\n    {text}\n\"{hashes}")
}
