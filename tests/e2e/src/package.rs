//! A cargo package of one test, as `djogi init` scaffolds it, built against this very checkout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::binaries::{self, target_dir};
use crate::output::Output;
use crate::server::Server;

/// A new package in a folder of its own, without a database but the embedded one, which ends with it.
#[derive(Debug)]
pub struct Package {
    /// Above the package's folder: where cargo finds what it shares with the tests.
    above: TempDir,
    root: PathBuf,
    server: &'static Server,
}

impl Package {
    /// Runs `djogi init NAME` in an empty folder. It depends on the checkout that `djogi` was built in, which is this one.
    pub fn scaffold(server: &'static Server, name: &str) -> Self {
        let package = Self::nothing(server, name);
        package.share_builds();
        package.init(&[name]).ok();
        // The versions of the checkout are on this machine; what a registry has by now need not be.
        fs::copy(checkout().join("Cargo.lock"), package.root.join("Cargo.lock")).expect("our own lock file");
        package
    }

    /// Runs `djogi init --sql NAME` in an empty folder, which makes no package.
    pub fn scaffold_of_sql(server: &'static Server, name: &str) -> Self {
        let package = Self::nothing(server, name);
        package.init(&["--sql", name]).ok();
        package
    }

    fn nothing(server: &'static Server, name: &str) -> Self {
        let above = tempfile::Builder::new().prefix("djogi-e2e-").tempdir().expect("a temporary folder");
        Self { root: above.path().join(name), above, server }
    }

    /// `djogi init ARGUMENTS`, beside the package's folder.
    pub fn init(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binaries::djogi());
        command.arg("init").args(arguments).current_dir(self.above.path());
        output(&mut command)
    }

    /// Dependencies are built in the target folder and by the profile of the tests, so most are there already.
    fn share_builds(&self) {
        let manifest = fs::read_to_string(checkout().join("Cargo.toml")).expect("our own manifest");
        let profile: String =
            manifest.split_inclusive("\n\n").filter(|part| part.contains("[profile.dev")).collect();
        let target = target_dir();
        let config = format!("[build]\ntarget-dir = {target:?}\n[net]\noffline = true\n\n{profile}");
        let folder = self.above.path().join(".cargo");
        fs::create_dir(&folder).expect("a folder of our own");
        fs::write(folder.join("config.toml"), config).expect("a file of our own");
    }

    /// The package's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Replaces a file of the package.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.root.join(name), text).expect("a file of the package");
    }

    /// Reads a file of the package.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// `cargo run -q -- ARGUMENTS`, as the scaffold tells its user.
    pub fn cargo_run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()));
        command.args(["run", "--quiet", "--"]).args(arguments);
        self.run_in_root(&mut command)
    }

    /// The plain `djogi`, which asks the package for its models.
    pub fn djogi(&self, arguments: &[&str]) -> Output {
        self.run_in_root(Command::new(binaries::djogi()).args(arguments))
    }

    fn run_in_root(&self, command: &mut Command) -> Output {
        for (name, _) in std::env::vars_os() {
            let foreign = ["DJOGI", "DATABASE_URL", "CARGO", "RUST", "PG"];
            let kept = ["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "CARGO_INCREMENTAL"];
            let name = name.to_string_lossy();
            if foreign.iter().any(|start| name.starts_with(start)) && !kept.contains(&&*name) {
                command.env_remove(&*name);
            }
        }
        command.current_dir(&self.root).env("DJOGI_POSTGRES", self.server.installation());
        output(command)
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        // The data need not be below the package's folder. Without models it is found as well.
        let _ = fs::write(self.root.join("djogi.toml"), "[cluster]\nname = \"gone\"\n");
        let mut command = Command::new(binaries::djogi());
        self.run_in_root(command.args(["db", "reset", "--auto-approve"]));
    }
}

fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("it runs").into()
}

/// The workspace that the tests belong to.
fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the tests are two folders deep")
}
