//! `djogi revert`: a plan toward an earlier revision.

use std::path::PathBuf;

use clap::Args;
use djogi_cluster::approvals::{sign_plan, signer};
use djogi_cluster::error::EngineError;
use djogi_cluster::revert::{Reverting, revert};
use djogi_cluster::state::Serial;

use super::approve::read_key;
use super::online::OnlineArgs;
use super::plan::{PlanFormat, present};
use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::cluster_without_models;
use crate::report::events::with_progress;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Show what leads back to an earlier revision; writes nothing but its own output
///
/// What was made since is deleted, with the same gates as everywhere. Save the plan and apply it; the declarations stay,
/// so the next `djogi plan` leads forward again.
#[derive(Debug, Clone, Args)]
pub struct RevertArgs {
    /// A serial of `djogi history`
    #[arg(long, value_name = "SERIAL")]
    pub to: u64,
    /// Save the plan, for `djogi apply FILE`
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Sign the saved plan with this Ed25519 private key (PKCS #8, PEM)
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, requires = "out")]
    pub key: Option<PathBuf>,
    /// How to print the plan; --json is --format json
    #[arg(long, value_enum, conflicts_with = "json")]
    pub format: Option<PlanFormat>,
    #[command(flatten)]
    pub online: OnlineArgs,
}

pub(crate) fn run(args: &RevertArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let key = args.key.as_ref().map(|file| read_key(context, file)).transpose()?;
    let cluster = cluster_without_models(context)?;
    let signer = key.as_ref().map(|key| signer(&cluster, key)).transpose().map_err(EngineError::from)?;
    let options = args.online.options()?;
    let engine = Engine::start()?;
    let serial = Serial::new(args.to);
    let reverting =
        with_progress(terminal, |reporter| engine.run(revert(&cluster, serial, options, reporter)))??;
    let Reverting { mut planned, written_by } = reverting;
    if let Some((signer, key)) = signer.as_ref().zip(key.as_ref()) {
        sign_plan(&mut planned.document, signer, key);
    }
    let command = written_by.command.as_deref().unwrap_or("run");
    terminal.note(&format!(
        "Back to serial {serial}, which `djogi {command}` by {} has written at {}:\n\n",
        written_by.actor, written_by.at
    ));
    present(&planned.document, args.out.as_deref(), args.format, context, terminal)?;
    if args.out.is_none() && !planned.document.resource_changes.is_empty() {
        terminal.note(&format!(
            "\nTo do this: `djogi revert --to {serial} --out back.plan`, then `djogi apply back.plan`.\n"
        ));
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parsed;

    #[test]
    fn the_serial_must_be_named() {
        assert_eq!(parsed::<RevertArgs>(&["--to", "7", "--out", "back.plan"]).unwrap().to, 7);
        assert!(parsed::<RevertArgs>(&[]).is_err());
        assert!(parsed::<RevertArgs>(&["--to", "last"]).is_err());
    }
}
