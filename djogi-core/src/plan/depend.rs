//! What a resource needs before it can exist, read from the catalog model.
//!
//! A sequence's owner is not among it: the sequence comes first, its default next, `OWNED BY` last.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{Address, Kind};
use crate::diff::parts::parents_of;
use crate::heeranjid;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Column, ColumnOrigin, Constraint, ConstraintDefinition, IndexElement, MigrationPhase, Publication,
    PublishedTable, Resource, Seed, Table, Trigger,
};
use crate::names::{column_names, qualified_names};

/// Who needs what by PostgreSQL's own account, columns included: `pg_depend` with its detours taken out.
pub type Edges = BTreeMap<Address, BTreeSet<Address>>;

/// Kinds that stand in types and expressions by their schema and name.
const NAMED: [Kind; 11] = [
    Kind::Collation,
    Kind::Enum,
    Kind::Domain,
    Kind::Composite,
    Kind::Range,
    Kind::Sequence,
    Kind::Table,
    Kind::View,
    Kind::MaterializedView,
    Kind::TextSearchDictionary,
    Kind::TextSearchConfiguration,
];

/// Finds dependencies within one catalog.
#[derive(Debug)]
pub struct Dependencies<'a> {
    target: &'a Ident,
    resources: BTreeMap<&'a Address, &'a Resource>,
    edges: BTreeMap<&'a Address, &'a BTreeSet<Address>>,
    requirements: Option<&'a BTreeMap<Ident, Vec<Ident>>>,
    /// What makes the columns of a table unique: a foreign key needs one of them.
    keys: BTreeMap<QualifiedName, Vec<(&'a Address, Vec<&'a Ident>)>>,
    owners: BTreeMap<&'a Address, &'a Ident>,
    /// All of one name, whatever their arguments, operators too; and range types by the names of their multirange types.
    routines: BTreeMap<QualifiedName, Vec<&'a Address>>,
}

impl<'a> Dependencies<'a> {
    pub fn new(target: &'a Ident, resources: impl Iterator<Item = (&'a Address, &'a Resource)>) -> Self {
        let resources: BTreeMap<_, _> = resources.collect();
        let mut keys: BTreeMap<QualifiedName, Vec<_>> = BTreeMap::new();
        let mut routines: BTreeMap<QualifiedName, Vec<_>> = BTreeMap::new();
        for (address, resource) in &resources {
            if let Some((table, columns)) = key_columns(resource) {
                keys.entry(table).or_default().push((*address, columns));
            }
            if let Some(name) = address.relation().filter(|_| is_called(address.kind())) {
                routines.entry(name).or_default().push(*address);
            }
            if let Resource::Range(range) = resource {
                routines.entry(range.multirange.clone()).or_default().push(*address);
            }
        }
        Self {
            target,
            resources,
            edges: BTreeMap::new(),
            requirements: None,
            owners: BTreeMap::new(),
            keys,
            routines,
        }
    }

    /// Knows whose the objects are, which matters where roles are resources.
    #[must_use]
    pub fn with_owners(self, owners: impl Iterator<Item = (&'a Address, &'a Ident)>) -> Self {
        match self.has_roles() {
            true => Self { owners: owners.collect(), ..self },
            false => self,
        }
    }

    /// The role that owns an object, where it is a resource.
    pub fn owner_of(&self, address: &Address) -> Option<Address> {
        self.if_known(Address::role(self.target, self.owners.get(address)?))
    }

    /// They are the last kinds.
    fn has_roles(&self) -> bool {
        self.resources.last_key_value().is_some_and(|(address, _)| address.kind() >= Kind::Role)
    }

    /// Knows what PostgreSQL itself has noted.
    #[must_use]
    pub fn with_edges(self, edges: impl Iterator<Item = (&'a Address, &'a BTreeSet<Address>)>) -> Self {
        Self { edges: edges.filter(|(_, needs)| !needs.is_empty()).collect(), ..self }
    }

    /// Knows what extensions need of each other, too.
    #[must_use]
    pub fn with_extension_requirements(self, requirements: &'a BTreeMap<Ident, Vec<Ident>>) -> Self {
        Self { requirements: Some(requirements), ..self }
    }

