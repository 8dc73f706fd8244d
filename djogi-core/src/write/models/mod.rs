//! A catalog as Rust models: every table, view, type, sequence, schema and extension that the attributes can say in full,
//! with constraints, indexes, policies and grants. The rest is not said at all, never half, and stays for SQL files.

mod column;
mod family;
mod names;
mod parts;
mod properties;
mod sayable;
mod trigger;
mod types;
mod user_types;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{Address, Kind};
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Constraint, ConstraintDefinition, Deferrable, Index, Resource, Securable, Sequence, SequenceOptions,
    Table,
};
use family::Standing;
use names::{Taken, derived, unraw};
use sayable::can_be_said;
use types::Types;
use user_types::UserTypes;

pub use types::TypeCrate;

/// Models, and what they declare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Models {
    /// A module: without its mark.
    pub text: String,
    pub said: BTreeSet<Address>,
}

/// Writes what is `selected` of `catalog`. `target` is named by every model when it is not the one that models without
/// a target belong to.
pub fn write_models(
    catalog: &Desired,
    selected: &dyn Fn(&Address) -> bool,
    crates: &[TypeCrate],
    target: Option<&Ident>,
) -> Models {
    let world = World::new(catalog, selected, crates, target);
    let mut models = Models { text: String::new(), said: world.said.clone() };
    let mut blocks = Vec::new();
    for (address, resource) in world.said_resources() {
        let block = match resource {
            Resource::Schema(schema)
                if is_given(resource)
                    && world.grants_on(&Securable::Schema { name: schema.name.clone() }).is_empty() =>
            {
                continue;
            }
            Resource::Schema(schema) => world.object("schema", Some(&schema.name), &mut |out| {
                out.extend(schema.comment.iter().map(|comment| format!("comment = {comment:?}")));
                out.extend(world.grants_on(&Securable::Schema { name: schema.name.clone() }));
            }),
            // Which version it is decides the server.
            Resource::Extension(extension) => world.object("extension", Some(&extension.name), &mut |out| {
                out.extend(extension.schema.iter().map(|schema| format!("schema = {:?}", schema.as_str())));
            }),
            Resource::Sequence(sequence) => world.sequence(sequence),
            Resource::Enum(_) | Resource::Domain(_) | Resource::Composite(_) | Resource::Range(_) => {
                world.user_type(resource)
            }
            Resource::Table(_) | Resource::View(_) | Resource::MaterializedView(_) => {
                world.relation(address, resource)
            }
            // A part of its table.
            _ => continue,
        };
        let is_object = matches!(address.kind(), Kind::Schema | Kind::Extension | Kind::Sequence);
        blocks.push((!is_object, block));
    }
    let (types, objects): (Vec<_>, Vec<_>) = blocks.into_iter().partition(|(is_type, _)| *is_type);
    let text = |blocks: Vec<(bool, String)>, between: &str| {
        blocks.into_iter().map(|(_, block)| block).collect::<Vec<_>>().join(between)
    };
    let (objects, types) = (text(objects, ""), text(types, "\n"));
    models.text = match (objects.is_empty(), types.is_empty()) {
        (false, false) => format!("{objects}\n{types}"),
        _ => objects + &types,
    };
    models
}

/// Whether every database has it.
fn is_given(resource: &Resource) -> bool {
    matches!(resource, Resource::Schema(schema) if schema.name.as_str() == "public" && schema.comment.is_none())
}

/// What is said, and under which names.
struct World<'a> {
    catalog: &'a Desired,
    said: BTreeSet<Address>,
    /// Structs with the fields of their columns.
    structs: BTreeMap<QualifiedName, (String, BTreeMap<Ident, String>)>,
    user_types: UserTypes,
    types: Types,
    target: Option<&'a Ident>,
    /// How often a name occurs in a schema among relations and constraints.
    used_names: BTreeMap<(Ident, Ident), usize>,
    /// The tables that can be said, and how.
    standings: BTreeMap<QualifiedName, Standing>,
}

/// What generated code calls by these names.
const PRELUDE: [&str; 8] = ["Box", "Err", "None", "Ok", "Option", "Some", "String", "Vec"];

