//! Who is at work: labels for the humans who wait. Nothing decides by them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::identity::{Actor, RunId};

/// Who holds the run lock, as recorded in the lease: labels for humans, and the way to find the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub actor: Actor,
    pub host: String,
    /// Of the djogi process on `host`.
    pub pid: u32,
    pub run: RunId,
    /// The command: `apply`.
    pub command: String,
    /// RFC 3339, UTC.
    pub since: String,
    /// Of the server process that holds the lock.
    pub backend_pid: i32,
}

impl Holder {
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a holder has only string keys")
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actor, host, pid, run, command, since, backend_pid } = self;
        write!(
            f,
            "{actor} (`djogi {command}`, run {run}, process {pid} on {host}, backend {backend_pid}, since {since})"
        )
    }
}

/// The session that holds the run lock right now, as the server sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LockSession {
    pub backend_pid: i32,
    /// `None` when this role may not see it.
    pub role: Option<String>,
    pub application_name: Option<String>,
    pub client_address: Option<String>,
    /// When the session began.
    pub since: Option<String>,
    /// The index that it builds, and how far it is; `None` when it builds none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building: Option<String>,
    /// What the session wrote into the lease; `None` until it has.
    pub holder: Option<Holder>,
}

impl fmt::Display for LockSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(holder) = &self.holder {
            fmt::Display::fmt(holder, f)?;
            return self.building.as_ref().map_or(Ok(()), |building| write!(f, ", at work on {building}"));
        }
        let role = self.role.as_deref().unwrap_or("a role that is not shown");
        write!(f, "{role} (backend {}", self.backend_pid)?;
        let facts = [("", &self.application_name), ("from ", &self.client_address), ("since ", &self.since)];
        for (word, fact) in facts {
            if let Some(fact) = fact.as_deref().filter(|fact| !fact.is_empty()) {
                write!(f, ", {word}{fact}")?;
            }
        }
        f.write_str(")")
    }
}
