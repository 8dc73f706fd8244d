//! From `[state]` to the store that the engine works with.

use djogi_cluster::cluster::StateSettings;

use crate::config::{Backend, Project, UrlSource};
use crate::context::Context;
use crate::diagnostic::{CliError, Diagnostic};
use crate::project::{connect_parameters, default_target};

/// Where the state of the project is.
///
/// # Errors
/// When this version of djogi has no such store, or nothing says which database holds it.
pub(crate) fn settings(context: &Context, project: &Project) -> Result<StateSettings, CliError> {
    let state = &project.config.state;
    match state.backend {
        Backend::Local => Ok(StateSettings::Local),
        Backend::Postgres => postgres(context, project, state.url.as_ref(), state.target.as_deref()),
        Backend::S3 | Backend::Gcs | Backend::Azure => {
            let backend = state.backend.name();
            let message =
                format!("the state backend \"{backend}\" is not supported by this version of djogi");
            Err(Diagnostic::error("unsupported_backend", message)
                .file(project.file.display().to_string())
                .help(
                    "set [state] backend = \"local\" or \"postgres\", or install a version that supports it",
                )
                .into())
        }
    }
}

/// The state in a database: that of `url`, or of the target `target`, or of the default target.
///
/// # Errors
/// When the url leads nowhere, or the target is on the embedded server.
pub(crate) fn postgres(
    context: &Context,
    project: &Project,
    url: Option<&UrlSource>,
    target: Option<&str>,
) -> Result<StateSettings, CliError> {
    let (source, owner) = match url {
        Some(url) => (url, "the state".to_owned()),
        None => {
            let default = default_target(project)?;
            let target = target.unwrap_or(default.as_str());
            let found = project.config.targets.get(target).ok_or_else(|| no_target(project, target))?;
            let url = found.url.as_ref().ok_or_else(|| embedded(project, target))?;
            (url, format!("target `{target}`"))
        }
    };
    let parameters = connect_parameters(context, project, source, &owner)?;
    Ok(StateSettings::Postgres { parameters: Box::new(parameters), name: name(project) })
}

/// A database may hold the states of several projects and environments.
fn name(project: &Project) -> String {
    let cluster = &project.config.cluster;
    match &project.environment {
        None => cluster.clone(),
        Some(environment) => format!("{cluster}/{environment}"),
    }
}

fn no_target(project: &Project, target: &str) -> CliError {
    let message = format!("the state is to be in the database of target `{target}`, which does not exist");
    Diagnostic::error("unknown_target", message)
        .file(project.file.display().to_string())
        .help("set [state] target to one that does, or [state] url = \"env:NAME\"")
        .into()
}

fn embedded(project: &Project, target: &str) -> CliError {
    let message = format!(
        "the state cannot be in the database of target `{target}`, whose embedded server is in the same folder as a \
         local state"
    );
    Diagnostic::error("state_in_embedded_server", message)
        .file(project.file.display().to_string())
        .help(format!(
            "set [state] backend = \"local\", or [state] url = \"env:NAME\", or give [target.{target}] a url"
        ))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::GlobalArgs;
    use crate::environment::Environment;

    /// What the settings are, or what is said instead.
    fn settings_of(text: &str, env: Option<&str>) -> Result<StateSettings, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("djogi.toml"), format!("[cluster]\nname = \"shop\"\n{text}"))
            .unwrap();
        let global = GlobalArgs {
            config: Some(folder.path().to_owned()),
            env: env.map(str::to_owned),
            ..GlobalArgs::default()
        };
        let variables =
            Environment::fixed([("MAIN", "postgres://u@h/shop"), ("STATE", "postgres://u:hunter2@h/state")]);
        let context = Context::new(crate::Program::default(), global, variables).unwrap();
        let said = |error: CliError| {
            let diagnostic = &error.diagnostics[0];
            format!("{} {} {:?}", diagnostic.code, diagnostic.message, diagnostic.help)
        };
        context.project().and_then(|project| settings(&context, &project)).map_err(said)
    }

    fn place(text: &str, env: Option<&str>) -> (String, String) {
        let found = settings_of(text, env).unwrap();
        assert!(!format!("{found:?}").contains("hunter2"));
        let StateSettings::Postgres { parameters, name } = found else { panic!("{found:?}") };
        (parameters.endpoint().database, name)
    }

    #[test]
    fn the_state_is_in_the_target_that_is_named_or_in_the_url() {
        let main = "[target.main]\nurl = \"env:MAIN\"\n[target.other]\n[state]\nbackend = \"postgres\"\n";
        let pair = |database: &str, name: &str| (database.to_owned(), name.to_owned());
        assert_eq!(place(main, None), pair("shop", "shop"));
        assert_eq!(place(&format!("{main}target = \"main\""), None), pair("shop", "shop"));
        assert_eq!(place(&format!("{main}url = \"env:STATE\""), None), pair("state", "shop"));
        let production = format!("{main}[env.production]\nstate.url = \"env:STATE\"");
        assert_eq!(place(&production, Some("production")), pair("state", "shop/production"));
        let over = format!("{main}target = \"main\"\n[env.ci]\nstate.url = \"env:STATE\"");
        assert_eq!(place(&over, Some("ci")), pair("state", "shop/ci"), "one replaces the other");
        let local = format!("{main}url = \"env:STATE\"\n[env.dev]\nstate.backend = \"local\"");
        assert!(matches!(settings_of(&local, Some("dev")), Ok(StateSettings::Local)));
    }

    #[test]
    fn a_state_that_is_nowhere_is_refused_with_the_way_out() {
        let refused = |text: &str| settings_of(text, None).unwrap_err();
        let embedded = refused("[state]\nbackend = \"postgres\"");
        assert!(
            embedded.contains("state_in_embedded_server") && embedded.contains("[state] url"),
            "{embedded}"
        );
        let later = refused("[state]\nbackend = \"s3\"");
        assert!(later.contains("unsupported_backend") && later.contains("\"s3\""), "{later}");
        let unset = refused("[state]\nbackend = \"postgres\"\nurl = \"env:NONE\"");
        assert!(unset.contains("url_unresolved") && unset.contains("the state has no url"), "{unset}");
        let both = refused("[state]\nbackend = \"postgres\"\nurl = \"env:STATE\"\ntarget = \"main\"");
        assert!(both.contains("exclude each other"), "{both}");
        let wrong = refused("[state]\nbackend = \"postgres\"\ntarget = \"man\"");
        assert!(wrong.contains("there is no target `man`"), "{wrong}");
        let without = refused("[state]\nurl = \"env:STATE\"");
        assert!(
            without.contains("backend = \\\"postgres\\\"") || without.contains("backend = \"postgres\""),
            "{without}"
        );
    }
}
