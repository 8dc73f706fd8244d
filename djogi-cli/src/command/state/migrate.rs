//! `djogi state migrate`: the state moves to another store, and the configuration has to follow.

use clap::Args;
use djogi_cluster::cluster::StateSettings;
use djogi_cluster::surgery::{Migrated, migrate};
use serde_json::json;

use super::refuse_target;
use crate::config::{Project, UrlSource};
use crate::context::Context;
use crate::diagnostic::{CliError, Diagnostic};
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::report::style::count;
use crate::runtime::Engine;
use crate::state_store;
use crate::terminal::Terminal;

/// Move the state to another store, with its serial and history
///
/// Refuses while a run works on a target, and where a state is already. What was there before is kept aside. [state] of
/// djogi.toml is yours to change: the lines are printed.
#[derive(Debug, Clone, Args)]
pub struct MigrateArgs {
    /// local, postgres (the database of a target), or postgres:URL with env:NAME, file:PATH or a connection string
    #[arg(long, value_name = "STORE")]
    pub to: String,
}

pub(super) fn run(args: &MigrateArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    refuse_target(context)?;
    let project = context.project()?;
    let place = Place::parse(&args.to)?;
    let to = place.settings(context, &project)?;
    let cluster = cluster_without_models(context)?;
    let engine = Engine::start()?;
    let stop = engine.stop();
    let migrated = with_progress(terminal, |reporter| {
        engine.run_to_the_end(migrate(&cluster, &to, &stop, reporter)).map_err(CliError::from)
    })?;
    let lines = place.config_lines(&project);
    let text = if context.global.json { to_json(&migrated, &lines) } else { to_text(&migrated, &lines) };
    engine.conclude(terminal, &printable_lines(&text))
}

/// What `--to` says.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Local,
    Target,
    Url(UrlSource),
}

impl Place {
    fn parse(text: &str) -> Result<Self, CliError> {
        let url = match text {
            "local" => return Ok(Self::Local),
            "postgres" => return Ok(Self::Target),
            // The url itself may begin like the name of the backend.
            _ if text.starts_with("postgres://") || text.starts_with("postgresql://") => text,
            _ => text.strip_prefix("postgres:").ok_or_else(|| wrong("is no store"))?,
        };
        UrlSource::parse(url).map(Self::Url).map_err(|reason| wrong(&reason))
    }

    fn settings(&self, context: &Context, project: &Project) -> Result<StateSettings, CliError> {
        match self {
            Place::Local => Ok(StateSettings::Local),
            Place::Target => {
                state_store::postgres(context, project, None, project.config.state.target.as_deref())
            }
            Place::Url(url) => state_store::postgres(context, project, Some(url), None),
        }
    }

    /// What has to stand in djogi.toml from now on.
    fn config_lines(&self, project: &Project) -> Vec<String> {
        let (header, key) = match &project.environment {
            None => ("[state]".to_owned(), ""),
            Some(name) => (format!("[env.{name}]"), "state."),
        };
        let mut lines = vec![header];
        match self {
            Place::Local => lines.push(format!("{key}backend = \"local\"")),
            Place::Target => {
                lines.push(format!("{key}backend = \"postgres\""));
                let target = project.config.state.target.iter();
                lines.extend(target.map(|target| format!("{key}target = \"{target}\"")));
            }
            Place::Url(url) => {
                lines.push(format!("{key}backend = \"postgres\""));
                lines.push(match url {
                    // A connection string may hold a password, which is never printed.
                    UrlSource::Literal(_) => {
                        format!("{key}url = \"env:STATE_URL\"  # a variable with the url that --to had")
                    }
                    reference => format!("{key}url = \"{}\"", reference.describe()),
                });
            }
        }
        lines
    }
}

fn wrong(reason: &str) -> CliError {
    Diagnostic::error("usage", format!("what --to says {reason}"))
        .help("--to takes local, postgres, or postgres:URL with env:NAME, file:PATH or a connection string")
        .into()
}

fn to_text(migrated: &Migrated, lines: &[String]) -> String {
    let Migrated { serial, from, to, put_aside, revisions, missing, .. } = migrated;
    let mut text = format!(
        "Serial {serial} has moved with {} before it\n  from {from}\n  to   {to}\nWhat was there before is kept in \
         {put_aside}.\n",
        count(*revisions, "revision")
    );
    if !missing.is_empty() {
        let catalogs = count(missing.len(), "recorded catalog");
        text.push_str(&format!("{catalogs} could not be read there: `djogi refresh` records anew.\n"));
    }
    text.push_str("\nNow djogi.toml has to say:\n");
    text.extend(lines.iter().map(|line| format!("  {line}\n")));
    text
}

fn to_json(migrated: &Migrated, lines: &[String]) -> String {
    let value = json!({
        "lineage": migrated.lineage, "serial": migrated.serial, "from": migrated.from, "to": migrated.to,
        "put_aside": migrated.put_aside, "revisions": migrated.revisions, "catalogs": migrated.catalogs,
        "backups": migrated.backups, "sidecars": migrated.sidecars, "approvals": migrated.approvals,
        "missing_catalogs": migrated.missing, "config": lines,
    });
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_named_in_one_word() {
        assert_eq!(Place::parse("local").unwrap(), Place::Local);
        assert_eq!(Place::parse("postgres").unwrap(), Place::Target);
        assert_eq!(Place::parse("postgres:env:X").unwrap(), Place::Url(UrlSource::Env("X".into())));
        for url in ["postgres:postgres://u@h/d", "postgres://u@h/d", "postgres:host=h user=u"] {
            assert!(matches!(Place::parse(url).unwrap(), Place::Url(UrlSource::Literal(_))), "{url}");
        }
        for wrong in ["", "s3", "postgres:", "postgres:hunter2", "postgre"] {
            let error = Place::parse(wrong).unwrap_err();
            assert!(!error.diagnostics[0].message.contains("hunter2"));
        }
    }
}
