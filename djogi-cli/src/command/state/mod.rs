//! `djogi state`: looks at the state and moves it by hand, for what no plan can know.

mod backup;
mod closing;
mod list;
mod migrate;
mod mv;
mod pull;
mod push;
mod restore;
mod rm;

use std::path::Path;

use clap::{Args, Subcommand};
use djogi_cluster::cluster::Cluster;
use djogi_cluster::surgery::Outlook;

use crate::context::Context;
use crate::diagnostic::{CliError, Diagnostic};
use crate::exit::Exit;
use crate::project::{cluster, cluster_without_models};
use crate::terminal::Terminal;

/// Look at the state and move it by hand; changes no database
#[derive(Debug, Clone, Args)]
pub struct StateArgs {
    #[command(subcommand)]
    pub action: StateAction,
}

/// What to do with the state.
#[derive(Debug, Clone, Subcommand)]
pub enum StateAction {
    List(list::ListArgs),
    Mv(mv::MvArgs),
    Rm(rm::RmArgs),
    Pull(pull::PullArgs),
    Push(push::PushArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Migrate(migrate::MigrateArgs),
}

pub(crate) fn run(args: &StateArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    match &args.action {
        StateAction::List(args) => list::run(args, context, terminal),
        StateAction::Mv(args) => mv::run(args, context, terminal),
        StateAction::Rm(args) => rm::run(args, context, terminal),
        StateAction::Pull(_) => pull::run(context, terminal),
        StateAction::Push(args) => push::run(args, context, terminal),
        StateAction::Backup(args) => backup::run(args, context, terminal),
        StateAction::Restore(args) => restore::run(args, context, terminal),
        StateAction::Migrate(args) => migrate::run(args, context, terminal),
    }
}

/// What a command that moves the state works with.
struct Project {
    cluster: Cluster,
    /// Why the declarations cannot be had; the state can be moved all the same.
    undeclared: Option<CliError>,
}

impl Project {
    fn open(context: &Context) -> Result<Self, CliError> {
        refuse_target(context)?;
        let bare = cluster_without_models(context)?;
        Ok(match cluster(context) {
            Ok(cluster) => Self { cluster, undeclared: None },
            Err(error) => Self { cluster: bare, undeclared: Some(error) },
        })
    }

    fn outlook(&self) -> Outlook {
        if self.undeclared.is_none() { Outlook::Plan } else { Outlook::None }
    }
}

fn refuse_target(context: &Context) -> Result<(), CliError> {
    if context.global.target.is_none() {
        return Ok(());
    }
    let message = "the state is moved as a whole, or by addresses that name their targets";
    Err(Diagnostic::error("usage", message).help("leave out --target").into())
}

/// Reads a state that the user has named; `-` is standard input.
fn read(file: &Path, context: &Context) -> Result<(String, Vec<u8>), CliError> {
    let name = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let read = || {
        if file == Path::new("-") {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)?;
            return Ok(bytes);
        }
        std::fs::read(context.working_folder.join(file))
    };
    match read() {
        Ok(bytes) => Ok((name, bytes)),
        Err(error) => {
            let error: std::io::Error = error;
            let message = format!("cannot read the state: {error}");
            let help =
                "`djogi state pull > FILE` makes such a file; `djogi history` lists serials to restore";
            Err(Diagnostic::error("state_unreadable", message).file(name).help(help).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parsed;

    #[test]
    fn every_action_has_its_words() {
        for words in [
            &["list"][..],
            &["list", "table.*", "--package", "shop"],
            &["mv", "table.main.public.a", "table.main.public.b"],
            &["rm", "table.main.public.a", "index.*"],
            &["rm", "--package", "shop"],
            &["pull"],
            &["push", "state.json", "--force"],
            &["push", "-"],
            &["backup"],
            &["backup", "state.json"],
            &["restore", "42"],
            &["migrate", "--to", "postgres:env:STATE_URL"],
        ] {
            assert!(parsed::<StateArgs>(words).is_ok(), "{words:?}");
        }
        for words in [&[][..], &["mv", "a"], &["mv", "a", "b", "c"], &["rm"], &["push"], &["restore"]] {
            assert!(parsed::<StateArgs>(words).is_err(), "{words:?}");
        }
    }
}
