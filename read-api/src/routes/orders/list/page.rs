//! One page of a list, and where it can be gone on from, both ways.

use super::{
    request::ListRequest,
    store::{self, Row},
};
use crate::cursor::Place;
use sqlx::PgPool;

/// A page.
pub struct Page {
    /// In the order of the list.
    pub rows: Vec<Row>,
    /// What comes after it, if anything does.
    pub next: Option<Place>,
    /// What comes before it, if anything does.
    pub prev: Option<Place>,
}

impl Page {
    /// The page that is asked for.
    pub async fn read(views: &PgPool, list: &ListRequest) -> Result<Self, sqlx::Error> {
        let rows = store::page(views, list).await?;
        Ok(Self::of(rows, list.limit, list.place))
    }

    /// The page of what was found from `place` on: up to `limit` rows, and one
    /// more where there are more. On the other side of the place is the row that
    /// its cursor was made of.
    fn of(mut rows: Vec<Row>, limit: usize, place: Option<Place>) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let back = place.is_some_and(|place| place.way.is_back());
        if back {
            rows.reverse();
        }
        let (begin, end) = (rows.first(), rows.last());
        let before = begin.map(|row| Place::before(row.keyset));
        let after = end.map(|row| Place::after(row.keyset));
        let (ahead, behind) = if back {
            (before, after)
        } else {
            (after, before)
        };
        let ahead = ahead.filter(|_| more);
        let behind = place.map(|place| behind.unwrap_or_else(|| place.others()));
        let (next, prev) = if back {
            (behind, ahead)
        } else {
            (ahead, behind)
        };
        Self { rows, next, prev }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::{Keyset, Way};
    use infra::http::Etag;
    use uuid::Uuid;

    fn keyset(value: i64) -> Keyset {
        let id = Uuid::nil();
        Keyset { value, id }
    }

    fn page(values: &[i64], place: Option<Place>) -> Page {
        let etag = Etag {
            version: 1,
            revision: 0,
        };
        let rows = values.iter().map(|value| Row {
            keyset: keyset(*value),
            etag,
            summary: String::new(),
            document: None,
        });
        Page::of(rows.collect(), 2, place)
    }

    fn values(page: &Page) -> Vec<i64> {
        page.rows.iter().map(|row| row.keyset.value).collect()
    }

    #[test]
    fn the_first_page_has_nothing_before_it_and_the_last_nothing_after() {
        let first = page(&[1, 2, 3], None);
        assert_eq!((values(&first), first.prev), (vec![1, 2], None));
        assert_eq!(first.next, Some(Place::after(keyset(2))));
        let last = page(&[3], first.next);
        assert_eq!((values(&last), last.next), (vec![3], None));
        assert_eq!(last.prev, Some(Place::before(keyset(3))));
        let only = page(&[1, 2], None);
        assert_eq!((only.prev, only.next), (None, None));
    }

    #[test]
    fn a_page_that_leads_back_is_in_the_order_of_the_list() {
        let back = page(&[3, 2, 1], Some(Place::before(keyset(4))));
        assert_eq!(values(&back), [2, 3]);
        assert_eq!(back.prev, Some(Place::before(keyset(2))));
        assert_eq!(back.next, Some(Place::after(keyset(3))));
        let first = page(&[1], back.prev);
        assert_eq!((values(&first), first.prev), (vec![1], None));
        assert_eq!(first.next, Some(Place::after(keyset(1))));
    }

    #[test]
    fn from_an_empty_page_there_is_a_way_back() {
        let empty = page(&[], Some(Place::after(keyset(4))));
        let (way, keyset) = (Way::UpTo, keyset(4));
        assert_eq!(empty.prev, Some(Place { way, keyset }));
        assert_eq!(empty.next, None);
        let empty = page(&[], Some(Place::before(keyset)));
        let way = Way::From;
        assert_eq!(
            (empty.prev, empty.next),
            (None, Some(Place { way, keyset }))
        );
    }
}
