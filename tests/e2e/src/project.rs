//! A project of one test: a folder with `djogi.toml` and `catalog.json`, a database, and the commands run in it.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use djogi_core::declared::Declarations;
use tempfile::TempDir;

use crate::binaries;
use crate::catalog::fingerprint;
use crate::database::Database;
use crate::folder::temporary;
use crate::output::Output;
use crate::schema;
use crate::server::Server;
use crate::signals;

/// A folder with a configuration for one target `main`, whose database is [`Project::database`].
#[derive(Debug)]
pub struct Project {
    folder: TempDir,
    database: Database,
    schemas: Vec<String>,
    settings: String,
    rest: String,
    variables: BTreeMap<String, String>,
}

/// Every file below a folder, with what it holds and when it was last written.
pub type Files = BTreeMap<PathBuf, (Vec<u8>, SystemTime)>;

impl Project {
    /// A project that declares nothing, with an empty database.
    pub fn new(server: &'static Server) -> Self {
        Self::in_database(Database::create(server))
    }

    /// A project that declares nothing.
    pub fn in_database(database: Database) -> Self {
        let folder = temporary();
        // Servers that were started by root run as another account.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("our own folder");
        let project = Self {
            folder,
            database,
            schemas: vec!["public".to_owned()],
            settings: String::new(),
            rest: "[models]\ncatalog = \"catalog.json\"\n".to_owned(),
            variables: BTreeMap::new(),
        };
        project.write_config();
        project.declare_all(&Declarations::default());
        project
    }

    /// A project that declares what `ddl` makes.
    pub fn declaring(server: &'static Server, ddl: &str) -> Self {
        let project = Self::new(server);
        project.declare(ddl);
        project
    }

    /// The schemas that djogi manages, instead of `public` alone.
    #[must_use]
    pub fn managing(mut self, schemas: &[&str]) -> Self {
        self.schemas = schemas.iter().map(|&name| name.to_owned()).collect();
        self.write_config();
        self
    }

    /// Adds lines to `[target.main]`, such as `destructive = "allow"`.
    pub fn set_target(&mut self, lines: &str) {
        self.settings = format!("{}{lines}\n", self.settings);
        self.write_config();
    }

    /// Replaces what [`Project::set_target`] has added.
    pub fn set_target_only(&mut self, lines: &str) {
        self.settings.clear();
        self.set_target(lines);
    }

    /// Replaces what stands behind `[target.main]`: `[models]`, `[[moved]]`, `[env.NAME]`, other targets.
    pub fn configure(&mut self, rest: &str) {
        rest.clone_into(&mut self.rest);
        self.write_config();
    }

    /// Adds to what stands behind `[target.main]`.
    pub fn configure_more(&mut self, more: &str) {
        self.rest = format!("{}{more}\n", self.rest);
        self.write_config();
    }

