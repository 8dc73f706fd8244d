//! A small file system of one test. Where none may be mounted the test says so and does nothing.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system in memory, unmounted with this value.
#[derive(Debug)]
pub(super) struct Mounted(PathBuf);

impl Mounted {
    /// `None`, with the reason in the log, where this account or this container may not mount.
    pub(super) fn tmpfs(folder: &Path, kilobytes: u32) -> Option<Self> {
        let options = format!("size={kilobytes}k,mode=755");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(folder.to_owned())),
            Ok(output) => skip(&String::from_utf8_lossy(&output.stderr)),
            Err(error) => skip(&error.to_string()),
        }
    }

    /// Writes until nothing more can be written; the file to be removed again.
    pub(super) fn fill(&self) -> PathBuf {
        let ballast = self.0.join("ballast");
        let mut file = fs::File::create(&ballast).unwrap();
        for size in [65536, 4096] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        ballast
    }

    /// Whether it is so now; with files open for writing it cannot be made read-only.
    pub(super) fn set_read_only(&self, is_read_only: bool) -> bool {
        let option = if is_read_only { "remount,ro" } else { "remount,rw" };
        Command::new("mount").args(["-o", option]).arg(&self.0).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn skip<T>(reason: &str) -> Option<T> {
    // Seen even when tests are captured.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: a file system in memory cannot be mounted here ({}); full and read-only disks are not tested",
        reason.trim()
    );
    None
}
