//! The real binaries, built by cargo once in a test process, in the profile and target folder of the test itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The plain `djogi` binary.
pub fn djogi() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| built().join("djogi"))
}

/// The binary of the web shop example, with its models linked in.
pub fn shop() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| built().join("shop"))
}

/// The folder that cargo builds the tests in.
pub(crate) fn target_dir() -> &'static Path {
    built().parent().expect("the folder of a profile is in the target folder")
}

/// The folder of programs that are up to date, which cargo knows best; asking takes a moment when they are.
fn built() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let test = std::env::current_exe().expect("a test runs from a file");
        // <target>/<profile>/deps/<test>, or a program of ours in <target>/<profile>.
        let folder = test.parent().expect("a program is in a folder");
        let folder = if folder.ends_with("deps") { folder.parent().expect("a profile") } else { folder };
        let target_dir = folder.parent().expect("the folder of a profile is in the target folder");
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            None | Some("debug") => "dev",
            Some(profile) => profile,
        };
        // A test among the targets makes cargo choose the features of dependencies as `cargo test --workspace` does,
        // so that after it next to nothing is left to compile.
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()))
            .args(["build", "--quiet", "--workspace", "--bins", "--test", "e2e", "--profile", profile])
            .arg("--target-dir")
            .arg(target_dir)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder.to_owned()
    })
}
