//! The plain `djogi` binary with the feature `failpoints` on, for the crash suite.

use std::process::ExitCode;

fn main() -> ExitCode {
    djogi_cli::run(djogi_cli::Program::default())
}
