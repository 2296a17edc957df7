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
use time::OffsetDateTime;
use uuid::Uuid;

/// Which way, hash of the query; the place comes behind them.
const HEAD: usize = 1 + 8;
/// Of the HMAC-SHA256: 128 bits.
const TAG: usize = 16;
/// First byte of a cursor whose place is behind a key; those of others are ways.
const AFTER_KEY: u8 = 5;

/// A row's place in the order of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyset {
    /// Value of the column that is sorted by; times in microseconds since 1970.
    pub value: i64,
    /// Breaks ties.
    pub id: Uuid,
}

impl Keyset {
    /// The place of a row that is sorted by a time. Postgres keeps microseconds:
    /// nothing is lost.
    pub fn at(time: OffsetDateTime, id: Uuid) -> Self {
        let micros = time.unix_timestamp_nanos() / 1_000;
        let value = i64::try_from(micros).unwrap_or_default();
        Self { value, id }
    }

    /// The time that the row is sorted by.
    ///
    /// # Errors
    /// Where no calendar has it.
    pub fn time(self) -> Result<OffsetDateTime, sqlx::Error> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.value) * 1_000)
            .map_err(|error| sqlx::Error::Encode(error.into()))
    }
}

/// The rows of a page, from a place on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which of them.
    pub way: Way,
    /// From where on.
    pub keyset: Keyset,
}

/// Rows on one side of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The next ones.
    After,
    /// The last ones before it.
    Before,
    /// The place and the next ones.
    From,
    /// The last ones before it, and the place.
    UpTo,
}

impl Way {
    /// First byte of a cursor.
    const fn byte(self) -> u8 {
        match self {
            Self::After => 1,
            Self::Before => 2,
            Self::From => 3,
            Self::UpTo => 4,
        }
    }

    fn of(byte: u8) -> Option<Self> {
        let mut all = [Self::After, Self::Before, Self::From, Self::UpTo].into_iter();
        all.find(|way| way.byte() == byte)
    }

    /// Whether it leads towards the beginning of the list.
    pub const fn is_back(self) -> bool {
        matches!(self, Self::Before | Self::UpTo)
    }

    /// Whether it has the place itself.
    pub const fn has_place(self) -> bool {
        matches!(self, Self::From | Self::UpTo)
    }

    /// The rows that this one leaves out.
    const fn others(self) -> Self {
        match self {
            Self::After => Self::UpTo,
            Self::Before => Self::From,
            Self::From => Self::Before,
            Self::UpTo => Self::After,
        }
    }
}

impl Place {
    /// What comes after a row.
    pub const fn after(keyset: Keyset) -> Self {
        let way = Way::After;
        Self { way, keyset }
    }

    /// What comes before a row.
    pub const fn before(keyset: Keyset) -> Self {
        let way = Way::Before;
        Self { way, keyset }
    }

    /// What is on the other side.
    #[must_use]
    pub const fn others(self) -> Self {
        let way = self.way.others();
        Self { way, ..self }
    }
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

    /// The cursor of the page at `place`.
    pub async fn seal(&self, query: QueryHash, place: Place) -> Result<String, Problem> {
        Ok(sealed(self.secret().await?, query, place))
    }

    /// Where the page of a cursor is.
    ///
    /// # Errors
    /// 400 `invalid_cursor` for what is not one of ours, 400 `cursor_mismatch`
    /// for one of another query.
    pub async fn open(&self, query: QueryHash, cursor: &str) -> Result<Place, Problem> {
        opened(self.secret().await?, query, cursor)
    }

    /// The cursor of the page behind what has this key.
    pub async fn seal_key(&self, query: QueryHash, key: &str) -> Result<String, Problem> {
        Ok(signed(
            self.secret().await?,
            query,
            AFTER_KEY,
            key.as_bytes(),
        ))
    }

    /// The key that the page of such a cursor is behind.
    ///
    /// # Errors
    /// As those of [`Self::open`].
    pub async fn open_key(&self, query: QueryHash, cursor: &str) -> Result<String, Problem> {
        opened_key(self.secret().await?, query, cursor)
    }

    async fn secret(&self) -> Result<&[u8; 32], Problem> {
        let secret = self.secret.get().await;
        secret.map_err(|error| Problem::database(&error))
    }
}

