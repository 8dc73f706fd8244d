//! The schema that is measured with: N tables of ten columns, with a primary key, two indexes and a foreign key each,
//! as declarations and as the same DDL for psql.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use djogi_core::declared::{Declaration, Declarations, Source};
use djogi_core::kind::{
    Column, Constraint, ConstraintDefinition, Deferrable, Expression, ForeignKey, Index, IndexElement,
    IndexKey, MatchType, ReferentialAction, Resource, Table,
};
use djogi_core::{Ident, QualifiedName};

/// Name, type, NOT NULL, default.
type ColumnFacts = (&'static str, &'static str, bool, Option<&'static str>);

/// The ten columns of every table, as PostgreSQL prints them.
const COLUMNS: [ColumnFacts; 10] = [
    ("id", "bigint", true, None),
    ("parent_id", "bigint", false, None),
    ("name", "text", true, Some("''::text")),
    ("email", "character varying(255)", false, None),
    ("amount", "numeric(12,2)", true, Some("0")),
    ("quantity", "integer", true, Some("1")),
    ("active", "boolean", true, Some("true")),
    ("created_at", "timestamp with time zone", true, Some("now()")),
    ("payload", "jsonb", false, None),
    ("note", "text", false, None),
];

/// The columns with an index.
const INDEXED: [&str; 2] = ["email", "created_at"];

/// What a table has besides: for the plans that have something to do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extra {
    /// So many columns more.
    pub(crate) columns: usize,
    /// So many checks, which every row is looked at for.
    pub(crate) checks: usize,
    /// A column of a greater type, for which the table is written anew.
    pub(crate) wide: bool,
}

impl Extra {
    /// No table has anything besides.
    pub(crate) fn none(_: usize) -> Self {
        Self::default()
    }

    /// Each of the first `tables` tables has `columns` columns more.
    pub(crate) fn columns(tables: usize, columns: usize) -> impl Fn(usize) -> Self {
        move |number| Self { columns: if number < tables { columns } else { 0 }, ..Self::default() }
    }
}

fn id(name: &str) -> Ident {
    Ident::new(name).expect("benchmark names are valid")
}

fn table_name(number: usize) -> String {
    format!("table_{number}")
}

/// The declarations of `tables` tables; `extra` says of each, by its number, what it has besides.
pub(crate) fn declarations(tables: usize, extra: impl Fn(usize) -> Extra) -> Declarations {
    let mut declarations = Declarations::default();
    let target = id("main");
    for resource in (0..tables).flat_map(|number| resources(number, extra(number))) {
        let declaration = Declaration {
            source: Source { file: "src/models.rs".to_owned(), line: 1 },
            package: "bench".to_owned(),
            raw: false,
            unmanaged: false,
            sensitive: Default::default(),
            rules: BTreeMap::new(),
            renamed_from: None,
            renamed_columns: BTreeMap::new(),
            column_lines: BTreeMap::new(),
            needs: BTreeSet::new(),
            resource: resource.into(),
        };
        declarations.resources.insert(declaration.resource.address(&target), declaration);
    }
    declarations
}

