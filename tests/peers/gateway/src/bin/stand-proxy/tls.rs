//! A certificate of one's own.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;

/// Makes a certificate for `names`, leaves it in `file` as PEM, and answers what speaks TLS with it.
pub(crate) fn acceptor(
    names: Vec<String>,
    file: &Path,
) -> Result<TlsAcceptor, Box<dyn Error + Send + Sync>> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names)?;
    let key = signing_key.serialize_der().try_into()?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    fs::write(file, cert.pem())?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
