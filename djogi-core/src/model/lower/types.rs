//! The types of the user's own that models use, directly or by other types.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Result, Sink, domains, ident, qualified, ranges};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Composite, CompositeAttribute, EnumType, Resource};
use crate::model::descriptor::{
    ColumnValue, CompositeDescriptor, DEFAULT_SCHEMA, DefaultDescriptor, DomainDescriptor, EnumDescriptor,
    FieldDescriptor, FieldType, ModelDescriptor, RangeDescriptor, RelationDescriptor, Source, TypeDescriptor,
    TypeHead,
};
use crate::model::error::LowerError;
use crate::model::type_name::{self, TypeName};

/// One declared type.
#[derive(Clone, Copy, Debug)]
pub(super) enum UserType {
    Enum(&'static EnumDescriptor),
    Domain(&'static DomainDescriptor),
    Composite(&'static CompositeDescriptor),
    Range(&'static RangeDescriptor),
}

impl UserType {
    fn head(self) -> TypeHead {
        match self {
            UserType::Enum(it) => TypeHead {
                rust_name: it.rust_name,
                source: it.source,
                schema: it.schema,
                name: it.name,
                comment: it.comment,
                renamed_from: it.renamed_from,
            },
            UserType::Domain(it) => it.head,
            UserType::Composite(it) => it.head,
            UserType::Range(it) => it.head,
        }
    }

    pub(super) fn source(self) -> Source {
        self.head().source
    }

    fn same(self, other: Self) -> bool {
        match (self, other) {
            (UserType::Enum(a), UserType::Enum(b)) => std::ptr::eq(a, b),
            (UserType::Domain(a), UserType::Domain(b)) => std::ptr::eq(a, b),
            (UserType::Composite(a), UserType::Composite(b)) => std::ptr::eq(a, b),
            (UserType::Range(a), UserType::Range(b)) => std::ptr::eq(a, b),
            (UserType::Enum(_) | UserType::Domain(_) | UserType::Composite(_) | UserType::Range(_), _) => {
                false
            }
        }
    }

    /// The types that its definition names.
    fn inner(self) -> Vec<UserType> {
        match self {
            UserType::Enum(_) => Vec::new(),
            UserType::Domain(it) => of_field(it.base, it.default).collect(),
            UserType::Composite(it) => {
                it.attributes.iter().flat_map(|attribute| of_field(attribute.ty, attribute.value)).collect()
            }
            UserType::Range(it) => of_field(it.subtype, ColumnValue::Given).collect(),
        }
    }
}

/// Types by target and name. Several of Rust may be one of PostgreSQL when they agree.
#[derive(Debug, Default)]
pub(super) struct Types(BTreeMap<(Ident, QualifiedName), Known>);

/// What is declared under one name.
#[derive(Debug, Default)]
struct Known {
    declared: Vec<UserType>,
    /// What kinds of models have it.
    by: BTreeSet<Whose>,
}

/// Whose a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Ours,
    Theirs,
    /// A view only shows what tables have.
    View,
}

impl Whose {
    fn is(model: &ModelDescriptor) -> Self {
        match model.relation {
            _ if model.unmanaged => Whose::Theirs,
            RelationDescriptor::Table => Whose::Ours,
            RelationDescriptor::View(_) | RelationDescriptor::MaterializedView { .. } => Whose::View,
        }
    }
}

impl Known {
    /// A type of theirs is theirs, unless a table of ours has it too.
    fn is_managed(&self) -> bool {
        self.by.contains(&Whose::Ours) || !self.by.contains(&Whose::Theirs)
    }
}

impl Types {
    pub(super) fn get(&self, key: &(Ident, QualifiedName)) -> Option<UserType> {
        self.0.get(key)?.declared.first().copied()
    }

    /// Takes note of a type and of those in its definition.
    fn add(&mut self, target: &Ident, found: UserType, by: Whose) -> Result<()> {
        let key = (target.clone(), qualified_name(found.head())?);
        let known = self.0.entry(key).or_default();
        let is_new = !known.declared.iter().any(|known| known.same(found));
        if is_new {
            known.declared.push(found);
        }
        if known.by.insert(by) || is_new {
            for inner in found.inner() {
                self.add(target, inner, by)?;
            }
        }
        Ok(())
    }
}

/// Finds the types of all models.
pub(super) fn collect(
    models: &[&'static ModelDescriptor],
    default_target: &Ident,
    errors: &mut Vec<LowerError>,
) -> Types {
    let mut types = Types::default();
    for model in models {
        let target = model
            .target
            .map_or_else(|| Ok(default_target.clone()), |target| ident("target", target, model.source));
        let target = match target {
            Ok(target) => target,
            Err(error) => {
                errors.push(*error);
                continue;
            }
        };
        for found in model.fields.iter().flat_map(|field| of_field(field.ty, field.value)) {
            if let Err(error) = types.add(&target, found, Whose::is(model)) {
                errors.push(*error);
            }
        }
    }
    types
}

/// A type as a resource.
pub(super) struct LoweredType {
    target: Ident,
    source: Source,
    resource: Resource,
    raw: bool,
    managed: bool,
    /// The name before a declared rename.
    old_name: Option<QualifiedName>,
}

/// Lowers the types, and refuses those that are declared differently in two places.
pub(super) fn lower(types: &Types, errors: &mut Vec<LowerError>) -> Vec<LoweredType> {
    let mut lowered: Vec<LoweredType> = Vec::with_capacity(types.0.len());
    for ((target, name), known) in &types.0 {
        let mut first: Option<LoweredType> = None;
        for one in &known.declared {
            let second = match one_type(*one, target, name, types) {
                Ok(second) => LoweredType { managed: known.is_managed(), ..second },
                Err(error) => {
                    errors.push(*error);
                    continue;
                }
            };
            match &first {
                None => first = Some(second),
                Some(first) if first.resource == second.resource && first.old_name == second.old_name => {}
                Some(first) => errors.push(LowerError::TypesDiffer {
                    name: name.clone(),
                    first: first.source,
                    second: second.source,
                }),
            }
        }
        lowered.extend(first);
    }
    lowered
}

fn one_type(found: UserType, target: &Ident, name: &QualifiedName, types: &Types) -> Result<LoweredType> {
    let head = found.head();
    let (resource, raw) = match found {
        UserType::Enum(it) => (Resource::Enum(enumeration(it, name)), false),
        UserType::Domain(it) => {
            let (domain, raw) = domains::lower(it, name, target, types)?;
            (Resource::Domain(domain), raw)
        }
        UserType::Composite(it) => {
            let (composite, raw) = composite(it, name, target, types)?;
            (Resource::Composite(composite), raw)
        }
        UserType::Range(it) => {
            let (range, raw) = ranges::lower(it, name, target, types)?;
            (Resource::Range(range), raw)
        }
    };
    let old_name =
        head.renamed_from.map(|old| qualified(old, name.schema.as_str(), head.source)).transpose()?;
    Ok(LoweredType { target: target.clone(), source: head.source, resource, raw, managed: true, old_name })
}

fn enumeration(descriptor: &EnumDescriptor, name: &QualifiedName) -> EnumType {
    EnumType {
        schema: name.schema.clone(),
        name: name.name.clone(),
        labels: descriptor.variants.iter().map(|variant| variant.label.to_owned()).collect(),
        comment: descriptor.comment.map(str::to_owned),
    }
}

fn composite(
    descriptor: &CompositeDescriptor,
    name: &QualifiedName,
    target: &Ident,
    types: &Types,
) -> Result<(Composite, bool)> {
    let mut raw = false;
    let mut attribute = |field: &FieldDescriptor| {
        let at = descriptor.head.source.at(field.line);
        let what = || format!("attribute `{}` of {name}", field.column);
        let data_type = data_type(field.ty, target, types, &what, at)?;
        raw |= data_type.raw;
        Ok(CompositeAttribute {
            name: ident("attribute", field.column, at)?,
            data_type: data_type.name,
            collation: collation(field.collation, at)?,
            comment: field.comment.map(str::to_owned),
        })
    };
    let attributes = descriptor.attributes.iter().map(&mut attribute).collect::<Result<Vec<_>>>()?;
    let composite = Composite {
        schema: name.schema.clone(),
        name: name.name.clone(),
        attributes,
        comment: descriptor.head.comment.map(str::to_owned),
    };
    Ok((composite, raw))
}

pub(super) fn declare(types: Vec<LoweredType>, sink: &mut Sink) {
    for LoweredType { target, source, resource, raw, managed, old_name } in types {
        sink.unmanaged = !managed;
        if let Some(name) = resource.qualified_name() {
            sink.schema_named(&target, &name.schema, source);
        }
        let kind = resource.kind();
        let mut entry = Entry::new(resource, raw);
        entry.renamed_from = old_name.map(|old| Address::of_schema(kind, &target, &old));
        sink.add(&target, source, entry);
    }
}

/// The name of a type in the catalog.
pub(super) fn qualified_name(head: TypeHead) -> Result<QualifiedName> {
    let schema = ident("schema", head.schema(), head.source)?;
    Ok(QualifiedName::new(schema, ident("type", head.name, head.source)?))
}

/// The name of an enum type in the catalog.
pub(super) fn enum_name(descriptor: &'static EnumDescriptor) -> Result<QualifiedName> {
    qualified_name(UserType::Enum(descriptor).head())
}

/// A collation by its name; `None` is that of the type.
pub(super) fn collation(written: Option<&str>, at: Source) -> Result<Option<QualifiedName>> {
    match written {
        None | Some("default") => Ok(None),
        Some(collation) => Ok(Some(qualified(collation, "pg_catalog", at)?)),
    }
}

/// The type of a column, an attribute or a bound.
pub(super) struct DataType {
    pub(super) name: String,
    /// Whether only PostgreSQL knows how it is printed.
    pub(super) raw: bool,
    /// The enum that it is, not an array of it.
    pub(super) enumeration: Option<&'static EnumDescriptor>,
}

/// Finds the type; `what` has it.
pub(super) fn data_type(
    ty: FieldType,
    target: &Ident,
    types: &Types,
    what: &dyn Fn() -> String,
    at: Source,
) -> Result<DataType> {
    let written = match ty {
        FieldType::Mapped(mapped) => return mapped_type(mapped),
        FieldType::Sql(written) => written,
    };
    let plain = |name, raw| DataType { name, raw, enumeration: None };
    match type_name::canonical(written).map_err(|source| LowerError::Type { what: what(), at, source })? {
        TypeName::Canonical(name) => Ok(plain(name, false)),
        TypeName::Unknown(name) => {
            let element = name.strip_suffix("[]").unwrap_or(&name);
            let declared = qualified(element, DEFAULT_SCHEMA, at).ok().and_then(|element| {
                let found = types.get(&(target.clone(), element.clone()))?;
                Some((element, found))
            });
            Ok(match declared {
                None => plain(name, true),
                Some((element, _)) if name.ends_with("[]") => plain(format!("{element}[]"), false),
                Some((element, UserType::Enum(descriptor))) => {
                    DataType { name: element.to_string(), raw: false, enumeration: Some(descriptor) }
                }
                Some((element, UserType::Domain(_) | UserType::Composite(_) | UserType::Range(_))) => {
                    plain(element.to_string(), false)
                }
            })
        }
    }
}

fn mapped_type(mapped: &'static TypeDescriptor) -> Result<DataType> {
    let (name, enumeration) = match mapped {
        TypeDescriptor::Builtin(name) => ((*name).to_owned(), None),
        TypeDescriptor::Enum(it) => (enum_name(it)?.to_string(), Some(*it)),
        TypeDescriptor::Domain(it) => (qualified_name(it.head)?.to_string(), None),
        TypeDescriptor::Composite(it) => (qualified_name(it.head)?.to_string(), None),
        TypeDescriptor::Range(it) => (qualified_name(it.head)?.to_string(), None),
        TypeDescriptor::Array(element) => {
            let element = mapped_type(element)?;
            // An array of arrays is one type with more dimensions, which PostgreSQL does not tell apart.
            let name = element.name.strip_suffix("[]").unwrap_or(&element.name);
            (format!("{name}[]"), None)
        }
    };
    Ok(DataType { name, raw: false, enumeration })
}

fn of_field(ty: FieldType, value: ColumnValue) -> impl Iterator<Item = UserType> {
    let by_type = match ty {
        FieldType::Mapped(mapped) => of_type(mapped),
        FieldType::Sql(_) => None,
    };
    let by_default = match value {
        ColumnValue::Default(DefaultDescriptor::Variant(descriptor, _)) => Some(UserType::Enum(descriptor)),
        _ => None,
    };
    by_type.into_iter().chain(by_default)
}

fn of_type(ty: &'static TypeDescriptor) -> Option<UserType> {
    match ty {
        TypeDescriptor::Builtin(_) => None,
        TypeDescriptor::Enum(it) => Some(UserType::Enum(it)),
        TypeDescriptor::Domain(it) => Some(UserType::Domain(it)),
        TypeDescriptor::Composite(it) => Some(UserType::Composite(it)),
        TypeDescriptor::Range(it) => Some(UserType::Range(it)),
        TypeDescriptor::Array(element) => of_type(element),
    }
}
