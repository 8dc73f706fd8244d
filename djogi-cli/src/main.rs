//! The plain `djogi` binary: it has no models of its own and reaches those of a project through `djogi.toml`.

use std::process::ExitCode;

fn main() -> ExitCode {
    djogi_cli::run(djogi_cli::Program::default())
}
