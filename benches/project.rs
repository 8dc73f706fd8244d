//! A project folder that the real binary runs in.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use djogi_core::declared::Declarations;
use djogi_core::plan::PlanDocument;
use tempfile::TempDir;

use crate::Outcome;

/// A folder with `djogi.toml` and, for the plain binary, `catalog.json`.
#[derive(Debug)]
pub(crate) struct Project {
    folder: TempDir,
    program: PathBuf,
    /// What every command is given.
    flags: Vec<String>,
}

impl Project {
    /// `more` goes below the settings of the target.
    pub(crate) fn new(program: &Path, url: &str, more: &str) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("djogi-bench-").tempdir()?;
        let config = format!("[cluster]\nname = \"bench\"\n\n[target.main]\nurl = \"{url}\"\n{more}");
        std::fs::write(folder.path().join("djogi.toml"), config)?;
        Ok(Self { folder, program: program.to_owned(), flags: Vec::new() })
    }

    /// A project whose models are in `catalog.json`.
    pub(crate) fn of_catalog(program: &Path, url: &str) -> Outcome<Self> {
        Self::new(program, url, "destructive = \"allow\"\n\n[models]\ncatalog = \"catalog.json\"\n")
    }

    /// A project of SQL files, which are loaded on the server of `scratch`.
    pub(crate) fn of_sql(program: &Path, url: &str, scratch: &str) -> Outcome<Self> {
        let project = Self::new(program, url, "\n[sql]\nfiles = [\"*.sql\"]\n")?;
        Ok(Self { flags: vec!["--scratch-url".to_owned(), scratch.to_owned()], ..project })
    }

    /// Writes one of its files.
    pub(crate) fn write(&self, name: &str, text: &str) -> Outcome<()> {
        Ok(std::fs::write(self.folder.path().join(name), text)?)
    }

    pub(crate) fn declare(&self, declarations: &Declarations) -> Outcome<()> {
        Ok(std::fs::write(self.folder.path().join("catalog.json"), serde_json::to_vec(declarations)?)?)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.flags).args(arguments).current_dir(self.folder.path()).env_remove("DJOGI_ENV");
        command
    }

    pub(crate) fn plan(&self) -> Command {
        self.command(&["plan"])
    }

    /// What there is to do.
    pub(crate) fn planned(&self) -> Outcome<PlanDocument> {
        let mut command = self.command(&["plan", "--json"]);
        let output = command.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("{command:?} ended with {}", output.status).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    pub(crate) fn apply(&self) -> Command {
        self.command(&["apply", "--auto-approve"])
    }
}
