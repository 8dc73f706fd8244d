//! Views: a model's fields are what the query is expected to give.

use super::tables::Lowered;
use super::{Entry, Sink};
use crate::address::{Address, Kind};
use crate::kind::{Expression, MaterializedView, Resource, View, ViewColumn};
use crate::model::descriptor::ViewDescriptor;

pub(super) fn declare_view(lowered: &Lowered, view: &ViewDescriptor, sink: &mut Sink) {
    let table = &lowered.table;
    let resource = View {
        schema: table.schema.clone(),
        name: table.name.clone(),
        columns: columns(lowered),
        definition: Expression::new(view.query.trim()),
        options: view.options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        comment: table.comment.clone(),
    };
    declare(lowered, Resource::View(resource), sink);
}

pub(super) fn declare_materialized(lowered: &Lowered, query: &str, sink: &mut Sink) {
    let table = &lowered.table;
    let resource = MaterializedView {
        schema: table.schema.clone(),
        name: table.name.clone(),
        columns: columns(lowered),
        definition: Expression::new(query.trim()),
        options: table.properties.options.clone(),
        access_method: table.properties.access_method.clone(),
        tablespace: table.properties.tablespace.clone(),
        comment: table.comment.clone(),
    };
    declare(lowered, Resource::MaterializedView(resource), sink);
}

fn columns(lowered: &Lowered) -> Vec<ViewColumn> {
    let column = |column: &crate::kind::Column| ViewColumn {
        name: column.name.clone(),
        data_type: column.data_type.clone(),
        collation: None,
        default: None,
        comment: column.comment.clone(),
    };
    lowered.table.columns.iter().map(column).collect()
}

fn declare(lowered: &Lowered, resource: Resource, sink: &mut Sink) {
    let kind: Kind = resource.kind();
    let mut entry = Entry::new(resource, true);
    entry.renamed_from = Some(Address::of_schema(kind, &lowered.target, &lowered.old_name));
    let lines = lowered.model.fields.iter().map(|field| field.line);
    entry.lines = lowered.table.columns.iter().map(|column| column.name.clone()).zip(lines).collect();
    sink.add(&lowered.target, lowered.model.source, entry);
}
