//! One direction of a pair: from a database that holds one state to the other, by the real binary.

use std::collections::BTreeSet;

use postgres::{Client, NoTls};
use serde_json::Value;

use super::case::Case;
use super::load::load;
use super::snapshot::{Snapshot, of_roles};
use crate::{Database, Output, Project, Server};

/// Which way a pair is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    Forward,
    Back,
}

impl std::fmt::Display for Direction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Direction::Forward => "forward",
            Direction::Back => "back",
        })
    }
}

/// What came of one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Columns may stand in another order, since PostgreSQL only appends new ones.
    Passed {
        reordered: bool,
    },
    Failed(Failure),
    /// One of the states does not load on this server.
    NotLoaded(String),
}

/// Why a direction does not conform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The class of reasons.
    pub class: String,
    /// What was seen.
    pub detail: Vec<String>,
}

/// A schema that djogi is told nothing of.
pub(super) const BYSTANDER: &str = "djogi_bystander";

/// An object in a managed schema that nobody gives to djogi.
const UNMANAGED: &str = "CREATE TABLE public.djogi_unmanaged (id integer PRIMARY KEY, note text DEFAULT 'x');
                         INSERT INTO public.djogi_unmanaged VALUES (1), (2)";

/// A database in one of the two states, and what it is by PostgreSQL's own account.
pub(super) struct State {
    pub(super) database: Database,
    client: Client,
    pub(super) snapshot: Snapshot,
}

impl State {
    pub(super) fn of(
        server: &'static Server,
        sql: &str,
        seed: Option<&str>,
        roles: &[String],
    ) -> Result<Self, String> {
        let database = Database::create(server);
        let mut client = database.connect();
        load(&mut client, sql)?;
        // What the text has set holds for its own session.
        let mut client = database.connect();
        if let Some(seed) = seed {
            client.batch_execute(seed).map_err(|error| format!("seed.sql: {error}"))?;
        }
        let snapshot = Snapshot::of(&mut client, BYSTANDER, roles).map_err(|error| error.to_string())?;
        Ok(Self { database, client, snapshot })
    }

    pub(super) fn schemas(&mut self) -> Result<BTreeSet<String>, String> {
        let rows = self.client.query(
            "SELECT nspname::text FROM pg_namespace n
              WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
                AND NOT EXISTS (SELECT FROM pg_depend d
                                 WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')",
            &[],
        );
        Ok(rows.map_err(|error| error.to_string())?.iter().map(|row| row.get(0)).collect())
    }
}

/// What an apply is told besides.
pub(super) type Flags = &'static [&'static str];

/// Tries both directions of `case`.
pub(super) fn try_both(server: &'static Server, case: &Case, flags: Flags) -> [(Direction, Verdict); 2] {
    if !case.meta.manages_roles.is_empty() {
        return try_in_turn(server, case, flags);
    }
    let states = State::of(server, &case.old, case.seed.as_deref(), &[])
        .and_then(|old| Ok((old, State::of(server, &case.new, None, &[])?)));
    let prepared = states.and_then(|(mut old, mut new)| {
        let mut schemas = old.schemas()?;
        schemas.extend(new.schemas()?);
        schemas.insert("public".to_owned());
        Ok((old, new, schemas))
    });
    match prepared {
        Err(reason) => [Direction::Forward, Direction::Back]
            .map(|direction| (direction, Verdict::NotLoaded(reason.clone()))),
        Ok((old, new, schemas)) => {
            let (before, after) = (old.snapshot.clone(), new.snapshot.clone());
            let [declared_before, declared_after] = case.declared();
            [
                (Direction::Forward, converge((case, flags), old, (declared_after, &after), &schemas)),
                (Direction::Back, converge((case, flags), new, (declared_before, &before), &schemas)),
            ]
        }
    }
}

/// As [`try_both`], one state after the other: roles are those of the whole server.
fn try_in_turn(server: &'static Server, case: &Case, flags: Flags) -> [(Direction, Verdict); 2] {
    let roles = &case.meta.manages_roles;
    let load = |sql: &str| {
        let loaded = State::of(server, sql, None, roles)
            .and_then(|mut state| Ok((state.schemas()?, state.snapshot.clone())));
        drop_roles(server, roles).and(loaded)
    };
    let prepared = load(&case.old).and_then(|old| Ok((old, load(&case.new)?)));
    let ((mut schemas, before), (more, after)) = match prepared {
        Ok(prepared) => prepared,
        Err(reason) => {
            return [Direction::Forward, Direction::Back]
                .map(|direction| (direction, Verdict::NotLoaded(reason.clone())));
        }
    };
    schemas.extend(more);
    schemas.insert("public".to_owned());
    let ways = [
        (Direction::Forward, &case.old, (case.new.as_str(), &after)),
        (Direction::Back, &case.new, (case.old.as_str(), &before)),
    ];
    ways.map(|(direction, from, to)| {
        let verdict = match State::of(server, from, None, roles) {
            Ok(from) => converge((case, flags), from, to, &schemas),
            Err(reason) => Verdict::NotLoaded(reason),
        };
        match drop_roles(server, roles) {
            Ok(()) => (direction, verdict),
            Err(reason) => (direction, Verdict::NotLoaded(reason)),
        }
    })
}

