//! Schemas, extensions and sequences that are declared by themselves. Each is declared once; a schema may be named
//! by any number of models besides.

use std::collections::BTreeMap;

use super::sequences::{self, LoweredSequence};
use super::tables::Lowered;
use super::{Entry, Result, Sink, grants, ident};
use crate::address::Address;
use crate::heeranjid;
use crate::ident::Ident;
use crate::kind::{Extension, Resource, Schema, Securable};
use crate::model::descriptor::{ColumnValue, DEFAULT_SCHEMA, DefaultDescriptor, GrantDescriptor, Source};
use crate::model::error::LowerError;
use crate::model::object::{ExtensionDescriptor, ObjectDescriptor, ObjectKind, SchemaDescriptor};

/// The objects of all targets.
#[derive(Default)]
pub(super) struct Objects {
    /// Schemas and extensions, which nothing in a model can contradict.
    plain: Vec<(Ident, Source, Resource)>,
    pub(super) sequences: Vec<LoweredSequence>,
    grants: Vec<(Ident, Source, Securable, &'static [GrantDescriptor])>,
}

/// Understands the objects, and refuses what is declared twice.
pub(super) fn lower(
    objects: &[&'static ObjectDescriptor],
    default_target: &Ident,
    errors: &mut Vec<LowerError>,
) -> Objects {
    let mut lowered = Objects::default();
    let mut known: BTreeMap<Address, Source> = BTreeMap::new();
    for object in objects {
        let address = match lowered.add(object, default_target) {
            Ok(address) => address,
            Err(error) => {
                errors.push(*error);
                continue;
            }
        };
        let second = object.source;
        if let Some(first) = known.insert(address.clone(), second) {
            errors.push(LowerError::ObjectTwice { address, first, second });
        }
    }
    lowered
}

impl Objects {
    fn add(&mut self, object: &'static ObjectDescriptor, default_target: &Ident) -> Result<Address> {
        let resource = match &object.kind {
            ObjectKind::Schema(descriptor) => Resource::Schema(schema(descriptor, object.source)?),
            ObjectKind::Extension(descriptor) => Resource::Extension(extension(descriptor, object.source)?),
            ObjectKind::Sequence(descriptor) => {
                let sequence = sequences::lower(object, descriptor, default_target)?;
                let name = sequence.sequence.qualified_name();
                let address = Address::sequence(&sequence.target, &name);
                let on = Securable::Sequence { name, table: None };
                self.grants.push((sequence.target.clone(), object.source, on, object.grants));
                self.sequences.push(sequence);
                return Ok(address);
            }
        };
        let target = of_target(object, default_target)?;
        let address = resource.address(&target);
        if let Resource::Schema(Schema { name, .. }) = &resource {
            let on = Securable::Schema { name: name.clone() };
            self.grants.push((target.clone(), object.source, on, object.grants));
        }
        self.plain.push((target, object.source, resource));
        Ok(address)
    }

    pub(super) fn declare_grants(&self, sink: &mut Sink, errors: &mut Vec<LowerError>) {
        for (target, source, on, grants) in &self.grants {
            grants::declare_whole(on, (target, *source), grants, sink, errors);
        }
    }

    /// Declares schemas and extensions; before the models, so that what a declaration says of a schema counts.
    pub(super) fn declare_plain(&self, sink: &mut Sink) {
        for (target, source, resource) in &self.plain {
            sink.add(target, *source, Entry::new(resource.clone(), false));
        }
        // Later than all declared schemas.
        for (target, source, resource) in &self.plain {
            if let Resource::Extension(Extension { schema: Some(schema), .. }) = resource {
                sink.schema_named(target, schema, *source);
            }
        }
    }
}

/// Declares heeranjid where a model has keys of it, unless `extension!` does.
pub(super) fn declare_heeranjid(tables: &[Lowered], sink: &mut Sink) {
    for table in tables {
        let fields = table.model.fields.iter();
        let generated = |value| matches!(value, ColumnValue::Default(DefaultDescriptor::Heeranjid(_)));
        if let Some(field) = fields.into_iter().find(|field| generated(field.value)) {
            let at = table.model.source.at(field.line);
            sink.add(&table.target, at, Entry::new(Resource::Extension(brought()), false));
        }
    }
}

/// Where its objects live is no choice, and its version is that of its SQL.
fn brought() -> Extension {
    let name = Ident::new(heeranjid::NAME).expect("it is a plain word");
    Extension { name, schema: None, version: Some(heeranjid::VERSION.to_owned()) }
}

pub(super) fn of_target(object: &ObjectDescriptor, default_target: &Ident) -> Result<Ident> {
    object.target.map_or_else(|| Ok(default_target.clone()), |target| ident("target", target, object.source))
}

fn schema(descriptor: &SchemaDescriptor, at: Source) -> Result<Schema> {
    let comment = descriptor.comment.map(str::to_owned);
    Ok(Schema { name: ident("schema", descriptor.name, at)?, comment })
}

fn extension(descriptor: &ExtensionDescriptor, at: Source) -> Result<Extension> {
    if descriptor.name == heeranjid::NAME {
        let is_other = |given: Option<&str>, own| given.is_some_and(|given| given != own);
        if is_other(descriptor.schema, heeranjid::NAME) || is_other(descriptor.version, heeranjid::VERSION) {
            return Err(LowerError::Brought { at, version: heeranjid::VERSION }.into());
        }
        return Ok(brought());
    }
    Ok(Extension {
        name: ident("extension", descriptor.name, at)?,
        // Sessions have an empty search_path, so there is no other schema that the server could choose.
        schema: Some(ident("schema", descriptor.schema.unwrap_or(DEFAULT_SCHEMA), at)?),
        version: descriptor.version.map(str::to_owned),
    })
}
