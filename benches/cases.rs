//! What is measured.

use std::process::Command;
use std::time::Duration;

use crate::process::{in_turn, median, peak_memory, run, time};
use crate::project::Project;
use crate::report::Report;
use crate::schema::{Extra, ddl, declarations};
use crate::server::Server;
use crate::{Outcome, Programs};

/// Where every process starts anew, and a small project.
pub(crate) fn start_up(
    programs: &Programs,
    server: &Server,
    runs: usize,
    report: &mut Report,
) -> Outcome<()> {
    let version = || time(Command::new(&programs.djogi).arg("--version"));
    report.time("djogi --version", median_of(3 * runs, version)?, Duration::from_millis(10));
    server.create("shop")?;
    let shop = Project::new(&programs.shop, &server.url("shop"), "schemas = [\"public\", \"sales\"]\n")?;
    time(&mut shop.apply())?;
    let plan = median_of(runs, || time(&mut shop.plan()))?;
    report.time("plan of the shop example, nothing to do", plan, Duration::from_millis(60));
    Ok(())
}

fn median_of(runs: usize, mut once: impl FnMut() -> Outcome<Duration>) -> Outcome<Duration> {
    Ok(median((0..runs).map(|_| once()).collect::<Outcome<_>>()?))
}

/// A schema of `size` tables from its first apply to its end.
pub(crate) fn tables(
    size: usize,
    programs: &Programs,
    server: &Server,
    runs: usize,
    report: &mut Report,
) -> Outcome<()> {
    let title = |what: &str| format!("{size:>5} tables: {what}");
    // Each first apply leaves a database; a few of the big ones are telling enough.
    let first_runs = if size > 1000 { 1 } else { runs.min(3) };
    let project = first_apply(size, programs, server, first_runs, report)?;
    let database = database_of(size, first_runs - 1);
    server.execute(&database, "VACUUM ANALYZE")?;

    let pg_dump = || {
        let mut command = Command::new(programs.postgres.join("pg_dump"));
        command.arg("--schema-only").arg(server.url(&database));
        command
    };
    let (plan, dump) = in_turn(runs, |_| time(&mut project.plan()), |_| time(&mut pg_dump()))?;
    report.ratio(&title("no-op plan : pg_dump --schema-only"), plan, dump, (size >= 1000).then_some(0.5));
    if let Some(bytes) = peak_memory(&mut project.plan())? {
        report.memory(&title("peak memory of the no-op plan"), bytes, (size == 5000).then_some(150 << 20));
    }

    let unchanged = declarations(size, Extra::none);
    let changed = declarations(size, Extra::columns(10, 1));
    let plan_of = |declarations| {
        project.declare(declarations)?;
        time(&mut project.plan())
    };
    let (ten, none) = in_turn(runs, |_| plan_of(&changed), |_| plan_of(&unchanged))?;
    report.ratio(
        &title("plan with 10 changed tables : no-op plan"),
        ten,
        none,
        (size >= 1000).then_some(1.1),
    );

    let column = |run| {
        project.declare(&declarations(size, Extra::columns(1, run + 1)))?;
        time(&mut project.apply())
    };
    let (apply, none) = in_turn(runs, column, |_| time(&mut project.plan()))?;
    report.ratio(&title("apply of one column : no-op plan"), apply, none, (size == 1000).then_some(1.5));
    let left = run(&mut project.command(&["plan", "--detailed-exitcode"]))?;
    report.fact(&title("nothing is left to do"), left.code == Some(0));

    project.declare(&declarations(size.div_ceil(2), Extra::columns(1, runs)))?;
    let half = time(&mut project.apply())?;
    report.ratio(&title("apply that drops half of them : pg_dump"), half, dump, None);
    Ok(())
}

/// Applies the schema to empty databases, beside `psql` doing the same. The project of the last one is given back.
fn first_apply(
    size: usize,
    programs: &Programs,
    server: &Server,
    runs: usize,
    report: &mut Report,
) -> Outcome<Project> {
    let script = tempfile::Builder::new().suffix(".sql").tempfile()?;
    std::fs::write(script.path(), ddl(size))?;
    let unchanged = declarations(size, Extra::none);
    let mut last = None;
    let apply = |run| {
        let database = database_of(size, run);
        server.create(&database)?;
        let project = Project::of_catalog(&programs.djogi, &server.url(&database))?;
        project.declare(&unchanged)?;
        // What the other side has left to be written must not fall on this one.
        server.execute("postgres", "CHECKPOINT")?;
        let took = time(&mut project.apply())?;
        last = Some(project);
        Ok(took)
    };
    let psql = |run| {
        let database = format!("psql_{size}_{run}");
        server.create(&database)?;
        let mut command = Command::new(programs.postgres.join("psql"));
        command
            .args(["-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f"])
            .arg(script.path())
            .arg(server.url(&database));
        server.execute("postgres", "CHECKPOINT")?;
        time(&mut command)
    };
    let what = format!("{size:>5} tables: first apply : psql -1 -f");
    if size > 1000 {
        // More than one transaction can lock: psql cannot do it at all.
        let took = in_turn(runs, apply, |_| Ok(Duration::ZERO))?.0;
        report.ratio(
            &format!("{size:>5} tables: first apply (psql -1 has too many locks)"),
            took,
            took,
            None,
        );
    } else {
        let (ours, theirs) = in_turn(runs, apply, psql)?;
        // Not before: the file system removes thousands of files long after it said so, and the next run would pay.
        for run in 0..runs {
            server.execute("postgres", &format!("DROP DATABASE psql_{size}_{run}"))?;
        }
        report.ratio(&what, ours, theirs, (size == 1000).then_some(1.3));
    }
    last.ok_or_else(|| "no run was asked for".into())
}

fn database_of(size: usize, run: usize) -> String {
    format!("djogi_{size}_{run}")
}
