//! Raw declarations become what PostgreSQL makes of them, once.

use std::sync::Arc;

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use djogi_cluster::connect::ConnectParameters;
use djogi_cluster::normalise::{
    ExpressionCache, NormaliseError, ScratchDatabase, ScratchError, ScratchProvider, normalise,
};
use djogi_core::declared::{Declaration, Declarations, Source};
use djogi_core::desired::Desired;
use djogi_core::kind::{
    Column, Constraint, ConstraintDefinition, Deferrable, EnumType, Expression, Extension, Generated,
    GeneratedStorage, Index, IndexElement, IndexKey, NotNull, Table,
};
use djogi_core::observation::ServerVersion;
use djogi_core::{Resource, sql};

use crate::support::{Database, address, ident, on_each_server};

/// Counts how often a scratch server was asked for.
struct Counting<'a> {
    server: &'a ConnectParameters,
    asked: AtomicU32,
}

#[async_trait]
impl ScratchProvider for Counting<'_> {
    async fn server(&self) -> Result<ConnectParameters, ScratchError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(self.server.clone())
    }
}

/// Refuses to be asked.
struct Nobody;

#[async_trait]
impl ScratchProvider for Nobody {
    async fn server(&self) -> Result<ConnectParameters, ScratchError> {
        Err(ScratchError::NoServer("nobody should ask".to_owned()))
    }
}

fn declare(resources: Vec<(Resource, bool)>) -> Declarations {
    let mut declarations = Declarations::default();
    for (line, (resource, raw)) in resources.into_iter().enumerate() {
        let declaration = Declaration {
            source: Source { file: "src/models.rs".to_owned(), line: line as u32 + 1 },
            package: "shop".to_owned(),
            raw,
            unmanaged: false,
            sensitive: Default::default(),
            rules: Default::default(),
            renamed_from: None,
            renamed_columns: Default::default(),
            column_lines: Default::default(),
            needs: Default::default(),
            resource: resource.into(),
        };
        declarations.resources.insert(declaration.resource.address(&ident("main")), declaration);
    }
    declarations
}

fn column(name: &str, data_type: &str) -> Column {
    Column {
        name: ident(name),
        data_type: data_type.to_owned(),
        collation: None,
        origin: Default::default(),
        not_null: false,
        not_null_constraint: NotNull::default(),
        default: None,
        identity: None,
        properties: Default::default(),
        generated: None,
        comment: None,
    }
}

fn table(columns: Vec<Column>) -> Resource {
    Resource::Table(Table {
        schema: ident("app"),
        name: ident("orders"),
        columns,
        partition_by: None,
        foreign: None,
        lineage: Default::default(),
        properties: Default::default(),
        comment: None,
    })
}

fn check(name: &str, expression: &str) -> Resource {
    Resource::Constraint(Constraint {
        schema: ident("app"),
        table: ident("orders"),
        name: ident(name),
        definition: ConstraintDefinition::Check {
            expression: Expression::new(expression),
            no_inherit: false,
        },
        parent: None,
        derived: false,
        deferrable: Deferrable::NotDeferrable,
        validated: true,
        enforced: true,
        period: false,
        options: Default::default(),
        tablespace: None,
        comment: Some("said".to_owned()),
        index_comment: None,
    })
}

fn index(expression: &str) -> Resource {
    Resource::Index(Index {
        statistics: Default::default(),
        schema: ident("app"),
        name: ident("orders_idx"),
        table: ident("orders"),
        parent: None,
        unique: false,
        nulls_not_distinct: false,
        method: ident("btree"),
        elements: vec![IndexElement {
            key: IndexKey::Expression(Expression::new(expression)),
            collation: None,
            operator_class: None,
            descending: false,
            nulls_first: false,
        }],
        include: Vec::new(),
        predicate: Some(Expression::new("status <> 'done'")),
        options: Default::default(),
        tablespace: None,
        valid: true,
        comment: None,
    })
}

