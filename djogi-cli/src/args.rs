//! The command line: global flags and the list of commands. Doc comments are the help text.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::command::{
    apply, approvals, approve, catalog, completions, db, dump, history, import, init, live, plan, recover,
    refresh, revert, schema, show, state, status, unlock, validate,
};
use crate::config::parse_duration;
use crate::exit;
use crate::terminal::{ColorChoice, Verbosity};

/// Converges PostgreSQL to what your models declare
#[derive(Debug, Parser)]
#[command(name = "djogi", version, propagate_version = false, after_help = exit::explain())]
#[command(subcommand_required = true, arg_required_else_help = true, infer_long_args = false)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    Init(init::InitArgs),
    Validate(validate::ValidateArgs),
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
    Approve(approve::ApproveArgs),
    Approvals(approvals::ApprovalsArgs),
    Recover(recover::RecoverArgs),
    Refresh(refresh::RefreshArgs),
    Import(import::ImportArgs),
    Dump(dump::DumpArgs),
    Status(status::StatusArgs),
    Show(show::ShowArgs),
    History(history::HistoryArgs),
    Revert(revert::RevertArgs),
    Unlock(unlock::UnlockArgs),
    Live(live::LiveArgs),
    State(state::StateArgs),
    Db(db::DbArgs),
    Catalog(catalog::CatalogArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
}

/// Flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// The djogi.toml, or the folder that it is in [default: the nearest one upward]
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// The environment of the configuration to use [default: $DJOGI_ENV, else none]
    #[arg(long, global = true, value_name = "NAME")]
    pub env: Option<String>,
    /// Only this target of the configuration
    #[arg(long, global = true, value_name = "NAME")]
    pub target: Option<String>,
    /// Print JSON for programs
    #[arg(long, global = true)]
    pub json: bool,
    /// When to colour; NO_COLOR and CLICOLOR_FORCE are followed
    #[arg(
        long,
        global = true,
        value_name = "auto|always|never",
        value_enum,
        default_value_t,
        hide_possible_values = true
    )]
    pub color: ColorChoice,
    /// Print results and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Unfold everything; twice: also say what djogi does inside
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Who to record as the actor of a run [default: $DJOGI_ACTOR, else user@host]
    #[arg(long = "as", global = true, value_name = "ACTOR", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub actor: Option<String>,
    /// How long to wait for the run lock, such as 30s or 5m
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration)]
    pub lock_timeout: Option<Duration>,
    /// A server for scratch databases, in which PostgreSQL reads what is declared [default: one that is started for it]
    #[arg(long, global = true, value_name = "URL")]
    pub scratch_url: Option<String>,
    /// Major version of the embedded PostgreSQL server
    #[arg(long, global = true, value_name = "MAJOR", value_parser = clap::value_parser!(u32).range(15..100))]
    pub postgres_version: Option<u32>,
}

impl GlobalArgs {
    /// How much to say.
    pub fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, 1) => Verbosity::Verbose,
            (false, _) => Verbosity::Debug,
        }
    }

    /// The flags that matter when the command line itself is wrong and therefore has no parsed form.
    pub(crate) fn salvage(arguments: &[std::ffi::OsString]) -> Self {
        let mut salvaged = Self::default();
        let mut words = arguments.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
        while let Some(word) = words.next() {
            let color = match word {
                "--json" => {
                    salvaged.json = true;
                    continue;
                }
                "--color" => words.next(),
                _ => word.strip_prefix("--color="),
            };
            if let Some(choice) = color.and_then(|word| clap::ValueEnum::from_str(word, false).ok()) {
                salvaged.color = choice;
            }
        }
        salvaged
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_or_after_the_command() {
        for words in [
            ["djogi", "--env", "staging", "-vv", "schema", "config"],
            ["djogi", "schema", "config", "-vv", "--env", "staging"],
        ] {
            let cli = Cli::try_parse_from(words).unwrap();
            assert_eq!(cli.global.env.as_deref(), Some("staging"));
            assert_eq!(cli.global.verbosity(), Verbosity::Debug);
        }
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for flag in ["--postgres-version=14", "--lock-timeout=soon", "--as=", "--color=red"] {
            assert!(Cli::try_parse_from(["djogi", flag, "schema", "config"]).is_err(), "{flag}");
        }
        let cli = Cli::try_parse_from(["djogi", "--lock-timeout=30s", "schema", "config"]).unwrap();
        assert_eq!(cli.global.lock_timeout, Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_wrong_command_line_still_says_how_to_answer() {
        let salvaged = GlobalArgs::salvage(&["--json", "--color", "never", "--nonsense"].map(Into::into));
        assert!(salvaged.json);
        assert_eq!(salvaged.color, ColorChoice::Never);
        let salvaged = GlobalArgs::salvage(&["--color=always", "--", "--json"].map(Into::into));
        assert!(!salvaged.json);
        assert_eq!(salvaged.color, ColorChoice::Always);
    }
}
