//! The schema of a database as facts that djogi has no part in: PostgreSQL's catalogs, asked directly.

use std::collections::{BTreeMap, BTreeSet};

use postgres::{Client, SimpleQueryMessage};

const QUERY: &str = include_str!("snapshot.sql");

/// The kind of the facts that tell in which order the columns of a table are.
const COLUMN_ORDER: &str = "column order";

/// The condition that a role has one of the patterns.
pub(super) fn of_roles(patterns: &[String]) -> String {
    let like = |pattern: &String| format!("rolname LIKE '{}'", pattern.replace('_', "\\_").replace('*', "%"));
    let all: Vec<String> = patterns.iter().map(like).collect();
    if all.is_empty() { "false".to_owned() } else { format!("({})", all.join(" OR ")) }
}

/// What PostgreSQL says of every object: (kind, what) and what is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    facts: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Snapshot {
    /// Of the schemas of users, without djogi's own and without `bystander`, and of the roles of some patterns.
    pub(super) fn of(
        client: &mut Client,
        bystander: &str,
        roles: &[String],
    ) -> Result<Self, postgres::Error> {
        let schemas =
            format!("nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'djogi', '{bystander}')");
        Self::of_schemas(client, &schemas, &of_roles(roles))
    }

    /// Of one schema.
    pub(super) fn of_schema(client: &mut Client, name: &str) -> Result<Self, postgres::Error> {
        let mut snapshot = Self::of_schemas(client, &format!("nspname = '{name}'"), &of_roles(&[]))?;
        // Extensions and the like are in no schema.
        snapshot.facts.retain(|(_, what), _| what.contains(name));
        Ok(snapshot)
    }

    fn of_schemas(client: &mut Client, schemas: &str, roles: &str) -> Result<Self, postgres::Error> {
        client.batch_execute("SET search_path = pg_catalog")?;
        let rows = client.simple_query(&QUERY.replace("$schemas", schemas).replace("$roles", roles));
        client.batch_execute("RESET search_path")?;
        let mut snapshot = Self::default();
        // The query is ours: a server that does not take it is no finding about djogi.
        let rows = rows.unwrap_or_else(|error| panic!("the snapshot: {:?}", error.as_db_error()));
        for message in rows {
            if let SimpleQueryMessage::Row(row) = message {
                let text = |at: usize| row.get(at).unwrap_or_default().to_owned();
                snapshot.facts.entry((text(0), text(1))).or_default().insert(text(2));
            }
        }
        Ok(snapshot)
    }

    /// What differs, by kind, each as `- what it should be` or `+ what it is`; and whether columns stand elsewhere.
    pub(super) fn differences(&self, expected: &Self) -> (BTreeMap<String, Vec<String>>, bool) {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut reordered = false;
        let keys: BTreeSet<_> = self.facts.keys().chain(expected.facts.keys()).collect();
        for key in keys {
            let none = BTreeSet::new();
            let (is, should) =
                (self.facts.get(key).unwrap_or(&none), expected.facts.get(key).unwrap_or(&none));
            if is == should {
                continue;
            }
            let (kind, what) = key;
            if kind == COLUMN_ORDER && !is.is_empty() && !should.is_empty() {
                reordered = true;
                continue;
            }
            let lines = found.entry(kind.clone()).or_default();
            lines.extend(should.difference(is).map(|fact| format!("- {what}: {fact}")));
            lines.extend(is.difference(should).map(|fact| format!("+ {what}: {fact}")));
        }
        (found, reordered)
    }
}
