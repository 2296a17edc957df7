//! `order_search`: the words of each order; `order_words`: those that any order
//! of a partition has. A word goes with the last order that has it, so that
//! nothing is left of what was erased.

use super::table::{Statements, Table, There, lexemes};
use crate::{
    engine::verify::{Content, SumTable},
    orders::{fold::OrderRow, parts::Part, searched::searched},
};
use infra::views::words::may_be_mistyped;
use sqlx::{Executor as _, PgConnection, Row as _, postgres::PgRow};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};
use uuid::Uuid;

const TABLE: Table = Table {
    name: "order_search",
    columns: &[
        ("order_id", "uuid"),
        ("partition", "int"),
        ("created_at", "timestamptz"),
        ("words", "tsvector"),
    ],
    key: 1,
};
/// Answers what was there before.
static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| {
    let upsert = format!(
        "WITH was AS (SELECT \"partition\", words FROM order_search WHERE order_id = ANY($1)), \
              put AS ({upsert}) \
         SELECT \"partition\", tsvector_to_array(words) AS words FROM was",
        upsert = TABLE.upsert_changed()
    );
    Statements::new(TABLE.copy(), upsert)
});

/// Words that are looked at together, of those that any order has.
const PAGE: i64 = 5_000;

/// Words, each of one partition.
type Words = BTreeSet<(i32, String)>;

/// Takes away the words of orders that are written anew as a whole.
pub async fn take(
    connection: &mut PgConnection,
    orders: &BTreeSet<Uuid>,
) -> Result<Words, sqlx::Error> {
    let rows = sqlx::query(
        "DELETE FROM order_search WHERE order_id = ANY($1) \
         RETURNING \"partition\", tsvector_to_array(words) AS words",
    )
    .bind(orders.iter().copied().collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    read(&rows)
}

/// Stores the words of those orders in which they may have changed, and forgets
/// those that nothing has any more; `taken` are some that were taken away.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
    (taken, there): (Words, There),
) -> Result<(), sqlx::Error> {
    let changed = rows.values().filter(|r| r.changed.contains(&Part::Search));
    let changed: Vec<_> = changed.map(|row| (row, searched(&row.order))).collect();
    let mut was = taken;
    let mut is = Words::new();
    if !changed.is_empty() {
        was.extend(store(connection, &changed, there).await?);
        for (row, words) in changed {
            let words = words.into_iter().filter(|word| may_be_mistyped(word));
            is.extend(words.map(|word| (row.partition, word)));
        }
        add(connection, is.difference(&was)).await?;
    }
    was.retain(|(_, word)| may_be_mistyped(word));
    forget(connection, was.difference(&is)).await
}

async fn store(
    connection: &mut PgConnection,
    orders: &[(&OrderRow, BTreeSet<String>)],
    there: There,
) -> Result<Words, sqlx::Error> {
    let rows = || orders.iter().map(|(row, _)| *row);
    let words = orders.iter().map(|(_, words)| lexemes(words));
    let rows = STATEMENTS
        .begin(there)
        .bind(rows().map(|row| row.order.id).collect::<Vec<_>>())
        .bind(rows().map(|row| row.partition).collect::<Vec<_>>())
        .bind(rows().map(|row| row.order.created_at).collect::<Vec<_>>())
        .bind(words.collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    read(&rows)
}

fn read(rows: &[PgRow]) -> Result<Words, sqlx::Error> {
    let mut found = Words::new();
    for row in rows {
        let partition: i32 = row.try_get("partition")?;
        let words: Vec<String> = row.try_get("words")?;
        found.extend(words.into_iter().map(|word| (partition, word)));
    }
    Ok(found)
}

async fn add(
    connection: &mut PgConnection,
    words: impl Iterator<Item = &(i32, String)>,
) -> Result<(), sqlx::Error> {
    run(
        connection,
        "INSERT INTO order_words (word, \"partition\") \
         SELECT * FROM unnest($1::text[], $2::int[]) ON CONFLICT DO NOTHING",
        words,
    )
    .await
}

/// Words are letters and digits, so they can be quoted.
async fn forget(
    connection: &mut PgConnection,
    words: impl Iterator<Item = &(i32, String)>,
) -> Result<(), sqlx::Error> {
    run(
        connection,
        "DELETE FROM order_words w USING unnest($1::text[], $2::int[]) AS gone (word, \"partition\") \
          WHERE w.word = gone.word AND w.\"partition\" = gone.\"partition\" \
            AND NOT EXISTS (SELECT FROM order_search s WHERE s.\"partition\" = gone.\"partition\" \
                               AND s.words @@ quote_literal(gone.word)::tsquery)",
        words,
    )
    .await
}

async fn run(
    connection: &mut PgConnection,
    sql: &str,
    words: impl Iterator<Item = &(i32, String)>,
) -> Result<(), sqlx::Error> {
    let (partitions, words): (Vec<i32>, Vec<&str>) = words
        .map(|(partition, word)| (*partition, word.as_str()))
        .unzip();
    if words.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(sql).bind(words).bind(partitions);
    query.execute(connection).await?;
    Ok(())
}

/// `order_words` against the words of the orders, as [`gather`] finds them.
pub fn known() -> SumTable {
    SumTable {
        table: "order_words",
        key: vec!["word", "partition"],
        content: Content::Presence {
            condition: "EXISTS (SELECT FROM public.order_search o \
                                 WHERE o.\"partition\" = k.\"partition\" \
                                   AND o.words @@ quote_literal(k.word)::tsquery)"
                .into(),
        },
        computed: "SELECT word, \"partition\" FROM pg_temp.searched_words".into(),
    }
}

/// Makes the table of the words that may be mistyped and that any order has, for
/// as long as the transaction lasts. Which ones may be, only the code knows; one
/// with a digit never is.
pub async fn gather(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection
        .execute(
            "CREATE TEMPORARY TABLE searched_words (word text, \"partition\" integer, \
                 PRIMARY KEY (word, \"partition\")) ON COMMIT DROP; \
             INSERT INTO searched_words SELECT DISTINCT w.word, s.\"partition\" \
               FROM order_search s CROSS JOIN unnest(tsvector_to_array(s.words)) AS w (word) \
              WHERE w.word !~ '[0-9]'",
        )
        .await?;
    let mut after = String::new();
    loop {
        let page: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT word FROM searched_words WHERE word > $1 ORDER BY word LIMIT $2",
        )
        .bind(&after)
        .bind(PAGE)
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after.clone_from(last);
        let others = page.iter().map(String::as_str);
        let others: Vec<&str> = others.filter(|word| !may_be_mistyped(word)).collect();
        sqlx::query("DELETE FROM searched_words WHERE word = ANY($1)")
            .bind(others)
            .execute(&mut *connection)
            .await?;
    }
}
