//! Puts the rows of all queries together into resources with addresses.

use std::collections::{BTreeMap, HashMap, HashSet};

use djogi_core::address::Address;
use djogi_core::catalog::Catalog;
use djogi_core::ident::{Ident, QualifiedName};
use djogi_core::kind::{
    Column, Constraint, ConstraintDefinition, EnumType, Exclusion, ExclusionElement, Expression, Extension,
    ForeignKey, Generated, GeneratedStorage, Identity, IdentityMode, Index, Resource, Schema, Sequence,
    SequenceOptions, Table,
};
use djogi_core::observation::{Oid, TableSize, Unmodelled};

use super::column::{self, ColumnRow, ExpressionRow, ReferencedRow};
use super::comment::{self, CommentRow};
use super::constraint::{self, ConstraintRow};
use super::enum_type::{self, EnumRow};
use super::error::IntrospectError;
use super::extension::{self, ExtensionRow};
use super::index::{self, IndexRow, KeyDetails, KeyRow};
use super::lookup::{self, Lookup, ObjectId, class};
use super::reader::Reader;
use super::schema::{self, SchemaRow};
use super::sequence::{self, SequenceRow};
use super::table::{self, TableRow};

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
    comments: Vec<CommentRow>,
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
    /// Privileges, and constraints that the catalog has no fields for.
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
        let column = table.column(i16::try_from(number).ok()?).ok()?;
        Some(Address::column(&self.target, &table.qualified_name(), &column.name))
    }

    fn insert(&mut self, oid: u32, resource: Resource) {
        let address = resource.address(&self.target);
        self.oids.insert(address, Oid(oid));
        self.catalog.insert(&self.target, resource);
    }
}

