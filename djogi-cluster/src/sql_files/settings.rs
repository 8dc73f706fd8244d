//! What a statement of a file means under: the settings that stand before it.

use djogi_core::script::Script;

/// One statement that changes a setting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Setting {
    /// By the positions of the script and of its statement.
    InFile {
        script: usize,
        statement: usize,
    },
    Own(String),
}

/// All that were made before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) session: Vec<Setting>,
    /// Up to the end of the transaction.
    pub(super) local: Vec<Setting>,
    pub(super) in_transaction: bool,
}

/// What a file finds that sets nothing: what a session of psql has.
pub(super) const FRESH: &str = "RESET SESSION AUTHORIZATION; RESET ALL; SET search_path = \"$user\", public; \
                                SET client_min_messages = error; SET synchronous_commit = off";

/// For bodies that name each other, of which PostgreSQL can read none before all are there.
pub(super) const UNREAD: &str = "SET check_function_bodies = off";

impl Settings {
    pub(super) fn all(&self) -> impl Iterator<Item = &Setting> {
        self.session.iter().chain(&self.local)
    }
}

impl Setting {
    /// The statement. Each is sent alone, so that one for a transaction is made for the session.
    pub(super) fn sql(&self, scripts: &[Script]) -> String {
        match self {
            Setting::Own(sql) => sql.clone(),
            Setting::InFile { script, statement } => {
                let script = &scripts[*script];
                let statement = &script.statements[*statement];
                let sql = script.sql(statement);
                if statement.act == djogi_core::script::Act::SetLocal {
                    let rest = sql.get("set".len()..).unwrap_or_default().trim_start();
                    return format!("SET {}", rest.get("local".len()..).unwrap_or_default());
                }
                sql.to_owned()
            }
        }
    }
}
