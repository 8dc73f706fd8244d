//! The scratch server of one target: of its major version, started only when a declaration needs it.

use std::time::Instant;

use async_trait::async_trait;
use djogi_core::observation::ServerVersion;
use djogi_core::{Digest, Ident};
use tokio::sync::Mutex;

use crate::cluster::Cluster;
use crate::connect::ConnectParameters;
use crate::event::{Event, Reporter, millis_since};
use crate::normalise::{ExpressionCache, ScratchError, ScratchProvider};
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

#[async_trait]
impl ScratchProvider for Scratch<'_> {
    async fn server(&self) -> Result<ConnectParameters, ScratchError> {
        let mut server = self.server.lock().await;
        if server.is_none() {
            let began = Instant::now();
            let major = Some(self.version.major());
            let search = BinarySearch { major, ..self.cluster.search.clone() };
            let observer = |event: crate::server::ServerEvent| crate::session::report(self.reporter, &event);
            let started = ScratchServer::start(&ScratchOptions { search }, &observer);
            *server = Some(started.map_err(|error| ScratchError::NoServer(error.to_string()))?);
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
