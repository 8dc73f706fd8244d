//! The SQL files of a project: which the patterns of its configuration match, and what they hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use djogi_cluster::sql_files::SqlFiles;
use djogi_cluster::sql_files::queries::QueryFiles;
use djogi_core::Ident;

use crate::config::{Project, Queries};
use crate::diagnostic::{CliError, Diagnostic};

/// The files of every target that has any, each once, in the order of the patterns and then of their names. Those of
/// `[sql]` belong to `default_target`.
///
/// # Errors
/// Every pattern that is none or matches nothing, and every file that cannot be read.
pub(crate) fn read(project: &Project, default_target: &Ident) -> Result<BTreeMap<Ident, SqlFiles>, CliError> {
    let mut patterns: BTreeMap<Ident, Vec<(String, &str)>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for pattern in &project.config.sql_files {
        patterns.entry(default_target.clone()).or_default().push(("sql.files".to_owned(), pattern));
    }
    for (name, target) in &project.config.targets {
        let Ok(ident) = Ident::new(name) else { continue };
        for pattern in &target.sql_files {
            let key = format!("target.{name}.sql_files");
            patterns.entry(ident.clone()).or_default().push((key, pattern));
        }
    }
    let mut found = BTreeMap::new();
    for (target, patterns) in patterns {
        found.insert(target, SqlFiles::new(texts(project, &patterns, &mut wrong)));
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong.into()) }
}

/// The queries of applications, which belong to `default_target`.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_queries(
    project: &Project,
    default_target: &Ident,
) -> Result<BTreeMap<Ident, QueryFiles>, CliError> {
    let Queries { files, search_path } = &project.config.queries;
    if files.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut wrong = Vec::new();
    let patterns: Vec<_> =
        files.iter().map(|pattern| ("queries.files".to_owned(), pattern.as_str())).collect();
    let texts = texts(project, &patterns, &mut wrong);
    // The configuration was refused if one of them were no name.
    let search_path = search_path.iter().filter_map(|name| Ident::new(name).ok()).collect();
    let queries = QueryFiles::new(texts, search_path);
    if wrong.is_empty() { Ok([(default_target.clone(), queries)].into()) } else { Err(wrong.into()) }
}

/// What the files hold that `patterns` match, with the key that each pattern stands under.
fn texts(
    project: &Project,
    patterns: &[(String, &str)],
    wrong: &mut Vec<Diagnostic>,
) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for (key, pattern) in patterns {
        let paths = match matching(project, key, pattern) {
            Ok(paths) => paths,
            Err(diagnostic) => {
                wrong.push(*diagnostic);
                continue;
            }
        };
        for path in paths {
            let name = shown(project, &path);
            if files.iter().any(|(known, _)| *known == name) {
                continue;
            }
            match text(&path, &name) {
                Ok(text) => files.push((name, text)),
                Err(diagnostic) => wrong.push(*diagnostic),
            }
        }
    }
    files
}

/// The files that the pattern matches, by their names.
fn matching(project: &Project, key: &str, pattern: &str) -> Result<Vec<PathBuf>, Box<Diagnostic>> {
    let configuration = project.file.display().to_string();
    // The folder of the project may hold what a pattern gives a meaning to.
    let root = glob::Pattern::escape(&project.root.display().to_string());
    let whole = Path::new(&root).join(pattern).display().to_string();
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let paths = glob::glob_with(&whole, options).map_err(|error| {
        Diagnostic::error("bad_pattern", format!("`{key}`: `{pattern}` is no pattern: {}", error.msg))
            .file(&configuration)
            .help("`*` stands for a part of a name, `**` for folders at any depth")
    });
    let paths = paths.map_err(Box::new)?;
    let mut files = Vec::new();
    for path in paths {
        match path {
            Ok(path) if path.is_dir() => {}
            Ok(path) => files.push(path),
            Err(error) => {
                let name = shown(project, error.path());
                let message = format!("cannot read this folder: {}", error.error());
                return Err(Box::new(Diagnostic::error("sql_file_unreadable", message).file(name)));
            }
        }
    }
    if files.is_empty() {
        let none = Diagnostic::error("no_sql_files", format!("`{key}`: `{pattern}` matches no file"))
            .file(&configuration)
            .help("patterns are relative to the folder of djogi.toml");
        return Err(Box::new(none));
    }
    Ok(files)
}

/// The name that the user knows the file by.
fn shown(project: &Project, path: &Path) -> String {
    path.strip_prefix(&project.root).unwrap_or(path).display().to_string()
}

/// What the file at `path` holds.
///
/// # Errors
/// When it cannot be read, or is not UTF-8.
pub(crate) fn text(path: &Path, name: &str) -> Result<String, Box<Diagnostic>> {
    let unreadable = |reason: String| {
        Diagnostic::error("sql_file_unreadable", format!("cannot read this file: {reason}")).file(name)
    };
    let bytes = std::fs::read(path).map_err(|error| Box::new(unreadable(error.to_string())))?;
    String::from_utf8(bytes).map_err(|error| {
        let reason = format!("it is not UTF-8 from byte {} on", error.utf8_error().valid_up_to());
        Box::new(unreadable(reason).help("save it as UTF-8"))
    })
}
