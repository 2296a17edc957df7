//! Exports that an erasure takes back, or waits for. Their filters are kept as they were
//! asked for, so they are read here as lists read them.

use crate::exports::{FilterValue, Filters};
use contracts::personal::ERASED;
use sqlx::{Error, PgPool, Row as _, types::Json};
use std::collections::BTreeSet;
use time::OffsetDateTime;
use uuid::Uuid;

/// Somebody as filters of exports name them.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// Slug of the sales channel; none: any.
    pub platform: Option<String>,
    /// The channel's own id of the customer.
    pub customer_id: Option<String>,
    /// The channel's own ids of their orders.
    pub external_ids: BTreeSet<String>,
}

/// The channel's own ids of these orders.
pub async fn external_ids(views: &PgPool, orders: &[Uuid]) -> Result<BTreeSet<String>, Error> {
    let ids: Vec<String> = sqlx::query_scalar(
        "SELECT external_id FROM orders WHERE id = ANY($1) AND external_id IS NOT NULL",
    )
    .bind(orders)
    .fetch_all(views)
    .await?;
    Ok(ids.into_iter().collect())
}

/// How many exports are waited for that were asked for before this moment: those that are
/// being written, as what they hold may be from before, too; those that are still to be
/// and name the person.
pub async fn open_exports(
    ops: &PgPool,
    before: OffsetDateTime,
    named: &Named,
) -> Result<usize, Error> {
    let open = sqlx::query(
        "SELECT j.state = 'running' AS running, e.filters \
           FROM exports e JOIN jobs j ON j.id = e.job_id \
          WHERE e.outcome IS NULL AND e.deleted_at IS NULL AND e.created_at < $1 \
            AND j.state IN ('pending', 'running')",
    )
    .bind(before)
    .fetch_all(ops)
    .await?;
    let mut waited_for = 0;
    for row in open {
        let running: bool = row.try_get("running")?;
        let Json(filters): Json<Filters> = row.try_get("filters")?;
        if running || named.forgotten_in(&filters).is_some() {
            waited_for += 1;
        }
    }
    Ok(waited_for)
}

/// Ends the time of the files of exports that were asked for before this moment, unless
/// they are of other channels only.
pub async fn expire_exports(
    ops: &PgPool,
    before: OffsetDateTime,
    named: &Named,
) -> Result<(), Error> {
    let files: Vec<(Uuid, Json<Filters>)> = sqlx::query_as(
        "SELECT id, filters FROM exports \
          WHERE object IS NOT NULL AND created_at < $1 AND expires_at > statement_timestamp()",
    )
    .bind(before)
    .fetch_all(ops)
    .await?;
    let files = files.into_iter();
    let ids: Vec<Uuid> = files
        .filter(|(_, Json(filters))| named.may_be_in(filters))
        .map(|(id, _)| id)
        .collect();
    sqlx::query(
        "UPDATE exports SET expires_at = statement_timestamp() \
          WHERE id = ANY($1) AND expires_at > statement_timestamp()",
    )
    .bind(ids)
    .execute(ops)
    .await?;
    Ok(())
}

/// Forgets what names the person in filters of exports that were asked for before this
/// moment and have come to their end: their ids, and all words, whosever they are.
pub async fn forget_filters(
    ops: &PgPool,
    before: OffsetDateTime,
    named: &Named,
) -> Result<(), Error> {
    let ended: Vec<(Uuid, Json<Filters>)> = sqlx::query_as(
        "SELECT e.id, e.filters FROM exports e LEFT JOIN jobs j ON j.id = e.job_id \
          WHERE e.filters ?| ARRAY['q', 'customer', 'external_id'] AND e.created_at < $1 \
            AND (e.outcome IS NOT NULL OR coalesce(j.state, '') NOT IN ('pending', 'running'))",
    )
    .bind(before)
    .fetch_all(ops)
    .await?;
    for (id, Json(filters)) in ended {
        if let Some(kept) = named.forgotten_in(&filters) {
            sqlx::query("UPDATE exports SET filters = $2 WHERE id = $1")
                .bind(id)
                .bind(Json(kept))
                .execute(ops)
                .await?;
        }
    }
    Ok(())
}