    /// The addresses that `resource` needs: schemas and relations whether they are known or not, types, sequences and
    /// routines only when they are resources, and columns as members of their tables.
    pub fn of(&self, resource: &Resource) -> Vec<Address> {
        let address = resource.address(self.target);
        let mut needs = match resource {
            Resource::Schema(_) => Vec::new(),
            Resource::Extension(extension) => {
                let requirements =
                    self.requirements.and_then(|all| all.get(&extension.name)).into_iter().flatten();
                let schema = extension.schema.iter().map(|schema| Address::schema(self.target, schema));
                schema.chain(requirements.map(|name| Address::extension(self.target, name))).collect()
            }
            Resource::Constraint(constraint) => self.of_constraint(constraint, resource),
            Resource::Table(table) => {
                let parents =
                    table.lineage.parents().iter().map(|parent| Address::table(self.target, parent));
                parents.chain([Address::schema(self.target, &table.schema)]).collect()
            }
            _ => match resource.relation_name() {
                Some(relation) => self.of_part(&relation, resource),
                None => address.schema_name().map(|s| Address::schema(self.target, s)).into_iter().collect(),
            },
        };
        let edges = self.edges.get(&address);
        let edges_of_it = || edges.into_iter().flat_map(|edges| edges.iter());
        needs.extend(edges_of_it().cloned());
        needs.extend(edges_of_it().flat_map(|need| self.columns_given(need)));
        // Of an index, the index of a constraint or a partition key PostgreSQL is only asked for what no text says.
        // Of a publication it does not say which schemas nobody manages.
        let is_asked_for_all =
            !matches!(address.kind(), Kind::Table | Kind::Index | Kind::Constraint | Kind::Publication);
        if edges.is_none() || !is_asked_for_all {
            let texts = resource.texts();
            needs.extend(texts.into_iter().filter(|t| t.contains('.')).flat_map(|t| self.named_in(t)));
            needs.extend(self.named_by(resource));
        }
        if self.has_roles() {
            let named = resource.roles().into_iter();
            needs.extend(named.filter_map(|role| self.if_known(Address::role(self.target, role))));
            needs.extend(self.owner_of(&address));
        }
        needs.sort();
        needs.dedup();
        needs.retain(|need| *need != address);
        needs
    }

    /// The types, sequences and routines that a column needs.
    pub fn of_column(&self, column: &Column) -> Vec<Address> {
        let mut needs: Vec<Address> = column
            .texts()
            .into_iter()
            .filter(|text| text.contains('.'))
            .flat_map(|t| self.named_in(t))
            .collect();
        needs.extend(column.collation.as_ref().and_then(|collation| self.known(Kind::Collation, collation)));
        needs
    }

    /// The table, view or materialized view called `name`; a table when none is known.
    pub fn relation(&self, name: &QualifiedName) -> Address {
        let others = [Kind::View, Kind::MaterializedView].into_iter();
        let known = others.filter_map(|kind| self.known(kind, name)).next();
        known.unwrap_or_else(|| Address::table(self.target, name))
    }

    fn known(&self, kind: Kind, name: &QualifiedName) -> Option<Address> {
        self.if_known(Address::of_schema(kind, self.target, name))
    }

    fn if_known(&self, address: Address) -> Option<Address> {
        self.resources.contains_key(&address).then_some(address)
    }

