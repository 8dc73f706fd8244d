//! `djogi approve`: allows a change that destroys data, once.

use std::path::PathBuf;

use clap::Args;
use djogi_cluster::approvals::{ApproveError, Granted, PrivateKey, approve};
use djogi_cluster::error::EngineError;
use djogi_cluster::state::{Approval, Serial};
use serde_json::{Value, json};

use crate::context::Context;
use crate::diagnostic::CliError;
use crate::exit::Exit;
use crate::project::{addresses, cluster, cluster_without_models};
use crate::report::events::with_progress;
use crate::report::line::printable_lines;
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Approve changes that destroy or narrow data, each once; changes no schema object
#[derive(Debug, Clone, Default, Args)]
pub struct ApproveArgs {
    /// What to approve, as `djogi plan` names it
    #[arg(value_name = "ADDRESS", required = true)]
    pub addresses: Vec<String>,
    /// Approve what `djogi revert --to SERIAL` would do
    #[arg(long, value_name = "SERIAL")]
    pub revert_to: Option<u64>,
    /// Why, in one line; kept with the approval and in the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Sign with this Ed25519 private key (PKCS #8, PEM)
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

pub(crate) fn run(args: &ApproveArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let wanted = addresses(&args.addresses)?;
    let key = args.key.as_ref().map(|file| read_key(context, file)).transpose()?;
    let back_to = args.revert_to.map(Serial::new);
    // Who goes back needs no declarations.
    let cluster = if back_to.is_some() { cluster_without_models(context)? } else { cluster(context)? };
    let engine = Engine::start()?;
    let granted = with_progress(terminal, |reporter| {
        engine.run(approve(&cluster, &wanted, back_to, &args.reason, key.as_ref(), reporter))
    })??;
    let then = match back_to {
        Some(serial) => format!("djogi revert --to {serial} --out back.plan`, then `djogi apply back.plan"),
        None => "djogi apply".to_owned(),
    };
    let text = if context.global.json {
        let entries: Vec<Value> = granted.iter().map(to_json).collect();
        format!("{:#}\n", json!({ "approvals": entries }))
    } else {
        printable_lines(&granted.iter().map(|granted| to_text(granted, &then)).collect::<String>())
    };
    terminal.print(&text).map_err(|error| CliError::output(&error))?;
    Ok(Exit::Done)
}

/// Reads a private key, relative to the working folder.
pub(crate) fn read_key(context: &Context, file: &std::path::Path) -> Result<PrivateKey, CliError> {
    let key = PrivateKey::read(&context.working_folder.join(file));
    key.map_err(|error| EngineError::from(ApproveError::from(error)).into())
}

fn to_text(granted: &Granted, then: &str) -> String {
    match granted {
        Granted::Already { address, approval } => format!("{address} is approved already, by {approval}.\n"),
        Granted::New(approval) => bound(approval) + &format!("  `{then}` makes use of it, once.\n"),
    }
}

/// What an approval is bound to, and by whom.
pub(crate) fn bound(approval: &Approval) -> String {
    let Approval { id, action, address, before_digest, oid, after_digest, approver, reason, .. } = approval;
    let after = after_digest.map_or_else(|| "gone".to_owned(), |digest| digest.to_string());
    let signed = approval.signature.as_ref().map_or("", |_| ", signed");
    format!(
        "Approved: {} {address}\n  now      {before_digest}, oid {}\n  then     {after}\n  by       {approver}{signed}\n  \
         because  {reason}\n  approval {id}\n",
        action.as_str(),
        oid.0
    )
}

fn to_json(granted: &Granted) -> Value {
    match granted {
        Granted::New(approval) => json!({"granted": true, "approval": approval}),
        Granted::Already { address, approval } => {
            json!({"granted": false, "approval": {"id": approval, "address": address}})
        }
    }
}
