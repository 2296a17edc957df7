//! The table `asked_questions`.

use super::{DAYS, rank::Noted};
use sqlx::{Error, PgPool, Row as _};
use time::{Date, Duration};

/// Forms of one day, about: when there are so many, no further ones are noted until
/// those that hardly anybody has asked are forgotten.
const MOST: i64 = 3_000;
/// Forms of one day that are remembered then.
const REMEMBERED: i64 = 1_000;

/// Counts each of these once. Older days are thrown away by it.
pub async fn note(ops: &PgPool, today: Date, forms: &[String]) -> Result<(), Error> {
    sqlx::query(
        "WITH past AS (DELETE FROM asked_questions WHERE day < $4) \
         INSERT INTO asked_questions AS known (day, form, asked) \
         SELECT $1, n.form, 1 FROM unnest($2::text[]) AS n (form) \
          WHERE (SELECT count(*) FROM asked_questions WHERE day = $1) < $3 \
             OR EXISTS (SELECT FROM asked_questions a WHERE a.day = $1 AND a.form = n.form) \
          ORDER BY n.form \
         ON CONFLICT (day, form) DO UPDATE SET asked = known.asked + 1",
    )
    .bind(today)
    .bind(forms)
    .bind(MOST)
    .bind(first_day(today))
    .execute(ops)
    .await?;
    Ok(())
}

/// What was asked on the last days.
pub async fn noted(ops: &PgPool, today: Date) -> Result<Vec<Noted>, Error> {
    let rows = sqlx::query("SELECT day, form, asked FROM asked_questions WHERE day >= $1")
        .bind(first_day(today))
        .fetch_all(ops)
        .await?;
    let noted = rows.iter().map(|row| {
        Ok(Noted {
            day: row.try_get("day")?,
            form: row.try_get("form")?,
            asked: row.try_get("asked")?,
        })
    });
    noted.collect()
}

/// Makes room for what is asked next: of each day only the forms stay that were
/// asked most.
pub async fn forget(ops: &PgPool) -> Result<u64, Error> {
    let done = sqlx::query(
        "DELETE FROM asked_questions known \
          USING (SELECT day, form, row_number() OVER (PARTITION BY day ORDER BY asked DESC, form) \
                        AS place \
                   FROM asked_questions) placed \
          WHERE placed.place > $1 AND (known.day, known.form) = (placed.day, placed.form)",
    )
    .bind(REMEMBERED)
    .execute(ops)
    .await?;
    Ok(done.rows_affected())
}

fn first_day(today: Date) -> Date {
    let days = Duration::days(i64::from(DAYS) - 1);
    today.checked_sub(days).unwrap_or(today)
}
