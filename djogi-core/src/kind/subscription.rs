//! Subscriptions: `CREATE SUBSCRIPTION`, manual section 29.2. They belong to the database.
//!
//! Whether one is enabled, and how far it has come, is what happens in a running system, and no part of its definition:
//! `pg_dump` leaves it out too.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::ident::Ident;

/// The option under which the connection string is known among secrets.
pub const CONNECTION: &str = "connection";

/// How transactions in progress are taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Streaming {
    #[default]
    Off,
    On,
    Parallel,
}

impl Streaming {
    pub fn as_sql(self) -> &'static str {
        match self {
            Streaming::Off => "off",
            Streaming::On => "on",
            Streaming::Parallel => "parallel",
        }
    }
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    pub name: Ident,
    /// What the connection string is known by, see [`secret_digest`](super::secret_digest); `None` where the role may not
    /// read it.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub connection: Option<Digest>,
    /// Sorted.
    pub publications: Vec<Ident>,
    /// The replication slot on the publisher; `None` is `NONE`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub slot: Option<String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub binary: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub streaming: Streaming,
    /// The value of `synchronous_commit` of its workers.
    pub synchronous_commit: String,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub two_phase: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub disable_on_error: bool,
    /// PostgreSQL 16.
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub password_required: bool,
    /// PostgreSQL 16.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub run_as_owner: bool,
    /// `any` or `none`; PostgreSQL 16.
    pub origin: String,
    /// PostgreSQL 17.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub failover: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// An option that can be set at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionOption {
    Binary,
    Streaming,
    SynchronousCommit,
    DisableOnError,
    PasswordRequired,
    RunAsOwner,
    Origin,
}

/// What can change on a subscription in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionAlteration {
    SetConnection,
    SetPublications,
    SetSlot(Option<String>),
    SetOptions(Vec<SubscriptionOption>),
    SetComment(Option<String>),
}

impl Subscription {
    /// `None` for another `two_phase` or `failover`: these are properties of the slot, which only the publisher can change.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<SubscriptionAlteration>> {
        let Self {
            name: _,
            connection,
            publications,
            slot,
            binary,
            streaming,
            synchronous_commit,
            two_phase,
            disable_on_error,
            password_required,
            run_as_owner,
            origin,
            failover,
            comment,
        } = self;
        if (*two_phase, *failover) != (desired.two_phase, desired.failover) {
            return None;
        }
        let mut alterations = Vec::new();
        // What cannot be read can be compared with nothing.
        if connection.is_some() && *connection != desired.connection {
            alterations.push(SubscriptionAlteration::SetConnection);
        }
        if *publications != desired.publications {
            alterations.push(SubscriptionAlteration::SetPublications);
        }
        if *slot != desired.slot {
            alterations.push(SubscriptionAlteration::SetSlot(desired.slot.clone()));
        }
        let options = [
            (SubscriptionOption::Binary, *binary != desired.binary),
            (SubscriptionOption::Streaming, *streaming != desired.streaming),
            (SubscriptionOption::SynchronousCommit, *synchronous_commit != desired.synchronous_commit),
            (SubscriptionOption::DisableOnError, *disable_on_error != desired.disable_on_error),
            (SubscriptionOption::PasswordRequired, *password_required != desired.password_required),
            (SubscriptionOption::RunAsOwner, *run_as_owner != desired.run_as_owner),
            (SubscriptionOption::Origin, *origin != desired.origin),
        ];
        let changed: Vec<_> =
            options.into_iter().filter(|(_, is_other)| *is_other).map(|(it, _)| it).collect();
        if !changed.is_empty() {
            alterations.push(SubscriptionAlteration::SetOptions(changed));
        }
        if *comment != desired.comment {
            alterations.push(SubscriptionAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}