impl<'a> World<'a> {
    fn new(
        catalog: &'a Desired,
        selected: &dyn Fn(&Address) -> bool,
        crates: &[TypeCrate],
        target: Option<&'a Ident>,
    ) -> Self {
        let (mut type_names, mut structs) = (Taken::with(&PRELUDE), BTreeMap::new());
        let is_selected = |address: &Address, resource: &Resource| {
            let owner = resource.owner_name().map(|owner| Address::table(address.target(), &owner));
            selected(address) || owner.is_some_and(|owner| selected(&owner))
        };
        let candidates: Vec<(&Address, &Resource)> = catalog
            .iter()
            .map(|(address, declared)| (address, &*declared.resource))
            .filter(|(address, resource)| is_selected(address, resource) && can_be_said(resource))
            .collect();
        let mut used_names: BTreeMap<(Ident, Ident), usize> = BTreeMap::new();
        for address in catalog.keys() {
            let is_named = address.kind().is_relation()
                || matches!(address.kind(), Kind::Constraint | Kind::Index | Kind::Sequence);
            if let (true, Some(schema)) = (is_named, address.schema_name()) {
                let name = (schema.clone(), address.name().clone());
                *used_names.entry(name).or_default() += 1;
            }
        }
        let standings = family::standings(catalog, &candidates);
        for (_, resource) in &candidates {
            let Some(table) = views::as_table(resource) else { continue };
            let standing = standings.get(&table.qualified_name());
            let is_table = matches!(resource, Resource::Table(_));
            if is_table && !matches!(standing, Some(Standing::Alone | Standing::Child)) {
                continue;
            }
            let fields = names::fields(table.columns.iter().map(|column| &column.name));
            let name = type_names.type_name(&table.schema, &table.name);
            structs.insert(table.qualified_name(), (name, fields));
        }
        let user_types = UserTypes::new(&candidates, &structs, &mut type_names);
        let types = Types::new(crates, user_types.mapped());
        let mut world = Self {
            catalog,
            said: BTreeSet::new(),
            structs,
            user_types,
            types,
            target,
            used_names,
            standings,
        };
        let said: BTreeSet<Address> = candidates
            .iter()
            .filter(|(_, resource)| world.is_said(resource))
            .map(|(address, _)| (*address).clone())
            .collect();
        world.said = said;
        // Keys on which others rest must be said first.
        let unfounded: Vec<Address> =
            world.said.iter().filter(|address| world.is_unfounded(address)).cloned().collect();
        for address in unfounded {
            world.said.remove(&address);
        }
        world
    }

    /// Whether what it belongs to is said as well.
    fn is_said(&self, resource: &Resource) -> bool {
        match resource {
            Resource::Enum(_) | Resource::Domain(_) | Resource::Composite(_) | Resource::Range(_) => {
                self.user_types.has(resource)
            }
            Resource::Sequence(sequence) => {
                sequence.owned_by.as_ref().is_none_or(|owner| self.structs.contains_key(&owner.table))
            }
            Resource::Table(table) => self.standings.contains_key(&table.qualified_name()),
            Resource::Constraint(constraint) if constraint.parent.is_some() => {
                self.standings.contains_key(&constraint.table_name())
            }
            Resource::Index(index) if index.parent.is_some() => {
                self.standings.contains_key(&index.table_name())
            }
            Resource::Constraint(_) | Resource::Index(_) | Resource::Policy(_) | Resource::Trigger(_) => {
                resource.relation_name().is_some_and(|table| self.structs.contains_key(&table))
            }
            Resource::Grant(grant) => match &grant.on {
                Securable::Table(table) => self.structs.contains_key(table),
                Securable::Schema { name } => self.has_candidate(&|other| {
                    matches!(other, Resource::Schema(schema) if schema.name == *name)
                }),
                Securable::Sequence { name, .. } => self.has_candidate(&|other| {
                    matches!(other, Resource::Sequence(sequence) if sequence.qualified_name() == *name)
                }),
                _ => false,
            },
            _ => true,
        }
    }