fn raw_declarations() -> Declarations {
    let mut status = column("status", "status");
    status.default = Some(Expression::new("'new'"));
    let mut lower = column("lower", "text");
    lower.generated =
        Some(Generated { expression: Expression::new("LOWER( number )"), storage: GeneratedStorage::Stored });
    declare(vec![
        (
            Resource::Enum(EnumType {
                schema: ident("types"),
                name: ident("status"),
                labels: vec!["new".to_owned(), "done".to_owned()],
                comment: None,
            }),
            false,
        ),
        (table(vec![column("number", "varchar(20)"), status, lower]), true),
        (check("short", "length(number)<9"), true),
        (index("upper(number)"), true),
    ])
}

async fn run(
    database: &Database,
    declarations: &Declarations,
    scratch: &dyn ScratchProvider,
    cache: &ExpressionCache,
) -> Result<Desired, NormaliseError> {
    normalise(declarations, &ident("main"), database.connection.server_version(), scratch, cache).await
}

/// The server as a new role sees it that owns nothing yet.
async fn as_role(database: &Database, role: &str, options: &str) -> ConnectParameters {
    database.run(&format!("CREATE ROLE {role} LOGIN {options}")).await;
    let mut config = database.parameters.config().clone();
    config.user(role);
    config.into()
}

#[tokio::test]
async fn canonical_declarations_need_no_server() {
    on_each_server(async |database| {
        let declarations =
            declare(vec![(table(vec![column("a", "bigint")]), false), (check("positive", "(a > 0)"), false)]);
        let desired = run(database, &declarations, &Nobody, &ExpressionCache::disabled()).await.unwrap();
        for (address, declaration) in &declarations.resources {
            assert_eq!(desired[address].resource, declaration.resource);
            assert_eq!(desired[address].source, declaration.source);
        }
    })
    .await;
}

#[tokio::test]
async fn raw_text_becomes_what_postgresql_prints() {
    on_each_server(async |database| {
        let declarations = raw_declarations();
        let server = &database.parameters;
        let desired = run(database, &declarations, server, &ExpressionCache::disabled()).await.unwrap();
        assert_eq!(desired.len(), declarations.resources.len());
        let json = |at: &str| serde_json::to_value(&desired[&address(at)].resource).unwrap();
        let table = json("table.main.app.orders");
        assert_eq!(table["table"]["columns"][0]["type"], "character varying(20)");
        assert_eq!(table["table"]["columns"][1]["type"], "types.status");
        assert_eq!(table["table"]["columns"][1]["default"], "'new'::types.status");
        assert_eq!(table["table"]["columns"][2]["generated"]["expression"], "lower((number)::text)");
        let check = json("constraint.main.app.orders.short");
        assert_eq!(check["constraint"]["definition"]["check"]["expression"], "(length((number)::text) < 9)");
        assert_eq!(check["constraint"]["comment"], "said");
        let index = json("index.main.app.orders_idx");
        assert_eq!(index["index"]["elements"][0]["key"]["expression"], "upper((number)::text)");
        assert_eq!(index["index"]["predicate"], "(status <> 'done'::types.status)");
    })
    .await;
}

#[tokio::test]
async fn the_same_text_is_normalised_once() {
    on_each_server(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let cache = ExpressionCache::in_folder(folder.path().join("cache"));
        let scratch = Counting { server: &database.parameters, asked: AtomicU32::new(0) };
        let asked = || scratch.asked.load(Ordering::Relaxed);
        let mut declarations = raw_declarations();
        let first = run(database, &declarations, &scratch, &cache).await.unwrap();
        assert_eq!(run(database, &declarations, &scratch, &cache).await.unwrap(), first);
        assert_eq!(asked(), 1);

        let file = std::fs::read_dir(folder.path().join("cache")).unwrap().next().unwrap().unwrap().path();
        let kept = std::fs::read_to_string(&file).unwrap();
        for damaged in [kept.replace("< 9)", "< 8)"), kept[..kept.len() / 2].to_owned(), String::new()] {
            std::fs::write(&file, damaged).unwrap();
            assert_eq!(run(database, &declarations, &scratch, &cache).await.unwrap(), first);
            assert_eq!(std::fs::read_to_string(&file).unwrap(), kept, "a damaged cache is rewritten");
        }
        assert_eq!(asked(), 4);

        let Resource::Enum(status) = Arc::make_mut(
            &mut declarations.resources.get_mut(&address("enum.main.types.status")).unwrap().resource,
        ) else {
            panic!("the address is that of an enum");
        };
        status.labels.push("lost".to_owned());
        run(database, &declarations, &scratch, &cache).await.unwrap();
        assert_eq!(asked(), 5, "what the text depends on counts too");
    })
    .await;
}