fn resources(number: usize, extra: Extra) -> Vec<Resource> {
    let (schema, table) = (id("public"), id(&table_name(number)));
    let columns = COLUMNS.map(|facts @ (name, _, not_null, default)| match name {
        "quantity" if extra.wide => column((name, "bigint", not_null, default)),
        _ => column(facts),
    });
    let columns =
        columns.into_iter().chain((0..extra.columns).map(|more| Column {
            name: id(&format!("extra_{more}")),
            ..column(("extra", "text", false, None))
        }));
    let constraint = |suffix: &str, definition| {
        Resource::Constraint(Constraint {
            schema: schema.clone(),
            table: table.clone(),
            name: id(&format!("{table}_{suffix}")),
            definition,
            parent: None,
            derived: false,
            deferrable: Deferrable::NotDeferrable,
            validated: true,
            enforced: true,
            period: false,
            options: BTreeMap::new(),
            tablespace: None,
            index_comment: None,
            comment: None,
        })
    };
    let key = ConstraintDefinition::PrimaryKey { columns: vec![id("id")], include: Vec::new() };
    let foreign_key = ConstraintDefinition::ForeignKey(ForeignKey {
        columns: vec![id("parent_id")],
        references: QualifiedName::new(schema.clone(), id(&table_name(number / 2))),
        referenced_columns: vec![id("id")],
        on_delete: ReferentialAction::Cascade,
        on_update: ReferentialAction::NoAction,
        on_delete_columns: Vec::new(),
        match_type: MatchType::Simple,
    });
    let indexes = INDEXED.map(|column| index(&schema, &table, column));
    let checks = (0..extra.checks).map(|number| {
        let expression = Expression::new(format!("(quantity > '-{}'::integer)", number + 1));
        constraint(&format!("check_{number}"), ConstraintDefinition::Check { expression, no_inherit: false })
    });
    let constraints = [constraint("pkey", key), constraint("parent_id_fkey", foreign_key)];
    let constraints: Vec<_> = constraints.into_iter().chain(checks).collect();
    let columns = columns.collect();
    let table = Table {
        schema: schema.clone(),
        name: table.clone(),
        columns,
        partition_by: None,
        foreign: None,
        lineage: Default::default(),
        properties: Default::default(),
        comment: None,
    };
    [Resource::Table(table)].into_iter().chain(constraints).chain(indexes).collect()
}

fn column((name, data_type, not_null, default): ColumnFacts) -> Column {
    Column {
        name: id(name),
        data_type: data_type.to_owned(),
        collation: None,
        origin: Default::default(),
        not_null,
        not_null_constraint: Default::default(),
        default: default.map(Expression::new),
        identity: None,
        properties: Default::default(),
        generated: None,
        comment: None,
    }
}

fn index(schema: &Ident, table: &Ident, column: &str) -> Resource {
    Resource::Index(Index {
        statistics: BTreeMap::new(),
        schema: schema.clone(),
        name: id(&format!("{table}_{column}_idx")),
        table: table.clone(),
        parent: None,
        unique: false,
        nulls_not_distinct: false,
        method: id("btree"),
        elements: vec![IndexElement {
            key: IndexKey::Column(id(column)),
            collation: None,
            operator_class: None,
            descending: false,
            nulls_first: false,
        }],
        include: Vec::new(),
        predicate: None,
        options: BTreeMap::new(),
        tablespace: None,
        valid: true,
        comment: None,
    })
}

/// The same schema as DDL.
pub(crate) fn ddl(tables: usize) -> String {
    let mut sql = String::new();
    for table in (0..tables).map(table_name) {
        let columns = COLUMNS.map(|(name, data_type, not_null, default)| {
            let default = default.map(|default| format!(" DEFAULT {default}")).unwrap_or_default();
            format!("    {name} {data_type}{default}{}", if not_null { " NOT NULL" } else { "" })
        });
        let columns = columns.join(",\n");
        let _ = writeln!(
            sql,
            "CREATE TABLE public.{table} (\n{columns},\n    CONSTRAINT {table}_pkey PRIMARY KEY (id)\n);"
        );
        for column in INDEXED {
            let _ =
                writeln!(sql, "CREATE INDEX {table}_{column}_idx ON public.{table} USING btree ({column});");
        }
    }
    for number in 0..tables {
        let (table, parent) = (table_name(number), table_name(number / 2));
        let _ = writeln!(
            sql,
            "ALTER TABLE public.{table} ADD CONSTRAINT {table}_parent_id_fkey FOREIGN KEY (parent_id) \
             REFERENCES public.{parent} (id) ON DELETE CASCADE;"
        );
    }
    sql
}

/// Gives each of the tables that many rows.
pub(crate) fn fill(tables: usize, rows: usize) -> String {
    let mut sql = String::new();
    for table in (0..tables).map(table_name) {
        let _ = writeln!(sql, "INSERT INTO public.{table} (id) SELECT generate_series(1, {rows});");
    }
    sql
}
