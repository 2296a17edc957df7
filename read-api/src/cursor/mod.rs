//! Cursors: where the next page begins, opaque and signed, so that nobody has
//! to trust what comes back.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::Mac as _;
use infra::{
    http::Problem,
    shared_secret::{SharedSecret, mac},
};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

/// First byte: the layout of the rest.
const LAYOUT: u8 = 1;
/// Layout, hash of the query, sort value, id.
const PLAIN: usize = 1 + 8 + 8 + 16;
/// Of the HMAC-SHA256: 128 bits.
const TAG: usize = 16;

/// The last row of a page, in the order of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyset {
    /// Value of the column that is sorted by; times in microseconds since 1970.
    pub value: i64,
    /// Breaks ties.
    pub id: Uuid,
}

/// What a cursor belongs to: the route, its filters and its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryHash([u8; 8]);

impl QueryHash {
    /// Of a query in its canonical form.
    pub fn of(canonical: &str) -> Self {
        let mut hash = [0; 8];
        hash.copy_from_slice(&Sha256::digest(canonical.as_bytes())[..8]);
        Self(hash)
    }
}

/// Makes and opens cursors, with a secret that all instances share.
pub struct Cursors {
    secret: SharedSecret,
}

impl Cursors {
    /// With the secret in the ops database, which is made when it is missing
    /// and read once.
    pub fn new(ops: PgPool) -> Self {
        Self {
            secret: SharedSecret::new(ops, "cursor"),
        }
    }

    /// The cursor of the page after `last`.
    pub async fn seal(&self, query: QueryHash, last: Keyset) -> Result<String, Problem> {
        Ok(sealed(self.secret().await?, query, last))
    }

    /// Where the page of a cursor begins.
    ///
    /// # Errors
    /// 400 `invalid_cursor` for what is not one of ours, 400 `cursor_mismatch`
    /// for one of another query.
    pub async fn open(&self, query: QueryHash, cursor: &str) -> Result<Keyset, Problem> {
        opened(self.secret().await?, query, cursor)
    }

    async fn secret(&self) -> Result<&[u8; 32], Problem> {
        let secret = self.secret.get().await;
        secret.map_err(|error| Problem::database(&error))
    }
}

fn sealed(secret: &[u8; 32], query: QueryHash, last: Keyset) -> String {
    let mut bytes = Vec::with_capacity(PLAIN + TAG);
    bytes.push(LAYOUT);
    bytes.extend_from_slice(&query.0);
    bytes.extend_from_slice(&last.value.to_be_bytes());
    bytes.extend_from_slice(last.id.as_bytes());
    let tag = mac(secret, &bytes).finalize().into_bytes();
    bytes.extend_from_slice(&tag[..TAG]);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn opened(secret: &[u8; 32], query: QueryHash, cursor: &str) -> Result<Keyset, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    let (plain, tag) = bytes.split_at_checked(PLAIN).ok_or_else(invalid)?;
    if tag.len() != TAG || mac(secret, plain).verify_truncated_left(tag).is_err() {
        return Err(invalid());
    }
    let (head, keyset) = plain.split_at(1 + 8);
    if head[0] != LAYOUT {
        return Err(invalid());
    }
    if head[1..] != query.0 {
        return Err(
            Problem::bad_request("cursor_mismatch", "The cursor belongs to another query")
                .parameter("cursor", "filters and sort must stay as they were"),
        );
    }
    let (value, id) = keyset.split_at(8);
    Ok(Keyset {
        value: i64::from_be_bytes(value.try_into().map_err(|_| invalid())?),
        id: Uuid::from_slice(id).map_err(|_| invalid())?,
    })
}

fn invalid() -> Problem {
    Problem::bad_request("invalid_cursor", "The cursor is not valid")
        .parameter("cursor", "is not a cursor of this API")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];
    const LAST: Keyset = Keyset {
        value: -5,
        id: Uuid::from_u128(9),
    };

    fn code(cursor: &str, query: &str) -> &'static str {
        let opened = opened(&SECRET, QueryHash::of(query), cursor);
        opened.expect_err("it is wrong").code()
    }

    #[test]
    fn a_cursor_reads_back_for_its_own_query_only() {
        let cursor = sealed(&SECRET, QueryHash::of("a"), LAST);
        let opened = opened(&SECRET, QueryHash::of("a"), &cursor);
        assert_eq!(opened.ok(), Some(LAST));
        assert_eq!(code(&cursor, "b"), "cursor_mismatch");
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let cursor = sealed(&SECRET, QueryHash::of("a"), LAST);
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).expect("base64");
        for bit in 0..bytes.len() * 8 {
            let mut tampered = bytes.clone();
            tampered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                code(&URL_SAFE_NO_PAD.encode(tampered), "a"),
                "invalid_cursor"
            );
        }
        for wrong in ["", "x", "!", &cursor[1..], &format!("{cursor}AA")] {
            assert_eq!(code(wrong, "a"), "invalid_cursor", "{wrong}");
        }
        let other = sealed(&[8; 32], QueryHash::of("a"), LAST);
        assert_eq!(code(&other, "a"), "invalid_cursor");
    }
}
