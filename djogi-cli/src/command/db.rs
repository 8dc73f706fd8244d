//! `djogi db`: the embedded development database.

use clap::{Args, Subcommand};
use djogi_cluster::cluster::{Cluster, ServerSettings, TargetSettings};
use djogi_cluster::error::EngineError;
use djogi_cluster::reset::reset;
use djogi_cluster::server::{Down, EmbeddedOptions, EmbeddedServer};
use djogi_cluster::session::{embedded_options, report};
use serde_json::json;

use super::confirm::confirm;
use crate::context::Context;
use crate::diagnostic::CliError;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::report::events::with_progress;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// The embedded development database
#[derive(Debug, Clone, Args)]
pub struct DbArgs {
    #[command(subcommand)]
    pub action: DbAction,
}

/// What to do with the server.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum DbAction {
    /// Start the server and keep it running for the application
    Up {
        /// Listen on this port of 127.0.0.1 too; every local user may then connect without a password
        #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
        port: Option<u16>,
    },
    /// Stop the server
    Down,
    /// Show whether the server runs, its version and where its data is
    Status,
    /// Print a connection string that psql takes
    Url,
    /// Delete all data of the embedded database and what was recorded of it; asks first
    Reset {
        /// Do not ask
        #[arg(long)]
        auto_approve: bool,
    },
}

pub(crate) fn run(args: &DbArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster_without_models(context)?;
    let (settings, database) = embedded(&cluster)?;
    let folder = cluster.embedded_dir();
    let engine = Engine::start()?;
    let text = match args.action {
        DbAction::Up { port } => with_progress(terminal, |reporter| {
            let options =
                EmbeddedOptions { tcp_port: port, ..embedded_options(&cluster, settings, database) };
            let server = engine.run(EmbeddedServer::up(&options, &|event| report(reporter, &event)))?;
            let server = server.map_err(EngineError::from)?;
            let mut text = format!("{}\n", server.url(database));
            if let Some(port) = port {
                text.push_str(&format!("postgresql://postgres@127.0.0.1:{port}/{database}\n"));
            }
            server.release().map_err(EngineError::from)?;
            Ok::<_, CliError>(text)
        })?,
        DbAction::Down => with_progress(terminal, |reporter| {
            match EmbeddedServer::down(&folder, &|event| report(reporter, &event))
                .map_err(EngineError::from)?
            {
                Down::Stopped => Ok::<_, CliError>("Stopped.\n".to_owned()),
                Down::NotRunning => Ok("It was not running.\n".to_owned()),
                Down::LeftToUsers => Ok("Other commands use it; the last of them stops it.\n".to_owned()),
            }
        })?,
        DbAction::Status => status(&cluster, database, context.global.json)?,
        DbAction::Url => {
            let status = EmbeddedServer::status(&folder).map_err(EngineError::from)?;
            let url = status.url(database).ok_or_else(|| {
                Diagnostic::error("db_not_running", "the embedded server does not run")
                    .help("`djogi db up` starts it and keeps it running")
            })?;
            format!("{url}\n")
        }
        DbAction::Reset { auto_approve } => {
            if !auto_approve && !ask(&cluster, &engine, terminal)? {
                return Err(Diagnostic::error("declined", "nothing was deleted").into());
            }
            with_progress(terminal, |reporter| {
                engine.run_to_the_end(reset(&cluster, reporter)).map_err(CliError::from)
            })?;
            "Deleted. The next command starts with an empty database.\n".to_owned()
        }
    };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}

/// The target that the embedded server is for.
fn embedded(cluster: &Cluster) -> Result<(&TargetSettings, &str), CliError> {
    let mut targets = cluster.targets.values();
    let found = targets.find_map(|settings| match &settings.server {
        ServerSettings::Embedded { database, .. } => Some((settings, database.as_str())),
        ServerSettings::Url(_) => None,
    });
    found.ok_or_else(|| {
        Diagnostic::error(
            "db_not_embedded",
            "every target of this configuration has a url, so there is no embedded server",
        )
        .help("remove the url of a target, or choose another environment with --env")
        .into()
    })
}

fn status(cluster: &Cluster, database: &str, as_json: bool) -> Result<String, CliError> {
    let status = EmbeddedServer::status(&cluster.embedded_dir()).map_err(EngineError::from)?;
    let url = status.url(database);
    if as_json {
        let value = json!({
            "running": status.pid.is_some(), "pid": status.pid, "major": status.major, "kept": status.kept,
            "data": status.cluster_dir, "url": url,
        });
        return Ok(format!("{value:#}\n"));
    }
    let data = status.cluster_dir.display();
    Ok(match (status.major, status.pid, url) {
        (None, _, _) => format!("There is no embedded database yet; it will be in {data}.\n"),
        (Some(major), Some(pid), Some(url)) => {
            let kept = if status.kept { ", kept until `djogi db down`" } else { "" };
            format!("PostgreSQL {major} runs as process {pid}{kept}.\n  data {data}\n  url  {url}\n")
        }
        (Some(major), _, _) => format!("PostgreSQL {major} does not run.\n  data {data}\n"),
    })
}

fn ask(cluster: &Cluster, engine: &Engine, terminal: &mut Terminal) -> Result<bool, CliError> {
    let folder = cluster.embedded_dir();
    let question = format!("Delete all data in {}? Only `yes` is taken: ", folder.display());
    confirm(&question, "add --auto-approve", engine, terminal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parsed;

    #[test]
    fn every_action_has_its_word() {
        for (words, action) in [
            (&["up"][..], DbAction::Up { port: None }),
            (&["up", "--port", "5433"], DbAction::Up { port: Some(5433) }),
            (&["down"], DbAction::Down),
            (&["status"], DbAction::Status),
            (&["url"], DbAction::Url),
            (&["reset"], DbAction::Reset { auto_approve: false }),
            (&["reset", "--auto-approve"], DbAction::Reset { auto_approve: true }),
        ] {
            assert_eq!(parsed::<DbArgs>(words).unwrap().action, action);
        }
        assert!(parsed::<DbArgs>(&[]).is_err());
    }
}
