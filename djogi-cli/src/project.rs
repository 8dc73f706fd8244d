//! From the configuration and the flags to the cluster that the engine works with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use djogi_cluster::cluster::{Cluster, LoadedSides, MoveError, ServerSettings, TargetSettings, declare_move};
use djogi_cluster::connect::ConnectParameters;
use djogi_cluster::declared::{Configured, Declared};
use djogi_cluster::identity::Actor;
use djogi_cluster::server::BinarySearch;
use djogi_cluster::sql_files::SqlFiles;
use djogi_cluster::sql_files::moves::Move;
use djogi_core::address_pattern::Ignored;
use djogi_core::declared::{Declarations, Source};
use djogi_core::plan::classify::DestructivePolicy;
use djogi_core::role_pattern::ManagedRoles;
use djogi_core::seed::DeclaredSeed;
use djogi_core::{Address, Digest, Ident, Kind};
use serde_json::json;

use crate::config::{Destructive, Partitions, Project, Scratch, Target, UrlSource};
use crate::context::Context;
use crate::diagnostic::{CliError, Diagnostic, Location};
use crate::models::{self, Loaded};
use crate::seeds;
use crate::sql_files;
use crate::state_store;

/// The target of models that name none.
const DEFAULT_TARGET: &str = "main";

/// The cluster of the project that the command is run in, with what its models declare.
///
/// # Errors
/// Mistakes in the configuration, in flags, or in the models.
pub(crate) fn cluster(context: &Context) -> Result<Cluster, CliError> {
    cluster_with(context, Reading::Everything)
}

/// The same without the queries of applications, for who changes nothing that these could miss.
///
/// # Errors
/// As [`cluster`].
pub(crate) fn cluster_without_queries(context: &Context) -> Result<Cluster, CliError> {
    cluster_with(context, Reading::Declarations)
}

