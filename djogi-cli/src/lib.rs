//! The `djogi` command as a library: arguments, configuration, terminal.
//!
//! A project makes its own binary with one line, [`djogi_main!`]; the plain `djogi` binary is the same without
//! models. This crate alone reads arguments, configuration and environment variables, prints, and chooses exit
//! codes. It decides nothing about schemas.

#![forbid(unsafe_code)]

mod account;
pub mod args;
pub mod command;
pub mod config;
pub mod context;
pub mod diagnostic;
pub mod environment;
pub mod exit;
mod failure;
mod models;
mod project;
pub mod report;
mod runtime;
mod scaffold;
mod seeds;
mod sources;
mod sql_files;
mod state_store;
pub mod terminal;
mod whole_file;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use djogi_core::model::DescriptorProvider;

use crate::args::{Cli, GlobalArgs};
use crate::context::Context;
use crate::diagnostic::{CliError, Diagnostic};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// What the binary knows about itself.
#[derive(Clone, Copy, Default)]
pub struct Program {
    /// Folder of the `Cargo.toml` of a `djogi_main!` binary; its `djogi.toml` is used when none is found upward
    /// from the working folder.
    pub manifest_dir: Option<&'static str>,
    /// Cargo package of a `djogi_main!` binary: its models are linked in.
    pub package: Option<&'static str>,
    /// Models that come from elsewhere than the derive.
    pub providers: &'static [&'static (dyn DescriptorProvider + Sync)],
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { manifest_dir, package, providers } = self;
        f.debug_struct("Program")
            .field("manifest_dir", manifest_dir)
            .field("package", package)
            .field("providers", &providers.len())
            .finish()
    }
}

/// Makes `main`: the whole command line, with the models that are linked into this binary.
///
/// Name the library crates that hold models, so that they are linked though nothing else names them:
/// `djogi_main!(shop, billing);`. After a semicolon come providers of models that are not derived, as constant
/// expressions: `djogi_main!(shop; LegacyTables);`.
#[macro_export]
macro_rules! djogi_main {
    ($($krate:ident),* $(,)? $(; $($provider:expr),+ $(,)?)?) => {
        $(use $krate as _;)*

        fn main() -> ::std::process::ExitCode {
            $crate::run($crate::Program {
                manifest_dir: ::std::option::Option::Some(::std::env!("CARGO_MANIFEST_DIR")),
                package: ::std::option::Option::Some(::std::env!("CARGO_PKG_NAME")),
                providers: &[$($(&$provider),+)?],
            })
        }
    };
}

/// Runs the command line of this process.
pub fn run(program: Program) -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let mut terminal = Terminal::process();
    run_with(program, &arguments, Environment::process(), &mut terminal).into()
}

/// Runs a command line; the first argument is the name of the program.
fn run_with(
    program: Program,
    arguments: &[OsString],
    environment: Environment,
    terminal: &mut Terminal,
) -> Exit {
    let (global, outcome) = match Cli::try_parse_from(arguments) {
        Ok(cli) => {
            terminal.configure(cli.global.color, cli.global.verbosity(), &environment);
            let outcome = Context::new(program, cli.global.clone(), environment)
                .and_then(|context| command::dispatch(&cli.command, &context, terminal));
            (cli.global, outcome)
        }
        Err(answer) => {
            let global = GlobalArgs::salvage(arguments.get(1..).unwrap_or_default());
            terminal.configure(global.color, global.verbosity(), &environment);
            let outcome = answer_without_command(&answer, &global, terminal);
            (global, outcome)
        }
    };
    outcome.unwrap_or_else(|error| report(&error, &global, terminal))
}

/// Help and version are results; anything else that clap answers is a usage error, which is exit code 1 here.
fn answer_without_command(
    answer: &clap::Error,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let styled = answer.render();
    let render = |coloured: bool| if coloured { styled.ansi().to_string() } else { styled.to_string() };
    if !answer.use_stderr() {
        let text = render(terminal.paint().is_coloured());
        terminal.print(&text).map_err(|error| CliError::output(&error))?;
        return Ok(Exit::Done);
    }
    if global.json {
        let text = render(false);
        return Err(Diagnostic::error("usage", text.trim().trim_start_matches("error: ")).into());
    }
    let text = render(terminal.paint_err().is_coloured());
    terminal.say(&text);
    Ok(Exit::Error)
}

/// Tells why a command failed: JSON on standard output for programs, text on standard error for people.
fn report(error: &CliError, global: &GlobalArgs, terminal: &mut Terminal) -> Exit {
    if error.diagnostics.is_empty() {
        return error.exit;
    }
    // A program whose pipe is closed, or that shares a full disk with us, can still be told on standard error.
    if !global.json || terminal.print(&format!("{}\n", error.to_json())).is_err() {
        let text = error.render(terminal.paint_err());
        terminal.say(&text);
    }
    error.exit
}

#[cfg(test)]
mod tests;
