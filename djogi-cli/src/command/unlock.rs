//! `djogi unlock`: shows who has the run lock, and ends a session that is to have it no longer.

use clap::Args;
use djogi_cluster::unlock::{TargetLock, holders, terminate};
use serde_json::json;

use super::confirm::confirm;
use crate::context::Context;
use crate::diagnostic::{CliError, Diagnostic};
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Show who has the run lock of each target; with --terminate, end the session that has it
///
/// The lock is held by the server process that works for a run, and is gone with it, however it ends: a dead run leaves
/// no lock behind.
#[derive(Debug, Clone, Default, Args)]
pub struct UnlockArgs {
    /// End the server process that has the lock; what it was doing is rolled back
    #[arg(long)]
    pub terminate: bool,
    /// Do not ask
    #[arg(long, requires = "terminate")]
    pub auto_approve: bool,
}

pub(crate) fn run(args: &UnlockArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let cluster = cluster_without_models(context)?;
    let engine = Engine::start()?;
    let found = with_progress(terminal, |reporter| engine.run(holders(&cluster, reporter)))??;
    let is_held = found.iter().any(|lock| lock.session.is_some());
    if context.global.json && !(args.terminate && is_held) {
        let text = to_json(&found, false);
        terminal.print(&text).map_err(|error| CliError::output(&error))?;
        return Ok(if is_held { Exit::Locked } else { Exit::Done });
    }
    if !context.global.json {
        terminal.print(&printable_lines(&to_text(&found))).map_err(|error| CliError::output(&error))?;
    }
    if !is_held {
        return Ok(Exit::Done);
    }
    if !args.terminate {
        let diagnostic = Diagnostic::error("locked", "the server process that has the lock is alive")
            .help("wait until the run has ended, or end it: `djogi unlock --terminate`");
        return Err(CliError::new(Exit::Locked, diagnostic));
    }
    if !args.auto_approve {
        let question = "\nEnd it, and roll back what it is doing? Only `yes` is taken: ";
        if !confirm(question, "add --auto-approve", &engine, terminal)? {
            return Err(Diagnostic::error("declined", "nothing was ended").into());
        }
    }
    let stop = engine.stop();
    with_progress(terminal, |reporter| {
        let done = engine.run_to_the_end(terminate(&cluster, &found, &stop, reporter));
        done.map_err(CliError::from)
    })?;
    let text = if context.global.json {
        to_json(&found, true)
    } else {
        "Ended. What it had committed stays; the next `djogi apply` goes on from there.\n".to_owned()
    };
    engine.conclude(terminal, &text)
}

fn to_json(found: &[TargetLock], is_terminated: bool) -> String {
    let locks = found.iter().map(|lock| {
        let mut value = json!(lock);
        value["locked"] = (lock.session.is_some() && !is_terminated).into();
        value["backend_alive"] = value["locked"].clone();
        value["terminated"] = (lock.session.is_some() && is_terminated).into();
        value
    });
    format!("{:#}\n", json!({"locks": locks.collect::<Vec<_>>()}))
}

fn to_text(found: &[TargetLock]) -> String {
    let mut text = String::new();
    for TargetLock { target, session, last_holder } in found {
        let Some(session) = session else {
            text.push_str(&format!("Target `{target}` is not locked.\n"));
            if let Some(last) = last_holder {
                let (command, actor, since) = (&last.command, &last.actor, &last.since);
                text.push_str(&format!(
                    "  the last run that wrote was `djogi {command}` by {actor}, begun at {since}\n"
                ));
            }
            continue;
        };
        text.push_str(&format!(
            "Target `{target}` is locked by backend {}, which is alive.\n",
            session.backend_pid
        ));
        let mut fact = |name: &str, value: Option<String>| {
            text.extend(
                value.filter(|value| !value.is_empty()).map(|value| format!("  {name:<8} {value}\n")),
            );
        };
        let holder = session.holder.as_ref();
        fact("actor", holder.map(|holder| holder.actor.to_string()));
        fact("command", holder.map(|holder| format!("djogi {}", holder.command)));
        fact("run", holder.map(|holder| holder.run.to_string()));
        fact("process", holder.map(|holder| format!("{} on {}", holder.pid, holder.host)));
        fact("since", holder.map(|holder| holder.since.clone()).or_else(|| session.since.clone()));
        fact("role", session.role.clone());
        fact("session", session.application_name.clone());
        fact("from", session.client_address.clone());
        text.push_str("The lock ends with this backend, and with nothing else.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parsed;

    #[test]
    fn only_a_termination_can_be_approved() {
        assert!(!parsed::<UnlockArgs>(&[]).unwrap().terminate);
        assert!(parsed::<UnlockArgs>(&["--terminate", "--auto-approve"]).unwrap().auto_approve);
        assert!(parsed::<UnlockArgs>(&["--auto-approve"]).is_err());
    }
}
