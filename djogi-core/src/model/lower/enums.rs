//! The enum types that models use.

use std::collections::BTreeMap;

use super::{Entry, Result, Sink, ident, qualified};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{EnumType, Resource};
use crate::model::descriptor::{
    ColumnValue, DefaultDescriptor, EnumDescriptor, FieldType, ModelDescriptor, TypeDescriptor,
};
use crate::model::error::LowerError;

/// Enum types by target and name.
pub(super) type Enums = BTreeMap<(Ident, QualifiedName), &'static EnumDescriptor>;

/// Finds the enums of all models; two Rust enums may be one type when they agree.
pub(super) fn collect(
    models: &[&'static ModelDescriptor],
    default_target: &Ident,
    errors: &mut Vec<LowerError>,
) -> Enums {
    let mut enums = Enums::new();
    for model in models {
        for descriptor in model.fields.iter().flat_map(|field| of_field(field.ty, field.value)) {
            let at = model.source;
            let named = model
                .target
                .map_or_else(|| Ok(default_target.clone()), |target| ident("target", target, at))
                .and_then(|target| Ok((target, qualified_name(descriptor)?)));
            let key = match named {
                Ok(key) => key,
                Err(error) => {
                    errors.push(*error);
                    continue;
                }
            };
            let known = *enums.entry(key.clone()).or_insert(descriptor);
            if !agree(known, descriptor) {
                let (first, second) = (known.source, descriptor.source);
                let error = LowerError::EnumsDiffer { name: key.1, first, second };
                if !errors.contains(&error) {
                    errors.push(error);
                }
            }
        }
    }
    enums
}

pub(super) fn declare(enums: &Enums, sink: &mut Sink, errors: &mut Vec<LowerError>) {
    for ((target, name), descriptor) in enums {
        let enumeration = EnumType {
            schema: name.schema.clone(),
            name: name.name.clone(),
            labels: descriptor.variants.iter().map(|variant| variant.label.to_owned()).collect(),
            comment: descriptor.comment.map(str::to_owned),
        };
        sink.schema_named(target, &name.schema, descriptor.source);
        let mut entry = Entry::new(Resource::Enum(enumeration), false);
        match descriptor.renamed_from.map(|old| qualified(old, name.schema.as_str(), descriptor.source)) {
            None => {}
            Some(Ok(old)) => entry.renamed_from = Some(Address::enum_type(target, &old)),
            Some(Err(error)) => errors.push(*error),
        }
        sink.add(target, descriptor.source, entry);
    }
}

/// The name of an enum type in the catalog.
pub(super) fn qualified_name(descriptor: &EnumDescriptor) -> Result<QualifiedName> {
    let schema = ident("schema", descriptor.schema(), descriptor.source)?;
    let name = ident("enum type", descriptor.name, descriptor.source)?;
    Ok(QualifiedName::new(schema, name))
}

fn of_field(ty: FieldType, value: ColumnValue) -> impl Iterator<Item = &'static EnumDescriptor> {
    let by_type = match ty {
        FieldType::Mapped(mapped) => of_type(mapped),
        FieldType::Sql(_) => None,
    };
    let by_default = match value {
        ColumnValue::Default(DefaultDescriptor::Variant(descriptor, _)) => Some(descriptor),
        _ => None,
    };
    by_type.into_iter().chain(by_default)
}

fn of_type(ty: &TypeDescriptor) -> Option<&'static EnumDescriptor> {
    match ty {
        TypeDescriptor::Builtin(_) => None,
        TypeDescriptor::Enum(descriptor) => Some(descriptor),
        TypeDescriptor::Array(element) => of_type(element),
    }
}

fn agree(a: &EnumDescriptor, b: &EnumDescriptor) -> bool {
    let labels = |descriptor: &EnumDescriptor| descriptor.variants.iter().map(|variant| variant.label);
    labels(a).eq(labels(b)) && a.comment == b.comment && a.renamed_from == b.renamed_from
}
