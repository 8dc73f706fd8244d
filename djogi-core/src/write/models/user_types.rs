//! Types of the user's own as Rust types with their derives. Such a type exists by being the type of a field.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Taken, derived, unraw};
use super::{World, names};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Composite, Domain, EnumType, Range, Resource};
use crate::model::naming;

/// The types that are said, under their names in Rust.
#[derive(Debug, Default)]
pub(super) struct UserTypes {
    rust: BTreeMap<QualifiedName, String>,
    /// The variants of enums, by labels.
    variants: BTreeMap<QualifiedName, BTreeMap<String, String>>,
}

/// Structs with the fields of their columns.
type Structs = BTreeMap<QualifiedName, (String, BTreeMap<Ident, String>)>;

impl UserTypes {
    /// What the columns of `structs` have, by themselves or within other types.
    pub(super) fn new(candidates: &[(&Address, &Resource)], structs: &Structs, names: &mut Taken) -> Self {
        let by_name: BTreeMap<String, &Resource> = candidates
            .iter()
            .filter(|(_, resource)| is_user_type(resource))
            .filter_map(|&(_, resource)| Some((resource.qualified_name()?.to_string(), resource)))
            .collect();
        let mut open: Vec<&str> = Vec::new();
        for (_, resource) in candidates {
            if let Resource::Table(table) = resource
                && structs.contains_key(&table.qualified_name())
            {
                open.extend(table.columns.iter().map(|column| column.data_type.as_str()));
            }
        }
        let mut used: BTreeSet<&str> = BTreeSet::new();
        while let Some(name) = open.pop() {
            let name = name.trim_end_matches("[]");
            if let Some(resource) = by_name.get(name)
                && used.insert(name)
            {
                open.extend(inner(resource));
            }
        }
        let mut user_types = Self::default();
        for (_, resource) in by_name.iter().filter(|(name, _)| used.contains(name.as_str())) {
            let Some(name) = resource.qualified_name() else { continue };
            user_types.rust.insert(name.clone(), names.type_name(&name.schema, &name.name));
            if let Resource::Enum(enum_type) = resource {
                let mut taken = Taken::with(&["Self"]);
                let variant = |label: &String| (label.clone(), taken.variant(label));
                user_types.variants.insert(name, enum_type.labels.iter().map(variant).collect());
            }
        }
        user_types
    }

    pub(super) fn has(&self, resource: &Resource) -> bool {
        resource.qualified_name().is_some_and(|name| self.rust.contains_key(&name))
    }

    /// Rust types by the names of those of PostgreSQL.
    pub(super) fn mapped(&self) -> impl Iterator<Item = (String, String)> {
        self.rust.iter().map(|(name, rust)| (name.to_string(), rust.clone()))
    }

    /// `Enum::Variant` of a value, if `data_type` is an enum that has it.
    pub(super) fn variant(&self, data_type: &str, value: &str) -> Option<String> {
        let (name, variants) = self.variants.iter().find(|(name, _)| name.to_string() == data_type)?;
        Some(format!("{}::{}", self.rust.get(name)?, variants.get(value)?))
    }
}

fn is_user_type(resource: &Resource) -> bool {
    matches!(resource, Resource::Enum(_) | Resource::Domain(_) | Resource::Composite(_) | Resource::Range(_))
}

/// The types in the definition of a type.
fn inner(resource: &Resource) -> Vec<&str> {
    match resource {
        Resource::Domain(domain) => vec![&domain.data_type],
        Resource::Composite(composite) => {
            composite.attributes.iter().map(|attribute| attribute.data_type.as_str()).collect()
        }
        Resource::Range(range) => vec![&range.subtype],
        _ => Vec::new(),
    }
}

