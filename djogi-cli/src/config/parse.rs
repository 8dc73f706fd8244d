//! Turns the text of `djogi.toml` into a [`Config`], or into all that is wrong with it.
//!
//! Every environment of the file is checked, not only the chosen one: a slip in `[env.production]` is found on
//! the developer's machine.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use djogi_cluster::approvals::{ApprovalRules, PublicKey, Signer};
use djogi_cluster::identity::Actor;
use djogi_core::Ident;
use djogi_core::address_pattern::AddressPattern;
use djogi_core::heeranjid;
use djogi_core::role_pattern::RolePattern;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::duration::parse_duration;
use super::live::live;
use super::merge::overlay;
use super::problem::{INVALID_URL, INVALID_VALUE, Problem, Problems, SYNTAX, SourceFile};
use super::reader::Section;
use super::seeds::seeds;
use super::{
    Backend, Config, Destructive, ModelSource, Moved, Partitions, Queries, Scratch, StateConfig, Target,
    UrlSource,
};
use crate::diagnostic::{CliError, Diagnostic};

/// Reads the file, applies the environment named, and checks all others.
///
/// # Errors
/// Every mistake of the file, or an environment that the file does not have.
pub(super) fn parse(file: SourceFile<'_>, environment: Option<&str>) -> Result<Config, CliError> {
    let mut base = DeTable::parse(file.text)
        .map_err(|error| {
            let message = error.message().trim().replace('\n', ", ");
            let problem = Problem { code: SYNTAX, span: error.span(), message, help: None };
            CliError::from(file.diagnostic(problem))
        })?
        .into_inner();
    let problems = Problems::default();
    let environments = take_environments(&mut base, &problems);

    let mut chosen = config(base.clone(), file, &problems);
    for (name, over) in &environments {
        let mut merged = base.clone();
        overlay(&mut merged, over.clone());
        let config = config(merged, file, &problems);
        if environment == Some(name) {
            chosen = config;
        }
    }
    let problems = problems.into_sorted();
    if !problems.is_empty() {
        let all: Vec<Diagnostic> = problems.into_iter().map(|problem| file.diagnostic(problem)).collect();
        return Err(all.into());
    }
    match environment {
        Some(name) if !environments.contains_key(name) => Err(unknown_environment(file, name, &environments)),
        _ => Ok(chosen.expect("a configuration without problems is complete")),
    }
}

fn unknown_environment(file: SourceFile<'_>, name: &str, known: &BTreeMap<String, DeTable<'_>>) -> CliError {
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    let help = match names.is_empty() {
        true => format!("the file has no environments; add [env.{name}], or run without --env and DJOGI_ENV"),
        false => format!("known environments: {}", names.join(", ")),
    };
    Diagnostic::error("unknown_environment", format!("there is no environment `{name}`"))
        .file(file.name)
        .help(help)
        .into()
}

/// Takes `[env.*]` out of the file.
fn take_environments<'i>(root: &mut DeTable<'i>, problems: &Problems) -> BTreeMap<String, DeTable<'i>> {
    let mut environments = BTreeMap::new();
    let Some((key, value)) = root.remove_entry("env") else { return environments };
    let invalid = |span, message: String, help: Option<&str>| {
        problems.add(Problem {
            code: INVALID_VALUE,
            span: Some(span),
            message,
            help: help.map(str::to_owned),
        });
    };
    let DeValue::Table(tables) = value.into_inner() else {
        invalid(key.span(), "`env` must be tables, [env.NAME]".into(), None);
        return environments;
    };
    for (name, over) in tables {
        let span = name.span();
        // The name becomes a folder: .djogi/env/<name>/.
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if name.get_ref().is_empty() || name.get_ref().len() > 63 || !name.get_ref().bytes().all(plain) {
            let help = "use lower-case letters, digits, `_` and `-`, at most 63";
            invalid(span.clone(), format!("`{}` cannot name an environment", name.get_ref()), Some(help));
        }
        match over.into_inner() {
            DeValue::Table(mut over) => {
                if let Some((nested, _)) = over.remove_entry("env") {
                    invalid(nested.span(), "an environment cannot contain environments".into(), None);
                }
                environments.insert(name.into_inner().into_owned(), over);
            }
            _ => invalid(span, format!("`env.{}` must be a table", name.get_ref()), None),
        }
    }
    environments
}

