//! TLS, by rustls: whom connections trust, and as whom an API answers.
//!
//! | connection | how |
//! |---|---|
//! | to an API of ours | `tls_certificate_file`, `tls_key_file` |
//! | to PostgreSQL | in its URL: `?sslmode=verify-full&sslrootcert=FILE` |
//! | to Redis | `rediss://`, `tls_ca_file` |
//! | to Kafka | `kafka_security_protocol`, `tls_ca_file` |

mod certificate;

pub use certificate::{Certificate, follow_certificate};

use crate::config::Config;
use reqwest::ClientBuilder;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// TLS is not possible as configured.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file holds something else than it should.
    #[error("{} holds {what}", path.display())]
    Content {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// One of the two files of an API's certificate is not named.
    #[error("`tls_certificate_file` and `tls_key_file` are both to be set, or neither")]
    Half,
    /// The machine has no authorities, and none are named.
    #[error("this machine trusts no certificate authority; name some in `tls_ca_file`")]
    NobodyTrusted,
    /// The HTTP client does not take the authorities.
    #[error("the authorities of `tls_ca_file` cannot be used")]
    Http(#[source] reqwest::Error),
}

/// Certificate authorities of `tls_ca_file`; those of the machine where none is
/// named.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Option<(PathBuf, Arc<[u8]>)>);

impl Authorities {
    /// Reads the file of the configuration, and sees that it holds some.
    pub fn of(config: &Config) -> Result<Self, TlsError> {
        if config.tls_ca_file.is_empty() {
            return Ok(Self(None));
        }
        let path = PathBuf::from(&config.tls_ca_file);
        let pem = read(&path)?;
        let these = Self(Some((path, pem.into())));
        these.store()?;
        Ok(these)
    }

    /// The file as it is; none: those of the machine.
    pub fn pem(&self) -> Option<&[u8]> {
        self.0.as_ref().map(|(_, pem)| &**pem)
    }

    /// A client that trusts them beside those of the machine: what it calls may be
    /// one's own, or public.
    pub fn trusted_by(&self, client: ClientBuilder) -> Result<ClientBuilder, TlsError> {
        let Some(pem) = self.pem() else {
            return Ok(client);
        };
        let these = reqwest::Certificate::from_pem_bundle(pem).map_err(TlsError::Http)?;
        Ok(client.tls_certs_merge(these))
    }

    /// What a connection that trusts them alone is made from.
    pub fn client(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let client = ClientConfig::builder().with_root_certificates(self.store()?);
        Ok(Arc::new(client.with_no_client_auth()))
    }

    fn store(&self) -> Result<RootCertStore, TlsError> {
        let mut store = RootCertStore::empty();
        let Some((path, pem)) = &self.0 else {
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
            if store.is_empty() {
                return Err(TlsError::NobodyTrusted);
            }
            return Ok(store);
        };
        let wrong = |what: String| TlsError::Content {
            path: path.clone(),
            what,
        };
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|e| wrong(format!("no PEM: {e}")))?;
            let added = store.add(certificate);
            added.map_err(|e| wrong(format!("a certificate that is none: {e}")))?;
        }
        if store.is_empty() {
            return Err(wrong("no certificate".to_owned()));
        }
        Ok(store)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::File {
        path: path.to_owned(),
        source,
    })
}
