//! Exports that an erasure takes back, or waits for. Their filters are kept as they were
//! asked for, so they are read here as lists read them.

use crate::exports::Filters;
use sqlx::{Error, PgPool, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

/// How many exports are being written that were asked for before this moment: what they
/// hold may be from before, too.
pub async fn open_exports(ops: &PgPool, before: OffsetDateTime) -> Result<i64, Error> {
    sqlx::query_scalar(
        "SELECT count(*) FROM exports e JOIN jobs j ON j.id = e.job_id \
          WHERE e.outcome IS NULL AND e.deleted_at IS NULL AND e.created_at < $1 \
            AND j.state = 'running'",
    )
    .bind(before)
    .fetch_one(ops)
    .await
}

/// Ends the time of the files of exports that were asked for before this moment, unless
/// they are of other channels only, and forgets the words that they were searched by.
pub async fn expire_exports(
    ops: &PgPool,
    before: OffsetDateTime,
    platform: Option<&str>,
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
        .filter(|(_, Json(filters))| may_be_of(platform, filters))
        .map(|(id, _)| id)
        .collect();
    let mut transaction = ops.begin().await?;
    sqlx::query(
        "UPDATE exports SET expires_at = statement_timestamp() \
          WHERE id = ANY($1) AND expires_at > statement_timestamp()",
    )
    .bind(ids)
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "UPDATE exports SET filters = jsonb_set(filters, '{q}', '\"[erased]\"') \
          WHERE filters ? 'q' AND created_at < $1 AND outcome IS NOT NULL",
    )
    .bind(before)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// Whether what these filters leave may be of this channel; none: of any.
fn may_be_of(platform: Option<&str>, filters: &Filters) -> bool {
    match (platform, filters.get("platform")) {
        (Some(platform), Some(asked)) => {
            let asked = asked.texts();
            asked
                .iter()
                .any(|text| text.split(',').any(|one| one == platform))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_channel_is_found_however_it_was_asked_for() {
        let may_be = |platform, filters| {
            let filters: Filters = serde_json::from_value(filters).expect("filters");
            may_be_of(platform, &filters)
        };
        for of_web in [
            json!({}),
            json!({"status": "placed"}),
            json!({"platform": "web"}),
            json!({"platform": "shop,web"}),
            json!({"platform": ["shop", "web"]}),
            json!({"platform": ["pos", "web,shop"]}),
        ] {
            assert!(may_be(Some("web"), of_web.clone()), "{of_web}");
        }
        for others in [
            json!({"platform": "shop"}),
            json!({"platform": "web2,shop"}),
            json!({"platform": ["shop", "webs"]}),
        ] {
            assert!(!may_be(Some("web"), others.clone()), "{others}");
            assert!(may_be(None, others));
        }
        assert!(may_be(Some("7"), json!({"platform": 7})));
    }
}
