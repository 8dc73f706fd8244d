//! Loads statements in rounds: what fails is tried again as long as a round brings anything.
//!
//! The statements of a round travel together, each as a transaction of its own: what one of them cannot find the next
//! round may find, whatever the order of the files.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use djogi_core::Ident;
use djogi_core::script::{Place, Script};
use futures_util::future::join_all;
use tokio_postgres::Client;
use tokio_postgres::error::ErrorPosition;

use super::error::Rejected;
use super::item::{Item, Origin};
use super::order::Families;
use super::places::Places;
use super::roles::Roles;
use super::settings::{FRESH, Setting, UNREAD};
use super::{model_refusal, order, twice};
use crate::connect::DatabaseError;
use crate::normalise::{NormaliseError, ScratchError};

/// A statement that failed.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// The position of the statement.
    pub(super) item: usize,
    pub(super) error: DatabaseError,
    /// The function of PostgreSQL that gave the error.
    pub(super) routine: Option<String>,
    /// Where in the text of a body, in characters counted from 1.
    pub(super) in_body: Option<u32>,
}

impl Failure {
    /// `None` when the connection is gone.
    pub(super) fn new(item: usize, error: &tokio_postgres::Error) -> Option<Self> {
        let answer = error.as_db_error()?;
        let in_body = match answer.position() {
            Some(ErrorPosition::Internal { position, .. }) => Some(*position),
            Some(ErrorPosition::Original(_)) | None => None,
        };
        let routine = answer.routine().map(str::to_owned);
        Some(Self { item, error: DatabaseError::new(error), routine, in_body })
    }
}

/// Whether PostgreSQL reads bodies when it makes the routines that have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bodies {
    Read,
    Unread,
}

/// What is sent.
enum Message {
    Fresh,
    Unread,
    Setting(Setting),
    Item(usize),
}

/// What is run of an item; `None` for what is about roles that are somebody else's.
type Statement<'a> = Option<Cow<'a, str>>;

