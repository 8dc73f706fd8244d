//! Finds the project: its `djogi.toml`, its folder, the environment, and where its state lives.

use std::path::{Path, PathBuf};

use super::Config;
use super::parse::parse;
use super::problem::SourceFile;
use crate::diagnostic::{CliError, Diagnostic};

/// The name of the configuration file.
pub const FILE_NAME: &str = "djogi.toml";

/// Where to look for the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// `--config`: the file, or the folder that it is in.
    pub explicit: Option<&'a Path>,
    /// The working folder, absolute.
    pub working_folder: &'a Path,
    /// The folder of the `Cargo.toml` of the `djogi_main!` binary.
    pub manifest_dir: Option<&'a Path>,
}

/// A project whose configuration was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its `djogi.toml`.
    pub file: PathBuf,
    /// The folder of its `djogi.toml`; paths in the configuration are relative to it.
    pub root: PathBuf,
    /// The chosen environment.
    pub environment: Option<String>,
    /// The configuration, environment applied.
    pub config: Config,
}

impl Project {
    /// Finds and reads the configuration.
    ///
    /// # Errors
    /// No file, an unreadable one, mistakes in it, or an unknown environment.
    pub fn open(search: Search<'_>, environment: Option<&str>) -> Result<Self, CliError> {
        let file = discover(search)?;
        let name = file.strip_prefix(search.working_folder).unwrap_or(&file).display().to_string();
        let text = std::fs::read_to_string(&file).map_err(|error| {
            Diagnostic::error("config_unreadable", format!("cannot read the configuration: {error}"))
                .file(&name)
        })?;
        let config = parse(SourceFile { name: &name, text: &text }, environment)?;
        let root = file.parent().expect("a file found in a folder has one").to_owned();
        Ok(Self { file, root, environment: environment.map(str::to_owned), config })
    }

    /// The folder of everything that djogi keeps on this machine for the project: `.djogi/`.
    pub fn home(&self) -> PathBuf {
        self.root.join(".djogi")
    }

    /// The folder of the local state: `.djogi/`, or `.djogi/env/<name>/` for an environment.
    pub fn state_dir(&self) -> PathBuf {
        match &self.environment {
            None => self.home(),
            Some(name) => self.home().join("env").join(name),
        }
    }
}

/// The explicit file, else the nearest one upward, else the one beside the program's `Cargo.toml`.
fn discover(search: Search<'_>) -> Result<PathBuf, CliError> {
    if let Some(explicit) = search.explicit {
        let path = search.working_folder.join(explicit);
        let file = if path.is_dir() { path.join(FILE_NAME) } else { path };
        return match file.is_file() {
            true => Ok(file),
            false => Err(not_found(format!("there is no configuration at {}", file.display()))
                .help("--config takes a djogi.toml, or the folder that it is in")
                .into()),
        };
    }
    search
        .working_folder
        .ancestors()
        .chain(search.manifest_dir)
        .map(|folder| folder.join(FILE_NAME))
        .find(|file| file.is_file())
        .ok_or_else(|| {
            let folder = search.working_folder.display();
            not_found(format!("there is no {FILE_NAME} in {folder} or a folder above it"))
                .help("`djogi init` makes a project here; --config names one elsewhere")
                .into()
        })
}

fn not_found(message: String) -> Diagnostic {
    Diagnostic::error("config_not_found", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(folder: &Path, name: &str) {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(FILE_NAME), format!("[cluster]\nname = \"{name}\"\n[env.staging]\n"))
            .unwrap();
    }

    fn opened(
        explicit: Option<&str>,
        working_folder: &Path,
        manifest_dir: Option<&Path>,
    ) -> Result<Project, CliError> {
        Project::open(Search { explicit: explicit.map(Path::new), working_folder, manifest_dir }, None)
    }

    #[test]
    fn the_nearest_file_upward_comes_before_the_one_of_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let (outer, inner) = (folder.path().join("a"), folder.path().join("a/b/c"));
        let (program, elsewhere) = (folder.path().join("program"), folder.path().join("elsewhere"));
        project(&outer, "outer");
        project(&program, "program");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::create_dir_all(&elsewhere).unwrap();

        let cluster = |found: Result<Project, CliError>| found.unwrap().config.cluster;
        assert_eq!(cluster(opened(None, &inner, Some(&program))), "outer");
        assert_eq!(cluster(opened(None, &elsewhere, Some(&program))), "program");
        assert_eq!(cluster(opened(Some("../program"), &outer, None)), "program");
        assert_eq!(cluster(opened(Some("../program/djogi.toml"), &outer, None)), "program");
        project(&inner, "inner");
        assert_eq!(cluster(opened(None, &inner, Some(&program))), "inner");
    }

    #[test]
    fn without_a_file_the_error_names_the_ways_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut said = String::new();
        for explicit in [None, Some("nowhere")] {
            let error = opened(explicit, folder.path(), None).unwrap_err();
            said.push_str(&error.render(crate::terminal::Paint::plain()));
        }
        let said = said.replace(&folder.path().display().to_string(), "/project");
        insta::assert_snapshot!(said, @r"
        error[config_not_found]: there is no djogi.toml in /project or a folder above it
          = help: `djogi init` makes a project here; --config names one elsewhere
        error[config_not_found]: there is no configuration at /project/nowhere
          = help: --config takes a djogi.toml, or the folder that it is in
        ");
    }

    #[test]
    fn an_environment_has_a_state_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        project(folder.path(), "shop");
        let search = Search { explicit: None, working_folder: folder.path(), manifest_dir: None };
        let plain = Project::open(search, None).unwrap();
        let staging = Project::open(search, Some("staging")).unwrap();
        assert_eq!(plain.state_dir(), folder.path().join(".djogi"));
        assert_eq!(staging.state_dir(), folder.path().join(".djogi/env/staging"));
    }
}
