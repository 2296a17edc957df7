//! What is stored on disk, by order and by event.

use super::held::{Held, Work};
use anyhow::ensure;
use contracts::topics::ORDER_EVENTS;
use infra::config::Config;
use sqlx::PgPool;
use std::{fs, path::Path};

const LOG: Work = Work::cost("disk, log without indexes, by event", "B");
const LOG_INDEXES: Work = Work::cost("disk, indexes of the log, by event", "B");
const LOG_BY_ORDER: Work = Work::cost("disk, log with indexes, by order", "B");
const KAFKA: Work = Work::cost("disk, topic of events, by event", "B");
const VIEWS: Work = Work::cost("disk, views without indexes, by order", "B");
const VIEW_INDEXES: Work = Work::cost("disk, indexes of the views, by order", "B");

/// Adds what the log, its topic and the views of orders take.
pub async fn measure(
    held: &mut Held,
    size: i64,
    config: &Config,
    (log, views): (&PgPool, &PgPool),
    data: &Path,
) -> anyhow::Result<()> {
    let (table, indexes, events): (f64, f64, f64) = sqlx::query_as(
        "SELECT pg_table_size('events')::float8, pg_indexes_size('events')::float8, \
                count(*)::float8 FROM events WHERE aggregate_type = 'order'",
    )
    .fetch_one(log)
    .await?;
    let (rows, view_indexes, orders): (f64, f64, f64) = sqlx::query_as(
        "SELECT sum(pg_table_size(c.oid))::float8, sum(pg_indexes_size(c.oid))::float8, \
                (SELECT count(*) FROM orders)::float8 \
           FROM projections p JOIN pg_class c ON c.relname::text = ANY(p.tables) \
          WHERE p.name = 'orders' AND c.relnamespace = 'public'::regnamespace \
            AND c.relkind = 'r'",
    )
    .fetch_one(views)
    .await?;
    ensure!(events > 0.0 && orders > 0.0, "nothing is stored");
    let topic = bytes_of_topic(data, &config.kafka_name(ORDER_EVENTS))?;
    for (work, bytes, of) in [
        (&LOG, table, events),
        (&LOG_INDEXES, indexes, events),
        (&LOG_BY_ORDER, table + indexes, orders),
        (&KAFKA, topic, events),
        (&VIEWS, rows, orders),
        (&VIEW_INDEXES, view_indexes, orders),
    ] {
        held.add(work, size, &[bytes / of]);
    }
    Ok(())
}

/// Bytes of the records of a topic, in one copy.
fn bytes_of_topic(data: &Path, topic: &str) -> anyhow::Result<f64> {
    let mut bytes = 0.0;
    for partition in fs::read_dir(data)? {
        let partition = partition?;
        if !is_partition(&partition.file_name().to_string_lossy(), topic) {
            continue;
        }
        for segment in fs::read_dir(partition.path())? {
            let segment = segment?;
            // Indexes are made at their full length.
            if segment.path().extension().is_some_and(|end| end == "log") {
                #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
                let length = segment.metadata()?.len() as f64;
                bytes += length;
            }
        }
    }
    Ok(bytes)
}

/// Whether a folder of Kafka's is one of the topic's partitions.
fn is_partition(folder: &str, topic: &str) -> bool {
    let number = folder
        .strip_prefix(topic)
        .and_then(|end| end.strip_prefix('-'));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_partitions_of_the_topic_itself_are_counted() {
        for (folder, counted) in [
            ("orders.events.v1-0", true),
            ("orders.events.v1-11", true),
            ("orders.events.v1-web-0", false),
            ("orders.events.v10-1", false),
            ("curve.orders.events.v1-1", false),
            ("orders.events.v1-", false),
        ] {
            assert_eq!(
                is_partition(folder, "orders.events.v1"),
                counted,
                "{folder}"
            );
        }
    }

    #[test]
    fn records_are_counted_and_their_indexes_are_not() {
        let data = tempfile::tempdir().expect("a folder");
        let partition = data.path().join("t-3");
        fs::create_dir(&partition).expect("a partition");
        fs::write(partition.join("0.log"), [0; 70]).expect("records");
        fs::write(partition.join("0.index"), [0; 900]).expect("an index");
        fs::write(data.path().join("meta.properties"), [0; 9]).expect("a file");
        let bytes = bytes_of_topic(data.path(), "t").expect("readable");
        assert!((bytes - 70.0).abs() < f64::EPSILON, "{bytes}");
    }
}