#[tokio::test]
async fn every_refused_declaration_is_told_with_its_place() {
    on_each_server(async |database| {
        let mut bad = column("b", "int");
        bad.default = Some(Expression::new("nonsense()"));
        let mut fine = column("a", "int");
        fine.default = Some(Expression::new("1 + 1"));
        let declarations = declare(vec![
            (table(vec![fine.clone()]), false),
            (check("one", "a >"), true),
            (check("two", "a > 0"), true),
            (check("three", "zzz > 0"), true),
        ]);
        let cache = ExpressionCache::disabled();
        let error = run(database, &declarations, &database.parameters, &cache).await.unwrap_err();
        let NormaliseError::Refused(refusals) = error else { panic!("{error}") };
        let told: Vec<_> = refusals
            .iter()
            .map(|r| (r.source_place.to_string(), r.expression.as_deref(), r.error.sqlstate.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("src/models.rs:2".to_owned(), Some("a >"), Some("42601")),
                ("src/models.rs:4".to_owned(), Some("zzz > 0"), Some("42703")),
            ]
        );
        assert_eq!(
            refusals[1].to_string(),
            "src/models.rs:4: constraint.main.app.orders.three: column \"zzz\" does not exist (SQLSTATE 42703)"
        );

        let declarations = declare(vec![(table(vec![fine, bad]), true), (check("two", "a > 0"), true)]);
        let error = run(database, &declarations, &database.parameters, &cache).await.unwrap_err();
        let NormaliseError::Refused(refusals) = error else { panic!("{error}") };
        assert_eq!(refusals.len(), 1, "the parts of a refused table are not to blame");
        assert_eq!(refusals[0].expression.as_deref(), Some("nonsense()"));
    })
    .await;
}

#[tokio::test]
async fn names_of_extensions_are_found() {
    on_each_server(async |database| {
        let extension =
            |name: &str| Resource::Extension(Extension { name: ident(name), schema: None, version: None });
        let declarations = declare(vec![
            (extension("citext"), false),
            (extension("earthdistance"), false),
            (extension("cube"), false),
            (table(vec![column("mail", "citext")]), true),
        ]);
        let cache = ExpressionCache::disabled();
        let desired = run(database, &declarations, &database.parameters, &cache).await.unwrap();
        let Resource::Table(table) = &*desired[&address("table.main.app.orders")].resource else {
            panic!("the address is that of a table");
        };
        assert_eq!(table.columns[0].data_type, "public.citext");
    })
    .await;
}

