//! `order_customers`: whose each order is, and was. Written when that changes, so
//! once for nearly every order.

use super::{
    table::{Statements, There, lexemes, list},
    values,
};
use crate::orders::{fold::OrderRow, named, parts::Part};
use sqlx::PgConnection;
use std::{collections::BTreeMap, sync::LazyLock};
use uuid::Uuid;

const COPY: &str = "COPY order_customers (order_id, platform, subject, customer_id, name, email, \
     placed_at, guest, subjects, emails, words) FROM STDIN";
/// What it ever was stays: only who is forgotten is taken out, by folding the
/// order anew.
const UPSERT: &str = "
    INSERT INTO order_customers AS t (order_id, platform, subject, customer_id, name, email,
                                      placed_at, guest, subjects, emails, words)
    SELECT order_id, platform, subject, customer_id, name, email, placed_at, guest,
           subjects::uuid[], emails::text[], words::tsvector
      FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($2::text[]) AS platform,
                   unnest($3::uuid[]) AS subject, unnest($4::text[]) AS customer_id,
                   unnest($5::text[]) AS name, unnest($6::text[]) AS email,
                   unnest($7::timestamptz[]) AS placed_at, unnest($8::boolean[]) AS guest,
                   unnest($9::text[]) AS subjects, unnest($10::text[]) AS emails,
                   unnest($11::text[]) AS words) AS n
        ON CONFLICT (order_id) DO UPDATE
       SET platform = EXCLUDED.platform, subject = EXCLUDED.subject,
           customer_id = EXCLUDED.customer_id, name = EXCLUDED.name, email = EXCLUDED.email,
           placed_at = EXCLUDED.placed_at, guest = t.guest OR EXCLUDED.guest,
           subjects = ARRAY(SELECT DISTINCT s FROM unnest(t.subjects || EXCLUDED.subjects) AS u (s)
                             ORDER BY s),
           emails = ARRAY(SELECT DISTINCT e COLLATE \"C\"
                            FROM unnest(t.emails || EXCLUDED.emails) AS u (e) ORDER BY 1),
           words = EXCLUDED.words";
static STATEMENTS: LazyLock<Statements> =
    LazyLock::new(|| Statements::new(COPY.to_owned(), UPSERT.to_owned()));

/// Stores whose those orders are of which that may have changed. Nobody's have a row,
/// too: what they were sealed under is to be known when they become somebody's.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
    there: There,
) -> Result<(), sqlx::Error> {
    let changed = rows.values();
    let changed: Vec<&OrderRow> = changed
        .filter(|row| row.changed.contains(&Part::Customer))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    STATEMENTS
        .begin(there)
        .bind(values(&changed, |row| row.order.id))
        .bind(values(&changed, |row| row.order.platform.as_str()))
        .bind(values(&changed, |row| named::subject(&row.order)))
        .bind(values(&changed, |row| named::customer_id(&row.order)))
        .bind(values(&changed, |row| named::name(&row.order)))
        .bind(values(&changed, |row| named::email(&row.order)))
        .bind(values(&changed, |row| row.order.placed_at))
        .bind(values(&changed, |row| row.named.guest))
        .bind(values(&changed, |row| {
            list(row.named.subjects.iter().map(Uuid::to_string))
        }))
        .bind(values(&changed, |row| list(&row.named.emails)))
        .bind(values(&changed, |row| lexemes(named::searched(&row.order))))
        .execute(connection)
        .await
}
