//! The scratch server of one target: of its major version, started only when a declaration needs it, unless another one
//! is named by `--scratch-url` or by `scratch = "target"`.

use std::time::Instant;

use async_trait::async_trait;
use djogi_core::observation::ServerVersion;
use djogi_core::{Digest, Ident};
use tokio::sync::Mutex;

use crate::cluster::{Cluster, ServerSettings, TargetSettings};
use crate::connect::ConnectParameters;
use crate::event::{Event, Reporter, millis_since};
use crate::normalise::{ExpressionCache, RoleUse, ScratchError, ScratchProvider};
use crate::server::{BinarySearch, ScratchOptions, ScratchServer};

/// Gives a throw-away server, and stops it when dropped.
pub(crate) struct Scratch<'a> {
    cluster: &'a Cluster,
    target: Ident,
    version: ServerVersion,
    reporter: &'a dyn Reporter,
    server: Mutex<Option<ScratchServer>>,
}

impl<'a> Scratch<'a> {
    pub(crate) fn new(
        cluster: &'a Cluster,
        target: Ident,
        version: ServerVersion,
        reporter: &'a dyn Reporter,
    ) -> Self {
        Self { cluster, target, version, reporter, server: Mutex::new(None) }
    }

    /// Where its results are kept: outside the project, which read-only commands leave as it is, and apart from those
    /// of other projects.
    pub(crate) fn cache(&self) -> ExpressionCache {
        let project = Digest::of_bytes(self.cluster.state_dir.as_os_str().as_encoded_bytes()).hex();
        ExpressionCache::in_folder(self.cluster.cache_dir.join("expressions").join(project))
    }
}

/// Whose server a scratch database is made on.
enum Place<'a> {
    /// The one that `--scratch-url` names.
    Named(&'a ConnectParameters),
    /// The target's own, where the configuration says so.
    Target(&'a ConnectParameters),
    /// One of djogi's own, thrown away afterwards.
    Own,
}

impl Scratch<'_> {
    fn place(&self) -> Place<'_> {
        if let Some(named) = &self.cluster.scratch {
            return Place::Named(named);
        }
        match self.cluster.targets.get(&self.target) {
            Some(TargetSettings { scratch_on_target: true, server: ServerSettings::Url(url), .. }) => {
                Place::Target(url)
            }
            _ => Place::Own,
        }
    }

    /// Starts a server beside the work that goes on meanwhile.
    async fn start(&self) -> Result<ScratchServer, ScratchError> {
        let search = BinarySearch { major: Some(self.version.major()), ..self.cluster.search.clone() };
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let start = move || {
            // Nobody listens any more when the command was interrupted.
            ScratchServer::start(&ScratchOptions { search }, &|event| drop(tell.send(event)))
        };
        let started = tokio::task::spawn_blocking(start);
        while let Some(event) = told.recv().await {
            crate::session::report(self.reporter, &event);
        }
        match started.await {
            Ok(started) => started.map_err(|error| ScratchError::NoServer(error.to_string())),
            Err(error) => Err(ScratchError::NoServer(error.to_string())),
        }
    }
}

#[async_trait]
impl ScratchProvider for Scratch<'_> {
    fn role_use(&self) -> RoleUse {
        match self.place() {
            Place::Named(_) => RoleUse::Stubs,
            Place::Target(_) => RoleUse::Nothing,
            Place::Own => RoleUse::Everything,
        }
    }

    async fn server(&self) -> Result<ConnectParameters, ScratchError> {
        if let Place::Named(server) | Place::Target(server) = self.place() {
            return Ok(server.clone());
        }
        let mut server = self.server.lock().await;
        if server.is_none() {
            let began = Instant::now();
            *server = Some(self.start().await?);
            self.reporter.report(&Event::ScratchStarted {
                target: self.target.clone(),
                server_version: self.version,
                elapsed_ms: millis_since(began),
            });
        }
        let config = server.as_ref().map(|server| server.connect_config("postgres"));
        config.map(ConnectParameters::from).ok_or_else(|| ScratchError::NoServer("it ended".to_owned()))
    }
}