#[tokio::test]
async fn a_missing_extension_is_named_if_it_is_needed() {
    on_each_server(async |database| {
        let missing =
            Resource::Extension(Extension { name: ident("no_such_extension"), schema: None, version: None });
        let cache = ExpressionCache::disabled();
        let needed = declare(vec![(missing.clone(), false), (table(vec![column("a", "exotic")]), true)]);
        let error = run(database, &needed, &database.parameters, &cache).await.unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("extension no_such_extension is not available on the scratch server"),
            "{error}"
        );
        let unneeded = declare(vec![(missing, false), (table(vec![column("a", "int")]), true)]);
        run(database, &unneeded, &database.parameters, &cache).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_scratch_database_is_removed_whatever_comes() {
    on_each_server(async |database| {
        let role = format!("{}_scratch", database.parameters.endpoint().database);
        let server = as_role(database, &role, "CREATEDB").await;
        let cache = ExpressionCache::disabled();
        run(database, &raw_declarations(), &server, &cache).await.unwrap();
        let refused = declare(vec![(table(vec![column("a", "exotic")]), true)]);
        run(database, &refused, &server, &cache).await.unwrap_err();
        // A role that still owned a database could not be dropped.
        database.run(&format!("DROP ROLE {role}")).await;
    })
    .await;
}

#[tokio::test]
async fn a_role_that_may_not_create_databases_is_named() {
    on_each_server(async |database| {
        let role = format!("{}_nobody", database.parameters.endpoint().database);
        let server = as_role(database, &role, "NOCREATEDB").await;
        let error =
            run(database, &raw_declarations(), &server, &ExpressionCache::disabled()).await.unwrap_err();
        database.run(&format!("DROP ROLE {role}")).await;
        assert_eq!(error, NormaliseError::Scratch(ScratchError::NoPrivilege { role }));
    })
    .await;
}

#[tokio::test]
async fn a_scratch_server_of_another_major_is_refused() {
    on_each_server(async |database| {
        let found = database.connection.server_version();
        let wanted = ServerVersion(found.0 + 10_000);
        let cache = ExpressionCache::disabled();
        let error =
            normalise(&raw_declarations(), &ident("main"), wanted, &database.parameters, &cache).await;
        assert_eq!(error, Err(NormaliseError::Scratch(ScratchError::OtherMajor { found, wanted })));
    })
    .await;
}

#[tokio::test]
async fn what_was_normalised_is_what_a_live_database_says() {
    on_each_server(async |database| {
        let declarations = raw_declarations();
        let cache = ExpressionCache::disabled();
        let desired = run(database, &declarations, &database.parameters, &cache).await.unwrap();
        database.run("CREATE SCHEMA types; CREATE SCHEMA app").await;
        let (live, target) = (djogi_core::Catalog::default(), ident("main"));
        let version = database.connection.server_version();
        let context = sql::Context::of(version, &target, &live);
        for (address, entry) in &desired {
            for step in sql::create(&entry.resource, &context, address).unwrap() {
                database.run(&step.operation.sql).await;
            }
        }
        let seen = database.observe(&["app", "types"]).await;
        for (address, entry) in &desired {
            assert_eq!(seen.catalog.get(address), Some(&*entry.resource));
        }
    })
    .await;
}

#[tokio::test]
async fn databases_of_killed_processes_are_dropped_by_the_next_and_live_ones_are_not() {
    on_each_server(async |database| {
        let scratch =
            |server: ConnectParameters| async move { ScratchDatabase::create(&server).await.unwrap() };
        let mut live = scratch(database.parameters.clone()).await;
        let name = live.connection().endpoint().database.clone();
        // Only its name says what it is; nobody is in it, and its owner is gone.
        let abandoned = format!("djogi_scratch_{}", ulid::Ulid::generate().to_string().to_lowercase());
        let foreign = format!("{abandoned}_of_somebody");
        database.run(&format!("CREATE DATABASE {abandoned}")).await;
        database.run(&format!("CREATE DATABASE {foreign}")).await;
        // Elsewhere on the same server.
        let next = scratch(database.parameters.with_database("postgres")).await;
        let sql = "SELECT datname::text FROM pg_database WHERE datname = ANY ($1) ORDER BY length(datname)";
        let rows =
            database.connection.client().query(sql, &[&vec![&name, &abandoned, &foreign]]).await.unwrap();
        let left: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(left, [name.as_str(), foreign.as_str()]);
        live.connection().client().query_one("SELECT 1", &[]).await.unwrap();
        next.remove().await.unwrap();
        live.remove().await.unwrap();
        database.run(&format!("DROP DATABASE {foreign}")).await;
    })
    .await;
}
