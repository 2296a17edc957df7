//! What publishing tells.

use super::store::{self, Backlog};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use sqlx::PgPool;
use std::time::Duration;
use tokio::{sync::watch, time::sleep};

const PUBLISHED: &str = "orderlog_state_published_total";
const PUBLISH_SECONDS: &str = "orderlog_state_publish_seconds";
const LEADER: &str = "orderlog_state_leader";
const LAG_DOCUMENTS: &str = "orderlog_state_lag_documents";
const LAG_SECONDS: &str = "orderlog_state_lag_seconds";
const REFUSED: &str = "orderlog_state_refused";
const REPUBLISHING: &str = "orderlog_state_republishing";

/// How often it is looked how much there is to do.
const EACH: Duration = Duration::from_secs(2);

/// Tells the exporter what the names mean.
pub fn describe() {
    describe_counter!(PUBLISHED, "Documents published, by projection");
    describe_histogram!(PUBLISH_SECONDS, "Time of one Kafka transaction");
    describe_gauge!(LEADER, "1 while this process publishes the documents");
    describe_gauge!(
        LAG_DOCUMENTS,
        "Changes whose documents are not published (counted up to 100,000)"
    );
    describe_gauge!(LAG_SECONDS, "Age of the oldest such change");
    describe_gauge!(REFUSED, "Documents that Kafka does not take");
    describe_gauge!(
        REPUBLISHING,
        "1 while all documents are published anew, for another build or topic"
    );
}

/// So many documents were published in one transaction.
pub fn published(projection: &'static str, documents: usize, took: Duration) {
    let projection = [("projection", projection)];
    counter!(PUBLISHED, &projection).increment(documents as u64);
    histogram!(PUBLISH_SECONDS, &projection).record(took);
}

/// Measures until it is dropped. Only the one that leads tells: what it leaves
/// behind must not go on rising.
pub async fn watch(projection: &'static str, views: PgPool, leads: watch::Receiver<bool>) {
    loop {
        let leading = *leads.borrow();
        let backlog = if leading {
            store::backlog(&views, projection).await
        } else {
            Ok(Backlog {
                changes: 0,
                seconds: 0.0,
                refused: 0,
                incomplete: false,
            })
        };
        match backlog {
            Ok(backlog) => tell(projection, leading, &backlog),
            Err(error) => tracing::debug!(projection, %error, "publisher.lag_unknown"),
        }
        sleep(EACH).await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges: 2^53 are enough")]
fn tell(projection: &'static str, leads: bool, backlog: &Backlog) {
    let projection = [("projection", projection)];
    gauge!(LEADER, &projection).set(u8::from(leads));
    gauge!(LAG_DOCUMENTS, &projection).set(backlog.changes as f64);
    gauge!(LAG_SECONDS, &projection).set(backlog.seconds);
    gauge!(REFUSED, &projection).set(backlog.refused as f64);
    gauge!(REPUBLISHING, &projection).set(u8::from(backlog.incomplete));
}
