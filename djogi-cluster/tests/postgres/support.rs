//! A fresh database for each test, on each server that the tests run against.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use djogi_cluster::connect::{ConnectParameters, Connection};
use djogi_cluster::introspect::{Scope, observe};
use djogi_core::Ident;
use djogi_core::address::Address;
use djogi_core::kind::Resource;
use djogi_core::observation::Observation;

/// The servers under test.
pub(crate) fn servers() -> Vec<ConnectParameters> {
    e2e::servers().iter().map(|server| server.url("postgres").parse().unwrap()).collect()
}

/// A database of its own; dropped when the test is over.
pub(crate) struct Database {
    pub(crate) parameters: ConnectParameters,
    pub(crate) connection: Connection,
    admin: Connection,
    name: String,
}

impl Database {
    async fn create(server: &ConnectParameters) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let admin = Connection::open(&server.with_database("postgres"), "test").await.unwrap();
        admin
            .client()
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy"))
            .await
            .unwrap();
        let parameters = server.with_database(&name);
        let connection = Connection::open(&parameters, "test").await.unwrap();
        Self { parameters, connection, admin, name }
    }

    pub(crate) fn major(&self) -> u32 {
        self.connection.server_version().major()
    }

    pub(crate) async fn run(&self, sql: &str) {
        if let Err(error) = self.connection.client().batch_execute(sql).await {
            panic!("{sql}\n{:?}", error.as_db_error());
        }
    }

    pub(crate) async fn observe(&mut self, schemas: &[&str]) -> Observation {
        let scope = Scope {
            target: ident("main"),
            schemas: schemas.iter().map(|s| ident(s)).collect(),
            roles: Default::default(),
        };
        observe(&self.connection, &scope).await.unwrap()
    }

    async fn drop(self) {
        drop(self.connection);
        self.admin.client().batch_execute(&format!("DROP DATABASE {} (FORCE)", self.name)).await.unwrap();
    }
}

/// Runs `test` in a fresh database on every server. A database of a failed test stays to be looked at.
pub(crate) async fn on_each_server(test: impl AsyncFn(&mut Database)) {
    for server in servers() {
        let mut database = Database::create(&server).await;
        test(&mut database).await;
        database.drop().await;
    }
}

pub(crate) fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// The resource at `address`, as JSON without the fields that are null, false or empty: what is said of it.
pub(crate) fn said(observation: &Observation, at: &str) -> serde_json::Value {
    let resource = observation.catalog.get(&address(at));
    let resource = resource.unwrap_or_else(|| panic!("{at} is missing among {:?}", addresses(observation)));
    prune(serde_json::to_value(resource).unwrap())
}

pub(crate) fn addresses(observation: &Observation) -> Vec<String> {
    observation.catalog.iter().map(|(address, _)| address.to_string()).collect()
}

/// The column `name` of the table at `at`, pruned likewise.
pub(crate) fn column(observation: &Observation, at: &str, name: &str) -> serde_json::Value {
    let Some(Resource::Table(table)) = observation.catalog.get(&address(at)) else {
        panic!("{at} is no table");
    };
    prune(serde_json::to_value(table.column(&ident(name)).unwrap()).unwrap())
}

fn prune(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (key, prune(value)));
            let said = fields.filter(|(_, value)| match value {
                Value::Null | Value::Bool(false) => false,
                Value::Array(items) => !items.is_empty(),
                Value::Object(fields) => !fields.is_empty(),
                _ => true,
            });
            Value::Object(said.collect::<BTreeMap<_, _>>().into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(prune).collect()),
        other => other,
    }
}
