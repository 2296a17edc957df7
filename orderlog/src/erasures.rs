//! `orderlog erasures`: what the log knows of erased personal data.

use anyhow::Context as _;
use clap::Subcommand;
use contracts::order::PersonalDataErased;
use futures_util::TryStreamExt as _;
use infra::{config::Config, people, postgres::Databases};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Row as _, postgres::PgRow};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::ExitCode,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum ErasuresCommand {
    /// Delete again the keys of everybody who was erased: after a restored backup of the ops database
    Reapply {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// An event of the log.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stored {
    personal_data_erased: PersonalDataErased,
}

/// What was done.
#[derive(Debug, Default, Serialize)]
struct Reapplied {
    erasures: usize,
    orders: u64,
    keys_deleted: u64,
}

/// Does it.
///
/// # Errors
/// A database that does not answer; an event that cannot be read.
pub async fn run(config: &Config, command: ErasuresCommand) -> anyhow::Result<ExitCode> {
    let ErasuresCommand::Reapply { json } = command;
    let databases = Databases::new(config)?;
    let done = reapply(&databases.events, &databases.ops).await?;
    if json {
        println!("{}", serde_json::to_string(&done)?);
    } else {
        println!(
            "erasures: {}, orders: {}, keys deleted again: {}",
            done.erasures, done.orders, done.keys_deleted
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Deletes each subject's key that is older than the last erasure of the subject, and
/// what receivers of webhooks have answered about the orders.
async fn reapply(events: &PgPool, ops: &PgPool) -> anyhow::Result<Reapplied> {
    let (mut until, mut erasures) = (BTreeMap::<Uuid, OffsetDateTime>::new(), BTreeSet::new());
    let (mut done, mut orders) = (Reapplied::default(), BTreeSet::new());
    let sql = "SELECT aggregate_id, payload::text, recorded_at FROM events \
                WHERE aggregate_type = 'order' AND event_type = 'PersonalDataErased'";
    let mut rows = sqlx::query(sql).fetch(events);
    while let Some(row) = rows.try_next().await? {
        let (erased, recorded_at) = read(&row)?;
        let asked_at = asked_at(erased.erasure_id).unwrap_or(recorded_at);
        for subject in erased.subjects {
            let last = until.entry(subject).or_insert(asked_at);
            *last = asked_at.max(*last);
        }
        erasures.insert(erased.erasure_id);
        let order: String = row.try_get("aggregate_id")?;
        orders.insert(order.parse::<Uuid>().context("an order has no id")?);
        done.orders += 1;
    }
    done.erasures = erasures.len();
    let (subjects, times): (Vec<Uuid>, Vec<OffsetDateTime>) = until.into_iter().unzip();
    let deleted = sqlx::query(
        "DELETE FROM subject_keys k USING unnest($1::uuid[], $2::timestamptz[]) AS e (subject, until) \
          WHERE k.subject = e.subject AND k.created_at <= e.until",
    )
    .bind(subjects)
    .bind(times)
    .execute(ops)
    .await?;
    done.keys_deleted = deleted.rows_affected();
    let orders: Vec<Uuid> = orders.into_iter().collect();
    people::keep_no_answers(ops, &orders).await?;
    people::erase_answers(ops, &orders).await?;
    Ok(done)
}

fn read(row: &PgRow) -> anyhow::Result<(PersonalDataErased, OffsetDateTime)> {
    let payload: String = row.try_get("payload")?;
    let stored: Stored = serde_json::from_str(&payload).context("an event cannot be read")?;
    Ok((stored.personal_data_erased, row.try_get("recorded_at")?))
}

/// When an erasure was asked for: ids of operations say so (UUIDv7). What was sealed
/// between that and the event is under a new key.
fn asked_at(erasure: Uuid) -> Option<OffsetDateTime> {
    let (seconds, nanos) = erasure.get_timestamp()?.to_unix();
    let seconds = OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?;
    Some(seconds + time::Duration::nanoseconds(i64::from(nanos)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operations_id_says_when_it_was_asked_for() {
        let now = infra::clock::now();
        let asked = asked_at(infra::clock::new_id()).expect("a time");
        assert!((asked - now).abs() < time::Duration::seconds(1), "{asked}");
        assert_eq!(asked_at(Uuid::from_u128(7)), None);
    }

    #[test]
    fn an_event_reads_back() {
        let payload = r#"{"PersonalDataErased":{"erasure_id":"019ac1f0-7c3e-7a41-9c55-2f4d6d0c33aa","subjects":["3f2c5b1e-8f7a-5a30-9a6b-9a1f0f5e2d11"],"requested_by":"key_1"}}"#;
        let stored: Stored = serde_json::from_str(payload).expect("an event");
        assert_eq!(stored.personal_data_erased.subjects.len(), 1);
    }
}
