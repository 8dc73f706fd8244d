//! Puts the rows of all queries together into resources with addresses.

mod constraints;
mod tables;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use djogi_core::address::Address;
use djogi_core::catalog::Catalog;
use djogi_core::ident::{Ident, QualifiedName};
use djogi_core::kind::{
    EnumType, Expression, Extension, Index, Resource, Schema, Seed, Sequence, SequenceOptions,
};
use djogi_core::observation::{Oid, ServerVersion, TableSize, Unmodelled};

use crate::introspect::column::{self, ColumnRow, ExpressionRow, ReferencedRow};
use crate::introspect::comment::{self, CommentRow};
use crate::introspect::constraint::{self, ConstraintRow};
use crate::introspect::default_privilege::{self, DefaultRow};
use crate::introspect::enum_type::{self, EnumRow};
use crate::introspect::error::IntrospectError;
use crate::introspect::extension::{self, ExtensionRow};
use crate::introspect::found::Found;
use crate::introspect::grant::{self, GrantRow};
use crate::introspect::index::{self, IndexRow, KeyDetails, KeyRow};
use crate::introspect::lookup::{self, Lookup, ObjectId, class};
use crate::introspect::managed_role::{Managed, UseRow};
use crate::introspect::not_null::{self, NotNullRow};
use crate::introspect::reader::Reader;
use crate::introspect::schema::{self, SchemaRow};
use crate::introspect::sequence::{self, SequenceRow};
use crate::introspect::table::{self, TableRow};

/// The rows of one snapshot.
pub(super) struct Rows {
    schemas: Vec<SchemaRow>,
    extensions: Vec<ExtensionRow>,
    members: Vec<ObjectId>,
    enums: Vec<EnumRow>,
    sequences: Vec<SequenceRow>,
    tables: Vec<TableRow>,
    columns: Vec<ColumnRow>,
    expressions: Vec<ExpressionRow>,
    referenced: Vec<ReferencedRow>,
    indexes: Vec<IndexRow>,
    keys: Vec<KeyRow>,
    constraints: Vec<ConstraintRow>,
    not_nulls: Vec<NotNullRow>,
    comments: Vec<CommentRow>,
    grants: Vec<GrantRow>,
    defaults: Vec<DefaultRow>,
    lookup: Lookup,
}

/// Sends all queries at once and waits for their rows.
pub(super) async fn read(reader: &Reader<'_>) -> Result<Rows, IntrospectError> {
    let rows = futures_util::join!(
        schema::read(reader),
        extension::read(reader),
        extension::read_members(reader),
        enum_type::read(reader),
        sequence::read(reader),
        table::read(reader),
        column::read(reader),
        column::read_types(reader),
        column::read_expressions(reader),
        column::read_referenced(reader),
        index::read(reader),
        index::read_keys(reader),
        constraint::read(reader),
        comment::read(reader),
        lookup::read_collations(reader),
        lookup::read_operator_classes(reader),
        lookup::read_methods(reader),
        not_null::read(reader),
        grant::read(reader),
        default_privilege::read(reader),
    );
    // In the order of sending, so that the error is the first one and not one that follows from it.
    Ok(Rows {
        schemas: rows.0?,
        extensions: rows.1?,
        members: rows.2?,
        enums: rows.3?,
        sequences: rows.4?,
        tables: rows.5?,
        columns: rows.6?,
        expressions: rows.8?,
        referenced: rows.9?,
        indexes: rows.10?,
        keys: rows.11?,
        constraints: rows.12?,
        comments: rows.13?,
        not_nulls: rows.17?,
        grants: rows.18?,
        defaults: rows.19?,
        lookup: Lookup::new(rows.14?, rows.15?, rows.16?, rows.7?),
    })
}

/// A table while it is put together.
pub(super) struct TableParts {
    schema: Ident,
    row: TableRow,
    columns: Vec<ColumnRow>,
}

impl TableParts {
    pub(super) fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.row.name.clone())
    }

    pub(super) fn column(&self, number: i16) -> Result<&ColumnRow, IntrospectError> {
        self.columns
            .binary_search_by_key(&number, |column| column.number)
            .map(|at| &self.columns[at])
            .map_err(|_| IntrospectError::Vanished { what: "column of table", oid: self.row.oid })
    }

    pub(super) fn column_names(&self, numbers: &[i16]) -> Result<Vec<Ident>, IntrospectError> {
        numbers.iter().map(|number| Ok(self.column(*number)?.name.clone())).collect()
    }
}

/// A catalog and what else came out of the rows.
pub(super) struct Assembled {
    pub(super) catalog: Catalog,
    pub(super) oids: BTreeMap<Address, Oid>,
    pub(super) sizes: BTreeMap<QualifiedName, TableSize>,
    /// All schemas, those that nobody manages too.
    pub(super) schemas: BTreeSet<Ident>,
    /// What the catalog has no fields for.
    pub(super) unmodelled: Vec<Unmodelled>,
    target: Ident,
    tables: HashMap<u32, TableParts>,
    /// Oid of the index to oid of the constraint that owns it.
    index_owners: HashMap<u32, u32>,
}