/// Loads all of `items`; gives the positions of those whose bodies were not read, since they name each other.
///
/// # Errors
/// Every statement that still fails when no round brings anything any more.
pub(super) async fn load(
    client: &Client,
    scripts: &[Script],
    items: &[Item<'_>],
    families: Families,
    roles: &mut Roles,
) -> Result<BTreeSet<usize>, NormaliseError> {
    let statements: Vec<Statement<'_>> = items
        .iter()
        .map(|item| if item.is_of_roles() { roles.allowed(item) } else { Some(item.sql.as_ref().into()) })
        .collect();
    roles.make_created(client).await;
    let there = (0..items.len()).filter(|&at| statements[at].is_some());
    let mut phases = order::phases(items, there, families);
    let mut pending = phases.pop_front().unwrap_or_default();
    let mut told = None;
    let mut bodies = Bodies::Read;
    let mut unread = BTreeSet::new();
    loop {
        let (failures, unset) = run(client, (scripts, items), &statements, &pending, bodies).await?;
        let failures: Vec<Failure> =
            failures.into_iter().filter(|failure| !is_there_already(items, failure)).collect();
        if failures.is_empty() && unset.is_empty() {
            match phases.pop_front() {
                Some(next) => pending = next,
                None => return Ok(unread),
            }
            continue;
        }
        let has_new_roles = roles.make_missing(client, &failures).await;
        let is_stuck = failures.len() == pending.len() || failures.is_empty();
        let failed: Vec<usize> = failures.iter().map(|failure| failure.item).collect();
        if is_stuck
            && !has_new_roles
            && !failed.is_empty()
            && let Some(next) = phases.pop_front()
        {
            // Words do not always tell what belongs to which phase: something may wait for one of these.
            pending = order::by_names(items, &failed);
            pending.extend(next);
            continue;
        }
        if is_stuck && !has_new_roles {
            let makes_routine = |at: &usize| {
                let created = items[*at].statement.created.as_ref();
                created.is_some_and(|it| ["function", "procedure"].contains(&it.kind.as_str()))
            };
            let routines: BTreeSet<usize> = failed.iter().copied().filter(makes_routine).collect();
            if bodies == Bodies::Unread || routines.is_empty() {
                // What PostgreSQL said of bodies that it read says more.
                let (failures, unset) = told.unwrap_or((failures, unset));
                return Err(refusal(scripts, items, &failures, &unset));
            }
            (bodies, unread) = (Bodies::Unread, routines);
            told = Some((failures, unset));
        } else if bodies == Bodies::Unread {
            told = None;
        }
        pending = order::by_names(items, &failed);
    }
}

/// One round; gives what failed, and the settings that could not be made at their last time.
async fn run(
    client: &Client,
    (scripts, items): (&[Script], &[Item<'_>]),
    statements: &[Statement<'_>],
    pending: &[usize],
    bodies: Bodies,
) -> Result<(Vec<Failure>, BTreeMap<Setting, DatabaseError>), NormaliseError> {
    let mut messages = Vec::with_capacity(pending.len() + 1);
    let mut before = None;
    for &at in pending {
        let settings = &items[at].settings;
        if before.is_none_or(|before| before != settings) {
            messages.push(Message::Fresh);
            messages.extend((bodies == Bodies::Unread).then_some(Message::Unread));
            messages.extend(settings.all().cloned().map(Message::Setting));
        }
        before = Some(settings);
        messages.push(Message::Item(at));
    }
    let sent = messages.iter().map(|message| async move {
        match message {
            Message::Fresh => client.batch_execute(FRESH).await,
            Message::Unread => client.batch_execute(UNREAD).await,
            Message::Setting(setting) => client.batch_execute(&setting.sql(scripts)).await,
            Message::Item(at) => client.batch_execute(statements[*at].as_deref().unwrap_or_default()).await,
        }
    });
    let (mut failures, mut unset) = (Vec::new(), BTreeMap::new());
    for (message, answer) in messages.iter().zip(join_all(sent).await) {
        match (message, answer) {
            (Message::Setting(setting), Ok(())) => drop(unset.remove(setting)),
            (Message::Fresh | Message::Unread | Message::Item(_), Ok(())) => {}
            (Message::Setting(setting), Err(error)) if error.as_db_error().is_some() => {
                unset.insert(setting.clone(), DatabaseError::new(&error));
            }
            (Message::Item(at), Err(error)) => match Failure::new(*at, &error) {
                Some(failure) => failures.push(failure),
                None => return Err(lost(&error)),
            },
            (Message::Fresh | Message::Unread | Message::Setting(_), Err(error)) => return Err(lost(&error)),
        }
    }
    Ok((failures, unset))
}

pub(super) fn lost(error: &tokio_postgres::Error) -> NormaliseError {
    ScratchError::Database { doing: "fill", error: DatabaseError::new(error) }.into()
}

/// SQLSTATEs of what exists already: tables and other relations, other objects, schemas, functions.
const DUPLICATE: [&str; 4] = ["42P07", "42710", "42P06", "42723"];
/// Of what does not exist: relations, other objects, functions, schemas, columns.
const UNDEFINED: [&str; 5] = ["42P01", "42704", "42883", "3F000", "42703"];

fn has_state(error: &DatabaseError, states: &[&str]) -> bool {
    error.sqlstate.as_deref().is_some_and(|state| states.contains(&state))
}

/// A schema or an extension that models and files both bring, or a role, which may be that of another database.
fn is_there_already(items: &[Item<'_>], failure: &Failure) -> bool {
    let item = &items[failure.item];
    if !has_state(&failure.error, &DUPLICATE) || !(item.makes_shared() || item.is_of_roles()) {
        return false;
    }
    if item.is_of_roles() {
        return true;
    }
    let is_model = |item: &Item<'_>| matches!(item.origin, Origin::Model { .. });
    items.iter().any(|other| other.creates() == item.creates() && is_model(other) != is_model(item))
}

/// All that is wrong. What fails only because something else does is counted, not told.
fn refusal(
    scripts: &[Script],
    items: &[Item<'_>],
    failures: &[Failure],
    unset: &BTreeMap<Setting, DatabaseError>,
) -> NormaliseError {
    let missing_extension = failures.iter().find_map(|failure| {
        let item = &items[failure.item];
        let created = item.statement.created.as_ref().filter(|created| created.kind == "extension")?;
        let is_absent = has_state(&failure.error, &["0A000", "58P01"]);
        let name = Ident::new(&created.name).ok().filter(|_| is_absent)?;
        let (source_place, error) = (item.source.clone(), failure.error.clone());
        Some(NormaliseError::MissingExtension { name, source_place, error })
    });
    if let Some(missing) = missing_extension {
        return missing;
    }
    let failed: BTreeSet<&str> =
        failures.iter().filter_map(|failure| items[failure.item].creates()).collect();
    let follows = |failure: &&Failure| {
        let item = &items[failure.item];
        let mut words = item.statement.words();
        has_state(&failure.error, &UNDEFINED)
            && words.any(|word| failed.contains(word) && item.creates() != Some(word))
    };
    let (following, mut told): (Vec<&Failure>, Vec<&Failure>) = failures.iter().partition(follows);
    let mut untold = following.len();
    if told.is_empty() {
        (told, untold) = (following, 0);
    }
    told.sort_by_key(|failure| failure.item);
    let (mut rejected, mut refused) = (Vec::new(), Vec::new());
    for (setting, error) in unset {
        if let Setting::InFile { script, statement } = setting {
            let script = &scripts[*script];
            let at = script.statements[*statement].span.start;
            rejected.push(Rejected::at(script, script.place(at), error));
        }
    }
    for failure in told {
        let item = &items[failure.item];
        match item.origin {
            Origin::Model { address, declaration } => {
                let error = failure.error.clone().in_statement(item.sql.as_ref());
                refused.push(model_refusal(address, declaration, error));
            }
            Origin::File(_) => {
                let doubled =
                    has_state(&failure.error, &DUPLICATE).then(|| other_place(items, item)).flatten();
                let told = Rejected::statement(scripts, item, &failure.error);
                rejected.extend(told.map(|told| match doubled {
                    Some(other) => Rejected {
                        code: "declared_twice",
                        notes: vec![format!("it is declared at {other} as well")],
                        help: Some("remove one of the two".to_owned()),
                        ..told
                    },
                    None => told,
                }));
            }
        }
    }
    if let Some(last) = rejected.last_mut()
        && untold > 0
    {
        let statements = if untold == 1 { "statement needs" } else { "statements need" };
        last.notes.push(format!("{untold} more {statements} what these would make"));
    }
    if rejected.is_empty() { NormaliseError::Refused(refused) } else { NormaliseError::Rejected(rejected) }
}

/// Where else the object is made.
fn other_place(items: &[Item<'_>], item: &Item<'_>) -> Option<String> {
    if let Some((_, source)) = twice::model_of(items, item) {
        return Some(source.to_string());
    }
    let created = item.statement.created.as_ref()?;
    let is_same = |other: &&Item<'_>| {
        other.source != item.source
            && other
                .statement
                .created
                .as_ref()
                .is_some_and(|it| it.name == created.name && it.kind == created.kind)
    };
    items.iter().find(is_same).map(|other| other.source.to_string())
}

/// What the files make in schemas that the target does not manage, where nothing would look at it.
///
/// # Errors
/// With every such schema.
pub(super) async fn refuse_other_schemas(
    client: &Client,
    target: &Ident,
    schemas: &[Ident],
    unmanaged: &BTreeSet<&Ident>,
    places: &Places<'_>,
) -> Result<(), NormaliseError> {
    let managed: Vec<&str> = schemas.iter().chain(unmanaged.iter().copied()).map(Ident::as_str).collect();
    let rows = client.query(OTHER_SCHEMAS, &[&managed]).await.map_err(|error| lost(&error))?;
    let mut rejected = Vec::new();
    for row in rows {
        let name: String = row.get(0);
        let Some(source) = places.of_schema(&name) else { continue };
        rejected.push(Rejected {
            code: "schema_not_managed",
            place: Place { line: source.line, column: 1 },
            file: source.file,
            line: String::new(),
            message: format!("schema `{name}` is declared, but target `{target}` does not manage it"),
            notes: Vec::new(),
            help: Some(format!("add \"{name}\" to `schemas` of [target.{target}]")),
        });
    }
    if rejected.is_empty() { Ok(()) } else { Err(NormaliseError::Rejected(rejected)) }
}

const OTHER_SCHEMAS: &str = "
SELECT n.nspname::text
  FROM pg_catalog.pg_namespace n
 WHERE n.nspname <> ALL ($1::text[])
   AND n.nspname !~ '^pg_'
   AND n.nspname NOT IN ('information_schema', 'public')
   AND COALESCE(pg_catalog.obj_description(n.oid, 'pg_namespace'), '') NOT LIKE 'heeranjid %'
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                      AND d.objid   = n.oid
                      AND d.deptype = 'e')
 ORDER BY 1";
