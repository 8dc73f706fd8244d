//! Many groups in one apply, beside `psql` that commits the same groups.
//!
//! A column for each of a hundred tables that are not small: each is locked by itself, so each is a group.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use djogi_core::plan::PlanDocument;

use crate::process::{in_turn, syncs, time};
use crate::project::Project;
use crate::report::Report;
use crate::schema::{Extra, declarations, fill};
use crate::server::Server;
use crate::{Outcome, Programs};

const GROUPS: usize = 100;

/// The fewest rows with which a table is not small.
const ROWS: usize = 10_000;

/// How often the client may wait for its disk in a whole apply, however many groups it has.
const CLIENT_SYNCS: u64 = 20;

/// What the server may flush besides the groups: the epoch, and what the log writer does at moments of its own choice.
const OTHER_FLUSHES: u64 = 5;

const OURS: &str = "djogi_groups";
const THEIRS: &str = "psql_groups";

pub(crate) fn groups(programs: &Programs, server: &Server, runs: usize, report: &mut Report) -> Outcome<()> {
    let title = |what: &str| format!("{GROUPS:>5} groups: {what}");
    server.create(OURS)?;
    let project = Project::of_catalog(&programs.djogi, &server.url(OURS))?;
    project.declare(&declarations(GROUPS, Extra::default()))?;
    time(&mut project.apply())?;
    server.execute(OURS, &fill(GROUPS, ROWS))?;
    server.execute(OURS, "VACUUM ANALYZE")?;
    server.execute("postgres", &format!("CREATE DATABASE {THEIRS} TEMPLATE {OURS}"))?;

    let scripts = tempfile::tempdir()?;
    let script = |run: usize| scripts.path().join(format!("{run}.sql"));
    let (mut our_flushes, mut their_flushes) = (Vec::new(), Vec::new());
    let (ours, theirs) = in_turn(
        runs,
        |run| {
            one_column_more(&project, run)?;
            std::fs::write(script(run), as_transactions(&project.planned()?)?)?;
            server.execute("postgres", "CHECKPOINT")?;
            let before = server.log_flushes()?;
            let took = time(&mut project.apply())?;
            our_flushes.push(server.log_flushes()? - before);
            Ok(took)
        },
        |run| {
            server.execute("postgres", "CHECKPOINT")?;
            let before = server.log_flushes()?;
            let took = time(&mut psql(programs, server, &script(run)))?;
            their_flushes.push(server.log_flushes()? - before);
            Ok(took)
        },
    )?;
    report.ratio(&title("apply : psql, a transaction each"), ours, theirs, Some(1.5));

    let (our_flushes, their_flushes) = (fewest(&our_flushes), fewest(&their_flushes));
    report.count(
        &title("flushes of the server's log"),
        our_flushes,
        Some(their_flushes),
        Some(their_flushes + OTHER_FLUSHES),
    );
    one_column_more(&project, runs)?;
    if let Some(client) = syncs(&mut project.apply())? {
        report.count(&title("fsyncs of the client"), client, None, Some(CLIENT_SYNCS));
    }
    let left = crate::process::run(&mut project.command(&["plan", "--detailed-exitcode"]))?;
    report.fact(&title("nothing is left to do"), left.code == Some(0));
    Ok(())
}

/// Declares what makes the hundred groups of `run`.
fn one_column_more(project: &Project, run: usize) -> Outcome<()> {
    project.declare(&declarations(GROUPS, Extra { tables: GROUPS, columns: run + 1 }))
}

/// The statements of a plan, each group as a transaction of its own.
fn as_transactions(plan: &PlanDocument) -> Outcome<String> {
    if plan.groups.len() != GROUPS {
        return Err(format!("the plan has {} groups instead of {GROUPS}", plan.groups.len()).into());
    }
    let mut script = String::new();
    for group in &plan.groups {
        script.push_str("BEGIN;\n");
        for operation in &group.operations {
            writeln!(script, "{};", operation.sql)?;
        }
        script.push_str("COMMIT;\n");
    }
    Ok(script)
}

fn psql(programs: &Programs, server: &Server, script: &Path) -> Command {
    let mut command = Command::new(programs.postgres.join("psql"));
    command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"]).arg(script).arg(server.url(THEIRS));
    command
}

fn fewest(counts: &[u64]) -> u64 {
    counts.iter().copied().min().unwrap_or_default()
}