impl Assembled {
    /// The constraint whose index `object` is.
    pub(super) fn constraint_of_index(&self, object: ObjectId) -> Option<ObjectId> {
        let owner = (object.class == class::RELATION).then(|| self.index_owners.get(&object.oid)).flatten();
        owner.map(|&oid| ObjectId { class: class::CONSTRAINT, oid })
    }

    /// The address of column `number` when `object` is a table.
    pub(super) fn column_address(&self, object: ObjectId, number: i32) -> Option<Address> {
        let table = (object.class == class::RELATION).then(|| self.tables.get(&object.oid)).flatten()?;
        if !matches!(table.row.kind, 'r' | 'p' | 'f') {
            return None;
        }
        let column = table.column(i16::try_from(number).ok()?).ok()?;
        Some(Address::column(&self.target, &table.qualified_name(), &column.name))
    }

    /// Each is known by the oid of its table.
    pub(super) fn add_seeds(&mut self, seeds: Vec<(u32, Seed)>) {
        for (table, seed) in seeds {
            if self.tables.contains_key(&table) {
                self.insert(table, Resource::Seed(seed));
            }
        }
    }

    /// Gives back what still needs them.
    pub(super) fn add_managed_roles(&mut self, managed: Managed) -> Vec<UseRow> {
        for (oid, role) in managed.roles {
            self.insert(oid, Resource::Role(role));
        }
        for (oid, grant) in managed.grants {
            self.insert(oid, Resource::RoleGrant(grant));
        }
        managed.uses
    }

    fn insert(&mut self, oid: u32, resource: Resource) {
        let address = resource.address(&self.target);
        self.oids.insert(address.clone(), Oid(oid));
        self.catalog.extend([(address, resource)]);
    }
}

/// What an identity column numbers with.
struct IdentitySequence {
    name: Ident,
    options: SequenceOptions,
    comment: Option<String>,
}

/// What the parts of a catalog are put together with.
struct Context {
    schemas: HashMap<u32, Ident>,
    lookup: Lookup,
    keys: KeyDetails,
    members: HashSet<ObjectId>,
    comments: HashMap<(ObjectId, i32), String>,
    expressions: HashMap<(u32, i16), String>,
    identities: HashMap<(u32, i16), IdentitySequence>,
    not_nulls: HashMap<(u32, i16), NotNullRow>,
    /// Columns of tables that are referenced but not read.
    elsewhere: HashMap<(u32, i16), ReferencedRow>,
}

impl Context {
    fn comment(&mut self, class: u32, oid: u32) -> Option<String> {
        self.comments.remove(&(ObjectId { class, oid }, 0))
    }

    fn schema(&self, oid: u32) -> Result<Ident, IntrospectError> {
        self.schemas.get(&oid).cloned().ok_or(IntrospectError::Vanished { what: "schema", oid })
    }

    fn is_member(&self, class: u32, oid: u32) -> bool {
        self.members.contains(&ObjectId { class, oid })
    }
}

/// Builds the catalog of `target` from the rows and from what one row describes completely; members of extensions and
/// what belongs to them are left out.
pub(super) fn assemble(
    rows: Rows,
    found: Vec<Found>,
    target: &Ident,
    version: ServerVersion,
) -> Result<Assembled, IntrospectError> {
    let mut context = Context {
        schemas: rows.schemas.iter().map(|row| (row.oid, row.name.clone())).collect(),
        lookup: rows.lookup,
        keys: index::key_details(rows.keys),
        members: rows.members.into_iter().collect(),
        comments: rows.comments.into_iter().map(|row| ((row.object, row.column), row.text)).collect(),
        expressions: rows.expressions.into_iter().map(|row| ((row.table, row.number), row.text)).collect(),
        identities: HashMap::new(),
        not_nulls: rows.not_nulls.into_iter().map(|row| ((row.table, row.column), row)).collect(),
        elsewhere: rows.referenced.into_iter().map(|row| ((row.table, row.number), row)).collect(),
    };
    let mut out = Assembled {
        catalog: Catalog::default(),
        oids: BTreeMap::new(),
        sizes: BTreeMap::new(),
        schemas: rows.schemas.iter().map(|row| row.name.clone()).collect(),
        unmodelled: Vec::new(),
        target: target.clone(),
        tables: collect_tables(rows.tables, rows.columns, &context)?,
        index_owners: HashMap::new(),
    };
    add_schemas(&mut out, &mut context, rows.schemas);
    add_extensions(&mut out, rows.extensions);
    add_enums(&mut out, &mut context, rows.enums)?;
    add_sequences(&mut out, &mut context, rows.sequences)?;
    tables::add_tables(&mut out, &mut context)?;
    let mut indexes: HashMap<u32, IndexRow> = rows.indexes.into_iter().map(|row| (row.oid, row)).collect();
    constraints::add_constraints(&mut out, &mut context, rows.constraints, &indexes)?;
    indexes.retain(|oid, _| !out.index_owners.contains_key(oid));
    add_indexes(&mut out, &mut context, indexes)?;
    add_found(&mut out, &context, found);
    for (object, grant) in grant::grants(rows.grants, version) {
        out.insert(object.oid, Resource::Grant(grant));
    }
    for (oid, privilege) in default_privilege::default_privileges(rows.defaults, version) {
        out.insert(oid, Resource::DefaultPrivilege(privilege));
    }
    Ok(out)
}

