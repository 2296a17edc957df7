//! Links that need no key: whoever has one may read what it names, until its time
//! is over.

use crate::{
    clock,
    shared_secret::{SharedSecret, mac},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::Mac as _;
use sqlx::PgPool;
use std::time::Duration;
use time::OffsetDateTime;

/// Makes and checks links, with a secret that all instances share.
pub struct Links {
    secret: SharedSecret,
}

/// What a link says beside its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedLink {
    /// Until when it may be used, in seconds since 1970.
    pub expires: i64,
    /// HMAC-SHA256 of the path and that, in base64url.
    pub signature: String,
}

/// Why a link may not be used.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It is not one of ours, or not as we made it.
    #[error("the link was not made here, or was changed")]
    Forged,
    /// Its time is over.
    #[error("the link's time is over")]
    Over,
    /// The secret cannot be read.
    #[error("the secret of links cannot be read")]
    Database(#[from] sqlx::Error),
}

impl Links {
    /// With the secret in the ops database, which is made when it is missing and
    /// read once.
    pub const fn new(ops: PgPool) -> Self {
        Self {
            secret: SharedSecret::new(ops, "link"),
        }
    }

    /// A link to `path`, to be used within `life`.
    pub async fn sign(&self, path: &str, life: Duration) -> Result<SignedLink, sqlx::Error> {
        let expires = clock::now().unix_timestamp();
        let expires = expires.saturating_add_unsigned(life.as_secs());
        Ok(signed(self.secret.get().await?, path, expires))
    }

    /// Whether `link` to `path` may be used now.
    pub async fn check(&self, path: &str, link: &SignedLink) -> Result<(), LinkError> {
        checked(self.secret.get().await?, path, link, clock::now())
    }
}

impl SignedLink {
    /// When it may not be used any more.
    pub fn expires_at(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.expires).ok()
    }

    /// Path and query.
    pub fn to(&self, path: &str) -> String {
        // Base64url: nothing to escape.
        let Self { expires, signature } = self;
        format!("{path}?expires={expires}&signature={signature}")
    }
}

fn signed(secret: &[u8; 32], path: &str, expires: i64) -> SignedLink {
    let signature = mac(secret, &plain(path, expires)).finalize().into_bytes();
    SignedLink {
        expires,
        signature: URL_SAFE_NO_PAD.encode(signature),
    }
}

fn checked(
    secret: &[u8; 32],
    path: &str,
    link: &SignedLink,
    now: OffsetDateTime,
) -> Result<(), LinkError> {
    let signature = URL_SAFE_NO_PAD.decode(&link.signature);
    let signature = signature.map_err(|_| LinkError::Forged)?;
    // In constant time; and only of a link of ours it is told that it is over.
    let same = mac(secret, &plain(path, link.expires)).verify_slice(&signature);
    same.map_err(|_| LinkError::Forged)?;
    if link.expires <= now.unix_timestamp() {
        return Err(LinkError::Over);
    }
    Ok(())
}

/// No path has a line break.
fn plain(path: &str, expires: i64) -> Vec<u8> {
    format!("GET\n{path}\n{expires}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];
    const PATH: &str = "/v1/exports/1/file";

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).expect("a time")
    }

    #[test]
    fn a_link_is_good_until_its_time_is_over() {
        let link = signed(&SECRET, PATH, 100);
        assert!(checked(&SECRET, PATH, &link, at(99)).is_ok());
        let over = checked(&SECRET, PATH, &link, at(100));
        assert!(matches!(over, Err(LinkError::Over)));
    }

    #[test]
    fn whatever_is_changed_of_a_link_is_noticed() {
        let link = signed(&SECRET, PATH, 100);
        let forged = |path: &str, link: &SignedLink, secret: &[u8; 32]| {
            matches!(checked(secret, path, link, at(0)), Err(LinkError::Forged))
        };
        assert!(forged("/v1/exports/2/file", &link, &SECRET));
        assert!(forged(PATH, &link, &[8; 32]));
        let longer = SignedLink {
            expires: 101,
            ..link.clone()
        };
        assert!(forged(PATH, &longer, &SECRET));
        let bytes = URL_SAFE_NO_PAD.decode(&link.signature).expect("base64");
        for bit in 0..bytes.len() * 8 {
            let mut tampered = bytes.clone();
            tampered[bit / 8] ^= 1 << (bit % 8);
            let signature = URL_SAFE_NO_PAD.encode(tampered);
            assert!(forged(
                PATH,
                &SignedLink {
                    signature,
                    ..link.clone()
                },
                &SECRET
            ));
        }
        for signature in [
            "",
            "!",
            &link.signature[1..],
            &format!("{}A", link.signature),
        ] {
            let signature = signature.to_owned();
            assert!(forged(
                PATH,
                &SignedLink {
                    signature,
                    ..link.clone()
                },
                &SECRET
            ));
        }
    }
}
