//! Sessions with the targets of a cluster, embedded servers included.

use djogi_core::Ident;

use crate::cluster::{Cluster, ServerSettings, TargetSettings};
use crate::connect::{ConnectParameters, Connection};
use crate::error::EngineError;
use crate::event::{Event, Reporter};
use crate::identity::RunId;
use crate::server::{EmbeddedOptions, EmbeddedServer, RunningServer, ServerEvent};

/// One open target. The session ends before the server that was started for it.
#[derive(Debug)]
pub struct Session<'a> {
    pub target: &'a Ident,
    pub settings: &'a TargetSettings,
    pub connection: Connection,
    pub parameters: ConnectParameters,
    server: Option<RunningServer>,
}

impl<'a> Session<'a> {
    /// Connects to `target`, starting its embedded server where it has no url.
    ///
    /// # Errors
    /// When there is no server, or it refuses the session.
    pub async fn open(
        cluster: &'a Cluster,
        target: &'a Ident,
        settings: &'a TargetSettings,
        run: RunId,
        reporter: &dyn Reporter,
    ) -> Result<Self, EngineError> {
        let (parameters, server) = match &settings.server {
            ServerSettings::Url(parameters) => (parameters.as_ref().clone(), None),
            ServerSettings::Embedded { database, .. } => {
                let options = embedded_options(cluster, settings, database);
                let server = EmbeddedServer::acquire(&options, &|event| report(reporter, &event)).await?;
                (ConnectParameters::from(server.connect_config(database)), Some(server))
            }
        };
        let connection = Connection::open(&parameters, &run.to_string()).await?;
        Ok(Self { target, settings, connection, parameters, server })
    }

    /// Opens every target of `cluster`, in the order of their names.
    ///
    /// # Errors
    /// As [`Session::open`], for the first that fails.
    pub async fn open_all(
        cluster: &'a Cluster,
        run: RunId,
        reporter: &dyn Reporter,
    ) -> Result<Vec<Self>, EngineError> {
        Self::open_some(cluster, |_| true, run, reporter).await
    }

    /// Opens the targets that are `wanted`, in the order of their names.
    ///
    /// # Errors
    /// As [`Session::open`], for the first that fails.
    pub async fn open_some(
        cluster: &'a Cluster,
        wanted: impl Fn(&Ident) -> bool,
        run: RunId,
        reporter: &dyn Reporter,
    ) -> Result<Vec<Self>, EngineError> {
        let mut sessions = Vec::with_capacity(cluster.targets.len());
        for (target, settings) in cluster.targets.iter().filter(|(target, _)| wanted(target)) {
            let opened = Self::open(cluster, target, settings, run, reporter).await;
            if opened.is_err() {
                // Whoever has declared nonsense is told that first, wherever the databases are.
                cluster.declared.get()?;
            }
            sessions.push(opened?);
        }
        Ok(sessions)
    }

    /// Ends several sessions.
    ///
    /// # Errors
    /// As [`Session::close`], for the first that fails; all are ended.
    pub async fn close_all(sessions: Vec<Self>) -> Result<(), EngineError> {
        let mut ended = Ok(());
        for session in sessions {
            ended = ended.and(session.close().await);
        }
        ended
    }

    /// Ends the session, and the server when nobody else needs it.
    ///
    /// # Errors
    /// When the embedded server does not stop.
    pub async fn close(self) -> Result<(), EngineError> {
        let Self { connection, server, .. } = self;
        connection.close().await;
        server.map_or(Ok(()), |server| server.release().map_err(EngineError::from))
    }
}

/// How the embedded server of `cluster` is started for `database`.
pub fn embedded_options(cluster: &Cluster, settings: &TargetSettings, database: &str) -> EmbeddedOptions {
    let major = match settings.server {
        ServerSettings::Embedded { major, .. } => major,
        ServerSettings::Url(_) => None,
    };
    EmbeddedOptions {
        cluster_dir: cluster.embedded_dir(),
        database: database.to_owned(),
        tcp_port: None,
        search: crate::server::BinarySearch { major, ..cluster.search.clone() },
    }
}

/// Passes on what a server operation tells.
pub fn report(reporter: &dyn Reporter, event: &ServerEvent) {
    reporter.report(&match event {
        ServerEvent::Downloading { version, from } => {
            Event::ServerDownloading { version: version.clone(), source: from.clone() }
        }
        other => Event::ServerNotice { message: other.to_string() },
    });
}
