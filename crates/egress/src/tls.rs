//! TLS: rustls with ring, Mozilla's roots compiled in or the operator's own file instead.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::error::EgressError;

/// A client configuration that works in a container without any CA files. `ca_file`, or else `SSL_CERT_FILE`,
/// *replaces* the built-in roots, as it does for OpenSSL.
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, EgressError> {
    let named = ca_file
        .map(Path::to_path_buf)
        .or_else(|| std::env::var_os("SSL_CERT_FILE").filter(|value| !value.is_empty()).map(PathBuf::from));
    let roots = match named {
        Some(path) => roots_from(&path)?,
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| EgressError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn roots_from(path: &Path) -> Result<RootCertStore, EgressError> {
    let fault = |reason: String| EgressError::Roots { path: path.display().to_string(), reason };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| fault(error.to_string()))? {
        // System bundles carry a few certificates that no verifier takes; the rest must still work.
        let _ = roots.add(certificate.map_err(|error| fault(error.to_string()))?);
    }
    if roots.is_empty() {
        return Err(fault("it holds no usable certificate".to_owned()));
    }
    Ok(roots)
}
