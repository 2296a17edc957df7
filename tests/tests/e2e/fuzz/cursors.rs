//! Cursors of lists: what comes back is opened where this API has sealed it, for the
//! query that it was sealed for, and is refused otherwise.

use super::{text, try_all};
use anyhow::{Result, ensure};
use infra::http::Problem;
use libtest_mimic::Trial;
use proptest::prelude::any;
use read_api::{Keyset, Place, QueryHash, opened_cursor, sealed_cursor};
use uuid::Uuid;

pub fn trials() -> Vec<Trial> {
    vec![tests::plain("fuzz::cursors::cursors", cursors)]
}

const SECRET: [u8; 32] = [7; 32];
const OTHER_SECRET: [u8; 32] = [8; 32];

fn cursors() -> Result<()> {
    let (query, other) = (QueryHash::of("platform=web"), QueryHash::of("platform=pos"));
    let rows = [
        (0, 0),
        (-5, 9),
        (i64::MIN, u128::MAX),
        (i64::MAX, 1_u128 << 64),
    ];
    let rows = rows.map(|(value, id)| Keyset {
        value,
        id: Uuid::from_u128(id),
    });
    let places = rows.map(|row| [Place::after(row), Place::before(row)]);
    let places = places.into_iter().flatten();
    let ours: Vec<_> = places
        .flat_map(|place| [place, place.others()])
        .map(|place| sealed_cursor(&SECRET, query, place))
        .collect();
    let foreign = [
        sealed_cursor(&SECRET, other, Place::after(rows[1])),
        sealed_cursor(&OTHER_SECRET, query, Place::after(rows[1])),
    ];
    let seeds: Vec<_> = ours.iter().chain(&foreign).map(String::as_str).collect();
    let input = (text(&seeds), any::<i64>(), any::<u128>());
    try_all("cursors", &input, |(text, value, id)| {
        match opened_cursor(&SECRET, query, text) {
            Ok(place) => {
                ensure!(ours.contains(text), "{text} was sealed by nobody");
                ensure!(sealed_cursor(&SECRET, query, place) == *text, "{place:?}");
            }
            Err(problem) => {
                ensure!(!ours.contains(text), "{problem:?}");
                is_refusal(&problem)?;
            }
        }
        let id = Uuid::from_u128(*id);
        let place = Place::before(Keyset { value: *value, id });
        // Whatever calendar has such a time.
        let _ = place.keyset.time();
        for place in [place, place.others()] {
            let cursor = sealed_cursor(&SECRET, query, place);
            let opened = opened_cursor(&SECRET, query, &cursor);
            ensure!(opened.is_ok_and(|again| again == place), "{place:?}");
            for (secret, query) in [(&SECRET, other), (&OTHER_SECRET, query)] {
                match opened_cursor(secret, query, &cursor) {
                    Ok(place) => anyhow::bail!("another's cursor is opened: {place:?}"),
                    Err(problem) => is_refusal(&problem)?,
                }
            }
        }
        Ok(())
    })
}

fn is_refusal(problem: &Problem) -> Result<()> {
    let known = ["invalid_cursor", "cursor_mismatch"].contains(&problem.code());
    ensure!(problem.status() == 400 && known, "{problem:?}");
    Ok(())
}
