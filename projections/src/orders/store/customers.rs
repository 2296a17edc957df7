//! `order_customers`: whose each order is, and was. Written when that changes, so
//! once for nearly every order.

use super::{texts, values};
use crate::orders::{fold::OrderRow, named, parts::Part};
use serde_json::to_string;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What it ever was stays: only who is forgotten is taken out, by folding the
/// order anew.
const UPSERT: &str = "
    INSERT INTO order_customers AS t (order_id, platform, subject, customer_id, name, email,
                                      placed_at, guest, subjects, emails, words)
    SELECT order_id, platform, subject, customer_id, name, email, placed_at, guest,
           ARRAY(SELECT json_array_elements_text(subjects::json)::uuid),
           ARRAY(SELECT json_array_elements_text(emails::json)),
           array_to_tsvector(ARRAY(SELECT json_array_elements_text(words::json)))
      FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                  $7::timestamptz[], $8::boolean[], $9::text[], $10::text[], $11::text[])
           AS n (order_id, platform, subject, customer_id, name, email, placed_at, guest, subjects,
                 emails, words)
        ON CONFLICT (order_id) DO UPDATE
       SET platform = EXCLUDED.platform, subject = EXCLUDED.subject,
           customer_id = EXCLUDED.customer_id, name = EXCLUDED.name, email = EXCLUDED.email,
           placed_at = EXCLUDED.placed_at, guest = t.guest OR EXCLUDED.guest,
           subjects = ARRAY(SELECT DISTINCT s FROM unnest(t.subjects || EXCLUDED.subjects) AS u (s)
                             ORDER BY s),
           emails = ARRAY(SELECT DISTINCT e COLLATE \"C\"
                            FROM unnest(t.emails || EXCLUDED.emails) AS u (e) ORDER BY 1),
           words = EXCLUDED.words";

/// Stores whose those orders are of which that may have changed. Nobody's have a row,
/// too: what they were sealed under is to be known when they become somebody's.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
) -> Result<(), sqlx::Error> {
    let changed = rows.values();
    let changed: Vec<&OrderRow> = changed
        .filter(|row| row.changed.contains(&Part::Customer))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    sqlx::query(UPSERT)
        .bind(values(&changed, |row| row.order.id))
        .bind(values(&changed, |row| row.order.platform.as_str()))
        .bind(values(&changed, |row| named::subject(&row.order)))
        .bind(values(&changed, |row| named::customer_id(&row.order)))
        .bind(values(&changed, |row| named::name(&row.order)))
        .bind(values(&changed, |row| named::email(&row.order)))
        .bind(values(&changed, |row| row.order.placed_at))
        .bind(values(&changed, |row| row.named.guest))
        .bind(texts(&changed, |row| to_string(&row.named.subjects))?)
        .bind(texts(&changed, |row| to_string(&row.named.emails))?)
        .bind(texts(&changed, |row| {
            to_string(&named::searched(&row.order))
        })?)
        .execute(connection)
        .await?;
    Ok(())
}
