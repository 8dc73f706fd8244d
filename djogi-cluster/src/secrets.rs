//! Secret values of options, taken from where they are declared when a statement is executed.
//!
//! Catalogs, plans, states and events hold digests of them only. A value that is not at hand is never replaced by
//! anything else: nothing is executed then.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use djogi_core::kind::secret_digest;
use djogi_core::kind::subscription::CONNECTION;
use djogi_core::plan::{Group, Operation, PlanDiagnostic, PlanDocument, Secret, Severity};
use djogi_core::script::literals;
use djogi_core::seed::DeclaredSeed;
use djogi_core::{Address, Digest, Ident, QualifiedName};

use crate::cluster::Cluster;
use crate::connect::{DatabaseError, ErrorFields};
use crate::error::EngineError;
use crate::event::Failure;

/// The code of the finding, and of the refusal.
pub const SECRET_NOT_AT_HAND: &str = "secret_not_at_hand";

/// What somebody can do about a value that is not at hand.
pub(crate) const HELP: &str = "write the value as a plain string in OPTIONS (...) of an SQL file of the target, or in the \
                               file of its seed, and run djogi where the file is";

/// What stands in for a secret value in what is told.
const MASK: &str = "********";

/// Values by what is known of them, and the tables that have columns whose values are shown nowhere.
#[derive(Default)]
pub(crate) struct Secrets {
    values: BTreeMap<Secret, String>,
    sensitive: BTreeSet<Address>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secrets").field(&self.values.len()).finish()
    }
}

/// Secrets of a plan whose values are not at hand, with what they are options of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing(pub BTreeMap<Address, BTreeSet<String>>);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |(address, options): (&Address, &BTreeSet<String>)| {
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            format!("{} of {address}", options.join(", "))
        };
        let all: Vec<String> = self.0.iter().map(of).collect();
        write!(f, "the secret values of these options are declared nowhere: {}", all.join("; "))
    }
}

impl Secrets {
    /// Finds the values that the statements of `document` need.
    ///
    /// # Errors
    /// [`EngineError::Secrets`] with what is not at hand.
    pub(crate) fn of(cluster: &Cluster, document: &PlanDocument) -> Result<Self, EngineError> {
        let (secrets, missing) = Self::look(cluster, document);
        if missing.0.is_empty() { Ok(secrets) } else { Err(EngineError::Secrets(missing)) }
    }

    fn look(cluster: &Cluster, document: &PlanDocument) -> (Self, Missing) {
        let mut secrets = Self { values: BTreeMap::new(), sensitive: sensitive(cluster) };
        let mut missing = Missing(BTreeMap::new());
        for (target, wanted) in wanted(document) {
            let values = values(cluster, target);
            let of_rows = values_of_rows(cluster, target);
            for (secret, addresses) in wanted {
                let is_it = |value: &&String| secret_digest(&secret.option, value) == secret.digest;
                match of_rows.get(&secret.digest).or_else(|| values.iter().find(is_it)) {
                    Some(value) => drop(secrets.values.insert(secret.clone(), value.clone())),
                    None => {
                        for address in addresses {
                            let options = missing.0.entry(address.clone()).or_default();
                            options.insert(secret.option.clone());
                        }
                    }
                }
            }
        }
        (secrets, missing)
    }

    /// What is sent for `operation`. Without a value its placeholder stays, which is no SQL.
    pub(crate) fn statement(&self, operation: &Operation) -> String {
        operation.with_secrets(|secret| self.values.get(secret).map(String::as_str))
    }

    /// What the server said, without any of the values.
    pub(crate) fn masked(&self, mut error: DatabaseError) -> DatabaseError {
        let ErrorFields { message, detail, hint, context, .. } = &mut *error;
        let texts = std::iter::once(message).chain(detail).chain(hint).chain(context);
        for text in texts {
            for (secret, value) in self.values.iter().filter(|(_, value)| !value.is_empty()) {
                if text.contains(value.as_str()) {
                    *text = text.replace(value.as_str(), MASK);
                }
                if secret.option == CONNECTION {
                    mask_pieces(text, value);
                }
            }
        }
        error
    }
}

