//! One column: its type, its nullability and where its value comes from.

use super::types::{self, DataType, Types};
use super::{Result, ident, sequences};
use crate::ident::Ident;
use crate::kind::{
    Column, ColumnProperties, Expression, Generated, GeneratedStorage, Identity, IdentityMode, NotNull,
    SequenceType,
};
use crate::model::default_value::{self, Declared};
use crate::model::descriptor::{
    ColumnStorageDescriptor, ColumnValue, DefaultDescriptor, EnumDescriptor, FieldDescriptor,
    IdentityDescriptor, ModelDescriptor, Source,
};
use crate::model::error::LowerError;

/// The column of a field, and whether it holds text that only PostgreSQL understands.
pub(super) fn lower(
    model: &ModelDescriptor,
    field: &FieldDescriptor,
    target: &Ident,
    types: &Types,
) -> Result<(Column, bool)> {
    let at = model.source.at(field.line);
    let what = || format!("column `{}` of {}", field.column, model.table);
    let data_type = types::data_type(field.ty, target, types, &what, at)?;
    let in_primary_key =
        model.primary_key.is_some_and(|primary_key| primary_key.columns.contains(&field.column));
    let mut column = Column {
        name: ident("column", field.column, at)?,
        data_type: data_type.name.clone(),
        collation: types::collation(field.collation, at)?,
        origin: Default::default(),
        not_null: !field.nullable || in_primary_key,
        not_null_constraint: NotNull::default(),
        default: None,
        identity: None,
        properties: properties(&field.storage),
        generated: None,
        comment: field.comment.map(str::to_owned),
    };
    // Which storage is that of the type, and so is not kept, only PostgreSQL knows; nor what can be compressed.
    let mut raw = data_type.raw || field.storage.storage.is_some() || field.storage.compression.is_some();
    match &field.value {
        ColumnValue::Given => {}
        ColumnValue::Default(default) => {
            let declared = default_value(field.column, default, &data_type, at)?;
            raw |= declared.raw;
            column.default = Some(declared.expression);
        }
        ColumnValue::Identity(descriptor) => {
            column.not_null = true;
            column.identity = Some(identity(field, descriptor, &data_type, at)?);
        }
        ColumnValue::Generated(generated) => {
            raw = true;
            let storage = if generated.stored { GeneratedStorage::Stored } else { GeneratedStorage::Virtual };
            column.generated = Some(Generated { expression: Expression::new(generated.sql.trim()), storage });
        }
    }
    Ok((column, raw))
}

fn properties(descriptor: &ColumnStorageDescriptor) -> ColumnProperties {
    let ColumnStorageDescriptor { storage, compression, statistics } = *descriptor;
    ColumnProperties {
        storage: storage.map(str::to_owned),
        compression: compression.map(str::to_owned),
        statistics,
        ..ColumnProperties::default()
    }
}

/// The default of a column, or of the domain called so.
pub(super) fn default_value(
    column: &'static str,
    default: &DefaultDescriptor,
    data_type: &DataType,
    at: Source,
) -> Result<Declared> {
    let unknown_label = |descriptor: &'static EnumDescriptor, label: &str| {
        Ok::<_, Box<LowerError>>(LowerError::UnknownLabel {
            enumeration: types::enum_name(descriptor)?,
            declared: descriptor.source,
            label: label.to_owned(),
            column,
            at,
        })
    };
    Ok(match default {
        DefaultDescriptor::Number(literal) => default_value::number(literal, &data_type.name),
        DefaultDescriptor::Bool(value) => default_value::boolean(*value, &data_type.name),
        DefaultDescriptor::Sql(sql) => default_value::sql(sql),
        DefaultDescriptor::Heeranjid(call) => default_value::as_printed(call),
        DefaultDescriptor::Text(value) => match data_type.enumeration {
            None => default_value::text(value, &data_type.name),
            Some(descriptor) if descriptor.variants.iter().any(|variant| variant.label == *value) => {
                default_value::enum_label(value, &data_type.name)
            }
            Some(descriptor) => return Err(unknown_label(descriptor, value)?.into()),
        },
        DefaultDescriptor::Variant(descriptor, variant) => {
            let Some(label) = descriptor.label(variant) else {
                return Err(unknown_label(descriptor, variant)?.into());
            };
            let type_name = types::enum_name(descriptor)?.to_string();
            let literal = default_value::enum_label(label, &type_name);
            let of_that_type = data_type.name == type_name;
            if of_that_type { literal } else { Declared::raw(literal.expression.as_str()) }
        }
    })
}

fn identity(
    field: &FieldDescriptor,
    descriptor: &IdentityDescriptor,
    data_type: &DataType,
    at: Source,
) -> Result<Identity> {
    let sequence_type = SequenceType::of_column(&data_type.name).ok_or_else(|| LowerError::IdentityType {
        column: field.column,
        data_type: data_type.name.clone(),
        at,
    })?;
    let what = format!("the identity of `{}`", field.column);
    let options = sequences::options(descriptor.into(), sequence_type, &what, at)?;
    let mode = if descriptor.always { IdentityMode::Always } else { IdentityMode::ByDefault };
    Ok(Identity { mode, options, sequence: None, comment: None })
}
