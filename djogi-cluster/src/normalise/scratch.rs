//! Creates units in a scratch database and reads them back.
//!
//! Everything goes to the server as one batch. Only when that fails is it repeated statement by statement, to
//! learn of every declaration that PostgreSQL refuses, and of each why.

use std::collections::BTreeSet;
use std::sync::Arc;

use djogi_core::address::{Address, Kind};
use djogi_core::declared::Declaration;
use djogi_core::observation::ServerVersion;
use djogi_core::sql::{self, Context};
use djogi_core::{Catalog, Ident, Resource};

use super::Normalised;
use super::attempt::attempted;
use super::error::{NormaliseError, Refusal, ScratchError};
use super::scratch_database::{ScratchDatabase, ScratchProvider};
use super::unit::{Declared, Unit};
use crate::connect::{Connection, DatabaseError};
use crate::introspect::{Scope, observe};

/// The statements that create one declaration.
struct Creation<'a> {
    declared: Declared<'a>,
    /// What names in the raw text mean.
    search_path: String,
    statements: Vec<String>,
}

/// Normalises `units` in a database that exists only meanwhile.
pub(super) async fn normalise_units(
    units: &[&Unit<'_>],
    target: &Ident,
    version: ServerVersion,
    provider: &dyn ScratchProvider,
) -> Result<Normalised, NormaliseError> {
    let schemas = schemas_of(units);
    let creations = plan_creations(units, &schemas, target, version)?;
    let mut database = ScratchDatabase::create(&provider.server().await?).await?;
    let found = database.connection().server_version();
    let result = if found.major() == version.major() {
        run(database.connection(), units, &schemas, &creations, target).await
    } else {
        Err(ScratchError::OtherMajor { found, wanted: version }.into())
    };
    let removed = database.remove().await;
    let normalised = result?;
    removed?;
    Ok(normalised)
}

async fn run(
    connection: &mut Connection,
    units: &[&Unit<'_>],
    schemas: &BTreeSet<Ident>,
    creations: &[Creation<'_>],
    target: &Ident,
) -> Result<Normalised, NormaliseError> {
    create_schemas(connection, schemas).await?;
    if !create_at_once(connection, creations).await? {
        create_one_by_one(connection, creations).await?;
    }
    let scope = Scope {
        target: target.clone(),
        schemas: schemas.iter().cloned().collect(),
        roles: Default::default(),
    };
    let mut catalog = observe(connection, &scope).await?.catalog;
    let mut normalised = Normalised::new();
    for unit in units {
        let mut resources = Vec::new();
        for (address, declaration) in unit.members() {
            let resource = catalog.remove(address).ok_or_else(|| NormaliseError::NotFound {
                address: address.clone(),
                source_place: declaration.source.clone(),
            })?;
            resources.push(Arc::unwrap_or_clone(resource));
        }
        normalised.insert(unit.digest, resources);
    }
    Ok(normalised)
}

fn schemas_of(units: &[&Unit<'_>]) -> BTreeSet<Ident> {
    let mut schemas = BTreeSet::new();
    for (address, declaration) in units.iter().flat_map(|unit| unit.needs.iter().copied().chain([unit.root]))
    {
        match &*declaration.resource {
            Resource::Extension(extension) => schemas.extend(extension.schema.clone()),
            _ => schemas.extend(address.schema_name().cloned()),
        }
    }
    schemas
}

/// One creation of everything, each behind what it needs.
fn plan_creations<'a>(
    units: &[&Unit<'a>],
    schemas: &BTreeSet<Ident>,
    target: &Ident,
    version: ServerVersion,
) -> Result<Vec<Creation<'a>>, NormaliseError> {
    let new_tables = units.iter().filter_map(|unit| unit.root.1.resource.qualified_name()).collect();
    let live = Catalog::default();
    let context = Context { new_tables: &new_tables, ..Context::of(version, target, &live) };
    let (mut creations, mut planned) = (Vec::new(), BTreeSet::new());
    for unit in units {
        let needs = unit.needs.iter().map(|need| (*need, need.0.schema_name()));
        for (declared, own) in needs.chain(unit.members().map(|member| (member, unit.schema()))) {
            if planned.insert(declared.0) {
                creations.push(Creation::plan(declared, schemas, own, &context)?);
            }
        }
    }
    Ok(creations)
}

impl<'a> Creation<'a> {
    /// Raw text finds the objects of its own schema first, then those of `public` and of all others.
    fn plan(
        declared: Declared<'a>,
        schemas: &BTreeSet<Ident>,
        own: Option<&Ident>,
        context: &Context<'_>,
    ) -> Result<Self, NormaliseError> {
        let (address, declaration) = declared;
        let others = schemas.iter().filter(|schema| Some(*schema) != own && schema.as_str() != "public");
        let mut path: Vec<String> = own.into_iter().map(ToString::to_string).collect();
        path.push("public".to_owned());
        path.extend(others.map(ToString::to_string));
        let steps = sql::create(&attempted(&declaration.resource), context, address).map_err(Box::new)?;
        let statements = steps.into_iter().map(|step| step.operation.sql).collect();
        Ok(Self { declared, search_path: path.join(", "), statements })
    }

    fn batch(&self) -> String {
        format!("SET LOCAL search_path = {};\n{};\n", self.search_path, self.statements.join(";\n"))
    }
}

/// A fresh database has `public` and nothing else.
async fn create_schemas(connection: &Connection, schemas: &BTreeSet<Ident>) -> Result<(), NormaliseError> {
    let missing = schemas.iter().filter(|schema| schema.as_str() != "public");
    let sql: String = missing.map(|schema| format!("CREATE SCHEMA {schema};\n")).collect();
    connection.client().batch_execute(&sql).await.map_err(|error| failed(&error, &sql))
}

/// Whether the server took everything. A batch is one transaction.
async fn create_at_once(connection: &Connection, creations: &[Creation<'_>]) -> Result<bool, NormaliseError> {
    let sql: String = creations.iter().map(Creation::batch).collect();
    match connection.client().batch_execute(&sql).await {
        Ok(()) => Ok(true),
        Err(error) if error.as_db_error().is_some() => Ok(false),
        Err(error) => Err(failed(&error, "CREATE ...")),
    }
}

/// Goes on after a failure, to tell of all of them; leaves nothing uncreated that can be created.
async fn create_one_by_one(
    connection: &Connection,
    creations: &[Creation<'_>],
) -> Result<(), NormaliseError> {
    let (extensions, others): (Vec<_>, Vec<_>) =
        creations.iter().partition(|creation| creation.declared.0.kind() == Kind::Extension);
    let missing = create_in_rounds(connection, extensions).await?;
    let failed = create_in_rounds(connection, others).await?;
    if failed.is_empty() {
        // An extension that nobody turned out to need is not asked for.
        return Ok(());
    }
    let is_undefined = |error: &DatabaseError| {
        error.sqlstate.as_deref().is_some_and(|code| UNDEFINED.contains(&code) || code == "42P01")
    };
    // What fails only since something else does is not to blame.
    let follows = |(address, declaration): Declared<'_>, error: &DatabaseError| {
        failed.iter().filter(|((other, _), _)| *other != address).any(|((other, _), _)| {
            table_of(address, declaration).is_some_and(|table| table == **other)
                || is_undefined(error)
                    && declaration.resource.texts().iter().any(|text| text.contains(other.name().as_str()))
        })
    };
    let told = failed.iter().filter(|(declared, error)| !follows(*declared, error));
    let refusals: Vec<Refusal> = told
        .map(|((address, declaration), error)| Refusal {
            address: (*address).clone(),
            source_place: declaration.source.clone(),
            expression: blamed(&declaration.resource, error),
            error: error.clone(),
        })
        .collect();
    match missing.into_iter().next() {
        Some(((address, declaration), error))
            if refusals.iter().any(|refusal| is_undefined(&refusal.error)) =>
        {
            Err(NormaliseError::MissingExtension {
                name: address.name().clone(),
                source_place: declaration.source.clone(),
                error,
            })
        }
        _ => Err(NormaliseError::Refused(refusals)),
    }
}

/// SQLSTATEs of an unknown type or operator class, function, and schema.
const UNDEFINED: [&str; 3] = ["42704", "42883", "3F000"];

/// Creates in whatever order things need each other; gives back what cannot be had.
async fn create_in_rounds<'a>(
    connection: &Connection,
    creations: Vec<&Creation<'a>>,
) -> Result<Vec<(Declared<'a>, DatabaseError)>, NormaliseError> {
    let mut waiting = creations;
    loop {
        let mut failures = Vec::new();
        for creation in &waiting {
            if let Err(error) = create_one(connection, creation).await? {
                failures.push((*creation, error));
            }
        }
        if failures.len() == waiting.len() {
            return Ok(failures.into_iter().map(|(creation, error)| (creation.declared, error)).collect());
        }
        waiting = failures.into_iter().map(|(creation, _)| creation).collect();
    }
}

async fn create_one(
    connection: &Connection,
    creation: &Creation<'_>,
) -> Result<Result<(), DatabaseError>, NormaliseError> {
    let client = connection.client();
    let begin = format!("BEGIN; SET LOCAL search_path = {}", creation.search_path);
    client.batch_execute(&begin).await.map_err(|error| failed(&error, &begin))?;
    for statement in &creation.statements {
        if let Err(error) = client.batch_execute(statement).await {
            client.batch_execute("ROLLBACK").await.map_err(|error| failed(&error, "ROLLBACK"))?;
            return Ok(Err(DatabaseError::new(&error).in_statement(statement.as_str())));
        }
    }
    client.batch_execute("COMMIT").await.map_err(|error| failed(&error, "COMMIT"))?;
    Ok(Ok(()))
}

fn table_of(address: &Address, declaration: &Declaration) -> Option<Address> {
    match &*declaration.resource {
        Resource::Index(index) => Some(Address::table(address.target(), &index.table_name())),
        _ => address.table_of_member(),
    }
}

/// The expression in which the error is, as far as PostgreSQL says.
fn blamed(resource: &Resource, error: &DatabaseError) -> Option<String> {
    let all: Vec<&str> = match resource {
        // Types cannot be blamed: they are known.
        Resource::Table(table) => {
            table.columns.iter().flat_map(|column| column.texts().split_off(1)).collect()
        }
        other => other.texts(),
    };
    if let [only] = all.as_slice() {
        return Some((*only).to_owned());
    }
    let statement = error.statement.as_deref()?;
    let at = usize::try_from(error.position?).ok()?.checked_sub(1)?;
    let at = statement.char_indices().nth(at)?.0;
    let covers =
        |text: &&&str| statement.match_indices(**text).any(|(from, t)| (from..from + t.len()).contains(&at));
    all.iter().find(covers).map(|text| (*text).to_owned())
}

fn failed(error: &tokio_postgres::Error, statement: &str) -> NormaliseError {
    let error = DatabaseError::new(error).in_statement(statement);
    ScratchError::Database { doing: "fill", error }.into()
}