/// The cursor of the page at `place`, signed with a secret.
pub fn sealed(secret: &[u8; 32], query: QueryHash, place: Place) -> String {
    let mut keyset = Vec::with_capacity(8 + 16);
    keyset.extend_from_slice(&place.keyset.value.to_be_bytes());
    keyset.extend_from_slice(place.keyset.id.as_bytes());
    signed(secret, query, place.way.byte(), &keyset)
}

fn signed(secret: &[u8; 32], query: QueryHash, way: u8, place: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(HEAD + place.len() + TAG);
    bytes.push(way);
    bytes.extend_from_slice(&query.0);
    bytes.extend_from_slice(place);
    let tag = mac(secret, &bytes).finalize().into_bytes();
    bytes.extend_from_slice(&tag[..TAG]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a cursor of ours holds: its first byte, and the place.
fn verified(secret: &[u8; 32], query: QueryHash, cursor: &str) -> Result<(u8, Vec<u8>), Problem> {
    let mut bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    let plain = bytes.len().checked_sub(TAG).filter(|plain| *plain >= HEAD);
    let tag = bytes.split_off(plain.ok_or_else(invalid)?);
    if mac(secret, &bytes).verify_truncated_left(&tag).is_err() {
        return Err(invalid());
    }
    let place = bytes.split_off(HEAD);
    if bytes[1..] != query.0 {
        return Err(
            Problem::bad_request("cursor_mismatch", "The cursor belongs to another query")
                .parameter("cursor", "filters and sort must stay as they were"),
        );
    }
    Ok((bytes[0], place))
}

fn opened_key(secret: &[u8; 32], query: QueryHash, cursor: &str) -> Result<String, Problem> {
    match verified(secret, query, cursor)? {
        (AFTER_KEY, key) => String::from_utf8(key).map_err(|_| invalid()),
        _ => Err(invalid()),
    }
}

/// Where the page of a cursor is that was signed with this secret.
///
/// # Errors
/// As those of [`Cursors::open`].
pub fn opened(secret: &[u8; 32], query: QueryHash, cursor: &str) -> Result<Place, Problem> {
    let (way, keyset) = verified(secret, query, cursor)?;
    let way = Way::of(way).ok_or_else(invalid)?;
    let (value, id) = keyset.split_at_checked(8).ok_or_else(invalid)?;
    let keyset = Keyset {
        value: i64::from_be_bytes(value.try_into().map_err(|_| invalid())?),
        id: Uuid::from_slice(id).map_err(|_| invalid())?,
    };
    Ok(Place { way, keyset })
}

fn invalid() -> Problem {
    Problem::bad_request("invalid_cursor", "The cursor is not valid")
        .parameter("cursor", "is not a cursor of this API")
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const SECRET: [u8; 32] = [7; 32];
    const LAST: Place = Place::after(Keyset {
        value: -5,
        id: Uuid::from_u128(9),
    });

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
    fn a_time_reads_back_to_the_microsecond() {
        let time = datetime!(1969-12-31 23:59:59.123456 UTC);
        let keyset = Keyset::at(time, Uuid::nil());
        assert_eq!(keyset.time().ok(), Some(time));
        let never = Keyset {
            value: i64::MAX,
            ..keyset
        };
        assert!(never.time().is_err());
    }

    #[test]
    fn a_key_of_any_length_reads_back_and_is_no_other_place() {
        let query = QueryHash::of("a");
        for key in [
            "",
            "a",
            "LAMP/01 é",
            &"x".repeat(255),
            "24 bytes as a keyset has",
        ] {
            let cursor = signed(&SECRET, query, AFTER_KEY, key.as_bytes());
            assert_eq!(
                opened_key(&SECRET, query, &cursor).ok().as_deref(),
                Some(key)
            );
            assert_eq!(code(&cursor, "a"), "invalid_cursor", "{key}");
            assert_eq!(code(&cursor, "b"), "cursor_mismatch", "{key}");
        }
        let place = sealed(&SECRET, query, LAST);
        assert!(opened_key(&SECRET, query, &place).is_err());
    }

    #[test]
    fn a_cursor_keeps_its_way_and_the_others_of_the_others_are_the_same() {
        for way in [Way::After, Way::Before, Way::From, Way::UpTo] {
            let place = Place { way, ..LAST };
            let cursor = sealed(&SECRET, QueryHash::of("a"), place);
            let opened = opened(&SECRET, QueryHash::of("a"), &cursor);
            assert_eq!(opened.ok(), Some(place));
            assert_eq!(place.others().others(), place);
            assert_ne!(place.others().way.is_back(), way.is_back());
            assert_ne!(place.others().way.has_place(), way.has_place());
        }
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