    /// Whether it is a foreign key to what no model says to be unique.
    fn is_unfounded(&self, address: &Address) -> bool {
        let Some(Resource::Constraint(constraint)) = self.resource(address) else { return false };
        let ConstraintDefinition::ForeignKey(key) = &constraint.definition else { return false };
        if constraint.parent.is_some() {
            return false;
        }
        if !self.structs.contains_key(&key.references) {
            return !key.referenced_columns.iter().all(|column| names::is_identifier(column.as_str()));
        }
        let is_key = |columns: &[&Ident]| {
            columns.len() == key.referenced_columns.len()
                && columns.iter().all(|column| key.referenced_columns.contains(column))
        };
        let mut said = self.parts(&key.references);
        !said.any(|part| match part {
            Resource::Constraint(other) => match &other.definition {
                ConstraintDefinition::PrimaryKey { columns, .. } => {
                    is_key(&columns.iter().collect::<Vec<_>>())
                }
                ConstraintDefinition::Unique { columns, .. } => {
                    other.deferrable == Deferrable::NotDeferrable
                        && is_key(&columns.iter().collect::<Vec<_>>())
                }
                _ => false,
            },
            Resource::Index(index) => {
                let columns: Option<Vec<&Ident>> = index.elements.iter().map(|e| e.column()).collect();
                index.unique && index.predicate.is_none() && columns.is_some_and(|columns| is_key(&columns))
            }
            _ => false,
        })
    }

    fn table_named(&self, name: &QualifiedName) -> Option<&'a Table> {
        self.catalog.values().find_map(|declared| match &*declared.resource {
            Resource::Table(table) if table.qualified_name() == *name => Some(table),
            _ => None,
        })
    }

    /// Whether there is such a resource that models can say.
    fn has_candidate(&self, is_it: &dyn Fn(&Resource) -> bool) -> bool {
        self.catalog.values().any(|declared| is_it(&declared.resource) && can_be_said(&declared.resource))
    }

    /// The said grants on what has no columns, as items.
    fn grants_on(&self, on: &Securable) -> Vec<String> {
        let grants = self.said_resources().filter_map(|(_, resource)| match resource {
            Resource::Grant(grant) if grant.on == *on => Some(grant),
            _ => None,
        });
        grants.flat_map(|grant| properties::grant(grant, &|column| column.to_string())).collect()
    }

    fn resource(&self, address: &Address) -> Option<&'a Resource> {
        self.catalog.get(address).map(|declared| &*declared.resource)
    }

    fn said_resources(&self) -> impl Iterator<Item = (&Address, &'a Resource)> {
        self.said.iter().filter_map(|address| Some((address, self.resource(address)?)))
    }

    /// The said constraints and indexes of a table.
    fn parts(&self, table: &QualifiedName) -> impl Iterator<Item = &'a Resource> {
        self.said_resources()
            .map(|(_, resource)| resource)
            .filter(move |resource| resource.relation_name().as_ref() == Some(table))
    }

    /// `djogi_core::schema!(app, ...);`
    fn object(&self, what: &str, name: Option<&Ident>, rest: &mut dyn FnMut(&mut Vec<String>)) -> String {
        let mut items: Vec<String> = Vec::new();
        if let Some(name) = name {
            let is_plain = names::is_identifier(name.as_str()) && !names::is_keyword(name.as_str());
            items.push(if is_plain { name.as_str().to_owned() } else { format!("{:?}", name.as_str()) });
        }
        rest(&mut items);
        items.extend(self.target.map(|target| format!("target = {:?}", target.as_str())));
        format!("djogi_core::{what}!({});\n", items.join(", "))
    }

    fn sequence(&self, sequence: &Sequence) -> String {
        let Sequence { schema, name, data_type, options, owned_by, comment } = sequence;
        self.object("sequence", None, &mut |items| {
            items.push(format!("schema = {:?}, name = {:?}", schema.as_str(), name.as_str()));
            if data_type.as_str() != "bigint" {
                items.push(format!("type = {}", data_type.as_str()));
            }
            items.extend(numbers(options, &SequenceOptions::default_for(*data_type)));
            if let Some(owner) = owned_by
                && let Some((table, fields)) = self.structs.get(&owner.table)
                && let Some(field) = fields.get(&owner.column)
            {
                items.push(format!("owned_by = {table}.{field}"));
            }
            items.extend(comment.iter().map(|comment| format!("comment = {comment:?}")));
            let on = Securable::Sequence { name: sequence.qualified_name(), table: None };
            items.extend(self.grants_on(&on));
        })
    }

    fn relation(&self, address: &Address, resource: &Resource) -> String {
        let Some(table) = views::as_table(resource) else { return String::new() };
        let table = &*table;
        let name = table.qualified_name();
        let Some((rust, fields)) = self.structs.get(&name) else { return String::new() };
        let mut items = Vec::new();
        items.extend(self.target.map(|target| format!("target = {:?}", target.as_str())));
        if name.schema.as_str() != "public" {
            items.push(format!("schema = {:?}", name.schema.as_str()));
        }
        if derived(rust) != name.name.as_str() {
            items.push(format!("table = {:?}", name.name.as_str()));
        }
        items.extend(table.comment.iter().map(|comment| format!("comment = {comment:?}")));
        items.extend(properties::storage(&table.properties));
        items.extend(views::query(resource));
        let mut parts = self.parts_of(address, table);
        let before: Vec<String> = self.family(table);
        parts.at_model.splice(0..0, before);
        parts.at_model.extend(self.rights(table));
        let mut text = "#[derive(Debug, djogi_core::Model)]\n".to_owned();
        if !items.is_empty() {
            text += &format!("#[model({})]\n", items.join(", "));
        }
        text.extend(parts.at_model.iter().map(|part| format!("#[model({part})]\n")));
        text += &format!("pub struct {rust} {{\n");
        for column in &table.columns {
            let Some(field) = fields.get(&column.name) else { continue };
            let mut items = Vec::new();
            if unraw(field) != column.name.as_str() {
                items.push(format!("column = {:?}", column.name.as_str()));
            }
            items.extend(parts.at_field.remove(&column.name).unwrap_or_default());
            let (rust_type, column_items) = self.column(&self.besides_parents(table, column));
            items.extend(column_items);
            if !items.is_empty() {
                text += &format!("    #[field({})]\n", items.join(", "));
            }
            text += &format!("    pub {field}: {rust_type},\n");
        }
        text + "}\n"
    }

    /// Whether the derive would give it this name, which nothing else has.
    fn is_automatic(&self, schema: &Ident, name: &Ident, automatic: &str) -> bool {
        let count = self.used_names.get(&(schema.clone(), name.clone())).copied().unwrap_or_default();
        name.as_str() == automatic && count == 1
    }
}

