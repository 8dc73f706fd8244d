//! What raw text needs, by the names in it. A name that merely looks like one brings in what does no harm.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::address::Kind;
use djogi_core::digest::canonical_json;
use djogi_core::{Address, QualifiedName, Resource};

use super::unit::{Declared, is_key, is_needed_by_name};

/// Everything that can be needed.
pub(super) struct Helpers<'a> {
    /// Any expression may call any of them.
    extensions: Vec<Declared<'a>>,
    plain: BTreeMap<&'a str, Vec<Declared<'a>>>,
    /// Of names that are written in quotes.
    quoted: Vec<Declared<'a>>,
    /// The primary keys of tables.
    keys: BTreeMap<QualifiedName, Declared<'a>>,
}

impl<'a> Helpers<'a> {
    pub(super) fn new(declared: impl Iterator<Item = Declared<'a>>) -> Self {
        let mut helpers = Self {
            extensions: Vec::new(),
            plain: BTreeMap::new(),
            quoted: Vec::new(),
            keys: BTreeMap::new(),
        };
        for one @ (address, declaration) in declared {
            match address.kind() {
                Kind::Extension => helpers.extensions.push(one),
                kind if is_needed_by_name(kind) && address.name().is_plain() => {
                    helpers.plain.entry(address.name().as_str()).or_default().push(one);
                }
                kind if is_needed_by_name(kind) => helpers.quoted.push(one),
                _ => {
                    let table =
                        declaration.resource.relation_name().filter(|_| is_key(&declaration.resource));
                    helpers.keys.extend(table.map(|table| (table, one)));
                }
            }
        }
        helpers
    }

    /// What `members` need and are not, each behind what it needs itself; extensions first.
    pub(super) fn of(&self, members: &[Declared<'a>]) -> Vec<Declared<'a>> {
        let mut seen: BTreeSet<&Address> = members.iter().map(|(address, _)| *address).collect();
        let mut needs = self.extensions.clone();
        for member in members {
            self.visit(*member, &mut seen, &mut needs);
        }
        needs
    }

    /// Adds what `one` needs.
    fn visit(&self, one: Declared<'a>, seen: &mut BTreeSet<&'a Address>, needs: &mut Vec<Declared<'a>>) {
        for need in self.named_in(&one.1.resource) {
            if seen.insert(need.0) {
                self.visit(need, seen, needs);
                needs.push(need);
                let table = need.1.resource.qualified_name();
                needs.extend(table.and_then(|table| self.keys.get(&table)).copied());
            }
        }
    }

    fn named_in(&self, resource: &Resource) -> Vec<Declared<'a>> {
        let written = canonical_json(resource);
        // Unless a resource queries, a relation can only be in it by its row type.
        let queries = queries(resource).join("\n").to_lowercase();
        let queried: BTreeSet<&str> = words(&queries).collect();
        let folded = written.to_lowercase();
        let plain = words(&folded).filter_map(|word| self.plain.get(word)).flatten();
        let mut found: Vec<Declared<'a>> = plain
            .filter(|(address, _)| !address.kind().is_relation() || queried.contains(address.name().as_str()))
            .copied()
            .collect();
        found.extend(self.quoted.iter().filter(|(address, _)| {
            // In JSON a quote has a backslash before it.
            written.contains(&address.name().as_str().replace('"', "\\\"\\\""))
        }));
        found
    }
}

/// The texts of a resource in which relations can be named.
fn queries(resource: &Resource) -> Vec<&str> {
    match resource {
        Resource::Table(table) => table.columns.iter().map(|column| column.data_type.as_str()).collect(),
        Resource::Routine(routine) => vec![&routine.parameters, &routine.definition],
        Resource::Domain(_)
        | Resource::Composite(_)
        | Resource::View(_)
        | Resource::MaterializedView(_)
        | Resource::Rule(_)
        | Resource::Policy(_) => resource.texts(),
        _ => Vec::new(),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    text.split(move |c| !is_part(c)).filter(|word| !word.is_empty())
}
