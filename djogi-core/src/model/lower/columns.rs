//! One column: its type, its nullability and where its value comes from.

use super::enums::{self, Enums};
use super::{Result, ident, qualified, sequences};
use crate::ident::Ident;
use crate::kind::{
    Column, ColumnProperties, Expression, Generated, GeneratedStorage, Identity, IdentityMode, NotNull,
    SequenceType,
};
use crate::model::default_value::{self, Declared};
use crate::model::descriptor::{
    ColumnValue, DEFAULT_SCHEMA, DefaultDescriptor, EnumDescriptor, FieldDescriptor, FieldType,
    IdentityDescriptor, ModelDescriptor, Source, TypeDescriptor,
};
use crate::model::error::LowerError;
use crate::model::type_name::{self, TypeName};

/// The column of a field, and whether it holds text that only PostgreSQL understands.
pub(super) fn lower(
    model: &ModelDescriptor,
    field: &FieldDescriptor,
    target: &Ident,
    enums: &Enums,
) -> Result<(Column, bool)> {
    let at = model.source.at(field.line);
    let data_type = data_type(model, field, target, enums, at)?;
    let in_primary_key =
        model.primary_key.is_some_and(|primary_key| primary_key.columns.contains(&field.column));
    let collation = match field.collation {
        None | Some("default") => None,
        Some(collation) => Some(qualified(collation, "pg_catalog", at)?),
    };
    let mut column = Column {
        name: ident("column", field.column, at)?,
        data_type: data_type.name.clone(),
        collation,
        not_null: !field.nullable || in_primary_key,
        not_null_constraint: NotNull::default(),
        default: None,
        identity: None,
        properties: ColumnProperties::default(),
        generated: None,
        comment: field.comment.map(str::to_owned),
    };
    let mut raw = data_type.raw;
    match &field.value {
        ColumnValue::Given => {}
        ColumnValue::Default(default) => {
            let declared = default_value(field, default, &data_type, at)?;
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

struct DataType {
    name: String,
    raw: bool,
    /// The enum that it is, not an array of it.
    enumeration: Option<&'static EnumDescriptor>,
}

fn data_type(
    model: &ModelDescriptor,
    field: &FieldDescriptor,
    target: &Ident,
    enums: &Enums,
    at: Source,
) -> Result<DataType> {
    let written = match field.ty {
        FieldType::Mapped(mapped) => return mapped_type(mapped),
        FieldType::Sql(written) => written,
    };
    let wrong = |source| LowerError::Type { table: model.table, column: field.column, at, source };
    match type_name::canonical(written).map_err(wrong)? {
        TypeName::Canonical(name) => Ok(DataType { name, raw: false, enumeration: None }),
        TypeName::Unknown(name) => {
            let element = name.strip_suffix("[]").unwrap_or(&name);
            let declared = qualified(element, DEFAULT_SCHEMA, at).ok().and_then(|element| {
                let descriptor = *enums.get(&(target.clone(), element.clone()))?;
                Some((element, descriptor))
            });
            Ok(match declared {
                None => DataType { name, raw: true, enumeration: None },
                Some((element, _)) if name.ends_with("[]") => {
                    DataType { name: format!("{element}[]"), raw: false, enumeration: None }
                }
                Some((element, descriptor)) => {
                    DataType { name: element.to_string(), raw: false, enumeration: Some(descriptor) }
                }
            })
        }
    }
}

fn mapped_type(mapped: &'static TypeDescriptor) -> Result<DataType> {
    match mapped {
        TypeDescriptor::Builtin(name) => {
            Ok(DataType { name: (*name).to_owned(), raw: false, enumeration: None })
        }
        TypeDescriptor::Enum(descriptor) => {
            let name = enums::qualified_name(descriptor)?;
            Ok(DataType { name: name.to_string(), raw: false, enumeration: Some(descriptor) })
        }
        TypeDescriptor::Array(element) => {
            let element = mapped_type(element)?;
            // An array of arrays is one type with more dimensions, which PostgreSQL does not tell apart.
            let name = element.name.strip_suffix("[]").unwrap_or(&element.name);
            Ok(DataType { name: format!("{name}[]"), raw: false, enumeration: None })
        }
    }
}

fn default_value(
    field: &FieldDescriptor,
    default: &DefaultDescriptor,
    data_type: &DataType,
    at: Source,
) -> Result<Declared> {
    let unknown_label = |descriptor: &EnumDescriptor, label: &str| {
        Ok::<_, Box<LowerError>>(LowerError::UnknownLabel {
            enumeration: enums::qualified_name(descriptor)?,
            declared: descriptor.source,
            label: label.to_owned(),
            column: field.column,
            at,
        })
    };
    Ok(match default {
        DefaultDescriptor::Number(literal) => default_value::number(literal, &data_type.name),
        DefaultDescriptor::Bool(value) => default_value::boolean(*value, &data_type.name),
        DefaultDescriptor::Sql(sql) => default_value::sql(sql),
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
            let type_name = enums::qualified_name(descriptor)?.to_string();
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
    Ok(Identity { mode, options })
}