/// The numbers of a sequence that are not those of `usual`.
fn numbers(options: &SequenceOptions, usual: &SequenceOptions) -> Vec<String> {
    let SequenceOptions { start, increment, min, max, cache, cycle } = options;
    let all = [
        ("start", start, &usual.start),
        ("increment", increment, &usual.increment),
        ("min", min, &usual.min),
        ("max", max, &usual.max),
        ("cache", cache, &usual.cache),
    ];
    // Where a sequence begins follows from its bounds, and these from its direction.
    let has_own_bounds = *increment < 0 || (start, min, max) != (&usual.start, &usual.min, &usual.max);
    let is_said = |key: &str| has_own_bounds && ["start", "min", "max"].contains(&key);
    let other = all.into_iter().filter(|(key, value, usual)| is_said(key) || value != usual);
    other.map(|(key, value, _)| format!("{key} = {value}")).chain(cycle.then(|| "cycle".to_owned())).collect()
}

/// What PostgreSQL would call a part of a table.
fn automatic_name(table: &Ident, columns: &[&str], label: &str) -> String {
    let mut words = vec![table.as_str()];
    words.extend(columns);
    words.push(label);
    words.join("_")
}

/// The parts of a table as items of attributes.
#[derive(Default)]
struct Parts {
    at_model: Vec<String>,
    at_field: BTreeMap<Ident, Vec<String>>,
}

impl World<'_> {
    fn parts_of(&self, address: &Address, table: &Table) -> Parts {
        let mut parts = Parts::default();
        let name = address.relation().unwrap_or_else(|| table.qualified_name());
        for resource in self.parts(&name) {
            match resource {
                Resource::Constraint(constraint) if constraint.parent.is_none() => {
                    self.constraint(table, constraint, &mut parts);
                }
                Resource::Index(index) if index.parent.is_none() => self.index(table, index, &mut parts),
                _ => {}
            }
        }
        // Constraints come before indexes, and the key before everything, as one would write them.
        parts.at_model.sort_by_key(|part| !part.starts_with("pk"));
        parts
    }

    fn constraint(&self, table: &Table, constraint: &Constraint, parts: &mut Parts) {
        parts::constraint(self, table, constraint, parts);
    }

    fn index(&self, table: &Table, index: &Index, parts: &mut Parts) {
        parts::index(self, table, index, parts);
    }
}