/// What the parts of a catalog are put together with.
struct Context {
    schemas: HashMap<u32, Ident>,
    lookup: Lookup,
    keys: KeyDetails,
    members: HashSet<ObjectId>,
    comments: HashMap<(ObjectId, i32), String>,
    expressions: HashMap<(u32, i16), String>,
    identities: HashMap<(u32, i16), SequenceOptions>,
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

/// Builds the catalog of `target`; members of extensions and what belongs to them are left out.
pub(super) fn assemble(rows: Rows, target: &Ident) -> Result<Assembled, IntrospectError> {
    let mut context = Context {
        schemas: rows.schemas.iter().map(|row| (row.oid, row.name.clone())).collect(),
        lookup: rows.lookup,
        keys: index::key_details(rows.keys),
        members: rows.members.into_iter().collect(),
        comments: rows.comments.into_iter().map(|row| ((row.object, row.column), row.text)).collect(),
        expressions: rows.expressions.into_iter().map(|row| ((row.table, row.number), row.text)).collect(),
        identities: HashMap::new(),
        elsewhere: rows.referenced.into_iter().map(|row| ((row.table, row.number), row)).collect(),
    };
    let mut out = Assembled {
        catalog: Catalog::default(),
        oids: BTreeMap::new(),
        sizes: BTreeMap::new(),
        unmodelled: Vec::new(),
        target: target.clone(),
        tables: collect_tables(rows.tables, rows.columns, &context)?,
        index_owners: HashMap::new(),
    };
    add_schemas(&mut out, &mut context, rows.schemas);
    add_extensions(&mut out, rows.extensions);
    add_enums(&mut out, &mut context, rows.enums)?;
    add_sequences(&mut out, &mut context, rows.sequences)?;
    add_tables(&mut out, &mut context)?;
    let mut indexes: HashMap<u32, IndexRow> = rows.indexes.into_iter().map(|row| (row.oid, row)).collect();
    add_constraints(&mut out, &mut context, rows.constraints, &indexes)?;
    indexes.retain(|oid, _| !out.index_owners.contains_key(oid));
    add_indexes(&mut out, &mut context, indexes)?;
    Ok(out)
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
    for SchemaRow { oid, name } in rows {
        if !context.is_member(class::NAMESPACE, oid) {
            let comment = context.comment(class::NAMESPACE, oid);
            out.insert(oid, Resource::Schema(Schema { name, comment }));
        }
    }
}

fn add_extensions(out: &mut Assembled, rows: Vec<ExtensionRow>) {
    for ExtensionRow { oid, name, schema, version } in rows {
        let extension = Extension { name, schema: Some(schema), version: Some(version) };
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
            context.identities.insert(column, row.options);
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

fn add_tables(out: &mut Assembled, context: &mut Context) -> Result<(), IntrospectError> {
    let mut tables = Vec::with_capacity(out.tables.len());
    for parts in out.tables.values() {
        let columns = parts.columns.iter().map(|row| build_column(context, row));
        let table = Table {
            schema: parts.schema.clone(),
            name: parts.row.name.clone(),
            columns: columns.collect::<Result<_, _>>()?,
            comment: context.comment(class::RELATION, parts.row.oid),
        };
        let name = table.qualified_name();
        let of_table = parts.row.privileges.iter().flatten();
        out.unmodelled.extend(of_table.map(|text| privilege("table privilege", text, &name)));
        let of_columns = parts.columns.iter().flat_map(|column| column.privileges.iter().flatten());
        out.unmodelled.extend(of_columns.map(|text| privilege("column privilege", text, &name)));
        tables.push((parts.row.oid, parts.row.size, table));
    }
    for (oid, size, table) in tables {
        out.sizes.insert(table.qualified_name(), size);
        out.insert(oid, Resource::Table(table));
    }
    Ok(())
}

/// `text` is `SELECT to role`; the table goes in between.
fn privilege(kind: &str, text: &str, table: &QualifiedName) -> Unmodelled {
    let name = match text.rsplit_once(" to ") {
        Some((privileges, grantee)) => format!("{privileges} on {table} to {grantee}"),
        None => text.to_owned(),
    };
    Unmodelled { kind: kind.to_owned(), name }
}

fn build_column(context: &mut Context, row: &ColumnRow) -> Result<Column, IntrospectError> {
    let key = (row.table, row.number);
    let data_type = context.lookup.type_of(row)?;
    let collation = context.lookup.collation(row.collation, data_type.collation)?;
    let data_type = data_type.name.clone();
    let expression = context.expressions.remove(&key).map(Expression::new);
    let storage = match row.generated {
        '\0' => None,
        's' => Some(GeneratedStorage::Stored),
        'v' => Some(GeneratedStorage::Virtual),
        other => return Err(constraint::unknown("kind of generated column", other)),
    };
    let mode = match row.identity {
        '\0' => None,
        'a' => Some(IdentityMode::Always),
        'd' => Some(IdentityMode::ByDefault),
        other => return Err(constraint::unknown("kind of identity column", other)),
    };
    let identity = match mode {
        None => None,
        Some(mode) => {
            let options = context.identities.remove(&key);
            let vanished = IntrospectError::Vanished { what: "identity sequence of table", oid: row.table };
            Some(Identity { mode, options: options.ok_or(vanished)? })
        }
    };
    let (default, generated) = match (storage, expression) {
        (Some(storage), Some(expression)) => (None, Some(Generated { expression, storage })),
        (Some(_), None) => {
            return Err(IntrospectError::Vanished { what: "generating expression of table", oid: row.table });
        }
        (None, default) => (default, None),
    };
    let table = ObjectId { class: class::RELATION, oid: row.table };
    Ok(Column {
        name: row.name.clone(),
        data_type,
        collation,
        not_null: row.not_null,
        default,
        identity,
        generated,
        comment: context.comments.remove(&(table, i32::from(row.number))),
    })
}

fn add_constraints(
    out: &mut Assembled,
    context: &mut Context,
    rows: Vec<ConstraintRow>,
    indexes: &HashMap<u32, IndexRow>,
) -> Result<(), IntrospectError> {
    for mut row in rows {
        let Some(table) = out.tables.get(&row.table) else { continue };
        let index = indexes.get(&row.index);
        let owns_index = matches!(row.kind, 'p' | 'u' | 'x');
        // `WITHOUT OVERLAPS` and `PERIOD` work on exclusion indexes; neither they nor `NOT ENFORCED` are modelled.
        let temporal = row.kind != 'x' && index.is_some_and(|index| index.exclusion);
        let built = if temporal || !row.enforced {
            None
        } else {
            Some(define(&mut row, table, index, out, context)?)
        };
        let (schema, table_name) = (table.schema.clone(), table.row.name.clone());
        if owns_index {
            out.index_owners.insert(row.index, row.oid);
        }
        let Some(definition) = built else {
            let name = format!("{} on {schema}.{table_name}", row.name);
            out.unmodelled.push(Unmodelled { kind: "constraint".to_owned(), name });
            continue;
        };
        let constraint = Constraint {
            schema,
            table: table_name,
            name: row.name,
            definition,
            deferrable: row.deferrable,
            validated: row.validated,
            comment: context.comment(class::CONSTRAINT, row.oid),
        };
        out.insert(row.oid, Resource::Constraint(constraint));
    }
    Ok(())
}

fn define(
    row: &mut ConstraintRow,
    table: &TableParts,
    index: Option<&IndexRow>,
    out: &Assembled,
    context: &Context,
) -> Result<ConstraintDefinition, IntrospectError> {
    let own_index = || index.ok_or(IntrospectError::Vanished { what: "index of constraint", oid: row.oid });
    match row.kind {
        'p' => Ok(ConstraintDefinition::PrimaryKey {
            columns: table.column_names(&row.columns)?,
            include: own_index()?.included(table)?,
        }),
        'u' => Ok(ConstraintDefinition::Unique {
            columns: table.column_names(&row.columns)?,
            include: own_index()?.included(table)?,
            nulls_not_distinct: own_index()?.nulls_not_distinct,
        }),
        'c' => Ok(ConstraintDefinition::Check {
            expression: Expression::new(row.expression.take().unwrap_or_default()),
            no_inherit: row.no_inherit,
        }),
        'f' => foreign_key(row, table, out, context).map(ConstraintDefinition::ForeignKey),
        'x' => {
            let index = own_index()?;
            let elements = index.elements(table, &context.keys, &context.lookup)?;
            let operators = row.operators.take().unwrap_or_default();
            Ok(ConstraintDefinition::Exclusion(Exclusion {
                method: context.lookup.method(index.method)?.clone(),
                elements: elements
                    .into_iter()
                    .zip(operators)
                    .map(|(element, operator)| ExclusionElement { element, operator })
                    .collect(),
                predicate: index.predicate.clone().map(Expression::new),
            }))
        }
        other => Err(constraint::unknown("kind of constraint", other)),
    }
}

fn foreign_key(
    row: &ConstraintRow,
    table: &TableParts,
    out: &Assembled,
    context: &Context,
) -> Result<ForeignKey, IntrospectError> {
    let (references, referenced_columns) = match out.tables.get(&row.referenced_table) {
        Some(referenced) => (referenced.qualified_name(), referenced.column_names(&row.referenced_columns)?),
        None => {
            let vanished =
                || IntrospectError::Vanished { what: "referenced table", oid: row.referenced_table };
            let find = |number: &i16| context.elsewhere.get(&(row.referenced_table, *number));
            let columns = row.referenced_columns.iter().map(find);
            let columns: Vec<_> = columns.collect::<Option<_>>().ok_or_else(vanished)?;
            let name = columns.first().ok_or_else(vanished)?.table_name.clone();
            (name, columns.into_iter().map(|column| column.name.clone()).collect())
        }
    };
    Ok(ForeignKey {
        columns: table.column_names(&row.columns)?,
        references,
        referenced_columns,
        on_delete: row.on_delete()?,
        on_update: row.on_update()?,
        on_delete_columns: table.column_names(&row.on_delete_columns)?,
        match_type: row.match_type()?,
    })
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
            unique: row.unique,
            nulls_not_distinct: row.nulls_not_distinct,
            method: context.lookup.method(row.method)?.clone(),
            elements: row.elements(table, &context.keys, &context.lookup)?,
            include: row.included(table)?,
            options: row.options(),
            valid: row.valid,
            comment: context.comment(class::RELATION, row.oid),
            name: row.name,
            predicate: row.predicate.map(Expression::new),
        };
        out.insert(row.oid, Resource::Index(index));
    }
    Ok(())
}
