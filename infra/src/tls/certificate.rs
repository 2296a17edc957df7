//! The certificate of an API, which is renewed while the API runs.

use super::{TlsError, read};
use crate::{
    config::Config,
    lifecycle::{Lifecycle, error_chain},
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::time::sleep;

/// How often the files are looked at. Certificates are renewed days before they end.
const LOOK: Duration = Duration::from_secs(10);

/// A certificate with its key, as two files hold them.
#[derive(Debug)]
pub struct Certificate {
    chain_file: PathBuf,
    key_file: PathBuf,
    /// What the files held when they were read last.
    read: RwLock<Read>,
}

#[derive(Debug)]
struct Read {
    chain: Vec<u8>,
    key: Vec<u8>,
    shown: Arc<CertifiedKey>,
}

impl Certificate {
    /// Reads the files of the configuration; none: the API speaks plain HTTP.
    pub fn of(config: &Config) -> Result<Option<Arc<Self>>, TlsError> {
        let (certificate, key) = (&config.tls_certificate_file, &config.tls_key_file);
        match (certificate.is_empty(), key.is_empty()) {
            (true, true) => return Ok(None),
            (false, false) => {}
            _ => return Err(TlsError::Half),
        }
        let (chain_file, key_file) = (PathBuf::from(certificate), PathBuf::from(key));
        let read = RwLock::new(Read::from(&chain_file, &key_file)?);
        Ok(Some(Arc::new(Self {
            chain_file,
            key_file,
            read,
        })))
    }

    /// TLS 1.2 and 1.3, without certificates of clients: those have keys.
    pub fn server(self: &Arc<Self>) -> ServerConfig {
        let server = ServerConfig::builder().with_no_client_auth();
        server.with_cert_resolver(Arc::<Self>::clone(self))
    }

    /// Reads the files again; whether they hold something else than before. What
    /// cannot be used changes nothing.
    fn renew(&self) -> Result<bool, TlsError> {
        let new = (read(&self.chain_file)?, read(&self.key_file)?);
        let now = self.read.read().unwrap_or_else(PoisonError::into_inner);
        if (&new.0, &new.1) == (&now.chain, &now.key) {
            return Ok(false);
        }
        drop(now);
        let new = Read::from(&self.chain_file, &self.key_file)?;
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(true)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&read.shown))
    }
}

impl Read {
    fn from(chain_file: &Path, key_file: &Path) -> Result<Self, TlsError> {
        let (chain, key) = (read(chain_file)?, read(key_file)?);
        let wrong = |path: &Path, what: String| TlsError::Content {
            path: path.to_owned(),
            what,
        };
        let certificates = CertificateDer::pem_slice_iter(&chain).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|e| wrong(chain_file, format!("no PEM: {e}")))?;
        if certificates.is_empty() {
            return Err(wrong(chain_file, "no certificate".to_owned()));
        }
        // The parser's own words could show what the file holds.
        let private = PrivateKeyDer::from_pem_slice(&key);
        let private = private.map_err(|_| wrong(key_file, "no private key in PEM".to_owned()))?;
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let shown = CertifiedKey::from_der(certificates, private, &provider);
        let shown = shown.map_err(|e| {
            let what = format!("a key that does not go with {}: {e}", chain_file.display());
            wrong(key_file, what)
        })?;
        Ok(Self {
            chain,
            key,
            shown: Arc::new(shown),
        })
    }
}

/// Looks for a new certificate as long as the role runs: new connections are shown
/// it, and those that are open go on.
pub fn follow_certificate(certificate: Arc<Certificate>, lifecycle: &Lifecycle) {
    let shutdown = lifecycle.shutdown.clone();
    lifecycle.spawn("certificate", async move {
        let mut complained = String::new();
        loop {
            tokio::select! {
                () = sleep(LOOK) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
            match certificate.renew() {
                Ok(true) => tracing::info!("tls.certificate_renewed"),
                Ok(false) => complained.clear(),
                // Two files are not replaced at once: that passes.
                Err(error) => {
                    let error = error_chain(&error);
                    if error != complained {
                        tracing::warn!(error, "tls.certificate_not_renewed");
                    }
                    complained = error;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Authorities;
    use rcgen::{CertifiedKey as Made, generate_simple_self_signed};

    fn made() -> (String, String) {
        let Made { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        (cert.pem(), signing_key.serialize_pem())
    }

    fn config_in(folder: &Path) -> Config {
        let path = |name: &str| folder.join(name).display().to_string();
        Config {
            tls_certificate_file: path("tls.crt"),
            tls_key_file: path("tls.key"),
            tls_ca_file: path("ca.crt"),
            ..Config::default()
        }
    }

    #[test]
    fn a_certificate_is_renewed_once_both_files_fit_and_kept_until_then() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = config_in(folder.path());
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("writable");
        };
        let (first, second) = (made(), made());
        write("tls.crt", &first.0);
        write("tls.key", &first.1);
        let certificate = Certificate::of(&config).expect("usable").expect("named");
        let shown = || certificate.read.read().expect("whole").shown.cert[0].clone();
        let before = shown();
        assert!(!certificate.renew().expect("the same"));
        write("tls.crt", &second.0);
        let half = certificate.renew().expect_err("the key is the old one");
        assert!(half.to_string().contains("tls.key"), "{half}");
        assert_eq!(shown(), before, "the old one still stands");
        write("tls.key", &second.1);
        assert!(certificate.renew().expect("a new one"));
        assert_ne!(shown(), before);
    }

    #[test]
    fn files_that_cannot_be_used_are_named_and_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = config_in(folder.path());
        let (certificate, key) = made();
        let missing = Authorities::of(&config).expect_err("no file");
        assert!(missing.to_string().contains("ca.crt"));
        std::fs::write(&config.tls_ca_file, "nothing").expect("writable");
        let empty = Authorities::of(&config).expect_err("no certificate");
        assert!(empty.to_string().contains("no certificate"), "{empty}");
        std::fs::write(&config.tls_ca_file, &certificate).expect("writable");
        let trusted = Authorities::of(&config).expect("one authority");
        trusted.client().expect("a client");
        std::fs::write(&config.tls_certificate_file, &certificate).expect("writable");
        std::fs::write(&config.tls_key_file, key.replace("BEGIN", "HUSH")).expect("writable");
        let wrong = Certificate::of(&config).expect_err("no key");
        assert!(!error_chain(&wrong).contains("HUSH"), "{wrong}");
        config.tls_key_file = String::new();
        assert!(matches!(Certificate::of(&config), Err(TlsError::Half)));
        config.tls_certificate_file = String::new();
        assert!(Certificate::of(&config).expect("none").is_none());
    }
}