/// Drops the roles of a pair, whose databases are gone.
fn drop_roles(server: &'static Server, roles: &[String]) -> Result<(), String> {
    let drop = format!(
        "DO $$ DECLARE r text; BEGIN
           FOR r IN SELECT rolname FROM pg_roles WHERE {} LOOP EXECUTE format('DROP ROLE %I', r); END LOOP;
         END $$",
        of_roles(roles)
    );
    let admin = Client::connect(&server.url("postgres"), NoTls);
    admin.and_then(|mut admin| admin.batch_execute(&drop)).map_err(|error| error.to_string())
}

fn converge(
    (case, flags): (&Case, Flags),
    from: State,
    (declared, expected): (&str, &Snapshot),
    schemas: &BTreeSet<String>,
) -> Verdict {
    match attempt((case, flags), from, (declared, expected), schemas) {
        Ok(reordered) => Verdict::Passed { reordered },
        Err(failure) => Verdict::Failed(failure),
    }
}

pub(super) fn fail(class: impl Into<String>, detail: Vec<String>) -> Failure {
    Failure { class: class.into(), detail }
}

fn attempt(
    (case, flags): (&Case, Flags),
    from: State,
    (declared, expected): (&str, &Snapshot),
    schemas: &BTreeSet<String>,
) -> Result<bool, Failure> {
    let broken = |error: postgres::Error| fail("the database", vec![error.to_string()]);
    let State { database, mut client, .. } = from;
    client
        .batch_execute(&format!(
            "CREATE SCHEMA {BYSTANDER}
                CREATE TABLE {BYSTANDER}.kept (id integer PRIMARY KEY, note text DEFAULT 'x');
             INSERT INTO {BYSTANDER}.kept VALUES (1), (2)"
        ))
        .map_err(broken)?;
    let bystander = Snapshot::of_schema(&mut client, BYSTANDER).map_err(broken)?;
    let scratch = database.server().url("postgres");
    let names: Vec<&str> = schemas.iter().map(String::as_str).collect();
    let mut project = Project::in_database(database).managing(&names);
    project.set_target("destructive = \"allow\"");
    project.set_target(&format!("roles = {:?}", case.meta.manages_roles));
    project.configure("[sql]\nfiles = [\"schema.sql\"]\n");
    project.write("schema.sql", declared);
    let run = |arguments: &[&str]| {
        let mut all = vec!["--scratch-url", scratch.as_str()];
        all.extend(arguments);
        project.run(&all)
    };

    let imported = run(&["import", "--all", "--json"]);
    if imported.code != Some(0) {
        return Err(refused("import", &imported));
    }
    let has_unmanaged = client.batch_execute(UNMANAGED).is_ok();
    let apply = [&["apply", "--auto-approve", "--json"], flags].concat();
    let applied = run(&apply);
    let look = ["plan", "--json", "--unmanaged", "--detailed-exitcode"];
    let mut planned = run(&look);
    // Each migration has two gates, and another one may begin when it is over.
    for _ in 0..12 {
        let waiting = at_their_gates(&planned);
        if waiting.is_empty() {
            break;
        }
        for migration in waiting {
            let finalized = run(&["live", "finalize", &migration, "--now", "--auto-approve", "--json"]);
            if finalized.code != Some(0) {
                return Err(refused("live finalize", &finalized));
            }
        }
        let applied = run(&apply);
        if applied.code != Some(0) {
            return Err(refused("apply", &applied));
        }
        planned = run(&look);
    }
    let not_modelled = not_modelled(&planned);
    let named = |otherwise: Failure| match not_modelled.is_empty() {
        true => otherwise,
        false => {
            let kinds: Vec<&str> = not_modelled.iter().map(String::as_str).collect();
            let mut detail = vec![otherwise.class];
            detail.extend(otherwise.detail);
            fail(format!("not modelled: {}", kinds.join(", ")), detail)
        }
    };
    if applied.code != Some(0) {
        return Err(named(refused("apply", &applied)));
    }
    if case.meta.same_catalog && changes_applied(&applied) > 0 {
        return Err(named(fail("a pair of one catalog has changes", vec![applied.stdout])));
    }
    match planned.code {
        Some(0) => {}
        Some(2) => return Err(named(fail("the next plan is not empty", changed(&planned)))),
        _ => return Err(named(refused("plan", &planned))),
    }
    if has_unmanaged {
        let kept = client.query_one("SELECT count(*) FROM public.djogi_unmanaged", &[]);
        if kept.map(|row| row.get::<_, i64>(0)).ok() != Some(2) {
            return Err(fail("an unmanaged object was touched", Vec::new()));
        }
        client.batch_execute("DROP TABLE public.djogi_unmanaged").map_err(broken)?;
    }
    if Snapshot::of_schema(&mut client, BYSTANDER).map_err(broken)? != bystander {
        return Err(fail("an unmanaged schema was touched", Vec::new()));
    }
    let found = Snapshot::of(&mut client, BYSTANDER, &case.meta.manages_roles).map_err(broken)?;
    let (differences, reordered) = found.differences(expected);
    if differences.is_empty() {
        return Ok(reordered);
    }
    let kinds: Vec<&str> = differences.keys().map(String::as_str).collect();
    // What no statement changes the plan names.
    let word = if planned.stdout.contains("\"inherited_otherwise\"") { "named" } else { "silent" };
    let class = format!("{word}: {}", kinds.join(", "));
    Err(named(fail(class, differences.into_values().flatten().collect())))
}

