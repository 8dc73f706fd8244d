//! `cargo run -p failpoints`: the crash suite in full; see `docs/crash-suite.md`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use failpoints::{Extent, Matrix};

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
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/crash-matrix.md");

fn main() -> ExitCode {
    let Arguments { jobs, part } = Arguments::parse();
    match part {
        Part::Matrix { filter, quick, write } => {
            let extent = if quick { Extent::Quick } else { Extent::Full };
            let matrix = Matrix::play(extent, &filter, jobs);
            if write {
                std::fs::write(PAGE, page(&matrix)).expect("docs can be written");
            }
            report(&matrix)
        }
    }
}

/// `docs/crash-matrix.md`.
fn page(matrix: &Matrix) -> String {
    format!(
        "# Crash matrix

Written by `cargo run -p failpoints -- matrix --write`; `crash-suite.md` says what a case is. A number says how many
cases of a failpoint hold, at different moments of the run; bold ones do not. {} of {} cases hold.
{}",
        matrix.rows.iter().filter(|row| row.result.is_ok()).count(),
        matrix.rows.len(),
        matrix.render()
    )
}

#[expect(clippy::print_stdout, reason = "the answer of a program to who runs it")]
fn report(matrix: &Matrix) -> ExitCode {
    println!("{}", matrix.render());
    let failures = matrix.failures();
    for failure in &failures {
        println!("{failure}\n");
    }
    println!("{} cases, {} failures", matrix.rows.len(), failures.len());
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
