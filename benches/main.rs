//! `cargo run -p e2e --release --bin bench`: how fast the real binary is beside `pg_dump` and `psql` on one server.
//!
//! Prints a table with a bar for each promise and ends with an error when one is missed. What is measured is whole
//! processes, the two sides of a ratio in turn; see README.md.

mod cases;
mod groups;
mod live;
mod process;
mod project;
mod report;
mod schema;
mod server;
mod sql_files;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;

use report::Report;
use server::Server;

/// Measures djogi beside pg_dump and psql.
#[derive(Debug, Parser)]
struct Args {
    /// Numbers of tables.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1000, 5000])]
    sizes: Vec<usize>,
    /// Rows of the table that is migrated live.
    #[arg(long, default_value_t = 5_000_000)]
    rows: u64,
    /// Major version of the server, and of its pg_dump and psql.
    #[arg(long, default_value_t = 15)]
    postgres: u32,
    /// Runs of each side; the medians are compared.
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// Only one part of it all.
    #[arg(long)]
    only: Option<Part>,
    /// Folder with the release builds of `djogi` and `shop`, instead of building them.
    #[arg(long)]
    bin: Option<PathBuf>,
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    StartUp,
    Tables,
    SqlFiles,
    Groups,
    Live,
}

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The programs that are measured.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) djogi: PathBuf,
    pub(crate) shop: PathBuf,
    /// PostgreSQL's own.
    pub(crate) postgres: PathBuf,
}

fn main() -> Outcome<ExitCode> {
    let args = Args::parse();
    let bin = args.bin.map_or_else(build, Ok)?.canonicalize()?;
    let server = Server::start(args.postgres)?;
    let programs =
        Programs { djogi: bin.join("djogi"), shop: bin.join("shop"), postgres: server.programs().to_owned() };
    let mut report = Report::new(&server.version()?);
    let is_wanted = |part| args.only.is_none_or(|only| only == part);
    if is_wanted(Part::StartUp) {
        cases::start_up(&programs, &server, args.runs, &mut report)?;
    }
    for size in args.sizes.into_iter().filter(|_| is_wanted(Part::Tables)) {
        cases::tables(size, &programs, &server, args.runs, &mut report)?;
    }
    if is_wanted(Part::SqlFiles) {
        sql_files::sql_files(1000, &programs, &server, args.runs, &mut report)?;
    }
    if is_wanted(Part::Groups) {
        groups::groups(&programs, &server, args.runs, &mut report)?;
    }
    if is_wanted(Part::Live) {
        live::live(args.rows, &programs, &server, &mut report)?;
    }
    Ok(if report.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes the release builds and tells where they are.
fn build() -> Outcome<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let status = Command::new(cargo)
        .args(["build", "--release", "-p", "djogi-cli", "-p", "shop"])
        .current_dir(root)
        .status()?;
    if !status.success() {
        return Err(format!("cargo build ended with {status}").into());
    }
    let own = std::env::current_exe()?;
    Ok(own.parent().ok_or("this program is in no folder")?.to_owned())
}
