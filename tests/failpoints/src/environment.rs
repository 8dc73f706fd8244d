//! What a run is told about its failpoints; see `djogi-cluster/src/failpoint/active.rs`.

use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::eventually;

/// The files by which a run and the suite talk about failpoints.
#[derive(Debug)]
pub(crate) struct Signals {
    folder: PathBuf,
}

impl Signals {
    /// In a folder of their own, which is made.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder for signals");
        Self { folder: folder.to_owned() }
    }

    /// Lets `command` do as `points` says, and trace what it comes by.
    pub(crate) fn set(&self, command: &mut Command, points: &str) {
        command
            .env("DJOGI_FAILPOINTS", points)
            .env("DJOGI_FAILPOINTS_DIR", &self.folder)
            .env("DJOGI_FAILPOINTS_TRACE", self.trace_file());
    }

    /// The names of the points that runs have come by.
    pub(crate) fn trace(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.trace_file()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Begins a new trace.
    pub(crate) fn forget_trace(&self) {
        std::fs::remove_file(self.trace_file()).expect("a run has left its trace");
    }

    /// Waits until a run stands still at `point`.
    pub(crate) fn await_pause(&self, point: &str, mut has_ended: impl FnMut() -> bool) -> bool {
        let reached = self.folder.join(format!("{point}.reached"));
        let mut ended = false;
        eventually(&format!("a run comes to {point}"), || {
            ended = has_ended();
            ended || reached.exists()
        });
        reached.exists()
    }

    /// Lets the run go on.
    pub(crate) fn release(&self, point: &str) {
        std::fs::write(self.folder.join(format!("{point}.released")), "").expect("the folder for signals");
    }

    fn trace_file(&self) -> PathBuf {
        self.folder.join("trace")
    }
}
