//! In which file and line an object is declared, by the words of the statements.

use std::collections::BTreeMap;

use djogi_core::declared::Source;
use djogi_core::kind::Policy;
use djogi_core::observation::Unmodelled;
use djogi_core::script::Created;
use djogi_core::{Address, Ident, Kind, Resource};

use super::item::{Item, Origin};

/// The statements of the files, by what they create.
#[derive(Debug)]
pub(super) struct Places<'i> {
    items: Vec<&'i Item<'i>>,
    /// Positions in `items`.
    makers: BTreeMap<&'i str, Vec<usize>>,
}

impl<'i> Places<'i> {
    pub(super) fn new(items: &'i [Item<'i>]) -> Self {
        let items: Vec<&Item<'_>> =
            items.iter().filter(|item| matches!(item.origin, Origin::File(_))).collect();
        let mut makers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            if let Some(name) = item.creates() {
                makers.entry(name).or_default().push(at);
            }
        }
        Self { items, makers }
    }

    /// The statement that creates the object, else the one that creates its table, else one that names it.
    pub(super) fn of(&self, address: &Address, resource: &Resource) -> Source {
        let schema = address.schema_name().map(djogi_core::Ident::as_str);
        let name = address.name().as_str();
        let table = address.table_of_member();
        let found = match (&table, address.kind()) {
            _ if address.kind().is_about_roles() => self.of_rights(resource),
            (Some(table), Kind::Constraint) => self.naming(&[name, table.name().as_str()]),
            (Some(table), _) => self.made(address.kind().as_str(), schema, name, Some(table.name().as_str())),
            (None, kind) => self.made(kind.as_str(), schema, name, None),
        };
        let owner = match resource {
            Resource::Index(index) => Some(index.table.as_str()),
            Resource::Sequence(sequence) => sequence.owned_by.as_ref().map(|owner| owner.table.name.as_str()),
            _ => table.as_ref().map(|table| table.name().as_str()),
        };
        found
            .or_else(|| self.made("table", schema, owner?, None))
            .or_else(|| self.naming(&[name]))
            .or_else(|| self.items.first().map(|first| first.source.clone()))
            .unwrap_or_else(|| Source { file: "SQL files".to_owned(), line: 1 })
    }

    /// The last statement that names both sides, else one that names the grantee: others take back what was given before.
    fn of_rights(&self, resource: &Resource) -> Option<Source> {
        let (grantee, object) = match resource {
            Resource::Grant(grant) => {
                (&grant.grantee, grant.on.qualified_name().map_or("schema", |name| name.name.as_str()))
            }
            Resource::DefaultPrivilege(privilege) => (&privilege.grantee, "default"),
            _ => return None,
        };
        let names_all =
            |item: &&&Item<'_>| [grantee.as_str(), object].iter().all(|name| item.statement.mentions(name));
        let last = self.items.iter().rfind(names_all).map(|item| item.source.clone());
        last.or_else(|| self.naming(&[object]))
    }

    /// Whether the statements of a policy say the name of `role`, who is meant then, whoever loads them.
    pub(super) fn name_role(&self, policy: &Policy, role: &Ident) -> bool {
        let all = [policy.name.as_str(), policy.table.as_str(), role.as_str()];
        self.items.iter().any(|item| all.iter().all(|name| item.statement.mentions(name)))
    }

    /// The same of an object by PostgreSQL's own description: `public.orders_audit on public.orders`.
    pub(super) fn of_unmodelled(&self, object: &Unmodelled) -> Option<Source> {
        let identity = object.name.split_once(" on ").map_or(object.name.as_str(), |(name, _)| name);
        let identity = identity.split_once('(').map_or(identity, |(name, _)| name);
        let name = identity.rsplit('.').next().unwrap_or(identity).trim_matches('"');
        self.made(&object.kind, None, name, None).or_else(|| self.naming(&[name]))
    }

    /// Where the schema `name` is made, or something in it.
    pub(super) fn of_schema(&self, name: &str) -> Option<Source> {
        self.made("schema", None, name, None).or_else(|| self.naming(&[name]))
    }

    /// The best statement that creates something of this name; of several that are as good the first.
    fn made(&self, kind: &str, schema: Option<&str>, name: &str, table: Option<&str>) -> Option<Source> {
        let kind = kind.replace('_', " ");
        let is_possible = |created: &Created| match (&created.schema, schema) {
            (Some(written), Some(schema)) => written == schema,
            _ => true,
        };
        let score = |created: &Created| {
            let is_type = created.kind == "type" && ["enum", "composite", "range"].contains(&kind.as_str());
            let of_kind = created.kind == kind || is_type;
            let of_table = table.is_some() && created.table.as_deref() == table;
            (of_kind, of_table, created.schema.is_some())
        };
        let makers = self.makers.get(name)?.iter().map(|&at| self.items[at]);
        let created = makers.filter_map(|item| Some((item, item.statement.created.as_ref()?)));
        created
            .filter(|(_, created)| is_possible(created))
            .rev()
            .max_by_key(|(_, created)| score(created))
            .map(|(item, _)| item.source.clone())
    }

    /// The first statement in which all of `names` occur.
    fn naming(&self, names: &[&str]) -> Option<Source> {
        let names_all = |item: &&&Item<'_>| names.iter().all(|name| item.statement.mentions(name));
        self.items.iter().find(names_all).map(|item| item.source.clone())
    }
}