/// Reads a file to which an environment was applied. None when a problem was found that leaves a hole.
fn config(root: DeTable<'_>, file: SourceFile<'_>, problems: &Problems) -> Option<Config> {
    let mut root = Section::root(root, problems);

    if !root.has("cluster") {
        root.missing("cluster");
    }
    let cluster = root.section("cluster").and_then(|mut section| {
        let name = section.required("name");
        if let Some(name) = name.as_ref().filter(|name| name.get_ref().trim().is_empty()) {
            section.problem(INVALID_VALUE, Some(name.span()), "`cluster.name` must not be empty".into());
        }
        section.finish();
        name.map(Spanned::into_inner)
    });

    let mut targets = BTreeMap::new();
    for (name, section) in root.named_sections("target") {
        check_target_name(&name, &section);
        targets.insert(name.into_inner(), target(section));
    }
    if targets.is_empty() {
        targets.insert("main".into(), Target::default());
    }

    let models = root.section("models").and_then(models);
    let mut sql_files = Vec::new();
    if let Some(mut section) = root.section("sql") {
        sql_files =
            section.strings("files").unwrap_or_default().into_iter().map(Spanned::into_inner).collect();
        section.finish();
    }
    let queries = root.section("queries").map(queries).unwrap_or_default();
    let seeds = seeds(root.named_sections("seed"), &targets, file);
    let moved = root.sections("moved").into_iter().filter_map(|section| moved(section, file)).collect();
    let (retention, live) = root.section("live").map(live).unwrap_or_default();
    let state = root.section("state").map(|section| state(section, &targets)).unwrap_or_default();
    let approvals = root.section("approvals").map(approvals).unwrap_or_default();
    root.finish_with("env");
    Some(Config {
        cluster: cluster?,
        targets,
        models,
        sql_files,
        queries,
        seeds,
        moved,
        retention: retention.unwrap_or(Duration::from_secs(24 * 3600)),
        live,
        approvals,
        state,
    })
}

fn check_target_name(name: &Spanned<String>, section: &Section<'_, '_>) {
    let text = name.get_ref();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if !starts || text.len() > 63 || !text.bytes().all(plain) {
        section.problem_with_help(
            INVALID_VALUE,
            Some(name.span()),
            format!("`{text}` cannot name a target"),
            Some("use lower-case letters, digits and `_`, at most 63: it is a part of every address".into()),
        );
    }
}

fn target(mut section: Section<'_, '_>) -> Target {
    let default = Target::default();
    let url = section.parsed("url", INVALID_URL, UrlSource::parse);
    let schemas = section.strings("schemas").map(|names| schemas(names, &section));
    let roles = section.strings("roles").unwrap_or_default();
    let roles = roles.into_iter().filter_map(|text| role_pattern(&text, &section)).collect();
    let lock_timeout = section.parsed("lock_timeout", INVALID_VALUE, |text| match parse_duration(text)? {
        Duration::ZERO => Err("must not be zero: a statement would wait for its lock for ever".into()),
        timeout if timeout > LONGEST_TIMEOUT => Err("is too long; PostgreSQL allows 24 days".into()),
        timeout => Ok(timeout),
    });
    let lock_budget = section.parsed("lock_budget", INVALID_VALUE, parse_duration);
    let destructive = section
        .parsed("destructive", INVALID_VALUE, |text| one_of(text, Destructive::ALL, Destructive::name));
    let scratch = section.parsed("scratch", INVALID_VALUE, |text| one_of(text, Scratch::ALL, Scratch::name));
    let sql_files = section.strings("sql_files").unwrap_or_default();
    let ignore = section.strings("ignore").unwrap_or_default();
    let ignore = ignore.into_iter().filter_map(|text| pattern(&text, &section)).collect();
    let partitions =
        section.parsed("partitions", INVALID_VALUE, |text| one_of(text, Partitions::ALL, Partitions::name));
    let version = section.integer("postgres_version");
    if let Some(version) = version.as_ref().filter(|version| !(15..100).contains(version.get_ref())) {
        let message =
            format!("`{}` must be a major version from 15 up", section.full_key("postgres_version"));
        section.problem(INVALID_VALUE, Some(version.span()), message);
    }
    section.finish();
    Target {
        url,
        schemas: schemas.unwrap_or(default.schemas),
        roles,
        lock_timeout: lock_timeout.unwrap_or(default.lock_timeout),
        lock_budget: lock_budget.unwrap_or(default.lock_budget),
        destructive: destructive.unwrap_or_default(),
        postgres_version: version.map(Spanned::into_inner),
        scratch: scratch.unwrap_or_default(),
        sql_files: sql_files.into_iter().map(Spanned::into_inner).collect(),
        ignore,
        partitions: partitions.unwrap_or_default(),
    }
}

