//! Reads what the groups of a run are about, as their sessions see it.

use std::collections::BTreeSet;

use djogi_core::QualifiedName;

use crate::error::EngineError;
use crate::introspect::{ObservedRelations, Scope, observe_relations};
use crate::session::Session;

/// Reads `relations` as the session sees them, as a plan does.
pub(super) async fn observe_some(
    session: &Session<'_>,
    relations: &BTreeSet<QualifiedName>,
) -> Result<ObservedRelations, EngineError> {
    Ok(observe_all_of(session, relations).await?.with_migrations(session.target))
}

/// The same with what live migrations have made.
pub(super) async fn observe_all_of(
    session: &Session<'_>,
    relations: &BTreeSet<QualifiedName>,
) -> Result<ObservedRelations, EngineError> {
    let schemas: BTreeSet<_> = relations.iter().map(|name| name.schema.clone()).collect();
    let names: BTreeSet<_> = relations.iter().map(|name| name.name.clone()).collect();
    let scope = session.settings.scope(session.target);
    let scope = Scope { schemas: scope.schemas.into_iter().chain(schemas).collect(), ..scope };
    let names: Vec<_> = names.into_iter().collect();
    let connection = &session.connection;
    let client = connection.client();
    Ok(observe_relations(client, connection.server_version(), &scope, &names).await?)
}
