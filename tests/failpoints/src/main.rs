//! `cargo run -p failpoints`: the crash suite in full; see `docs/crash-suite.md`.

use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};
use e2e::installations;
use failpoints::{Extent, Matrix, kill_at_random};

/// Makes djogi fail, die and stand still everywhere, on real servers
#[derive(Debug, Parser)]
struct Arguments {
    /// Cases at the same time
    #[arg(long, global = true, default_value_t = 6)]
    jobs: usize,
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Every failpoint in every mode on every server
    Matrix {
        /// Only cases whose description contains this
        #[arg(default_value = "")]
        filter: String,
        /// Each point once in each mode
        #[arg(long)]
        quick: bool,
        /// Write docs/crash-matrix.md
        #[arg(long)]
        write: bool,
    },
    /// Runs that are killed at random moments
    Random {
        #[arg(long, default_value_t = 200)]
        kills: usize,
        /// Left out, another one each time; it is printed
        #[arg(long)]
        seed: Option<u64>,
    },
    /// All of it
    Full {
        /// Write docs/crash-matrix.md
        #[arg(long)]
        write: bool,
    },
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/crash-matrix.md");

fn main() -> ExitCode {
    let Arguments { jobs, part } = Arguments::parse();
    let is_good = match part {
        Part::Matrix { filter, quick, write } => {
            let extent = if quick { Extent::Quick } else { Extent::Full };
            matrix(extent, &filter, jobs, write)
        }
        Part::Random { kills, seed } => random(kills, seed, jobs),
        Part::Full { write } => {
            let parts = [matrix(Extent::Full, "", jobs, write), random(200, None, jobs)];
            parts.into_iter().all(|is_good| is_good)
        }
    };
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn matrix(extent: Extent, filter: &str, jobs: usize, write: bool) -> bool {
    let commit = commit();
    let matrix = Matrix::play(extent, filter, jobs);
    if write {
        std::fs::write(PAGE, page(&matrix, &commit)).expect("docs can be written");
    }
    say(&matrix.render());
    report("cases", matrix.played(), &matrix.failures())
}

fn random(kills: usize, seed: Option<u64>, jobs: usize) -> bool {
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    say(&format!("{kills} runs are killed at random moments, with seed {seed}"));
    report("killed runs", kills, &kill_at_random(kills, seed, jobs))
}

/// `docs/crash-matrix.md`.
fn page(matrix: &Matrix, commit: &str) -> String {
    format!(
        "# Crash matrix

Written by `cargo run -p failpoints -- full --write`; `crash-suite.md` says what a case is. A number says how many
cases of a failpoint hold, at different moments of the run; bold ones do not. {} of {} cases hold, on commit {} with
PostgreSQL {}.
{}",
        matrix.held(),
        matrix.played(),
        commit,
        versions(),
        matrix.render()
    )
}

/// What is checked out, and whether it was changed since.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    let is_changed = !git(&["status", "--porcelain", "--untracked-files=no"]).is_empty();
    format!("`{}`{}", git(&["rev-parse", "--short=12", "HEAD"]), if is_changed { " and changes" } else { "" })
}

fn versions() -> String {
    let versions: Vec<String> = installations().iter().map(|found| found.version.to_string()).collect();
    versions.join(" and ")
}

fn report(what: &str, number: usize, failures: &[String]) -> bool {
    for failure in failures {
        say(&format!("{failure}\n"));
    }
    say(&format!("{number} {what}, {} failures", failures.len()));
    failures.is_empty()
}

#[expect(clippy::print_stdout, reason = "the answer of a program to who runs it")]
fn say(text: &str) {
    println!("{text}");
}
