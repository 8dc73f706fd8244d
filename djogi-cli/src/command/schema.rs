//! `djogi schema`: the JSON Schemas of djogi's files.

use clap::{Args, Subcommand};
use serde_json::Value;

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
    /// The plan, as `djogi plan --json` prints and `--out` saves it
    Plan,
    /// The state, state.json
    State,
}

/// The schema of `file`, as it is printed.
pub fn text(file: SchemaFile) -> String {
    match file {
        SchemaFile::Config => config::JSON_SCHEMA.to_owned(),
        SchemaFile::Plan => in_json_terms(&djogi_core::plan::json_schema()),
        SchemaFile::State => in_json_terms(&djogi_cluster::state::json_schema()),
    }
}

/// Descriptions come from the documentation of Rust types, whose absent values and links are not JSON's.
fn in_json_terms(schema: &Value) -> String {
    let text = format!("{schema:#}\n");
    text.replace("`None`", "`null`").replace("[`", "`").replace("`]", "`")
}

pub(crate) fn run(args: &SchemaArgs, terminal: &mut Terminal) -> Result<Exit, CliError> {
    terminal.print(&text(args.file)).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}
