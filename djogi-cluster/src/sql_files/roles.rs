//! Roles that the files presume: stubs without any right while they are loaded.
//!
//! Roles belong to the whole server, on which several loads can be at work. Each marks its stubs by a comment and takes those of
//! the others for its own: a stub that somebody makes use of cannot be dropped, and one that was dropped too early is made
//! again.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use djogi_core::Ident;
use djogi_core::ident::Literal;

use super::item::Item;
use super::load::Failure;
use crate::introspect::role::STUB;
use crate::normalise::{RoleUse, ScratchDatabase, ScratchError};

/// A stub can be dropped by another load this often before it is given up.
const ATTEMPTS: usize = 50;

/// The roles that were made.
#[derive(Debug)]
pub(super) struct Roles {
    role_use: RoleUse,
    /// How often each was made.
    made: BTreeMap<Ident, usize>,
    /// Those that a file creates.
    created: BTreeSet<Ident>,
}

impl Roles {
    pub(super) fn new(role_use: RoleUse) -> Self {
        Self { role_use, made: BTreeMap::new(), created: BTreeSet::new() }
    }

    /// What of a statement about roles is run: nothing that touches those of somebody else.
    pub(super) fn allowed<'i>(&mut self, item: &'i Item<'_>) -> Option<Cow<'i, str>> {
        let role = item.creates().and_then(|name| Ident::new(name).ok());
        match self.role_use {
            RoleUse::Everything => Some(Cow::Borrowed(item.sql.as_ref())),
            RoleUse::Stubs => {
                self.created.extend(role);
                None
            }
            RoleUse::Nothing => None,
        }
    }

    /// Drops the database, and then the stubs.
    ///
    /// # Errors
    /// When the server does not drop the database.
    pub(super) async fn remove(&self, database: ScratchDatabase) -> Result<(), ScratchError> {
        if self.made.is_empty() { database.remove().await } else { database.remove_with_stubs().await }
    }

    /// Makes stubs of the roles that the files create.
    pub(super) async fn make_created(&mut self, client: &tokio_postgres::Client) {
        for role in std::mem::take(&mut self.created) {
            self.make(client, role).await;
        }
    }

    async fn make(&mut self, client: &tokio_postgres::Client, role: Ident) {
        // Both or none. It may be there, and who may not make it is told of the statement that needs it.
        let sql = format!(
            "{}; CREATE ROLE {role} NOLOGIN; COMMENT ON ROLE {role} IS {}",
            super::settings::FRESH,
            Literal(STUB)
        );
        let _ = client.batch_execute(&sql).await;
        *self.made.entry(role).or_default() += 1;
    }

    /// Makes the roles that `failures` are about; whether there was one.
    pub(super) async fn make_missing(
        &mut self,
        client: &tokio_postgres::Client,
        failures: &[Failure],
    ) -> bool {
        if self.role_use == RoleUse::Nothing {
            return false;
        }
        let is_hopeless = |role: &Ident| self.made.get(role).is_some_and(|times| *times >= ATTEMPTS);
        let missing: BTreeSet<Ident> =
            failures.iter().filter_map(missing_role).filter(|role| !is_hopeless(role)).collect();
        let found = !missing.is_empty();
        for role in missing {
            self.make(client, role).await;
        }
        found
    }
}

/// The functions of PostgreSQL that look up a role; unlike the message, their names are the same in every language.
const LOOKUPS: [&str; 3] = ["get_role_oid", "get_rolespec_oid", "get_rolespec_tuple"];

fn missing_role(failure: &Failure) -> Option<Ident> {
    let is_lookup = failure.routine.as_deref().is_some_and(|routine| LOOKUPS.contains(&routine));
    if !is_lookup || failure.error.sqlstate.as_deref() != Some("42704") {
        return None;
    }
    let (_, rest) = failure.error.message.split_once('"')?;
    let (name, _) = rest.rsplit_once('"')?;
    Ident::new(name).ok()
}