fn role_pattern(text: &Spanned<String>, section: &Section<'_, '_>) -> Option<RolePattern> {
    match text.get_ref().parse() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let message = format!("`{}`: {error}", section.full_key("roles"));
            let help = "names of roles, as in \"app_*\": `*` stands for any letters, `?` for one";
            section.problem_with_help(INVALID_VALUE, Some(text.span()), message, Some(help.into()));
            None
        }
    }
}

fn pattern(text: &Spanned<String>, section: &Section<'_, '_>) -> Option<AddressPattern> {
    match text.get_ref().parse() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let message = format!("`{}`: {error}", section.full_key("ignore"));
            let help = "`KIND.SCHEMA.NAME`, as in \"table.*.tmp_*\": `*` stands for any letters of a part, `**` for any parts";
            section.problem_with_help(INVALID_VALUE, Some(text.span()), message, Some(help.into()));
            None
        }
    }
}

/// `[queries]`: the files, and where they look for names.
fn queries(mut section: Section<'_, '_>) -> Queries {
    let files = section.strings("files").unwrap_or_default();
    let search_path = section.strings("search_path").map(|names| {
        for name in &names {
            if let Err(error) = Ident::new(name.get_ref()) {
                let message = format!("`{}`: {error}", section.full_key("search_path"));
                section.problem(INVALID_VALUE, Some(name.span()), message);
            }
        }
        names.into_iter().map(Spanned::into_inner).collect()
    });
    section.finish();
    let default = Queries::default();
    Queries {
        files: files.into_iter().map(Spanned::into_inner).collect(),
        search_path: search_path.unwrap_or(default.search_path),
    }
}

/// `lock_timeout` is a 32-bit count of milliseconds (PostgreSQL manual, section 20.11.1).
const LONGEST_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

fn schemas(names: Vec<Spanned<String>>, section: &Section<'_, '_>) -> Vec<String> {
    let key = section.full_key("schemas");
    let mut seen = BTreeSet::new();
    if names.is_empty() {
        section.problem(INVALID_VALUE, section.span(), format!("`{key}` must name at least one schema"));
    }
    for name in &names {
        let text = name.get_ref().as_str();
        let reason = match text {
            "" => Some("is empty"),
            "djogi" => Some("is the schema of djogi's own ledger"),
            heeranjid::NAME => Some("is the schema that djogi brings for `HeerId` and `RanjId`"),
            "information_schema" => Some("is a system schema"),
            _ if text.starts_with("pg_") => Some("is a system schema"),
            _ if text.len() > 63 => Some("is longer than 63 bytes"),
            _ if text.contains('\0') => Some("contains a zero byte"),
            _ if !seen.insert(text) => Some("is listed twice"),
            _ => None,
        };
        if let Some(reason) = reason {
            section.problem(INVALID_VALUE, Some(name.span()), format!("`{key}`: `{text}` {reason}"));
        }
    }
    names.into_iter().map(Spanned::into_inner).collect()
}

fn models(mut section: Section<'_, '_>) -> Option<ModelSource> {
    let package = section.string("package");
    let catalog = section.string("catalog");
    if let (Some(_), Some(catalog)) = (&package, &catalog) {
        let message = "`models.package` and `models.catalog` exclude each other".into();
        section.problem(INVALID_VALUE, Some(catalog.span()), message);
    }
    for (key, value) in [("package", &package), ("catalog", &catalog)] {
        if let Some(value) = value.as_ref().filter(|value| value.get_ref().trim().is_empty()) {
            section.problem(INVALID_VALUE, Some(value.span()), format!("`models.{key}` must not be empty"));
        }
    }
    section.finish();
    let package = package.map(|package| ModelSource::Package(package.into_inner()));
    package.or(catalog.map(|catalog| ModelSource::Catalog(catalog.into_inner())))
}

