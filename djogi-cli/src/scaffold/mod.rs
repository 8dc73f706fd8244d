//! The files of a new project, written all or none.
//!
//! Every file is created anew, never opened; when one fails, those made before it are removed again. The
//! configuration comes last: a folder in which the process was killed half-way is no djogi project yet.

mod package;

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use self::package::package_name;
use crate::config::FILE_NAME;
use crate::diagnostic::{CliError, Diagnostic};

/// Where the new project gets djogi's crates from.
#[derive(Debug, Clone)]
pub(crate) enum Dependency {
    /// The registry, this version.
    Release(&'static str),
    /// A checkout of djogi; the folder of its root `Cargo.toml`.
    Checkout(PathBuf),
}

impl Dependency {
    /// What this program was built from: a program that is not from a registry knows crates that no registry may have.
    pub(crate) fn of_this_program() -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().filter(|root| {
            ["djogi-cli", "djogi-core"].iter().all(|name| root.join(name).join("Cargo.toml").is_file())
        });
        match checkout {
            Some(root) => Dependency::Checkout(root.to_owned()),
            None => Dependency::Release(env!("CARGO_PKG_VERSION")),
        }
    }
}

/// What a new project declares its schema in.
#[derive(Debug, Clone)]
pub(crate) enum Declaring {
    /// A cargo package of Rust models.
    Models(Dependency),
    /// SQL files, which need no package.
    Sql,
}

/// A project that is about to be written.
#[derive(Debug)]
pub(crate) struct Scaffold {
    folder: PathBuf,
    files: Vec<(&'static str, String)>,
}

impl Scaffold {
    /// Decides the contents.
    ///
    /// # Errors
    /// The folder has no usable name.
    pub(crate) fn new(folder: &Path, declaring: &Declaring) -> Result<Self, CliError> {
        let name = package_name(folder)?;
        let (mut files, ignored, source) = match declaring {
            Declaring::Models(dependency) => (
                vec![
                    ("Cargo.toml", manifest(folder, &name, dependency)),
                    ("src/main.rs", include_str!("main.rs.in").to_owned()),
                    ("src/models.rs", include_str!("models.rs.in").to_owned()),
                ],
                "/target\n",
                format!("[models]\npackage = \"{name}\""),
            ),
            Declaring::Sql => (
                vec![("schema/schema.sql", include_str!("schema.sql.in").to_owned())],
                "",
                "[sql]\nfiles = [\"schema/**/*.sql\"]".to_owned(),
            ),
        };
        let config = include_str!("djogi.toml.in").replace("@PACKAGE@", &name).replace("@SOURCE@", &source);
        files.push((".gitignore", format!("{ignored}{}", include_str!("gitignore.in"))));
        files.push((FILE_NAME, config));
        Ok(Self { folder: folder.to_owned(), files })
    }

    /// Writes the files and returns their names, relative to the folder.
    ///
    /// # Errors
    /// A file is there already, or cannot be written; then nothing of the project is left.
    pub(crate) fn write(self) -> Result<Vec<&'static str>, CliError> {
        let taken: Vec<String> = self
            .files
            .iter()
            .map(|(name, _)| self.folder.join(name))
            .filter(|path| path.symlink_metadata().is_ok())
            .map(|path| path.display().to_string())
            .collect();
        if !taken.is_empty() {
            return Err(exists(&taken.join(", ")));
        }
        let mut made = Made::default();
        for (name, text) in &self.files {
            made.file(&self.folder.join(name), text)?;
        }
        made.keep();
        Ok(self.files.into_iter().map(|(name, _)| name).collect())
    }
}

/// The `Cargo.toml` of the package `name`.
fn manifest(folder: &Path, name: &str, dependency: &Dependency) -> String {
    let mut manifest = include_str!("Cargo.toml.in").replace("@PACKAGE@", name);
    for name in ["djogi-cli", "djogi-core"] {
        let source = match dependency {
            Dependency::Release(version) => format!("{name} = {version:?}"),
            Dependency::Checkout(root) => {
                let path = toml::Value::String(root.join(name).display().to_string());
                format!("{name} = {{ path = {path} }}")
            }
        };
        manifest.push_str(&format!("{source}\n"));
    }
    if folder.ancestors().skip(1).any(|above| above.join("Cargo.toml").is_file()) {
        manifest.push_str(OWN_WORKSPACE);
    }
    manifest
}

