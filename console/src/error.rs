//! Why there is no console.

use infra::{
    sealing::{CryptoError, TokenKeyError},
    tls::TlsError,
};

/// The console cannot be set up as configured.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// Not an absolute `http` or `https` URL.
    #[error("{0:?} is not the URL of an API, such as http://127.0.0.1:8080")]
    Url(String),
    /// `console_key_file` cannot be used.
    #[error("sessions cannot be sealed by `console_key_file`")]
    Key(#[from] TokenKeyError),
    /// There is no randomness.
    #[error("no key can be made for sessions")]
    Crypto(#[from] CryptoError),
    /// `tls_ca_file` cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}
