//! A database as djogi sees it, without a run.

use djogi_cluster::connect::{ConnectParameters, Connection};
use djogi_cluster::introspect::{Scope, observe};
use djogi_core::Ident;
use djogi_core::observation::Observation;
use tokio::runtime::Runtime;

/// A runtime for one question.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Everything in `schemas` of the database at `url`, as of the target `main`.
pub fn observation(url: &str, schemas: &[&str]) -> Observation {
    let ident = |name: &str| Ident::new(name).expect("a name");
    let scope = Scope {
        target: ident("main"),
        schemas: schemas.iter().map(|name| ident(name)).collect(),
        roles: Default::default(),
    };
    let parameters: ConnectParameters = url.parse().expect("the URL of a server");
    runtime().block_on(async {
        let connection = Connection::open(&parameters, "crash-suite").await.expect("a connection");
        let observed = observe(&connection, &scope).await.expect("an observation");
        connection.close().await;
        observed
    })
}
