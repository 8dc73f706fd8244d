//! `djogi plan`: what apply would do.

use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use djogi_cluster::approvals::{sign_plan, signer};
use djogi_cluster::error::EngineError;
use djogi_cluster::leave::leave_to_the_end;
use djogi_cluster::plan::{Planned, plan};
use djogi_core::Address;
use djogi_core::plan::{PlanDocument, PlanOptions};

use super::online::OnlineArgs;
use crate::command::approve::read_key;
use crate::context::Context;
use crate::diagnostic::CliError;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::project::{addresses, cluster};
use crate::report::events::with_progress;
use crate::report::{View, explain, plan_human, plan_json, plan_sql};
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Show what apply would do; writes nothing but its own output
#[derive(Debug, Clone, Default, Args)]
pub struct PlanArgs {
    /// Save the plan, for `djogi apply FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Sign the saved plan with this Ed25519 private key (PKCS #8, PEM)
    #[arg(long, value_name = "FILE", requires = "out")]
    pub key: Option<PathBuf>,
    /// How to print the plan; --json is --format json
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<PlanFormat>,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Only these addresses and what they depend on
    #[arg(long, value_name = "ADDRESS", num_args = 1..)]
    pub only: Vec<String>,
    #[command(flatten)]
    pub online: OnlineArgs,
    /// Only compare the database with the state: what drifted
    #[arg(long)]
    pub refresh_only: bool,
    /// List the objects that djogi does not manage
    #[arg(long)]
    pub unmanaged: bool,
    /// No plan while anything is of a kind that djogi cannot manage
    #[arg(long)]
    pub strict: bool,
    /// Say why the change of this address stands where it stands
    #[arg(long, value_name = "ADDRESS")]
    pub explain: Option<String>,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// Text for people
    #[default]
    Human,
    /// The plan document
    Json,
    /// The statements alone
    Sql,
}

pub(crate) fn run(args: &PlanArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let key = args.key.as_ref().map(|file| read_key(context, file)).transpose()?;
    let cluster = cluster(context)?;
    let signer = key.as_ref().map(|key| signer(&cluster, key)).transpose().map_err(EngineError::from)?;
    let options = PlanOptions {
        only: addresses(&args.only)?,
        unmanaged: args.unmanaged,
        strict: args.strict,
        ..args.online.options()?
    };
    let explained = args.explain.as_ref().map(|word| addresses(std::slice::from_ref(word))).transpose()?;
    let engine = Engine::start()?;
    let planned = with_progress(terminal, |reporter| engine.run(plan(&cluster, options, reporter)))??;
    if let Some([address]) = explained.as_deref() {
        return explain_change(&planned, address, terminal);
    }
    let Planned { mut document, inputs } = planned;
    leave_to_the_end((cluster, inputs));
    if args.refresh_only {
        document = document.drift_only();
    }
    if let Some((signer, key)) = signer.as_ref().zip(key.as_ref()) {
        sign_plan(&mut document, signer, key);
    }
    present(&document, args.out.as_deref(), args.format, context, terminal)?;
    let has_changes = !document.resource_changes.is_empty() || !document.resource_drift.is_empty();
    Ok(if args.detailed_exitcode && has_changes { Exit::Changes } else { Exit::Done })
}

/// Prints a plan, after it was saved where that is asked for.
pub(super) fn present(
    document: &PlanDocument,
    out: Option<&Path>,
    format: Option<PlanFormat>,
    context: &Context,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    if let Some(file) = out {
        save(document, &context.working_folder.join(file))?;
    }
    let format = if context.global.json { PlanFormat::Json } else { format.unwrap_or_default() };
    let text = match format {
        PlanFormat::Human => plan_human::render(document, View::of(terminal)),
        PlanFormat::Json => plan_json::render(document),
        PlanFormat::Sql => plan_sql::render(document),
    };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    if let (Some(file), PlanFormat::Human) = (out, format) {
        terminal.note(&format!("\nSaved; `djogi apply {}` runs exactly this plan.\n", file.display()));
    }
    Ok(())
}

fn explain_change(planned: &Planned, address: &Address, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let reasons = planned.explain(address)?;
    let text = explain::render(&planned.document, address, &reasons, View::of(terminal));
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}

/// Writes the plan whole or not at all. It may show what is nobody else's business, so only its owner can read it.
/// A device or a pipe, such as /dev/stdout, is written to and never replaced.
fn save(document: &PlanDocument, file: &Path) -> Result<(), CliError> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let is_special = std::fs::metadata(file).is_ok_and(|found| !found.is_file() && !found.is_dir());
    let write = || {
        if is_special {
            return std::fs::write(file, plan_json::render(document));
        }
        djogi_cluster::failpoint!("plan.before_write");
        let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
        temporary.write_all(plan_json::render(document).as_bytes())?;
        temporary.as_file().sync_all()?;
        djogi_cluster::failpoint!("plan.after_write");
        temporary.persist(file).map(drop).map_err(|error| error.error)
    };
    write().map_err(|error| {
        Diagnostic::error("plan_not_saved", format!("cannot write the plan: {error}"))
            .file(file.display().to_string())
            .into()
    })
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::args::GlobalArgs;

    #[derive(Debug, Parser)]
    struct Plan {
        #[command(flatten)]
        global: GlobalArgs,
        #[command(flatten)]
        args: PlanArgs,
    }

    #[test]
    fn only_takes_several_addresses() {
        let plan = Plan::try_parse_from(["plan", "--only", "a", "b", "--only", "c", "--unmanaged"]).unwrap();
        assert_eq!(plan.args.only, ["a", "b", "c"]);
        assert!(plan.args.unmanaged);
        assert!(!plan.global.json);
    }

    #[test]
    fn json_and_another_format_exclude_each_other() {
        Plan::command().debug_assert();
        assert!(Plan::try_parse_from(["plan", "--json", "--format", "sql"]).is_err());
        let plan = Plan::try_parse_from(["plan", "--format", "sql"]).unwrap();
        assert_eq!(plan.args.format, Some(PlanFormat::Sql));
    }
}
