//! `djogi live`: the migrations that are made beside readers and writers.

mod pause;
mod run;
mod status;
mod worker;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Live migrations: how far they are, their gates, the way back, and the workers that write their rows
#[derive(Debug, Clone, Args)]
pub struct LiveArgs {
    #[command(subcommand)]
    command: LiveCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum LiveCommand {
    Status(status::StatusArgs),
    Run(run::RunArgs),
    Pause(pause::PauseArgs),
    Resume(pause::ResumeArgs),
    Finalize(run::FinalizeArgs),
    Abandon(run::AbandonArgs),
    Worker(worker::WorkerArgs),
}

pub(crate) fn run(args: &LiveArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    match &args.command {
        LiveCommand::Status(args) => status::run(args, context, terminal),
        LiveCommand::Run(args) => run::run(args, context, terminal),
        LiveCommand::Pause(args) => pause::pause(args, context, terminal),
        LiveCommand::Resume(args) => pause::resume(args, context, terminal),
        LiveCommand::Finalize(args) => run::finalize(args, context, terminal),
        LiveCommand::Abandon(args) => run::abandon(args, context, terminal),
        LiveCommand::Worker(args) => worker::run(args, context, terminal),
    }
}