impl Named {
    /// Whether what these filters leave may be of their channel.
    fn may_be_in(&self, filters: &Filters) -> bool {
        match (&self.platform, filters.get("platform")) {
            (Some(platform), Some(asked)) => {
                let asked = asked.texts();
                asked
                    .iter()
                    .any(|text| text.split(',').any(|one| one == platform))
            }
            _ => true,
        }
    }

    /// The filters without what names the person; none where nothing does.
    fn forgotten_in(&self, filters: &Filters) -> Option<Filters> {
        let is_theirs = self.may_be_in(filters);
        let mut kept = filters.clone();
        for (filter, value) in &mut kept {
            let names = |text: &str| match filter.as_str() {
                "q" => true,
                "customer" => is_theirs && self.customer_id.as_deref() == Some(text),
                "external_id" => is_theirs && self.external_ids.contains(text),
                _ => false,
            };
            forget(value, names);
        }
        (kept != *filters).then_some(kept)
    }
}

/// Puts a mark in the place of texts that are such.
fn forget(value: &mut FilterValue, such: impl Fn(&str) -> bool) {
    match value {
        FilterValue::Several(texts) => {
            for text in texts.iter_mut().filter(|text| such(text)) {
                ERASED.clone_into(text);
            }
        }
        one => {
            if one.texts().iter().any(|text| such(text)) {
                *one = FilterValue::Text(ERASED.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn somebody() -> Named {
        Named {
            platform: Some("web".into()),
            customer_id: Some("42".into()),
            external_ids: ["A-1".to_owned(), "A-2".to_owned()].into(),
        }
    }

    fn filters(filters: &Value) -> Filters {
        serde_json::from_value(filters.clone()).expect("filters")
    }

    #[test]
    fn a_channel_is_found_however_it_was_asked_for() {
        for of_web in [
            json!({}),
            json!({"status": "placed"}),
            json!({"platform": "web"}),
            json!({"platform": "shop,web"}),
            json!({"platform": ["shop", "web"]}),
            json!({"platform": ["pos", "web,shop"]}),
        ] {
            assert!(somebody().may_be_in(&filters(&of_web)), "{of_web}");
        }
        for others in [
            json!({"platform": "shop"}),
            json!({"platform": "web2,shop"}),
            json!({"platform": ["shop", "webs"]}),
        ] {
            assert!(!somebody().may_be_in(&filters(&others)), "{others}");
            assert!(Named::default().may_be_in(&filters(&others)));
        }
    }

    #[test]
    fn ids_of_the_person_are_forgotten_and_nobody_elses() {
        for (asked, kept) in [
            (json!({"q": "ada"}), json!({"q": "[erased]"})),
            (json!({"customer": 42}), json!({"customer": "[erased]"})),
            (
                json!({"customer": ["7", "42"], "platform": "shop,web"}),
                json!({"customer": ["7", "[erased]"], "platform": "shop,web"}),
            ),
            (
                json!({"external_id": "A-2", "status": "placed"}),
                json!({"external_id": "[erased]", "status": "placed"}),
            ),
        ] {
            let forgotten = somebody().forgotten_in(&filters(&asked));
            assert_eq!(forgotten, Some(filters(&kept)), "{asked}");
            assert_eq!(somebody().forgotten_in(&filters(&kept)), None, "{kept}");
        }
        for others in [
            json!({"customer": "7", "external_id": ["A-3"]}),
            json!({"customer": "42", "platform": "shop"}),
            json!({"tag": "42", "sku": "A-1"}),
        ] {
            assert_eq!(somebody().forgotten_in(&filters(&others)), None, "{others}");
        }
    }
}
