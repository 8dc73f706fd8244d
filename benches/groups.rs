//! Many groups in one apply, beside `psql` that commits the same groups.
//!
//! A change for each of a hundred tables that are not small: each is locked by itself, so each is a group.

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

/// What every table gets in one run; the numbers are those of the table and of the run.
type Changes = fn(usize, usize) -> Extra;

/// What large tables are changed for: half of the changes only write the catalog, a quarter looks at every row, a quarter
/// writes the table anew.
const MIXED: Changes = |table, run| match table % 4 {
    0 | 1 => Extra { columns: run, ..Extra::default() },
    2 => Extra { checks: run, ..Extra::default() },
    _ => Extra { wide: run % 2 == 1, ..Extra::default() },
};

/// The least that a group can be: nothing but the transaction itself takes any time.
const SMALLEST: Changes = |_, run| Extra { columns: run, ..Extra::default() };

pub(crate) fn groups(programs: &Programs, server: &Server, runs: usize, report: &mut Report) -> Outcome<()> {
    measure(programs, server, runs, ("mixed", MIXED), report)?;
    measure(programs, server, runs, ("smallest", SMALLEST), report)
}

fn measure(
    programs: &Programs,
    server: &Server,
    runs: usize,
    (name, changes): (&str, Changes),
    report: &mut Report,
) -> Outcome<()> {
    let title = |what: &str| format!("{GROUPS:>5} {name} groups: {what}");
    let (ours, theirs) = (format!("djogi_{name}"), format!("psql_{name}"));
    server.create(&ours)?;
    let project = Project::of_catalog(&programs.djogi, &server.url(&ours))?;
    let declare = |run: usize| project.declare(&declarations(GROUPS, |table| changes(table, run)));
    declare(0)?;
    time(&mut project.apply())?;
    server.execute(&ours, &fill(GROUPS, ROWS))?;
    server.execute(&ours, "VACUUM ANALYZE")?;
    server.execute("postgres", &format!("CREATE DATABASE {theirs} TEMPLATE {ours}"))?;

    let scripts = tempfile::tempdir()?;
    let script = |run: usize| scripts.path().join(format!("{run}.sql"));
    let (mut our_flushes, mut their_flushes) = (Vec::new(), Vec::new());
    let (our_time, their_time) = in_turn(
        runs,
        |run| {
            declare(run + 1)?;
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
            let took = time(&mut psql(programs, &server.url(&theirs), &script(run)))?;
            their_flushes.push(server.log_flushes()? - before);
            Ok(took)
        },
    )?;
    report.ratio(&title("apply : psql"), our_time, their_time, Some(1.5));

    if changes(0, 1).columns == changes(GROUPS - 1, 1).columns {
        // Where tables are written anew, the buffers that this takes are what flushes the log most.
        let (our_flushes, their_flushes) = (fewest(&our_flushes), fewest(&their_flushes));
        let bar = their_flushes + OTHER_FLUSHES;
        report.count(&title("flushes of the log"), our_flushes, Some(their_flushes), Some(bar));
    }
    declare(runs + 1)?;
    if let Some(client) = syncs(&mut project.apply())? {
        report.count(&title("fsyncs of the client"), client, None, Some(CLIENT_SYNCS));
    }
    let left = crate::process::run(&mut project.command(&["plan", "--detailed-exitcode"]))?;
    report.fact(&title("nothing is left to do"), left.code == Some(0));
    Ok(())
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

fn psql(programs: &Programs, url: &str, script: &Path) -> Command {
    let mut command = Command::new(programs.postgres.join("psql"));
    command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"]).arg(script).arg(url);
    command
}

fn fewest(counts: &[u64]) -> u64 {
    counts.iter().copied().min().unwrap_or_default()
}
