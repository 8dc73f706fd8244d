//! `djogi apply`: makes the database what the models declare, or runs a saved plan.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use djogi_cluster::apply::{AfterFailure, Applied, Prepared, Request, prepare};
use djogi_cluster::cluster::Cluster;
use djogi_cluster::event::Reporter;
use djogi_cluster::leave::leave_to_the_end;
use djogi_core::diff::Adoption;
use djogi_core::plan::{PLAN_FORMAT, PlanDocument, PlanOptions};

use super::online::OnlineArgs;
use crate::context::Context;
use crate::diagnostic::CliError;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::project::{addresses, cluster};
use crate::report::events::{with_json, with_progress};
use crate::report::{View, plan_human};
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Make the database what is declared; with --json, events are streamed as JSON lines
#[derive(Debug, Clone, Default, Args)]
pub struct ApplyArgs {
    /// A plan saved by `djogi plan --out`; exactly its statements are run
    #[arg(value_name = "PLAN", conflicts_with_all = ["only", "online", "accept_downtime", "adopt", "strict"])]
    pub plan: Option<PathBuf>,
    /// Do not ask; this approves no loss of data
    #[arg(long)]
    pub auto_approve: bool,
    /// Only these addresses and what they depend on
    #[arg(long, value_name = "ADDRESS", num_args = 1..)]
    pub only: Vec<String>,
    #[command(flatten)]
    pub online: OnlineArgs,
    /// Stop at the first group that fails, also where the rest does not depend on it
    #[arg(long)]
    pub fail_fast: bool,
    /// Adopt existing objects that differ from what is declared, and change them
    #[arg(long)]
    pub adopt: bool,
    /// Do nothing while anything is of a kind that djogi cannot manage
    #[arg(long)]
    pub strict: bool,
}

pub(crate) fn run(args: &ApplyArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let manner = Manner {
        asks: args.plan.is_none() && !args.auto_approve,
        after_failure: if args.fail_fast { AfterFailure::End } else { AfterFailure::GoOn },
    };
    carry_out(|| request(args, context), manner, context, terminal)
}

/// How a run treats who has started it.
pub(crate) struct Manner {
    /// Whether somebody has to say yes first.
    pub(crate) asks: bool,
    pub(crate) after_failure: AfterFailure,
}

/// Plans, asks and executes, with what happens told to the terminal or as events.
///
/// # Errors
/// When there is no request, no plan, or the run fails.
pub(crate) fn carry_out(
    request: impl FnOnce() -> Result<Request, CliError>,
    Manner { asks, after_failure }: Manner,
    context: &Context,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    if context.global.json {
        return with_json(terminal, |reporter| {
            if asks {
                return Err(Diagnostic::error("confirmation_needed", "with --json nobody can be asked")
                    .help("add --auto-approve, or apply a plan saved by `djogi plan --out`")
                    .into());
            }
            let request = request()?;
            let cluster = cluster(context)?;
            let engine = Engine::start()?;
            let ended = match begin(&cluster, request, &engine, reporter)? {
                Ok(prepared) => engine.run_to_the_end(prepared.execute(after_failure, reporter)),
                Err(ended) => *ended,
            };
            leave_to_the_end(cluster);
            finish(ended)
        });
    }
    let request = request()?;
    let cluster = cluster(context)?;
    let engine = Engine::start()?;
    let prepared = with_progress(terminal, |reporter| begin(&cluster, request, &engine, reporter))?;
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(ended) => return finish(*ended),
    };
    let text = plan_human::render(prepared.document(), View::of(terminal));
    // Effects do not depend on whether somebody is still reading.
    let _ = terminal.print(&text);
    let confirmed = !(prepared.has_work() && asks) || confirm(&prepared, terminal, &engine)?;
    let ended = with_progress(terminal, |reporter| {
        if confirmed {
            engine.run_to_the_end(prepared.execute(after_failure, reporter))
        } else {
            engine.run_to_the_end(prepared.decline(reporter))
        }
    });
    leave_to_the_end(cluster);
    finish(ended)
}

fn request(args: &ApplyArgs, context: &Context) -> Result<Request, CliError> {
    if let Some(file) = &args.plan {
        return read(&context.working_folder.join(file)).map(|document| Request::Saved(Box::new(document)));
    }
    let adopt = if args.adopt { Adoption::All } else { Adoption::Equal };
    let only = addresses(&args.only)?;
    let options = PlanOptions { only, adopt, strict: args.strict, ..args.online.options()? };
    Ok(Request::Declared(options))
}

/// Reads a saved plan.
fn read(file: &Path) -> Result<PlanDocument, CliError> {
    let name = file.display().to_string();
    let wrong = |code, message: String| -> CliError {
        Diagnostic::error(code, message).file(&name).help("`djogi plan --out FILE` saves a plan").into()
    };
    let text = std::fs::read(file)
        .map_err(|error| wrong("plan_unreadable", format!("cannot read the plan: {error}")))?;
    let value: serde_json::Value = serde_json::from_slice(&text)
        .map_err(|error| wrong("plan_invalid", format!("this is no saved plan: {error}")))?;
    let format = value.get("format_version").and_then(serde_json::Value::as_str).unwrap_or("none");
    if format != PLAN_FORMAT {
        let message = format!("the plan has format {format:?}; this djogi reads {PLAN_FORMAT:?}");
        return Err(wrong("plan_format", message));
    }
    serde_json::from_value(value)
        .map_err(|error| wrong("plan_invalid", format!("this is no saved plan: {error}")))
}

type Begun<'a> = Result<Prepared<'a>, Box<Applied>>;

fn begin<'a>(
    cluster: &'a Cluster,
    request: Request,
    engine: &Engine,
    reporter: &dyn Reporter,
) -> Result<Begun<'a>, CliError> {
    engine.run(prepare(cluster, request, engine.stop(), reporter))
}

fn confirm(prepared: &Prepared<'_>, terminal: &mut Terminal, engine: &Engine) -> Result<bool, CliError> {
    let targets: Vec<String> =
        prepared.document().base.targets.values().map(|t| t.database.clone()).collect();
    let question = format!("\nApply this to database {}? Only `yes` is taken: ", targets.join(", "));
    let otherwise = "add --auto-approve, or apply a plan saved by `djogi plan --out`";
    super::confirm::confirm(&question, otherwise, engine, terminal)
}

fn finish(applied: Applied) -> Result<Exit, CliError> {
    let exit = Exit::from_code(applied.summary.exit_code);
    match applied.error {
        Some(error) => Err(CliError { exit, ..CliError::from(error) }),
        None => Ok(exit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parsed;

    #[test]
    fn a_saved_plan_is_run_as_it_is() {
        let args: ApplyArgs = parsed(&["shop.plan", "--auto-approve"]).unwrap();
        assert_eq!(args.plan, Some("shop.plan".into()));
        assert!(args.auto_approve);
        assert!(parsed::<ApplyArgs>(&["shop.plan", "--only", "a"]).is_err());
        assert!(parsed::<ApplyArgs>(&["shop.plan", "--adopt"]).is_err());
        assert!(parsed::<ApplyArgs>(&["shop.plan", "--online", "never"]).is_err());
        assert!(parsed::<ApplyArgs>(&["shop.plan", "--accept-downtime", "a"]).is_err());
        assert!(parsed::<ApplyArgs>(&["shop.plan", "--strict"]).is_err());
    }
}