fn add_found(out: &mut Assembled, context: &Context, found: Vec<Found>) {
    for Found { object, relation, resource } in found {
        let is_ours = match relation {
            Some(relation) => out.tables.contains_key(&relation),
            None => !context.is_member(object.class, object.oid),
        };
        if is_ours {
            out.insert(object.oid, resource);
        }
    }
}

fn collect_tables(
    tables: Vec<TableRow>,
    columns: Vec<ColumnRow>,
    context: &Context,
) -> Result<HashMap<u32, TableParts>, IntrospectError> {
    let mut parts = HashMap::with_capacity(tables.len());
    for row in tables {
        if !context.is_member(class::RELATION, row.oid) {
            let schema = context.schema(row.schema)?;
            parts.insert(row.oid, TableParts { schema, row, columns: Vec::new() });
        }
    }
    for column in columns {
        if let Some(table) = parts.get_mut(&column.table) {
            table.columns.push(column);
        }
    }
    for table in parts.values_mut() {
        table.columns.sort_unstable_by_key(|column| column.number);
    }
    Ok(parts)
}

fn add_schemas(out: &mut Assembled, context: &mut Context, rows: Vec<SchemaRow>) {
    for SchemaRow { oid, name, is_managed } in rows {
        if is_managed && !context.is_member(class::NAMESPACE, oid) {
            let comment = context.comment(class::NAMESPACE, oid);
            out.insert(oid, Resource::Schema(Schema { name, comment }));
        }
    }
}

fn add_extensions(out: &mut Assembled, rows: Vec<ExtensionRow>) {
    for ExtensionRow { oid, name, schema, version } in rows {
        let extension = Extension { name, schema, version: Some(version) };
        out.insert(oid, Resource::Extension(extension));
    }
}

fn add_enums(out: &mut Assembled, context: &mut Context, rows: Vec<EnumRow>) -> Result<(), IntrospectError> {
    for EnumRow { oid, schema, name, labels } in rows {
        if !context.is_member(class::TYPE, oid) {
            let schema = context.schema(schema)?;
            let comment = context.comment(class::TYPE, oid);
            out.insert(oid, Resource::Enum(EnumType { schema, name, labels, comment }));
        }
    }
    Ok(())
}

fn add_sequences(
    out: &mut Assembled,
    context: &mut Context,
    rows: Vec<SequenceRow>,
) -> Result<(), IntrospectError> {
    for row in rows {
        if let Some(column) = row.identity_of {
            let comment = context.comment(class::RELATION, row.oid);
            let sequence = IdentitySequence { name: row.name, options: row.options, comment };
            context.identities.insert(column, sequence);
        } else if !context.is_member(class::RELATION, row.oid) {
            let schema = context.schema(row.schema)?;
            let sequence = Sequence {
                data_type: row.data_type()?,
                owned_by: row.owned_by(&schema),
                comment: context.comment(class::RELATION, row.oid),
                schema,
                name: row.name,
                options: row.options,
            };
            out.insert(row.oid, Resource::Sequence(sequence));
        }
    }
    Ok(())
}

fn add_indexes(
    out: &mut Assembled,
    context: &mut Context,
    rows: HashMap<u32, IndexRow>,
) -> Result<(), IntrospectError> {
    for row in rows.into_values() {
        let Some(table) = out.tables.get(&row.table) else { continue };
        let index = Index {
            schema: table.schema.clone(),
            table: table.row.name.clone(),
            parent: row.parent.clone(),
            unique: row.unique,
            nulls_not_distinct: row.nulls_not_distinct,
            method: context.lookup.method(row.method)?.clone(),
            elements: row.elements(table, &context.keys, &context.lookup)?,
            include: row.included(table)?,
            options: row.options(),
            tablespace: row.tablespace.clone(),
            statistics: row.statistics(&context.keys),
            valid: row.valid,
            comment: context.comment(class::RELATION, row.oid),
            name: row.name,
            predicate: row.predicate.map(Expression::new),
        };
        out.insert(row.oid, Resource::Index(index));
    }
    Ok(())
}
