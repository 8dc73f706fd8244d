//! `djogi schema`: the JSON Schemas of djogi's files.

use clap::{Args, Subcommand};

use crate::config;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Print the JSON Schema of one of djogi's files
#[derive(Debug, Clone, Args)]
pub struct SchemaArgs {
    #[command(subcommand)]
    pub file: SchemaFile,
}

/// The files that have a schema.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum SchemaFile {
    /// The configuration, djogi.toml
    Config,
}

pub(crate) fn run(args: &SchemaArgs, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let text = match args.file {
        SchemaFile::Config => config::JSON_SCHEMA,
    };
    terminal.print(text).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}
