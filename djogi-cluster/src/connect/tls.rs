//! TLS as libpq's `sslmode` defines it (manual section 34.19).
//!
//! `prefer` and `require` encrypt without asking who is there; `verify-ca` and `verify-full` check the
//! certificate against `sslrootcert`, `verify-full` also the host name.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::task::JoinHandle;
use tokio_postgres::{CancelToken, Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::parameters::{ConnectParameters, RootCertificate, SslMode};

/// How a session is encrypted.
#[derive(Clone, Debug)]
pub enum Tls {
    Off,
    On(Arc<ClientConfig>),
}

impl Tls {
    pub(super) fn new(parameters: &ConnectParameters) -> Result<Self, String> {
        if parameters.uses_sockets_only() {
            return Ok(Self::Off);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let config = match (parameters.ssl_mode(), parameters.root_certificate()) {
            (SslMode::Disable, _) => return Ok(Self::Off),
            // As in libpq, a given root certificate makes `require` as strict as `verify-ca`.
            (SslMode::Require | SslMode::VerifyCa, RootCertificate::File(path)) => {
                let chain = webpki(path, Arc::clone(&provider))?;
                with_verifier(builder, Arc::new(ChainOnly(chain)))
            }
            (SslMode::Prefer | SslMode::Require, _) => with_verifier(builder, Arc::new(Nothing(provider))),
            (SslMode::VerifyFull, RootCertificate::File(path)) => {
                with_verifier(builder, webpki(path, provider)?)
            }
            (SslMode::VerifyFull, RootCertificate::System) => {
                builder.with_platform_verifier().map_err(|error| error.to_string())?.with_no_client_auth()
            }
            (SslMode::VerifyCa, RootCertificate::System) => {
                return Err("sslmode=verify-ca needs sslrootcert=<file>; for the certificates of the \
                            operating system use sslmode=verify-full"
                    .to_owned());
            }
        };
        Ok(Self::On(Arc::new(config)))
    }

    pub(super) async fn connect(
        &self,
        config: &Config,
    ) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
        // What ends a connection is told to whoever waits for an answer on it.
        match self {
            Self::Off => {
                let (client, connection) = config.connect(NoTls).await?;
                Ok((client, tokio::spawn(async move { drop(connection.await) })))
            }
            Self::On(tls) => {
                let (client, connection) = config.connect(Self::maker(tls)).await?;
                Ok((client, tokio::spawn(async move { drop(connection.await) })))
            }
        }
    }

    pub(super) async fn cancel(&self, token: &CancelToken) -> Result<(), tokio_postgres::Error> {
        match self {
            Self::Off => token.cancel_query(NoTls).await,
            Self::On(tls) => token.cancel_query(Self::maker(tls)).await,
        }
    }

    fn maker(tls: &Arc<ClientConfig>) -> MakeRustlsConnect {
        MakeRustlsConnect::new(ClientConfig::clone(tls))
    }
}

fn with_verifier(
    builder: rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> ClientConfig {
    builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
}

fn webpki(path: &Path, provider: Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, String> {
    let unreadable = |reason: &dyn std::fmt::Display| format!("sslrootcert {}: {reason}", path.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))? {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| unreadable(&error))
}

/// Accepts every certificate; the handshake is still signed with its key.
#[derive(Debug)]
struct Nothing(Arc<CryptoProvider>);

impl ServerCertVerifier for Nothing {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Checks the chain and not the name. webpki looks at the name last, so a wrong name means a good chain.
#[derive(Debug)]
struct ChainOnly(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for ChainOnly {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