/// The same without SQL files as well, for who is about to write them.
///
/// # Errors
/// As [`cluster`].
pub(crate) fn cluster_without_files(context: &Context) -> Result<Cluster, CliError> {
    cluster_with(context, Reading::Models)
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reading {
    Models,
    Declarations,
    Everything,
}

fn cluster_with(context: &Context, reading: Reading) -> Result<Cluster, CliError> {
    let project = context.project()?;
    let cluster = assemble(context, &project)?;
    let default_target = default_target(&project)?;
    // A lock is not held while cargo builds the models, nor a server started for models that are wrong.
    let beside = !models::are_built(&context.program, &project) && !cluster.has_embedded_server();
    let (program, targets) = (context.program, cluster.targets.clone());
    let read = move || -> Result<Configured, CliError> {
        let mut loaded = models::load(&program, &project, &default_target)?;
        let has_files = reading >= Reading::Declarations;
        let mut sql_files =
            if has_files { sql_files::read(&project, &default_target)? } else { BTreeMap::new() };
        sql_files.retain(|target, _| targets.contains_key(target));
        let mut queries = match reading {
            Reading::Everything => sql_files::read_queries(&project, &default_target)?,
            Reading::Models | Reading::Declarations => BTreeMap::new(),
        };
        queries.retain(|target, _| targets.contains_key(target));
        let moves = match has_files {
            true => declare_moves(&project, &mut loaded.declarations, &sql_files)?,
            false => Vec::new(),
        };
        let mut seeds = if has_files { seeds::read(&project, &default_target)? } else { BTreeMap::new() };
        seeds.retain(|target, _| targets.contains_key(target));
        refuse_rename_rivals(&loaded.declarations)?;
        refuse_rename_cycles(&loaded.declarations)?;
        let configured =
            Configured { queries, ..configured(&project, &targets, loaded, (sql_files, seeds), moves) };
        in_managed_schemas(&configured.declarations, &targets)?;
        Ok(configured)
    };
    let declared = if beside {
        Declared::reading(move || read().map_err(|error| Arc::new(error) as _))
    } else {
        Declared::known(read()?)
    };
    Ok(Cluster { declared, ..cluster })
}

/// The same without any declaration, for commands that ask nothing of the models.
///
/// # Errors
/// Mistakes in the configuration or in flags.
pub(crate) fn cluster_without_models(context: &Context) -> Result<Cluster, CliError> {
    assemble(context, &context.project()?)
}

/// The configuration with what is declared for `targets`.
fn configured(
    project: &Project,
    targets: &BTreeMap<Ident, TargetSettings>,
    Loaded { mut declarations, digest: models_digest }: Loaded,
    (sql_files, seeds): (BTreeMap<Ident, SqlFiles>, BTreeMap<Ident, Vec<DeclaredSeed>>),
    moves: Vec<Move>,
) -> Configured {
    declarations.resources.retain(|address, _| targets.contains_key(address.target()));
    let files: BTreeMap<&Ident, _> =
        sql_files.iter().map(|(target, files)| (target, files.digest())).collect();
    let mut input = json!({
        "config": project.config.digest_input(),
        "declarations": models_digest,
        "sql_files": files,
        "targets": targets.keys().collect::<Vec<_>>(),
    });
    if !seeds.is_empty() {
        input["seeds"] = json!(seeds);
    }
    let digest = Digest::of(&input);
    let live = project.config.live.clone();
    Configured {
        declarations,
        models_digest,
        sql_files,
        queries: BTreeMap::new(),
        seeds,
        live,
        moves,
        digest,
    }
}

/// The cluster before anything is declared.
fn assemble(context: &Context, project: &Project) -> Result<Cluster, CliError> {
    let targets = targets(context, project)?;
    let declared =
        configured(project, &targets, Declarations::default().into(), Default::default(), Vec::new());
    let declared = Declared::known(declared);
    let mut search = BinarySearch::from_env();
    search.major = context.global.postgres_version;
    let actor = Actor::new(context.actor())
        .map_err(|error| Diagnostic::error("bad_actor", error.to_string()).help("--as takes a name"))?;
    Ok(Cluster {
        name: project.config.cluster.clone(),
        state_dir: project.state_dir(),
        state: state_store::settings(context, project)?,
        cache_dir: search.cache_dir.clone(),
        targets,
        declared,
        actor,
        actor_is_chosen: context.global.actor.is_some(),
        approvals: project.config.approvals.clone(),
        lock_patience: context.global.lock_timeout.unwrap_or(Duration::ZERO),
        search,
        scratch: scratch(context)?,
        loaded: LoadedSides::default(),
    })
}

/// The server of `--scratch-url`, which is given as the url of a target is.
fn scratch(context: &Context) -> Result<Option<Box<ConnectParameters>>, CliError> {
    let Some(given) = &context.global.scratch_url else { return Ok(None) };
    let source = UrlSource::parse(given)
        .map_err(|reason| Diagnostic::error("url_invalid", format!("--scratch-url {reason}")))?;
    let owner = "--scratch-url";
    let url = source
        .resolve(&context.environment, &context.working_folder)
        .map_err(|error| error.diagnostic(owner))?;
    let parameters = url.expose().parse().map_err(|error| {
        Diagnostic::error("url_invalid", format!("{owner}: {error}"))
            .help("postgres://user@host:5432/database, or key=value pairs as libpq takes them")
    })?;
    Ok(Some(Box::new(parameters)))
}

/// The target of models that name none: `main`, or the only one there is.
pub(crate) fn default_target(project: &Project) -> Result<Ident, CliError> {
    let mut names = project.config.targets.keys();
    let name = match (names.next(), names.next()) {
        (Some(only), None) => only,
        _ => DEFAULT_TARGET,
    };
    ident(name, "the name of a target")
}

fn ident(name: &str, what: &str) -> Result<Ident, CliError> {
    Ident::new(name).map_err(|error| Diagnostic::error("bad_name", format!("{what}: {error}")).into())
}

fn targets(context: &Context, project: &Project) -> Result<BTreeMap<Ident, TargetSettings>, CliError> {
    let chosen = project.config.select(context.global.target.as_deref())?;
    let alone = project.config.targets.len() == 1;
    let mut targets = BTreeMap::new();
    for (name, target) in chosen {
        let schemas = target.schemas.iter().map(|schema| ident(schema, "a schema"));
        let settings = TargetSettings {
            server: server(context, project, name, target, alone)?,
            schemas: schemas.collect::<Result<_, _>>()?,
            roles: ManagedRoles::new(target.roles.clone()),
            lock_timeout: target.lock_timeout,
            lock_budget: target.lock_budget,
            destructive: match target.destructive {
                Destructive::Approve => DestructivePolicy::Approve,
                Destructive::Allow => DestructivePolicy::Allow,
                Destructive::Deny => DestructivePolicy::Deny,
            },
            ignore: Ignored::new(target.ignore.clone()),
            partitions_elsewhere: target.partitions == Partitions::Elsewhere,
            scratch_on_target: target.scratch == Scratch::Target,
        };
        targets.insert(ident(name, "the name of a target")?, settings);
    }
    Ok(targets)
}

/// What stands in a schema that djogi does not look at would be created again and again.
fn in_managed_schemas(
    declarations: &Declarations,
    targets: &BTreeMap<Ident, TargetSettings>,
) -> Result<(), CliError> {
    let mut wrong: BTreeMap<(&Ident, &Ident), Diagnostic> = BTreeMap::new();
    for (address, declaration) in &declarations.resources {
        let schema = match address.kind() {
            Kind::Schema => Some(address.name()),
            _ => address.schema_name(),
        };
        let (target, Some(schema)) = (address.target(), schema) else { continue };
        let is_managed = targets.get(target).is_some_and(|settings| settings.schemas.contains(schema));
        if is_managed || declaration.unmanaged {
            continue;
        }
        wrong.entry((target, schema)).or_insert_with(|| {
            let message = format!("schema `{schema}` is declared, but target `{target}` does not manage it");
            let location = Location {
                file: declaration.source.file.clone(),
                line: usize::try_from(declaration.source.line).ok(),
                column: None,
                snippet: None,
            };
            Diagnostic::error("schema_not_managed", message)
                .address(address.to_string())
                .location(location)
                .help(format!("add \"{schema}\" to `schemas` of [target.{target}]"))
        });
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into_values().collect::<Vec<_>>().into()) }
}

