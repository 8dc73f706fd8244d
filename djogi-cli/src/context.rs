//! What every command is given: the program, the global flags, the environment, and the way to the project.

use std::path::{Path, PathBuf};

use crate::Program;
use crate::account;
use crate::args::GlobalArgs;
use crate::config::{Project, Search};
use crate::diagnostic::{CliError, Diagnostic};
use crate::environment::Environment;

/// The world of one command.
#[derive(Debug, Clone)]
pub struct Context {
    /// The binary.
    pub program: Program,
    /// The global flags.
    pub global: GlobalArgs,
    /// The environment variables.
    pub environment: Environment,
    /// The working folder, absolute.
    pub working_folder: PathBuf,
}

impl Context {
    /// Notes where we are.
    ///
    /// # Errors
    /// The working folder was removed or cannot be reached.
    pub fn new(program: Program, global: GlobalArgs, environment: Environment) -> Result<Self, CliError> {
        let working_folder = std::env::current_dir().map_err(|error| {
            Diagnostic::error("no_working_folder", format!("cannot tell the working folder: {error}"))
        })?;
        Ok(Self { program, global, environment, working_folder })
    }

    /// The project, in the environment of `--env` or `DJOGI_ENV`.
    ///
    /// # Errors
    /// See [`Project::open`].
    pub fn project(&self) -> Result<Project, CliError> {
        let search = Search {
            explicit: self.global.config.as_deref(),
            working_folder: &self.working_folder,
            manifest_dir: self.program.manifest_dir.map(Path::new),
        };
        let chosen = self.global.env.clone().or_else(|| self.environment.text("DJOGI_ENV"));
        Project::open(search, chosen.as_deref())
    }

    /// Who is recorded as the actor of a run: `--as`, else `DJOGI_ACTOR`, else user@host.
    pub fn actor(&self) -> String {
        let given = self.global.actor.clone().or_else(|| self.environment.text("DJOGI_ACTOR"));
        given.unwrap_or_else(|| {
            let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
            format!("{}@{host}", account::name(&self.environment))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(flag: Option<&str>, variables: &[(&str, &str)]) -> String {
        let global = GlobalArgs { actor: flag.map(str::to_owned), ..GlobalArgs::default() };
        let environment = Environment::fixed(variables.iter().copied());
        Context::new(Program::default(), global, environment).unwrap().actor()
    }

    #[test]
    fn the_flag_chooses_the_environment_before_the_variable() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[cluster]\nname = \"shop\"\n[env.staging]\n[env.production]\n";
        std::fs::write(folder.path().join("djogi.toml"), text).unwrap();
        let chosen = |flag: Option<&str>, variable: &str| {
            let global = GlobalArgs {
                config: Some(folder.path().to_owned()),
                env: flag.map(str::to_owned),
                ..GlobalArgs::default()
            };
            let environment = Environment::fixed([("DJOGI_ENV", variable)]);
            let context = Context::new(Program::default(), global, environment).unwrap();
            context.project().unwrap().environment
        };
        assert_eq!(chosen(Some("production"), "staging").as_deref(), Some("production"));
        assert_eq!(chosen(None, "staging").as_deref(), Some("staging"));
        assert_eq!(chosen(None, ""), None, "an empty variable chooses nothing");
    }

    #[test]
    fn the_actor_is_named_by_flag_then_variable_then_account() {
        assert_eq!(actor(Some("ci"), &[("DJOGI_ACTOR", "bot")]), "ci");
        assert_eq!(actor(None, &[("DJOGI_ACTOR", "bot"), ("USER", "ann")]), "bot");
        assert!(actor(None, &[("USER", "ann")]).starts_with("ann@"));
        let nameless = actor(None, &[]);
        assert!(nameless.contains('@') && !nameless.starts_with('@'), "{nameless}");
    }
}
