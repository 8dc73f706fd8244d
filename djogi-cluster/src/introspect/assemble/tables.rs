//! Tables, views and composite types with their columns as resources.

use djogi_core::Resource;
use djogi_core::ident::Ident;
use djogi_core::kind::{
    Column, ColumnOrigin, Composite, CompositeAttribute, Expression, Generated, GeneratedStorage, Identity,
    IdentityMode, MaterializedView, Table, TableProperties, View, ViewColumn, not_null,
};

use super::{Assembled, Context, IdentitySequence, TableParts};
use crate::introspect::column::ColumnRow;
use crate::introspect::constraint;
use crate::introspect::error::IntrospectError;
use crate::introspect::lookup::{ObjectId, class};

/// The access method `heap`, by its fixed oid.
const HEAP: u32 = 2;

pub(super) fn add_tables(out: &mut Assembled, context: &mut Context) -> Result<(), IntrospectError> {
    let mut tables = Vec::with_capacity(out.tables.len());
    let mut others = Vec::new();
    for parts in out.tables.values() {
        if !matches!(parts.row.kind, 'r' | 'p' | 'f') {
            others.push((parts.row.oid, parts.row.size, build_other(context, parts)?));
            continue;
        }
        let mut columns = Vec::with_capacity(parts.columns.len());
        for row in &parts.columns {
            columns.push(build_column(context, &parts.row.name, row)?);
        }
        let table = Table {
            schema: parts.schema.clone(),
            name: parts.row.name.clone(),
            columns,
            partition_by: parts.row.partition_by.clone(),
            lineage: parts.row.lineage.clone(),
            foreign: parts.row.foreign.clone(),
            properties: properties(context, parts)?,
            comment: context.comment(class::RELATION, parts.row.oid),
        };
        tables.push((parts.row.oid, parts.row.size, table));
    }
    for (oid, size, table) in tables {
        // A foreign table has no rows here.
        if table.foreign.is_none() {
            out.sizes.insert(table.qualified_name(), size);
        }
        out.insert(oid, Resource::Table(table));
    }
    for (oid, size, resource) in others {
        if let Resource::MaterializedView(view) = &resource {
            out.sizes.insert(view.qualified_name(), size);
        }
        out.insert(oid, resource);
    }
    Ok(())
}

/// A view, a materialized view or a composite type.
fn build_other(context: &mut Context, parts: &TableParts) -> Result<Resource, IntrospectError> {
    let (schema, name) = (parts.schema.clone(), parts.row.name.clone());
    if parts.row.kind == 'c' {
        let comment = context.comment(class::TYPE, parts.row.row_type);
        let mut attributes = Vec::with_capacity(parts.columns.len());
        for row in &parts.columns {
            let Column { name, data_type, collation, comment, .. } =
                build_column(context, &parts.row.name, row)?;
            attributes.push(CompositeAttribute { name, data_type, collation, comment });
        }
        return Ok(Resource::Composite(Composite { schema, name, attributes, comment }));
    }
    let mut columns = Vec::with_capacity(parts.columns.len());
    for row in &parts.columns {
        let Column { name, data_type, collation, default, comment, .. } =
            build_column(context, &parts.row.name, row)?;
        columns.push(ViewColumn { name, data_type, collation, default, comment });
    }
    let definition = parts.row.definition.as_deref();
    let vanished = IntrospectError::Vanished { what: "view", oid: parts.row.oid };
    let definition = Expression::new(definition.ok_or(vanished)?.trim_end_matches(';').trim_start());
    let (options, comment) = (parts.row.options(), context.comment(class::RELATION, parts.row.oid));
    if parts.row.kind == 'v' {
        return Ok(Resource::View(View { schema, name, columns, definition, options, comment }));
    }
    let access_method = access_method(context, parts)?;
    let tablespace = parts.row.tablespace.clone();
    Ok(Resource::MaterializedView(MaterializedView {
        schema,
        name,
        columns,
        definition,
        options,
        access_method,
        tablespace,
        comment,
    }))
}

/// `None` is `heap`.
fn access_method(context: &Context, parts: &TableParts) -> Result<Option<Ident>, IntrospectError> {
    match parts.row.access_method {
        // A partitioned table that leaves the choice to its partitions.
        HEAP | 0 => Ok(None),
        other => Ok(Some(context.lookup.method(other)?.clone())),
    }
}

fn properties(context: &Context, parts: &TableParts) -> Result<TableProperties, IntrospectError> {
    Ok(TableProperties {
        unlogged: parts.row.unlogged,
        options: parts.row.options(),
        access_method: access_method(context, parts)?,
        tablespace: parts.row.tablespace.clone(),
        replica_identity: parts.row.replica_identity.clone(),
        cluster_on: parts.row.cluster_on.clone(),
        row_security: parts.row.row_security,
        force_row_security: parts.row.force_row_security,
    })
}

fn build_column(context: &mut Context, relation: &Ident, row: &ColumnRow) -> Result<Column, IntrospectError> {
    let key = (row.table, row.number);
    let data_type = context.lookup.type_of(row)?;
    let collation = context.lookup.collation(row.collation, data_type.collation)?;
    let properties = row.properties(data_type.storage)?;
    let data_type = data_type.name.clone();
    let expression = context.expressions.remove(&key).map(Expression::new);
    let storage = match row.generated {
        '\0' => None,
        's' => Some(GeneratedStorage::Stored),
        'v' => Some(GeneratedStorage::Virtual),
        other => return Err(constraint::unknown("kind of generated column", other)),
    };
    let mode = match row.identity {
        '\0' => None,
        'a' => Some(IdentityMode::Always),
        'd' => Some(IdentityMode::ByDefault),
        other => return Err(constraint::unknown("kind of identity column", other)),
    };
    let identity = match mode {
        None => None,
        // That of a partition is the partitioned table's.
        Some(_) if row.origin == ColumnOrigin::Inherited && !context.identities.contains_key(&key) => None,
        Some(mode) => {
            let sequence = context.identities.remove(&key);
            let vanished = IntrospectError::Vanished { what: "identity sequence of table", oid: row.table };
            let IdentitySequence { name, options, comment } = sequence.ok_or(vanished)?;
            let identity = Identity { mode, options, sequence: None, comment };
            Some(identity.called(name, relation, &row.name))
        }
    };
    let (default, generated) = match (storage, expression) {
        (Some(storage), Some(expression)) => (None, Some(Generated { expression, storage })),
        (Some(_), None) => {
            return Err(IntrospectError::Vanished { what: "generating expression of table", oid: row.table });
        }
        (None, default) => (default, None),
    };
    let table = ObjectId { class: class::RELATION, oid: row.table };
    let not_null_constraint = context.not_nulls.remove(&key).map(|constraint| {
        let is_default = not_null::is_default_name(&constraint.name, relation, Some(&row.name));
        constraint.constraint(is_default)
    });
    Ok(Column {
        name: row.name.clone(),
        data_type,
        collation,
        origin: row.origin,
        not_null: row.not_null,
        not_null_constraint: not_null_constraint.unwrap_or_default(),
        default,
        identity,
        generated,
        properties,
        comment: context.comments.remove(&(table, i32::from(row.number))),
    })
}