fn server(
    context: &Context,
    project: &Project,
    name: &str,
    target: &Target,
    alone: bool,
) -> Result<ServerSettings, CliError> {
    let Some(source) = &target.url else {
        // Several targets may share the embedded server, each with a database of its own.
        let cluster = &project.config.cluster;
        let database =
            if alone || name == DEFAULT_TARGET { cluster.clone() } else { format!("{cluster}_{name}") };
        let major = context.global.postgres_version.or(target.postgres_version);
        return Ok(ServerSettings::Embedded { database, major });
    };
    let parameters = connect_parameters(context, project, source, &format!("target `{name}`"))?;
    Ok(ServerSettings::Url(Box::new(parameters)))
}

/// Fetches the connection string of `owner`, such as "target `main`".
///
/// # Errors
/// When the reference leads nowhere, or to something that is no connection string.
pub(crate) fn connect_parameters(
    context: &Context,
    project: &Project,
    source: &UrlSource,
    owner: &str,
) -> Result<ConnectParameters, CliError> {
    let url = source.resolve(&context.environment, &project.root).map_err(|error| error.diagnostic(owner))?;
    let parameters = url.expose().parse().map_err(|error| {
        Diagnostic::error("url_invalid", format!("the url of {owner}: {error}"))
            .help("postgres://user@host:5432/database, or key=value pairs as libpq takes them")
    })?;
    Ok(parameters)
}

