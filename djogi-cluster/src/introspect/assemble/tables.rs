//! Tables with their columns as resources.

use djogi_core::Resource;
use djogi_core::ident::QualifiedName;
use djogi_core::kind::{Column, Expression, Generated, GeneratedStorage, Identity, IdentityMode, Table};
use djogi_core::observation::Unmodelled;

use super::{Assembled, Context};
use crate::introspect::column::ColumnRow;
use crate::introspect::constraint;
use crate::introspect::error::IntrospectError;
use crate::introspect::lookup::{ObjectId, class};

pub(super) fn add_tables(out: &mut Assembled, context: &mut Context) -> Result<(), IntrospectError> {
    let mut tables = Vec::with_capacity(out.tables.len());
    for parts in out.tables.values() {
        let mut columns = Vec::with_capacity(parts.columns.len());
        for row in &parts.columns {
            columns.push(build_column(context, row)?);
        }
        let table = Table {
            schema: parts.schema.clone(),
            name: parts.row.name.clone(),
            columns,
            comment: context.comment(class::RELATION, parts.row.oid),
        };
        let name = table.qualified_name();
        let of_table = parts.row.privileges.iter().flatten();
        out.unmodelled.extend(of_table.map(|text| privilege("table privilege", text, &name)));
        let of_columns = parts.columns.iter().flat_map(|column| column.privileges.iter().flatten());
        out.unmodelled.extend(of_columns.map(|text| privilege("column privilege", text, &name)));
        tables.push((parts.row.oid, parts.row.size, table));
    }
    for (oid, size, table) in tables {
        out.sizes.insert(table.qualified_name(), size);
        out.insert(oid, Resource::Table(table));
    }
    Ok(())
}

/// `text` is `SELECT to role`; the table goes in between.
fn privilege(kind: &str, text: &str, table: &QualifiedName) -> Unmodelled {
    let name = match text.rsplit_once(" to ") {
        Some((privileges, grantee)) => format!("{privileges} on {table} to {grantee}"),
        None => text.to_owned(),
    };
    Unmodelled { kind: kind.to_owned(), name }
}

fn build_column(context: &mut Context, row: &ColumnRow) -> Result<Column, IntrospectError> {
    let key = (row.table, row.number);
    let data_type = context.lookup.type_of(row)?;
    let collation = context.lookup.collation(row.collation, data_type.collation)?;
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
        Some(mode) => {
            let options = context.identities.remove(&key);
            let vanished = IntrospectError::Vanished { what: "identity sequence of table", oid: row.table };
            Some(Identity { mode, options: options.ok_or(vanished)? })
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
    Ok(Column {
        name: row.name.clone(),
        data_type,
        collation,
        not_null: row.not_null,
        default,
        identity,
        generated,
        comment: context.comments.remove(&(table, i32::from(row.number))),
    })
}
