//! `djogi live run|finalize|abandon`: applies that are about one migration alone.

use std::time::Duration;

use clap::Args;
use djogi_cluster::apply::{AfterFailure, Request};
use djogi_core::plan::PlanOptions;
use djogi_core::{Address, Ident};

use crate::command::apply::{Manner, carry_out};
use crate::context::Context;
use crate::diagnostic::{CliError, Diagnostic};
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Do what can be done of one migration now
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    which: Which,
}

/// Open the next gate of a migration: the cutover, then the end of the old values
#[derive(Debug, Clone, Default, Args)]
pub(super) struct FinalizeArgs {
    #[command(flatten)]
    which: Which,
    /// End the old values although they have not been kept as long as the configuration says
    #[arg(long)]
    now: bool,
}

/// Undo a migration: schema and data are as they were before
#[derive(Debug, Clone, Default, Args)]
pub(super) struct AbandonArgs {
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Clone, Default, Args)]
struct Which {
    /// The migration, as `djogi live status` names it
    #[arg(value_name = "NAME")]
    name: String,
    /// Do not ask; this approves no loss of data
    #[arg(long)]
    auto_approve: bool,
}

pub(super) fn run(args: &RunArgs, context: &Context, terminal: &mut Terminal) -> Result<Exit, CliError> {
    args.which.apply(context, terminal, |only, _| PlanOptions { only, ..PlanOptions::default() })
}

pub(super) fn finalize(
    args: &FinalizeArgs,
    context: &Context,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let retention = if args.now { Duration::ZERO } else { context.project()?.config.retention };
    args.which.apply(context, terminal, |only, name| PlanOptions {
        only,
        finalize: vec![name],
        retention,
        ..PlanOptions::default()
    })
}

pub(super) fn abandon(
    args: &AbandonArgs,
    context: &Context,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    args.which.apply(context, terminal, |only, name| PlanOptions {
        only,
        abandon: vec![name],
        ..PlanOptions::default()
    })
}

impl Which {
    fn apply(
        &self,
        context: &Context,
        terminal: &mut Terminal,
        options: impl FnOnce(Vec<Address>, Ident) -> PlanOptions,
    ) -> Result<Exit, CliError> {
        let request = || {
            let (target, name) = self.named(context)?;
            let only = vec![Address::migration(&target, &name)];
            Ok(Request::Declared(options(only, name)))
        };
        let manner = Manner { asks: !self.auto_approve, after_failure: AfterFailure::GoOn };
        carry_out(request, manner, context, terminal)
    }

    /// The target and the name: `NAME`, or `live.TARGET.NAME`.
    fn named(&self, context: &Context) -> Result<(Ident, Ident), CliError> {
        if let Ok(address) = self.name.parse::<Address>()
            && address.kind() == djogi_core::Kind::Migration
        {
            return Ok((address.target().clone(), address.name().clone()));
        }
        let name =
            Ident::new(&self.name).map_err(|error| Diagnostic::error("bad_name", error.to_string()))?;
        let project = context.project()?;
        let chosen = context.global.target.as_ref();
        let mut targets =
            project.config.targets.keys().filter(|target| chosen.is_none_or(|chosen| chosen == *target));
        let (Some(target), None) = (targets.next(), targets.next()) else {
            let message = format!("there are several targets, and each may have a migration `{name}`");
            let help = format!("say `live.TARGET.{name}`, or add --target TARGET");
            return Err(Diagnostic::error("several_targets", message).help(help).into());
        };
        let target = Ident::new(target).map_err(|error| Diagnostic::error("bad_name", error.to_string()))?;
        Ok((target, name))
    }
}
