//! Log, Kafka and views, order by order.

use super::error::VerifyError;
use super::report::{Difference, Report};
use super::store;
use super::versions::{Seen, Versions};
use sqlx::PgPool;
use std::collections::HashMap;
use uuid::Uuid;

/// Orders asked for again at a time.
const BATCH: usize = 1_000;

/// Counts the orders whose last versions differ. Where Kafka or the views are
/// ahead of the horizon the log is asked again: what it has by now is no
/// difference.
pub(super) async fn orders(
    log: &PgPool,
    versions: Versions,
    examples: usize,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let [_, kafka, _] = versions.count();
    report.kafka_orders = kafka;
    let mut batch = Vec::with_capacity(BATCH);
    let mut disagreeing = versions.disagreeing();
    loop {
        batch.clear();
        batch.extend(disagreeing.by_ref().take(BATCH));
        if batch.is_empty() {
            return Ok(());
        }
        let present = present(log, &batch).await?;
        for (id, seen) in &batch {
            let now = present.get(id).copied().unwrap_or_default();
            if let Some(what) = difference(*seen, now) {
                report.orders_differing += 1;
                report.tell(examples, Difference::of_order(*id, what));
            }
        }
    }
}

async fn present(log: &PgPool, batch: &[(Uuid, Seen)]) -> Result<HashMap<Uuid, i64>, VerifyError> {
    let ids: Vec<String> = batch
        .iter()
        .map(|(id, _)| id.hyphenated().to_string())
        .collect();
    let present = store::present_versions(log, &ids).await;
    present
        .map_err(VerifyError::Log)?
        .into_iter()
        .map(|(id, last)| match id.parse() {
            Ok(id) => Ok((id, last)),
            Err(_) => Err(VerifyError::ForeignId { id }),
        })
        .collect()
}

/// What is wrong with an order that the log has up to `now` at this moment.
fn difference(seen: Seen, now: i64) -> Option<String> {
    let Seen { log, kafka, views } = seen;
    let between = |version: u32| version >= log && i64::from(version) <= now;
    (!between(kafka) || !between(views))
        .then(|| format!("version {log} in the log, {kafka} on Kafka, {views} in the views"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(log: u32, kafka: u32, views: u32, now: i64) -> bool {
        difference(Seen { log, kafka, views }, now).is_some()
    }

    #[test]
    fn ahead_of_the_horizon_is_no_difference_but_ahead_of_the_log_is() {
        assert!(!differs(1, 1, 1, 1));
        assert!(!differs(1, 3, 2, 3), "written meanwhile");
        assert!(!differs(0, 1, 1, 1), "placed meanwhile");
        assert!(differs(1, 2, 2, 1), "Kafka knows what the log does not");
        assert!(differs(2, 2, 1, 2), "the view is behind");
        assert!(differs(1, 0, 0, 1), "never published");
        assert!(differs(0, 1, 0, 0), "nobody's event");
    }
}
