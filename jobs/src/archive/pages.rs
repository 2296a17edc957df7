//! The orders that may be over, page by page.

use super::order::{FIELDS, Looked};
use crate::reads::{ReadClient, ReadError};
use serde::Deserialize;
use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What the lists of these orders have in common: the index of their order has all
/// of it.
const QUIET: &str = "archived=false&has_hold=false&sort=updated_at&fields=id&limit=200";
/// How orders come to their end, as filters of lists: called off; paid for and gone;
/// imported documents that ask for nothing. A list each, so that what is not over is
/// not read.
const ENDS: [&str; 3] = [
    "kind=order&status=cancelled&has_open_return=false&balance_due_min=0&balance_due_max=0",
    "kind=order&status=placed&fulfillment_status=fulfilled,delivered&has_open_return=false\
     &balance_due_min=0&balance_due_max=0",
    "kind=credit,adjustment&status=placed",
];

/// A place in one of the lists.
pub struct Pages<'a> {
    reads: &'a ReadClient,
    quiet_since: String,
    ends: std::slice::Iter<'static, &'static str>,
    list: Option<&'static str>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Listed>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    id: Uuid,
}

#[derive(Deserialize)]
struct Found {
    data: Vec<Looked>,
}

impl<'a> Pages<'a> {
    /// Before the first page of orders that nobody has changed since.
    pub fn of(reads: &'a ReadClient, quiet_since: OffsetDateTime) -> Self {
        let mut ends = ENDS.iter();
        Self {
            reads,
            // Every present moment has such a form.
            quiet_since: quiet_since.format(&Rfc3339).unwrap_or_default(),
            list: ends.next().copied(),
            ends,
            cursor: None,
        }
    }

    /// The orders of the next page, as they are now; none behind the last one.
    pub async fn next(
        &mut self,
        halt: &CancellationToken,
    ) -> Result<Option<Vec<Looked>>, ReadError> {
        let Some(list) = self.list else {
            return Ok(None);
        };
        let mut question = format!("/v1/orders?{QUIET}&{list}&updated_to={}", self.quiet_since);
        if let Some(cursor) = &self.cursor {
            // URL-safe as it is.
            question = format!("{question}&cursor={cursor}");
        }
        let page: Page = self
            .reads
            .patiently(|| self.reads.get(&question), halt)
            .await?;
        self.cursor = page.next_cursor;
        if self.cursor.is_none() {
            self.list = self.ends.next().copied();
        }
        if page.data.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let ids: Vec<Uuid> = page.data.iter().map(|order| order.id).collect();
        let (question, ids) = (
            format!("/v1/orders/lookup?fields={FIELDS}"),
            json!({ "ids": ids }).to_string(),
        );
        let found: Found = self
            .reads
            .patiently(|| self.reads.post(&question, ids.clone()), halt)
            .await?;
        Ok(Some(found.data))
    }
}
