//! The binary under test: djogi with its failpoints, built by cargo once in a process, in the profile and target folder
//! of this program itself. `DJOGI_FAILPOINTS_PROGRAM` names one that is there already, such as a copy that later builds
//! leave alone.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The `djogi` binary with the feature `failpoints`.
pub fn djogi() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(program) = std::env::var_os("DJOGI_FAILPOINTS_PROGRAM") {
            return program.into();
        }
        let program = std::env::current_exe().expect("a program runs from a file");
        // <target>/<profile>/failpoints, or <target>/<profile>/deps/<test>
        let folder = program.ancestors().skip(1).find(|folder| !folder.ends_with("deps"));
        let folder = folder.expect("cargo puts programs into the folder of a profile");
        let target_dir = folder.parent().expect("the folder of a profile is in the target folder");
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            None | Some("debug") => "dev",
            Some(profile) => profile,
        };
        // All of the workspace, so that next to nothing but what has failpoints is compiled again.
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()))
            .args(["build", "--quiet", "--workspace", "--bin", "djogi-failpoints"])
            .args(["--features", "failpoints/failpoints", "--profile", profile])
            .arg("--target-dir")
            .arg(target_dir)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder.join("djogi-failpoints")
    })
}