    /// An environment variable of all commands from now on.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    fn write_config(&self) {
        let (schemas, settings, rest) = (&self.schemas, &self.settings, &self.rest);
        let text = format!(
            "[cluster]\nname = \"e2e\"\n\n[target.main]\nurl = \"env:DATABASE_URL\"\nschemas = {schemas:?}\n\
             {settings}\n{rest}"
        );
        self.write("djogi.toml", &text);
    }

    /// Declares exactly what `ddl` makes in an empty database of the same version.
    pub fn declare(&self, ddl: &str) {
        self.declare_all(&self.declarations(ddl));
    }

    /// As [`Project::declare`], with renames: pairs of an old and a new address; columns as `column.main....`.
    pub fn declare_renamed(&self, ddl: &str, renames: &[(&str, &str)]) {
        let mut declarations = self.declarations(ddl);
        for (from, to) in renames {
            match to.strip_prefix("column.").and_then(|path| path.rsplit_once('.')) {
                Some((table, column)) => {
                    let old = from.rsplit('.').next().unwrap_or_default();
                    schema::rename_column(&mut declarations, &format!("table.{table}"), old, column);
                }
                None => schema::rename(&mut declarations, from, to),
            }
        }
        self.declare_all(&declarations);
    }

    /// Declares what was put together otherwise.
    pub fn declare_all(&self, declarations: &Declarations) {
        let text = serde_json::to_string_pretty(declarations).expect("declarations are JSON");
        self.write("catalog.json", &text);
    }

    /// What `ddl` makes in an empty database of the same version, as declarations for `main`.
    pub fn declarations(&self, ddl: &str) -> Declarations {
        let by_hand = Database::create(self.database.server());
        by_hand.run(ddl);
        schema::declarations(&by_hand, "main", &self.schemas())
    }

    /// Fails unless the managed schemas are exactly what `ddl` makes in an empty database, by the server's own account.
    #[track_caller]
    pub fn matches(&self, ddl: &str) {
        let by_hand = Database::create(self.database.server());
        by_hand.run(ddl);
        for schema in self.schemas() {
            let (found, expected) = (fingerprint(&self.database, schema), fingerprint(&by_hand, schema));
            let only = |these: &[String], those: &[String]| -> Vec<String> {
                these.iter().filter(|fact| !those.contains(fact)).cloned().collect()
            };
            let (extra, missing) = (only(&found, &expected), only(&expected, &found));
            assert!(
                extra.is_empty() && missing.is_empty(),
                "on PostgreSQL {}, the database has\n  {}\nbut should have\n  {}",
                self.database.server().major(),
                extra.join("\n  "),
                missing.join("\n  ")
            );
        }
    }

    fn schemas(&self) -> Vec<&str> {
        self.schemas.iter().map(String::as_str).collect()
    }

    /// The database of the target `main`.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The folder of `djogi.toml`.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of the project; its folder is made.
    pub fn write(&self, name: &str, text: &str) {
        let file = self.root().join(name);
        fs::create_dir_all(file.parent().expect("a file in the project")).expect("a folder in the project");
        fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    /// Reads a file of the project.
    pub fn read(&self, name: &str) -> String {
        let file = self.root().join(name);
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// Everything in the project's folder.
    pub fn files(&self) -> Files {
        let mut files = Files::new();
        collect(self.root(), &mut files);
        files
    }

    /// `state.json`, parsed.
    pub fn state(&self) -> serde_json::Value {
        serde_json::from_str(&self.read(".djogi/state.json")).expect("a state")
    }

    /// The serial of the state.
    pub fn serial(&self) -> u64 {
        self.state()["serial"].as_u64().expect("a serial")
    }

    /// Runs `djogi` with these arguments in the project's folder, to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.output(binaries::djogi(), arguments)
    }

    /// Runs the web shop's binary in the project's folder, to its end.
    pub fn run_shop(&self, arguments: &[&str]) -> Output {
        self.output(binaries::shop(), arguments)
    }

    fn output(&self, program: &Path, arguments: &[&str]) -> Output {
        self.command_of(program, arguments).output().expect("the binary runs").into()
    }

    /// `djogi apply --auto-approve`, and that it ended well.
    #[track_caller]
    pub fn apply(&self) -> Output {
        self.run(&["apply", "--auto-approve"]).ok()
    }

    /// Fails unless `djogi plan` has nothing to do.
    #[track_caller]
    pub fn is_converged(&self) {
        self.run(&["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
    }

    /// Starts `djogi` with its output piped; see [`Project::command`] for other ways.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
    }

    /// `djogi` with these arguments, in the project's folder, in a neutral environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(binaries::djogi(), arguments)
    }

    /// Another program with these arguments, in the same folder and environment.
    pub fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        signals::heeded_by_children();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.root()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let foreign = ["DJOGI", "PG", "DATABASE_URL", "CLICOLOR", "NO_COLOR", "CARGO", "RUST"];
            if name.to_str().is_none_or(|name| foreign.iter().any(|start| name.starts_with(start))) {
                command.env_remove(name);
            }
        }
        command
            .env("DATABASE_URL", self.database.url())
            .env("DJOGI_POSTGRES", self.database.server().installation())
            .env("DJOGI_ACTOR", "tester@e2e")
            .envs(&self.variables);
        command
    }
}

fn collect(folder: &Path, files: &mut Files) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("a file of the project").path();
        let found = fs::symlink_metadata(&path).expect("a file of the project");
        if found.is_dir() {
            collect(&path, files);
            files.insert(path, (Vec::new(), found.modified().expect("a time")));
        } else {
            let content = fs::read(&path).expect("a file of the project");
            files.insert(path, (content, found.modified().expect("a time")));
        }
    }
}