/// Why a command ended otherwise than well.
pub(super) fn refused(command: &str, output: &Output) -> Failure {
    let lines = output.stdout.lines().chain(output.stderr.lines());
    let events: Vec<Value> = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut class = None;
    let mut detail = Vec::new();
    for event in &events {
        match event["event"].as_str() {
            Some("group_failed") => {
                let failure = &event["failure"];
                class = Some(format!("error at apply: {}", failure["sqlstate"].as_str().unwrap_or("?")));
                detail.push(format!("{}: {}", failure["message"], failure["statement"]));
            }
            Some("change_blocked") => {
                let reason = event["reason"].as_str().unwrap_or("?");
                class.get_or_insert(format!("refused by the plan: {reason}"));
                detail.push(format!("{} {reason} {}", event["address"], event["notes"]));
            }
            Some("diagnostic") => {
                let code = event["code"].as_str().unwrap_or("?");
                if code != "not_modelled" {
                    class.get_or_insert(format!("error at {command}: {code}"));
                }
                detail.push(event["message"].to_string());
            }
            _ => {}
        }
        for diagnostic in event["diagnostics"].as_array().into_iter().flatten() {
            let code = diagnostic["code"].as_str().unwrap_or("?");
            class.get_or_insert(format!("error at {command}: {code}"));
            detail.push(format!("{} {}", diagnostic["message"], diagnostic["notes"]));
        }
    }
    if class.is_none() {
        detail.push(output.to_string());
    }
    fail(class.unwrap_or_else(|| format!("{command} ended with {:?}", output.code)), detail)
}

fn changes_applied(applied: &Output) -> u64 {
    let summary = applied.stdout.lines().rev().find_map(|line| {
        let event: Value = serde_json::from_str(line).ok()?;
        (event["event"] == "summary").then(|| event["applied"].as_u64())?
    });
    summary.unwrap_or_default()
}

/// The kinds that djogi names as beyond it, declared or in the database.
fn not_modelled(planned: &Output) -> BTreeSet<String> {
    let Ok(document) = serde_json::from_str::<Value>(&planned.stdout) else { return BTreeSet::new() };
    let declared = document["diagnostics"].as_array().into_iter().flatten();
    let declared = declared.filter(|found| found["code"] == "not_modelled").filter_map(|found| {
        let message = found["message"].as_str()?.rsplit_once("cannot manage yet: ")?.1;
        Some(message.split_once(": ")?.0.to_owned())
    });
    let live = document["unmanaged"]["unmodelled"].as_array().into_iter().flatten();
    let live = live
        .filter(|object| !object["name"].as_str().unwrap_or_default().contains(BYSTANDER))
        .filter_map(|object| object["kind"].as_str().map(str::to_owned));
    declared.chain(live).collect()
}

/// The migrations that wait for an operator.
fn at_their_gates(planned: &Output) -> BTreeSet<String> {
    let Ok(document) = serde_json::from_str::<Value>(&planned.stdout) else { return BTreeSet::new() };
    let changes = document["resource_changes"].as_array().into_iter().flatten();
    let waiting = changes.filter(|change| change["type"] == "step" && change["reason"] == "operator_gate");
    let addresses = waiting.filter_map(|change| change["address"].as_str());
    addresses
        .filter_map(|address| Some(format!("live.{}", address.strip_prefix("step.")?.rsplit_once('.')?.0)))
        .collect()
}

/// What a plan still wants to do.
pub(super) fn changed(planned: &Output) -> Vec<String> {
    let Ok(document) = serde_json::from_str::<Value>(&planned.stdout) else {
        return vec![planned.to_string()];
    };
    let changes = document["resource_changes"].as_array().into_iter().flatten();
    changes
        .map(|change| {
            let actions = &change["change"]["actions"];
            format!(
                "{} {actions} {} {} {} {}",
                change["address"],
                change["disposition"],
                change["reason"],
                change["notes"],
                change["change"]["before"]
            )
        })
        .collect()
}
