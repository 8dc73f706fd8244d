//! The real binaries, built by cargo once in a test process, in the profile and target folder of the test itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The plain `djogi` binary.
pub fn djogi() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| built("djogi-cli", "djogi"))
}

/// The binary of the web shop example, with its models linked in.
pub fn shop() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| built("shop", "shop"))
}

/// Cargo knows best whether a program is up to date; asking takes a moment when it is.
fn built(package: &str, program: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test runs from a file");
    // <target>/<profile>/deps/<test>
    let profile_dir = test.ancestors().nth(2).expect("cargo puts tests two folders deep");
    let target_dir = profile_dir.parent().expect("the folder of a profile is in the target folder");
    let profile = match profile_dir.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(profile) => profile,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", package, "--bin", program, "--profile", profile])
        .arg("--target-dir")
        .arg(target_dir)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    profile_dir.join(program)
}
