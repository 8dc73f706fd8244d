//! Roles that the files presume: made without any right while they are loaded.

use std::borrow::Cow;
use std::collections::BTreeSet;

use djogi_core::Ident;

use super::item::Item;
use super::load::Failure;
use crate::normalise::RoleUse;

/// The roles that were made.
#[derive(Debug)]
pub(super) struct Roles {
    role_use: RoleUse,
    /// Because something names them.
    made: BTreeSet<Ident>,
    /// Because a file creates them.
    created: BTreeSet<Ident>,
    /// Roles of the server itself.
    there: BTreeSet<Ident>,
}

impl Roles {
    pub(super) fn new(role_use: RoleUse) -> Self {
        Self { role_use, made: BTreeSet::new(), created: BTreeSet::new(), there: BTreeSet::new() }
    }

    /// What of a statement about roles is run: nothing that touches those of somebody else.
    pub(super) fn allowed<'i>(&mut self, item: &'i Item<'_>) -> Option<Cow<'i, str>> {
        let role = item.creates().and_then(|name| Ident::new(name).ok());
        match self.role_use {
            RoleUse::Everything => Some(Cow::Borrowed(item.sql.as_ref())),
            RoleUse::Stubs => {
                let role = role?;
                let stub = format!("CREATE ROLE {role} NOLOGIN");
                self.created.insert(role);
                Some(Cow::Owned(stub))
            }
            RoleUse::Nothing => None,
        }
    }

    /// Notes which roles are there before any is made.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) async fn look(
        &mut self,
        client: &tokio_postgres::Client,
    ) -> Result<(), tokio_postgres::Error> {
        let rows = client.query("SELECT rolname::text FROM pg_catalog.pg_roles", &[]).await?;
        self.there = rows.iter().filter_map(|row| Ident::new(row.get::<_, &str>(0)).ok()).collect();
        Ok(())
    }

    /// Those that are to be dropped after the database.
    pub(super) fn made(&self) -> Vec<Ident> {
        if self.role_use == RoleUse::Everything {
            return Vec::new();
        }
        self.made.union(&self.created).filter(|role| !self.there.contains(*role)).cloned().collect()
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
        let missing: BTreeSet<Ident> =
            failures.iter().filter_map(missing_role).filter(|role| !self.made.contains(role)).collect();
        for role in &missing {
            // Somebody else may have made it, and who may not make it is told of the statement that needs it.
            let _ = client
                .batch_execute(&format!("{}; CREATE ROLE {role} NOLOGIN", super::settings::FRESH))
                .await;
        }
        let found = !missing.is_empty();
        self.made.extend(missing);
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