/// Without it, cargo takes the new package for a forgotten member of the workspace above.
const OWN_WORKSPACE: &str =
    "\n# Independent of the workspace in a folder above; remove this to become a member.\n[workspace]\n";

fn exists(paths: &str) -> CliError {
    Diagnostic::error("file_exists", format!("already there: {paths}"))
        .note("nothing was written")
        .help("choose an empty folder, `djogi init DIR`, or move the files away")
        .into()
}

/// What was made so far; dropped without [`Made::keep`], it is removed again.
#[derive(Debug, Default)]
struct Made {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Made {
    fn file(&mut self, path: &Path, text: &str) -> Result<(), CliError> {
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::AlreadyExists => exists(&path.display().to_string()),
            _ => Diagnostic::error("write_failed", format!("cannot write {}: {error}", path.display()))
                .note("nothing was written")
                .into(),
        };
        let parent = path.parent().expect("a file in a folder has a parent");
        let missing: Vec<&Path> = parent.ancestors().take_while(|folder| !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            std::fs::create_dir(folder).map_err(failed)?;
            self.folders.push(folder.to_owned());
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
        self.files.push(path.to_owned());
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
    }

    fn keep(mut self) {
        self.files.clear();
        self.folders.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // A removal that fails has nobody to tell: the error that led here is already on its way.
        for file in self.files.iter().rev() {
            drop(std::fs::remove_file(file));
        }
        for folder in self.folders.iter().rev() {
            drop(std::fs::remove_dir(folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ModelSource, Project, Search};

    fn scaffold(folder: &Path) -> Result<Vec<&'static str>, CliError> {
        Scaffold::new(folder, &Declaring::Models(Dependency::Release("0.1.0")))?.write()
    }

    fn entries(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_project_has_a_configuration_that_reads_back() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("My Shop");
        scaffold(&folder).unwrap();
        let search = Search { explicit: None, working_folder: &folder, manifest_dir: None };
        let project = Project::open(search, None).unwrap();
        assert_eq!(project.config.cluster, "my-shop");
        assert_eq!(project.config.models, Some(ModelSource::Package("my-shop".into())));
        assert_eq!(project.config.targets["main"].url, None);
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        insta::assert_snapshot!(manifest, @r#"
        [package]
        name = "my-shop"
        version = "0.1.0"
        edition = "2024"
        publish = false

        [dependencies]
        djogi-cli = "0.1.0"
        djogi-core = "0.1.0"
        "#);
    }

    #[test]
    fn below_another_package_the_project_is_a_workspace_of_its_own() {
        let temporary = tempfile::tempdir().unwrap();
        std::fs::write(temporary.path().join("Cargo.toml"), "[workspace]\n").unwrap();
        let folder = temporary.path().join("shop");
        let declaring = Declaring::Models(Dependency::Checkout("/src/djogi".into()));
        Scaffold::new(&folder, &declaring).unwrap().write().unwrap();
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("djogi-cli = { path = \"/src/djogi/djogi-cli\" }"), "{manifest}");
        assert!(manifest.ends_with("[workspace]\n"), "{manifest}");
    }

    #[test]
    fn an_existing_file_is_named_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".gitignore"), "mine").unwrap();
        let error = scaffold(folder.path()).unwrap_err();
        assert!(error.diagnostics[0].message.contains(".gitignore"), "{}", error.diagnostics[0].message);
        assert_eq!(entries(folder.path()), [".gitignore"]);
        assert_eq!(std::fs::read_to_string(folder.path().join(".gitignore")).unwrap(), "mine");
    }

    #[test]
    fn a_failure_half_way_leaves_nothing() {
        let temporary = tempfile::tempdir().unwrap();
        // `src` is a file, so the second file of the project cannot be made.
        std::fs::write(temporary.path().join("src"), "").unwrap();
        let error = scaffold(temporary.path()).unwrap_err();
        assert!(error.diagnostics[0].message.contains("main.rs"), "{}", error.diagnostics[0].message);
        assert_eq!(entries(temporary.path()), ["src"]);

        let nested = temporary.path().join("src/deep/er");
        assert!(scaffold(&nested).is_err());
        assert_eq!(entries(temporary.path()), ["src"]);
    }
}
