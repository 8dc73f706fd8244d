//! `djogi dump`: the schema as SQL.

use std::path::PathBuf;

use clap::Args;
use djogi_cluster::dump::{Side, dump};

use crate::context::Context;
use crate::diagnostic::{CliError, Diagnostic};
use crate::exit::Exit;
use crate::project::{addresses, cluster, cluster_without_models};
use crate::report::events::with_progress;
use crate::report::script;
use crate::runtime::Engine;
use crate::terminal::Terminal;
use crate::whole_file;

/// Print the managed schemas as one SQL script in dependency order; writes nothing but its own output
#[derive(Debug, Clone, Default, Args)]
pub struct DumpArgs {
    /// Only these objects, each with all its parts; a schema stands for everything in it
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// What is declared instead of what the database holds; connects to no target
    #[arg(long)]
    pub desired: bool,
    /// Write to a file instead of standard output: whole, or not at all
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

pub(crate) fn run(args: &DumpArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let chosen = addresses(&args.addresses)?;
    let (side, cluster) = if args.desired {
        (Side::Desired, cluster(context)?)
    } else {
        (Side::Live, cluster_without_models(context)?)
    };
    let engine = Engine::start()?;
    let dumped = with_progress(terminal, |reporter| engine.run(dump(&cluster, side, &chosen, reporter)))??;
    for warning in script::warnings(&dumped.script, &dumped.not_modelled) {
        terminal.say(&warning.render(terminal.paint_err()));
    }
    let text = if context.global.json { script::to_json(&dumped) } else { script::render(&dumped) };
    match &args.output {
        None => terminal.print(&text).map_err(|error| CliError::output(&error))?,
        Some(file) => {
            let path = context.working_folder.join(file);
            whole_file::write(&path, &text).map_err(|error| {
                Diagnostic::error("dump_not_written", format!("cannot write the script: {error}"))
                    .file(path.display().to_string())
            })?;
        }
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parsed;

    #[test]
    fn what_is_dumped_can_be_chosen() {
        let args: DumpArgs = parsed(&["table.main.public.a", "--desired", "--output", "a.sql"]).unwrap();
        assert_eq!(args.addresses, ["table.main.public.a"]);
        assert!(args.desired);
        assert!(parsed::<DumpArgs>(&[]).unwrap().addresses.is_empty());
    }
}