/// Notes the moves on the models that they lead to; gives those that must lead to what SQL files declare.
fn declare_moves(
    project: &Project,
    declarations: &mut Declarations,
    sql_files: &BTreeMap<Ident, SqlFiles>,
) -> Result<Vec<Move>, CliError> {
    let mut moves = Vec::new();
    for moved in &project.config.moved {
        let wrong = |error: String| -> CliError {
            Diagnostic::error("bad_move", error)
                .location(Location {
                    file: project.file.display().to_string(),
                    line: Some(moved.line),
                    column: None,
                    snippet: None,
                })
                .into()
        };
        let parse = |text: &str| text.parse::<Address>().map_err(|error| wrong(error.to_string()));
        let (from, to) = (parse(&moved.from)?, parse(&moved.to)?);
        match declare_move(declarations, &from, &to) {
            Ok(()) => {}
            Err(MoveError::NotDeclared { .. })
                if sql_files.contains_key(to.target()) || declarations.has_children(to.target()) =>
            {
                let line = u32::try_from(moved.line).unwrap_or(u32::MAX);
                let source = Source { file: project.file.display().to_string(), line };
                moves.push(Move { from, to, source });
            }
            Err(error) => return Err(wrong(error.to_string())),
        }
    }
    Ok(moves)
}

/// One object cannot become two.
fn refuse_rename_rivals(declarations: &Declarations) -> Result<(), CliError> {
    let refusal = |(old, claimants): (Address, Vec<Address>)| {
        let names: Vec<String> = claimants.iter().map(|address| format!("`{address}`")).collect();
        let all = if names.len() == 2 { "both" } else { "all" };
        let message = format!("{} are {all} renamed from `{old}`", names.join(" and "));
        let refusal = Diagnostic::error("rename_rivals", message);
        let at = |address: &Address| declared_at(declarations, address);
        let refusal = match claimants.first().and_then(at) {
            Some(first) => refusal.location(first),
            None => refusal,
        };
        let places = claimants.iter().filter_map(|address| {
            let Location { file, line, .. } = at(address)?;
            Some(format!("`{address}` is declared at {file}:{}", line.unwrap_or_default()))
        });
        let refusal = places.fold(refusal, Diagnostic::note);
        refusal.help(format!(
            "keep `renamed_from` at the one that `{old}` became, and remove it from the others"
        ))
    };
    let refusals: Vec<Diagnostic> = declarations.rename_rivals().into_iter().map(refusal).collect();
    if refusals.is_empty() { Ok(()) } else { Err(refusals.into()) }
}

/// Where an object was declared; a column, where its table was.
fn declared_at(declarations: &Declarations, address: &Address) -> Option<Location> {
    let table = address.table_of_member().filter(|_| address.kind() == Kind::Column);
    let source = &declarations.resources.get(table.as_ref().unwrap_or(address))?.source;
    let line = usize::try_from(source.line).ok();
    Some(Location { file: source.file.clone(), line, column: None, snippet: None })
}

/// What goes round in a circle cannot be told from what has gone round already.
fn refuse_rename_cycles(declarations: &Declarations) -> Result<(), CliError> {
    let refusal = |cycle: Vec<Address>| {
        let names: Vec<String> = cycle.iter().map(|address| format!("`{address}`")).collect();
        let message = format!("{} are renamed from each other", names.join(" and "));
        let mut refusal = Diagnostic::error("rename_cycle", message);
        if let Some(location) = cycle.first().and_then(|address| declared_at(declarations, address)) {
            refusal = refusal.location(location);
        }
        refusal.note("once they had swapped names, nothing would tell that it is done").help(
            "go by a third name: give one of them a name of its own and apply, then give both their new names and apply",
        )
    };
    let refusals: Vec<Diagnostic> = declarations.rename_cycles().into_iter().map(refusal).collect();
    if refusals.is_empty() { Ok(()) } else { Err(refusals.into()) }
}

/// Parses addresses of the command line.
///
/// # Errors
/// The first that is none.
pub(crate) fn addresses(words: &[String]) -> Result<Vec<Address>, CliError> {
    let parse = |word: &String| {
        word.parse().map_err(|error: djogi_core::address::AddressError| {
            Diagnostic::error("bad_address", error.to_string()).into()
        })
    };
    words.iter().map(parse).collect()
}
