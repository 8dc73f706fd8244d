//! One file a command: its arguments, whose doc comments are the help text, and the function that runs it.

pub mod apply;
pub mod approvals;
pub mod approve;
pub mod catalog;
pub mod completions;
mod confirm;
pub mod db;
pub mod dump;
pub mod history;
pub mod import;
pub mod init;
pub mod live;
pub mod online;
pub mod plan;
pub mod recover;
pub mod refresh;
pub mod revert;
pub mod schema;
pub mod show;
pub mod state;
pub mod status;
pub mod unlock;
pub mod validate;

use crate::args::Command;
use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Runs a command.
pub(crate) fn dispatch(
    command: &Command,
    context: &Context,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    match command {
        Command::Init(args) => init::run(args, context, terminal),
        Command::Validate(_) => validate::run(context, terminal),
        Command::Plan(args) => plan::run(args, context, terminal),
        Command::Apply(args) => apply::run(args, context, terminal),
        Command::Approve(args) => approve::run(args, context, terminal),
        Command::Approvals(_) => approvals::run(context, terminal),
        Command::Refresh(args) => refresh::run(args, context, terminal),
        Command::Recover(args) => recover::run(args, context, terminal),
        Command::Import(args) => import::run(args, context, terminal),
        Command::Dump(args) => dump::run(args, context, terminal),
        Command::Status(_) => status::run(context, terminal),
        Command::Show(args) => show::run(args, context, terminal),
        Command::History(_) => history::run(context, terminal),
        Command::Revert(args) => revert::run(args, context, terminal),
        Command::Unlock(args) => unlock::run(args, context, terminal),
        Command::Live(args) => live::run(args, context, terminal),
        Command::State(args) => state::run(args, context, terminal),
        Command::Db(args) => db::run(args, context, terminal),
        Command::Catalog(args) => catalog::run(args, context, terminal),
        Command::Schema(args) => schema::run(args, terminal),
        Command::Completions(args) => completions::run(args, terminal),
    }
}

/// Parses the arguments of one command, with the global ones that they may exclude.
#[cfg(test)]
fn parsed<A: clap::Args>(words: &[&str]) -> Result<A, clap::Error> {
    use clap::Args as _;
    let global = crate::args::GlobalArgs::augment_args(clap::Command::new("test").no_binary_name(true));
    let command = A::augment_args(global);
    A::from_arg_matches(&command.try_get_matches_from(words)?)
}
