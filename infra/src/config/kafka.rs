//! How Kafka is spoken to, and by whom.

use serde::{Deserialize, Serialize};

/// How Kafka's servers are spoken to, by the names that Kafka itself has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KafkaSecurityProtocol {
    /// In the clear, by anybody.
    Plaintext,
    /// Over TLS, by anybody.
    Ssl,
    /// In the clear, by users.
    SaslPlaintext,
    /// Over TLS, by users.
    SaslSsl,
}

impl KafkaSecurityProtocol {
    /// As librdkafka is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }

    /// Whether it is TLS.
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    /// Whether users have to say who they are.
    pub const fn has_users(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }
}

/// How a user of Kafka proves to be one, by the registered names (RFC 4616, 7677).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KafkaSaslMechanism {
    /// By the password itself.
    #[serde(rename = "PLAIN")]
    Plain,
    /// By knowing it.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// The same with another hash.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

impl KafkaSaslMechanism {
    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}