impl Secrets {
    /// A table whose rows are shown nowhere.
    pub(crate) fn sensitive_among<'r>(
        &self,
        target: &Ident,
        relations: &'r BTreeSet<QualifiedName>,
    ) -> Option<&'r QualifiedName> {
        relations.iter().find(|table| self.sensitive.contains(&Address::table(target, table)))
    }

    /// Hides what the server said of rows where they can be those of tables with sensitive columns: which of the values
    /// it names, nobody can tell.
    pub(crate) fn hide_rows(
        &self,
        target: &Ident,
        relations: &BTreeSet<QualifiedName>,
        failure: &mut Failure,
    ) {
        let Some(table) = self.sensitive_among(target, relations) else { return };
        let class = failure.sqlstate.as_deref().and_then(|code| code.get(..2));
        if !matches!(class, Some("22" | "23")) {
            return;
        }
        if class == Some("22") {
            failure.message = without_quoted(&failure.message);
        }
        if failure.detail.is_some() {
            failure.detail = Some(format!("not shown, since {table} has sensitive columns"));
        }
    }
}

/// A text with all that is in double quotes masked.
pub(crate) fn without_quoted(text: &str) -> String {
    let Some((before, rest)) = text.split_once('"') else { return text.to_owned() };
    // A value may have quotes of its own.
    let after = rest.rsplit_once('"').map_or("", |(_, after)| after);
    format!("{before}\"{MASK}\"{after}")
}

/// The tables that models give sensitive columns; none where the declarations cannot be read.
fn sensitive(cluster: &Cluster) -> BTreeSet<Address> {
    let Ok(configured) = cluster.declared.get() else { return BTreeSet::new() };
    let declared = configured.declarations.resources.iter();
    declared.filter(|(_, table)| !table.sensitive.is_empty()).map(|(address, _)| address.clone()).collect()
}

/// Of a connection string that it cannot read, the server says the piece at which it stops.
pub(crate) fn mask_pieces(text: &mut String, connection: &str) {
    let mut pieces: Vec<&str> =
        connection.split(|c: char| c.is_whitespace() || "=:/@?&'\"".contains(c)).collect();
    pieces.retain(|piece| piece.len() > 1);
    // No piece within a longer one.
    pieces.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
    for piece in pieces {
        if text.contains(piece) {
            *text = text.replace(piece, MASK);
        }
    }
}

/// A finding for what the plan says and nobody could do.
pub(crate) fn finding(cluster: &Cluster, document: &PlanDocument) -> Option<PlanDiagnostic> {
    let (_, missing) = Secrets::look(cluster, document);
    (!missing.0.is_empty()).then(|| PlanDiagnostic {
        code: SECRET_NOT_AT_HAND.to_owned(),
        severity: Severity::Error,
        address: missing.0.keys().next().cloned(),
        message: missing.to_string(),
        help: Some(HELP.to_owned()),
    })
}

/// The secrets of each target's statements, with what they are options of.
fn wanted(document: &PlanDocument) -> BTreeMap<&Ident, BTreeMap<&Secret, BTreeSet<&Address>>> {
    let mut wanted: BTreeMap<_, BTreeMap<_, BTreeSet<_>>> = BTreeMap::new();
    for Group { target, operations, .. } in &document.groups {
        for Operation { address, secrets, .. } in operations {
            for secret in secrets {
                wanted.entry(target).or_default().entry(secret).or_default().insert(address);
            }
        }
    }
    wanted
}

/// The values of secret columns of seeds, by their digests.
fn values_of_rows(cluster: &Cluster, target: &Ident) -> BTreeMap<Digest, String> {
    let Ok(configured) = cluster.declared.get() else { return BTreeMap::new() };
    let seeds = configured.seeds.get(target).into_iter().flatten();
    let values = seeds.flat_map(DeclaredSeed::secret_values);
    values.map(|(column, value)| (secret_digest(&column, &value), value)).collect()
}

/// Every text that could be a value, from the SQL files of a target; none where the declarations cannot be read.
fn values(cluster: &Cluster, target: &Ident) -> Vec<String> {
    let Ok(configured) = cluster.declared.get() else { return Vec::new() };
    let files = configured.sql_files.get(target).into_iter();
    files.flat_map(|files| files.texts()).flat_map(literals).collect()
}