/// `[approvals]`: who may give one, and how.
fn approvals(mut section: Section<'_, '_>) -> ApprovalRules {
    let mut rules = ApprovalRules::default();
    for mut signer in section.sections("signers") {
        let name = signer.required("name");
        let name = name.and_then(|name| match Actor::new(name.get_ref().as_str()) {
            Ok(actor) => Some(actor),
            Err(error) => {
                let message = format!("`{}`: {error}", signer.full_key("name"));
                signer.problem(INVALID_VALUE, Some(name.span()), message);
                None
            }
        });
        if !signer.has("key") {
            signer.missing("key");
        }
        let key = signer.parsed("key", INVALID_VALUE, |text| {
            text.parse::<PublicKey>().map_err(|_| {
                "is no Ed25519 public key: the middle line of what `openssl pkey -in FILE -pubout` prints is one".into()
            })
        });
        signer.finish();
        if let (Some(name), Some(key)) = (name, key) {
            rules.signers.push(Signer { name, key });
        }
    }
    rules.required = section.boolean("required").unwrap_or_default();
    rules.separate = section.boolean("separate").unwrap_or_default();
    if rules.required && rules.signers.is_empty() {
        section.problem_with_help(
            INVALID_VALUE,
            section.span(),
            "`approvals.required` asks for signatures, and nobody is among the `signers`".into(),
            Some("add signers = [{ name = \"ana@ops\", key = \"MCow...\" }]".into()),
        );
    }
    section.finish();
    rules
}

fn state(mut section: Section<'_, '_>, targets: &BTreeMap<String, Target>) -> StateConfig {
    let names_backend = section.has("backend");
    let backend = section.parsed("backend", INVALID_VALUE, |text| one_of(text, Backend::ALL, Backend::name));
    let target = section.string("target");
    let places =
        ["target", "url"].into_iter().filter(|key| *key == "target" && target.is_some() || section.has(key));
    let places: Vec<&str> = places.collect();
    let span = section.span();
    let url = section.parsed("url", INVALID_URL, UrlSource::parse);
    match places.as_slice() {
        [_, _] => {
            let message = "`state.target` and `state.url` exclude each other".into();
            section.problem(INVALID_VALUE, span, message);
        }
        // An environment that says "local" may lie over a file that says where else.
        [place] if !names_backend => {
            let message = format!("`state.{place}` needs `backend = \"postgres\"`");
            section.problem(INVALID_VALUE, span, message);
        }
        _ => {}
    }
    if let Some(name) = target.as_ref().filter(|name| !targets.contains_key(name.get_ref())) {
        let known: Vec<&str> = targets.keys().map(String::as_str).collect();
        section.problem_with_help(
            INVALID_VALUE,
            Some(name.span()),
            format!("`state.target`: there is no target `{}`", name.get_ref()),
            Some(format!("targets in the file: {}", known.join(", "))),
        );
    }
    section.finish();
    StateConfig { backend: backend.unwrap_or_default(), target: target.map(Spanned::into_inner), url }
}

fn moved(mut section: Section<'_, '_>, file: SourceFile<'_>) -> Option<Moved> {
    let from = section.required("from");
    let to = section.required("to");
    let start = section.span().map_or(0, |span| span.start);
    if let (Some(from), Some(to)) = (&from, &to)
        && from.get_ref() == to.get_ref()
    {
        section.problem(INVALID_VALUE, Some(to.span()), "`moved.from` and `moved.to` are the same".into());
    }
    section.finish();
    let line = file.text[..start].matches('\n').count() + 1;
    Some(Moved { from: from?.into_inner(), to: to?.into_inner(), line })
}

fn one_of<T: Copy>(
    text: &str,
    all: impl IntoIterator<Item = T>,
    name: fn(T) -> &'static str,
) -> Result<T, String> {
    let mut names = Vec::new();
    for one in all {
        if name(one) == text {
            return Ok(one);
        }
        names.push(format!("\"{}\"", name(one)));
    }
    Err(format!("must be one of {}", names.join(", ")))
}