impl World<'_> {
    pub(super) fn user_type(&self, resource: &Resource) -> String {
        let Some(name) = resource.qualified_name() else { return String::new() };
        let Some(rust) = self.user_types.rust.get(&name) else { return String::new() };
        let mut items = Vec::new();
        if name.schema.as_str() != "public" {
            items.push(format!("schema = {:?}", name.schema.as_str()));
        }
        if derived(rust) != name.name.as_str() {
            items.push(format!("name = {:?}", name.name.as_str()));
        }
        match resource {
            Resource::Enum(enum_type) => self.enumeration(enum_type, rust, items),
            Resource::Domain(domain) => self.domain(domain, rust, items),
            Resource::Composite(composite) => self.composite(composite, rust, items),
            Resource::Range(range) => self.range(range, rust, items),
            _ => String::new(),
        }
    }

    fn enumeration(&self, enum_type: &EnumType, rust: &str, mut items: Vec<String>) -> String {
        let Some(variants) = self.user_types.variants.get(&enum_type.qualified_name()) else {
            return String::new();
        };
        items.extend(comment(&enum_type.comment));
        let mut text = "#[derive(Debug, Clone, Copy, PartialEq, Eq, djogi_core::PgEnum)]\n".to_owned();
        text += &attribute("pg_enum", &items);
        text += &format!("pub enum {rust} {{\n");
        for label in &enum_type.labels {
            let Some(variant) = variants.get(label) else { continue };
            if derived(variant) != *label {
                text += &format!("    #[label = {label:?}]\n");
            }
            text += &format!("    {variant},\n");
        }
        text + "}\n"
    }

    fn domain(&self, domain: &Domain, rust: &str, mut items: Vec<String>) -> String {
        let (base, says_all) = self.types.of(&domain.data_type);
        items.extend(sql_type("type", &domain.data_type, says_all));
        items.extend(
            domain.collation.iter().map(|collation| format!("collate = {:?}", collation.to_string())),
        );
        if let Some(default) = &domain.default {
            items.push(format!("default = {}", self.default(default.as_str(), &domain.data_type)));
        }
        items.extend(domain.not_null.then(|| "not_null".to_owned()));
        items.extend(comment(&domain.comment));
        let mut text = derive("PgDomain") + &attribute("pg_domain", &items);
        for check in &domain.constraints {
            let mut items = vec![
                format!("name = {:?}", check.name.as_str()),
                format!("sql = {:?}", check.expression.as_str()),
            ];
            items.extend(comment(&check.comment));
            text += &format!("#[pg_domain(check({}))]\n", items.join(", "));
        }
        text + &format!("pub struct {rust}(pub {base});\n")
    }

    fn composite(&self, composite: &Composite, rust: &str, mut items: Vec<String>) -> String {
        items.extend(comment(&composite.comment));
        let mut text = derive("PgComposite") + &attribute("pg_composite", &items);
        text += &format!("pub struct {rust} {{\n");
        let fields = names::fields(composite.attributes.iter().map(|attribute| &attribute.name));
        for one in &composite.attributes {
            let Some(field) = fields.get(&one.name) else { continue };
            let (field_type, says_all) = self.types.of(&one.data_type);
            let mut items = Vec::new();
            if unraw(field) != one.name.as_str() {
                items.push(format!("column = {:?}", one.name.as_str()));
            }
            items.extend(sql_type("type", &one.data_type, says_all));
            let collation = one.collation.iter().map(|collation| collation.to_string());
            items.extend(collation.map(|collation| format!("collate = {collation:?}")));
            items.extend(comment(&one.comment));
            if !items.is_empty() {
                text += &format!("    #[field({})]\n", items.join(", "));
            }
            text += &format!("    pub {field}: {field_type},\n");
        }
        text + "}\n"
    }

    fn range(&self, range: &Range, rust: &str, mut items: Vec<String>) -> String {
        let (bound, says_all) = self.types.of(&range.subtype);
        items.extend(sql_type("subtype", &range.subtype, says_all));
        for (key, named) in [
            ("opclass", &range.operator_class),
            ("collate", &range.collation),
            ("subtype_diff", &range.subtype_diff),
        ] {
            items.extend(named.iter().map(|name| format!("{key} = {:?}", name.to_string())));
        }
        if range.multirange.name.as_str() != naming::multirange_of(range.name.as_str()) {
            items.push(format!("multirange = {:?}", range.multirange.name.as_str()));
        }
        items.extend(comment(&range.comment));
        let text = derive("PgRange") + &attribute("pg_range", &items);
        text + &format!("pub struct {rust}(pub std::ops::Range<{bound}>);\n")
    }
}

fn derive(what: &str) -> String {
    format!("#[derive(Debug, Clone, PartialEq, djogi_core::{what})]\n")
}

/// The attribute, unless it would be empty.
fn attribute(name: &str, items: &[String]) -> String {
    if items.is_empty() { String::new() } else { format!("#[{name}({})]\n", items.join(", ")) }
}

fn comment(comment: &Option<String>) -> Option<String> {
    comment.as_ref().map(|comment| format!("comment = {comment:?}"))
}

/// The SQL type, where the Rust type does not say all of it.
fn sql_type(key: &str, data_type: &str, says_all: bool) -> Option<String> {
    (!says_all).then(|| format!("{key} = {data_type:?}"))
}