    /// The collations and operator classes of the keys of an index.
    fn named_by_elements<'e>(
        &self,
        method: &Ident,
        elements: impl Iterator<Item = &'e IndexElement>,
    ) -> Vec<Address> {
        let named = elements.flat_map(|element| {
            let collation = element.collation.as_ref().and_then(|name| self.known(Kind::Collation, name));
            let class = element.operator_class.as_ref().and_then(|class| {
                let kind = Kind::OperatorClass;
                self.if_known(Address::routine(kind, self.target, &class.name, method.as_str()))
            });
            collation.into_iter().chain(class)
        });
        named.collect()
    }

    /// What a resource names outside its texts.
    fn named_by(&self, resource: &Resource) -> Vec<Address> {
        let collation = |name: &QualifiedName| self.known(Kind::Collation, name);
        match resource {
            Resource::Table(table) => {
                let server = table.foreign.iter().filter_map(|source| {
                    // That of an extension is no resource.
                    self.if_known(Address::of_database(Kind::ForeignServer, self.target, &source.server))
                });
                let collations = table.columns.iter().filter_map(|c| collation(c.collation.as_ref()?));
                server.chain(collations).collect()
            }
            Resource::Index(index) => self.named_by_elements(&index.method, index.elements.iter()),
            Resource::Constraint(constraint) => match &constraint.definition {
                ConstraintDefinition::Exclusion(exclusion) => {
                    let elements = exclusion.elements.iter().map(|element| &element.element);
                    let operators = exclusion.elements.iter().flat_map(|e| self.named_in(&e.operator));
                    let named = self.named_by_elements(&exclusion.method, elements);
                    operators.chain(named).collect()
                }
                ConstraintDefinition::PrimaryKey { .. }
                | ConstraintDefinition::Unique { .. }
                | ConstraintDefinition::Check { .. }
                | ConstraintDefinition::ForeignKey(_) => Vec::new(),
            },
            Resource::OperatorClass(class) => {
                let (kind, method) = (Kind::OperatorFamily, class.method.as_str());
                let family = Address::routine(kind, self.target, &class.family, method);
                self.if_known(family).into_iter().collect()
            }
            Resource::TextSearchConfiguration(configuration) => {
                let dictionaries = configuration.mappings.values().flatten();
                let dictionaries =
                    dictionaries.filter_map(|name| self.known(Kind::TextSearchDictionary, name));
                dictionaries.chain(self.known(Kind::TextSearchParser, &configuration.parser)).collect()
            }
            Resource::TextSearchDictionary(dictionary) => {
                self.known(Kind::TextSearchTemplate, &dictionary.template).into_iter().collect()
            }
            Resource::Domain(domain) => domain.collation.as_ref().and_then(collation).into_iter().collect(),
            Resource::Composite(composite) => {
                composite.attributes.iter().filter_map(|a| collation(a.collation.as_ref()?)).collect()
            }
            Resource::Range(range) => {
                let functions = [&range.canonical, &range.subtype_diff].into_iter().flatten();
                let functions = self.routines_called(functions).into_iter();
                functions.chain(range.collation.as_ref().and_then(collation)).collect()
            }
            Resource::Statistics(statistics) => vec![self.relation(&statistics.table)],
            Resource::Seed(seed) => self.of_seed(seed),
            Resource::Migration(migration) => vec![Address::table(self.target, migration.table())],
            Resource::MigrationStep(step) => {
                // All of them: one that makes nothing has no place in the order.
                let before = MigrationPhase::ALL.into_iter().filter(|phase| *phase < step.phase);
                let before = before.map(|phase| Address::migration_step(self.target, &step.migration, phase));
                let whole = Address::migration(self.target, &step.migration);
                [Address::table(self.target, &step.table), whole].into_iter().chain(before).collect()
            }
            Resource::EventTrigger(trigger) => self.routines_called([&trigger.function]),
            Resource::Publication(publication) => self.published_by(publication),
            Resource::Conversion(conversion) => self.routines_called([&conversion.function]),
            Resource::Language(language) => {
                let others = language.inline.iter().chain(&language.validator);
                self.routines_called(others.chain([&language.handler]))
            }
            Resource::Transform(transform) => {
                // That of an extension, and PostgreSQL's own, are no resources.
                let language = Address::of_database(Kind::Language, self.target, &transform.language);
                self.if_known(language).into_iter().collect()
            }
            Resource::ForeignDataWrapper(wrapper) => {
                self.routines_called([&wrapper.handler, &wrapper.validator].into_iter().flatten())
            }
            Resource::ForeignServer(server) => {
                let wrapper = Address::of_database(Kind::ForeignDataWrapper, self.target, &server.wrapper);
                // That of an extension is no resource.
                self.resources.contains_key(&wrapper).then_some(wrapper).into_iter().collect()
            }
            Resource::UserMapping(mapping) => {
                vec![Address::of_database(Kind::ForeignServer, self.target, &mapping.server)]
            }
            Resource::Grant(grant) if grant.on.relation_name().is_none() => {
                let addresses = grant.on.addresses(self.target).into_iter();
                addresses.filter(|address| self.resources.contains_key(address)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The routines of these names, whatever their arguments.
    fn routines_called<'n>(&self, names: impl IntoIterator<Item = &'n QualifiedName>) -> Vec<Address> {
        let routines = names.into_iter().filter_map(|name| self.routines.get(name)).flatten();
        routines.map(|address| (*address).clone()).collect()
    }

    /// The tables, with the columns that are named, and the schemas of a publication.
    fn published_by(&self, publication: &Publication) -> Vec<Address> {
        let mut needs: Vec<Address> =
            publication.schemas.iter().map(|schema| Address::schema(self.target, schema)).collect();
        for PublishedTable { table, columns, filter } in &publication.tables {
            let relation = self.relation(table);
            if let Some(Resource::Table(known)) = self.resources.get(&relation) {
                let filtered = filter.iter().flat_map(|filter| column_names(filter.as_str()));
                let named = columns.iter().cloned().chain(filtered);
                let named = named.filter(|name| known.column(name).is_some());
                needs.extend(named.map(|column| Address::column(self.target, table, &column)));
            }
            needs.push(relation);
        }
        needs
    }

    /// The table with its columns, their types and its keys; and the seeds of the tables that it refers to, but for those
    /// that refer to it in turn.
    fn of_seed(&self, seed: &Seed) -> Vec<Address> {
        let mut needs = vec![Address::table(self.target, &seed.table)];
        if let Some(Resource::Table(table)) = self.resources.get(&needs[0]) {
            for column in seed.columns.iter().filter_map(|column| table.column(column)) {
                needs.push(Address::column(self.target, &seed.table, &column.name));
                needs.extend(self.of_column(column));
            }
        }
        let keys = self.keys.get(&seed.table).into_iter().flatten();
        needs.extend(keys.map(|(address, _)| (*address).clone()));
        let referenced = self.referenced_from(&seed.table);
        let others = self.resources.iter().filter_map(|(address, resource)| match resource {
            Resource::Seed(other) if referenced.contains(&other.table) => Some((*address, other)),
            _ => None,
        });
        let before = others.filter(|(_, other)| !self.referenced_from(&other.table).contains(&seed.table));
        needs.extend(before.map(|(address, _)| address.clone()));
        needs
    }

    /// The tables that foreign keys of `table` lead to, directly or not.
    fn referenced_from<'s>(&'s self, table: &'s QualifiedName) -> BTreeSet<&'s QualifiedName> {
        let mut edges: BTreeMap<QualifiedName, Vec<&QualifiedName>> = BTreeMap::new();
        for resource in self.resources.values() {
            if let Resource::Constraint(constraint) = resource
                && let ConstraintDefinition::ForeignKey(key) = &constraint.definition
            {
                edges.entry(constraint.table_name()).or_default().push(&key.references);
            }
        }
        let (mut found, mut open) = (BTreeSet::new(), vec![table]);
        while let Some(table) = open.pop() {
            let referenced = edges.get(table).into_iter().flatten();
            open.extend(referenced.filter(|table| found.insert(**table)));
        }
        found
    }

    /// The key of the referenced table on which a foreign key rests.
    pub fn key_of(&self, constraint: &Constraint) -> Option<&'a Address> {
        let ConstraintDefinition::ForeignKey(key) = &constraint.definition else { return None };
        let candidates = self.keys.get(&key.references)?;
        let same = |columns: &[&Ident]| {
            columns.len() == key.referenced_columns.len()
                && key.referenced_columns.iter().all(|column| columns.contains(&column))
        };
        candidates.iter().find(|(_, columns)| same(columns)).map(|(address, _)| *address)
    }

    fn of_constraint(&self, constraint: &Constraint, resource: &Resource) -> Vec<Address> {
        let mut needs = self.of_part(&constraint.table_name(), resource);
        if let ConstraintDefinition::ForeignKey(key) = &constraint.definition {
            needs.push(Address::table(self.target, &key.references));
            let columns = key.referenced_columns.iter();
            needs.extend(columns.map(|column| Address::column(self.target, &key.references, column)));
            needs.extend(self.key_of(constraint).cloned());
            // Its two sides cannot change their type at once, so it rests on the types of its columns too.
            let table = self.resources.get(&Address::table(self.target, &constraint.table_name()));
            if let Some(Resource::Table(table)) = table {
                let columns = key.columns.iter().filter_map(|column| table.column(column));
                needs.extend(columns.flat_map(|column| self.of_column(column)));
            }
        }
        needs
    }

    fn of_part(&self, relation: &QualifiedName, part: &Resource) -> Vec<Address> {
        let mut needs = vec![self.relation(relation)];
        if let Some(Resource::Table(table)) = self.resources.get(&needs[0]) {
            let columns = columns_used(table, part);
            needs.extend(columns.iter().map(|column| Address::column(self.target, relation, column)));
            self.add_inherited(table, &columns, &mut needs);
        }
        if let Resource::Trigger(Trigger { parent: Some(parent), name, .. }) = part {
            needs.extend(self.triggers_above(&parent.table, name));
            return needs;
        }
        for parent in parents_of(self.target, part) {
            let Some(shared) = self.resources.get(&parent) else { continue };
            needs.extend(shared.relation_name().map(|table| Address::table(self.target, &table)));
            needs.push(parent);
        }
        needs
    }

    /// The triggers that the one of a partition comes from, as far as they are resources, with their tables.
    fn triggers_above(&self, table: &QualifiedName, name: &Ident) -> Vec<Address> {
        let (mut needs, mut next) = (Vec::new(), Some(table.clone()));
        while let Some(table) = next {
            let address = Address::table(self.target, &table);
            if needs.contains(&address) {
                break;
            }
            next = match self.resources.get(&address) {
                Some(Resource::Table(table)) => table.lineage.parents().first().cloned(),
                _ => None,
            };
            needs.extend(self.if_known(Address::of_relation(Kind::Trigger, self.target, &table, name)));
            needs.push(address);
        }
        needs
    }

    /// The columns of parents with which those of `table` come and go.
    fn add_inherited(&self, table: &Table, columns: &[Ident], needs: &mut Vec<Address>) {
        let is_inherited =
            |name: &&Ident| table.column(name).is_some_and(|column| column.origin.is_inherited());
        let inherited: Vec<Ident> = columns.iter().filter(is_inherited).cloned().collect();
        if inherited.is_empty() {
            return;
        }
        for parent in table.lineage.parents() {
            let Some(Resource::Table(above)) = self.resources.get(&Address::table(self.target, parent))
            else {
                continue;
            };
            let has = inherited.iter().filter(|name| above.column(name).is_some());
            needs.extend(has.map(|column| Address::column(self.target, parent, column)));
            self.add_inherited(above, &inherited, needs);
        }
    }

    /// The columns with which an inherited one goes, as nobody else gives it.
    fn columns_given(&self, column: &Address) -> Vec<Address> {
        let (mut found, mut next) = (Vec::new(), column.clone());
        while next.kind() == Kind::Column
            && let Some(table) = next.table_of_member()
            && let Some(Resource::Table(table)) = self.resources.get(&table)
            && let [parent] = table.lineage.parents()
            && table.column(next.name()).is_some_and(|column| column.origin == ColumnOrigin::Inherited)
        {
            next = Address::column(self.target, parent, next.name());
            found.push(next.clone());
        }
        found
    }

    fn named_in(&self, text: &str) -> Vec<Address> {
        let mut found = Vec::new();
        for name in qualified_names(text) {
            found.extend(NAMED.into_iter().filter_map(|kind| self.known(kind, &name)));
            found.extend(self.routines.get(&name).into_iter().flatten().map(|address| (*address).clone()));
            // What an extension of PostgreSQL's holds up, its server knows; this one only djogi does.
            let brought =
                heeranjid::is_it(&name.schema).then(|| Address::extension(self.target, &name.schema));
            found.extend(brought.and_then(|brought| self.if_known(brought)));
        }
        found
    }
}

/// Whether expressions name it without all that tells it from others of its name.
fn is_called(kind: Kind) -> bool {
    kind.is_routine() || kind == Kind::Operator
}

/// The columns of `table` that a generated column of it is computed from; none for any other column.
pub fn generated_from(table: &Table, column: &Column) -> Vec<Ident> {
    let Some(generated) = &column.generated else { return Vec::new() };
    let mut columns = column_names(generated.expression.as_str());
    columns.retain(|name| table.column(name).is_some());
    columns.sort();
    columns.dedup();
    columns
}

/// The columns of `table` that a constraint or index of it names, in expressions too.
pub fn columns_used(table: &Table, part: &Resource) -> Vec<Ident> {
    let mut columns: Vec<Ident> = match part {
        Resource::Constraint(constraint) => constraint.columns().into_iter().cloned().collect(),
        Resource::Index(index) => index.columns().cloned().collect(),
        Resource::Grant(grant) => grant.columns.iter().map(|column| column.name.clone()).collect(),
        _ => return Vec::new(),
    };
    let mentioned = part.texts().into_iter().flat_map(column_names);
    columns.extend(mentioned.filter(|name| table.column(name).is_some()));
    columns.sort();
    columns.dedup();
    columns
}

/// The table and columns of what a foreign key can refer to.
fn key_columns(resource: &Resource) -> Option<(QualifiedName, Vec<&Ident>)> {
    match resource {
        Resource::Constraint(constraint) => match &constraint.definition {
            ConstraintDefinition::PrimaryKey { columns, .. }
            | ConstraintDefinition::Unique { columns, .. } => {
                Some((constraint.table_name(), columns.iter().collect()))
            }
            ConstraintDefinition::Check { .. }
            | ConstraintDefinition::ForeignKey(_)
            | ConstraintDefinition::Exclusion(_) => None,
        },
        Resource::Index(index) if index.unique && index.predicate.is_none() => {
            let columns: Option<Vec<_>> = index.elements.iter().map(|element| element.column()).collect();
            Some((index.table_name(), columns?))
        }
        _ => None,
    }
}
