//! TLS of the listener: rustls' defaults, TLS 1.3 and 1.2, HTTP/2 and HTTP/1.1 by ALPN.
//!
//! No renegotiation and no early data, which rustls does not do unless told to. RFC 7644 §7.1 asks for TLS 1.2 or later.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Where the certificate is.
#[derive(Clone, Debug)]
pub struct Options {
    /// A PEM file: the certificate of the server, then those that lead to its root.
    pub certificate: PathBuf,
    /// A PEM file: the private key (PKCS #8, PKCS #1 or SEC1).
    pub key: PathBuf,
}

/// The certificate in use. It can be read again from its files while connections come in.
#[derive(Debug)]
pub struct Certificate {
    options: Options,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// A file that cannot be read or parsed, named; a key that does not belong to the certificate.
    pub fn load(options: &Options) -> io::Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let current = RwLock::new(Arc::new(read(options, &provider)?));
        Ok(Self { options: options.clone(), provider, current })
    }

    /// Reads the files again. Connections that stand keep what they have; handshakes from now on use the new one.
    ///
    /// # Errors
    /// As [`Certificate::load`]; the one in use then stays.
    pub fn reload(&self) -> io::Result<()> {
        let next = Arc::new(read(&self.options, &self.provider)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// What rustls needs to accept connections with this certificate.
pub(super) fn server(certificate: &Arc<Certificate>) -> io::Result<Arc<ServerConfig>> {
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&certificate.provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(certificate) as _);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read(options: &Options, provider: &CryptoProvider) -> io::Result<CertifiedKey> {
    let certificates = CertificateDer::pem_file_iter(&options.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| invalid(&options.certificate, cause))?;
    let key = PrivateKeyDer::from_pem_file(&options.key).map_err(|cause| invalid(&options.key, cause))?;
    if certificates.is_empty() {
        return Err(invalid(&options.certificate, "no certificate in it"));
    }
    CertifiedKey::from_der(certificates, key, provider).map_err(|cause| invalid(&options.key, cause))
}

fn invalid(path: &Path, cause: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{}: {cause}", path.display()))
}
