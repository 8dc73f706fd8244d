//! Sessions with PostgreSQL.
//!
//! Every session of djogi is opened here, with the same settings, so that PostgreSQL prints every expression
//! the same way whatever the role, the database or the server have configured. A closed [`Connection`] leaves
//! no task behind.

mod error;
mod parameters;
mod session;
mod tls;

use tokio::task::JoinHandle;
use tokio_postgres::Client;

use djogi_core::observation::{DatabaseIdentity, ServerVersion};

pub use error::{ConnectError, DatabaseError, Endpoint, ErrorFields};
pub use parameters::{ConnectParameters, SslMode};
pub use tls::Tls;

/// One session with a server, with the settings of every djogi session.
#[derive(Debug)]
pub struct Connection {
    client: Client,
    driver: Driver,
    tls: Tls,
    endpoint: Endpoint,
    backend_pid: i32,
    identity: DatabaseIdentity,
}

/// Cancels what a session is doing; usable while the session is busy.
#[derive(Clone)]
pub struct Canceller {
    token: tokio_postgres::CancelToken,
    tls: Tls,
}

impl std::fmt::Debug for Canceller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Canceller").finish_non_exhaustive()
    }
}

impl Connection {
    /// Opens a session whose `application_name` is `djogi/<run>`.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses the session, or is older than
    /// [`ServerVersion::OLDEST_MAJOR`]. No error contains the password.
    pub async fn open(parameters: &ConnectParameters, run: &str) -> Result<Self, ConnectError> {
        let endpoint = parameters.endpoint();
        let tls = Tls::new(parameters)
            .map_err(|reason| ConnectError::Tls { endpoint: endpoint.clone().into(), reason })?;
        let mut config = parameters.config().clone();
        config.application_name(format!("djogi/{run}"));
        let failed = |error: &tokio_postgres::Error| ConnectError::from_driver(endpoint.clone(), error);
        let (client, driver) = tls.connect(&config).await.map_err(|error| failed(&error))?;
        match session::prepare(&client, &endpoint).await {
            Ok(facts) => Ok(Self {
                client,
                driver: Driver(driver),
                tls,
                endpoint,
                backend_pid: facts.backend_pid,
                identity: facts.identity,
            }),
            Err(error) => {
                driver.abort();
                Err(error)
            }
        }
    }

    /// Ends the session in good order, so that the server has no lost connection to report.
    pub async fn close(self) {
        let Self { client, mut driver, .. } = self;
        drop(client);
        // It fails only when the connection is gone already.
        let _ = (&mut driver.0).await;
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The process id of the server process that serves this session.
    pub fn backend_pid(&self) -> i32 {
        self.backend_pid
    }

    pub fn identity(&self) -> &DatabaseIdentity {
        &self.identity
    }

    pub fn server_version(&self) -> ServerVersion {
        self.identity.server_version
    }

    pub fn canceller(&self) -> Canceller {
        Canceller { token: self.client.cancel_token(), tls: self.tls.clone() }
    }
}

impl Canceller {
    /// Asks the server to cancel the running statement; what comes of it is told to the session itself.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn cancel(&self) -> Result<(), DatabaseError> {
        self.tls.cancel(&self.token).await.map_err(|error| DatabaseError::new(&error))
    }
}

/// The task that speaks with the server; it ends with the session.
#[derive(Debug)]
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}
