//! `cargo run -p e2e --release -- cases DIR`: how many pairs of states of a schema djogi converges; `-- random --runs N`:
//! whether it does with random ones.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use e2e::conformance::{Case, Question, Verdict, run};
use e2e::random::{Finding, Plan};

/// Drives the real binary.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

/// What is asked of which pairs.
#[derive(Debug, clap::Args)]
struct Asked {
    /// The folder of `<suite>/<case>/old.sql` and `new.sql`
    folder: PathBuf,
    /// Only the pairs whose `suite/case` contains this
    #[arg(long)]
    filter: Option<String>,
    /// How many at a time
    #[arg(long, default_value_t = 4)]
    jobs: usize,
    /// Write each state as SQL files and as a script instead, and load them again
    #[arg(long)]
    round_trip: bool,
    /// Let nobody wait, however small the tables are
    #[arg(long, conflicts_with = "round_trip")]
    online: bool,
    /// Say of each that fails why
    #[arg(long)]
    list_failures: bool,
    /// Write down which pass
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Brings every pair of states from the old to the new one and back
    Cases(Asked),
    /// Brings random pairs of states from one to the other and back
    Random {
        /// How many pairs
        #[arg(long, default_value_t = 200)]
        runs: u32,
        /// How many at a time
        #[arg(long, default_value_t = 4)]
        jobs: u32,
        /// The same seed gives the same pairs, with as many jobs
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many smaller pairs are tried for each that fails
        #[arg(long, default_value_t = 60)]
        shrinking: u32,
    },
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    match Args::parse().command {
        Command::Cases(asked) => cases(asked),
        Command::Random { runs, jobs, seed, shrinking } => random(Plan { runs, jobs, seed, shrinking }),
    }
}

fn cases(asked: Asked) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let Asked { folder, filter, jobs, round_trip, online, list_failures, write } = asked;
    let mut cases = Case::all(&folder)?;
    cases.retain(|case| filter.as_ref().is_none_or(|filter| case.id().contains(filter)));
    cases.retain(|case| !(round_trip && case.meta.holds_secrets));
    let question = match (round_trip, online) {
        (true, _) => Question::GoesRound,
        (false, true) => Question::ConvergesOnline,
        (false, false) => Question::Converges,
    };
    let report = run(question, &cases, jobs, &|tried| {
        let is_bad = |(_, verdict): &(_, Verdict)| matches!(verdict, Verdict::Failed(_));
        let mark = if tried.verdicts.iter().any(is_bad) { "F" } else { "." };
        let _ = write!(std::io::stderr(), "{mark}");
    });
    let mut out = std::io::stdout().lock();
    writeln!(std::io::stderr())?;
    if list_failures {
        for (tried, direction, failure) in report.failures() {
            writeln!(out, "{} {direction}: {}", tried.case.id(), failure.class)?;
            for line in &failure.detail {
                writeln!(out, "    {}", line.replace('\n', "\n    "))?;
            }
        }
        writeln!(out)?;
    }
    write!(out, "{}", report.tables())?;
    if let Some(file) = write {
        let passing: Vec<String> = report.passing().into_iter().collect();
        std::fs::write(file, passing.join("\n") + "\n")?;
    }
    Ok(if report.failures().next().is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn random(plan: Plan) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let findings = e2e::random::run(plan, &|| {
        let _ = write!(std::io::stderr(), ".");
    });
    let mut out = std::io::stdout().lock();
    writeln!(std::io::stderr())?;
    for Finding { old, new, direction, failure } in &findings {
        writeln!(out, "== {direction}: {}\n-- old\n{old}-- new\n{new}", failure.class)?;
        for line in &failure.detail {
            writeln!(out, "-- {}", line.replace('\n', "\n-- "))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{} of {} pairs do not converge (seed {})", findings.len(), plan.runs, plan.seed)?;
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
