//! What a page of a search costs, on 100,000 orders.

use super::plans::{buffers, middle, with_many_orders};
use anyhow::ensure;
use tests::TestEnv;

super::suite![no_page_of_a_search_reads_more_than_its_share];

/// Twenty-odd words each: some that many orders have, down to one in 2,000,
/// names of 20,000 customers, and numbers.
const WORDS: &str = "
    INSERT INTO order_search (order_id, \"partition\", created_at, words)
    SELECT id, \"partition\", created_at, array_to_tsvector(array_remove(ARRAY[
        lower(number), 'example', name(1, 20000), name(2, 2000), name(3, 400), name(4, 400),
        name(5, 60), name(6, 60), name(7, 5000), name(8, 5000), name(9, 5000), name(10, 5000),
        name(11, 5000), 'sku' || pick(13, 2500), 'sku' || pick(14, 2500), 'sku' || pick(15, 2500),
        pick(16, 300)::text, pick(17, 100000)::text,
        CASE pick(20, 2) WHEN 0 THEN 'lamp' END, CASE pick(21, 20) WHEN 0 THEN 'shelf' END,
        CASE pick(22, 200) WHEN 0 THEN 'carpet' END, CASE pick(23, 2000) WHEN 0 THEN 'mirror' END
        ], NULL))
      FROM orders";

/// Which of so many values an order has: spread by a hash. And a word of eight
/// letters for it.
const FUNCTIONS: [&str; 2] = [
    "CREATE FUNCTION pg_temp.pick(text, bigint, bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS \
     $$ SELECT hashtextextended($1, $2)::bit(64)::bit(31)::int % $3 $$",
    "CREATE FUNCTION pg_temp.name(text, bigint, bigint) RETURNS text IMMUTABLE LANGUAGE sql AS \
     $$ SELECT translate(left(md5($3 || '/' || pg_temp.pick($1, $2, $3)), 8), \
                         '0123456789', 'ghijklmnop') $$",
];

const DICTIONARY: &str = "
    INSERT INTO order_words SELECT DISTINCT word, \"partition\"
      FROM order_search, unnest(tsvector_to_array(words)) word WHERE word ~ '^[a-z]{4,}$'";

/// Most pages of 8 kB that a search may read in the order in which orders were
/// recorded: no more than there are of words.
const MOST_BY_WORDS: u64 = 4_000;
/// Most that it may read in other orders, or with filters: those and the index in
/// the order of the list, or, where few have the words, those orders.
const MOST: u64 = 7_000;

/// Words that all orders have, down to none; with mistakes; with filters.
const SEARCHES: &[&str] = &[
    "q=example",
    "q=lamp",
    "q=shelf",
    "q=carpet",
    "q=mirror",
    "q=n77777",
    "q=nobody",
    "q=lamp+shelf",
    "q=lamp+carpet",
    "q=sku77",
    "q=lapm",
    "q=shefl+lamp",
    "q=carpte",
    "q=lamp&platform=phone&status=placed",
    "q=lamp&country=IS",
    "q=carpet&status=cancelled",
];

async fn no_page_of_a_search_reads_more_than_its_share(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_many_orders(env).await?;
    let mut connection = views.pool.acquire().await?;
    for function in FUNCTIONS {
        sqlx::query(function).execute(&mut *connection).await?;
    }
    let words = WORDS
        .replace("name(", "pg_temp.name(number, ")
        .replace("pick(", "pg_temp.pick(number, ");
    sqlx::query(&words).execute(&mut *connection).await?;
    drop(connection);
    views.execute(DICTIONARY).await?;
    views.execute("VACUUM (ANALYZE) order_search").await?;
    views.execute("VACUUM (ANALYZE) order_words").await?;
    let mut greedy = Vec::new();
    for search in SEARCHES {
        for sort in ["created_at", "-created_at", "-updated_at", "total"] {
            let by_words = sort.contains("created") && !search.contains('&');
            let most = if by_words { MOST_BY_WORDS } else { MOST };
            let middle = middle(&views.pool, sort.trim_start_matches('-')).await?;
            for after in [None, Some(middle)] {
                let query = format!("sort={sort}&limit=50&{search}");
                let buffers = buffers(&views.pool, &query, after).await?;
                if buffers > most {
                    greedy.push(format!("{buffers}: {query} after {after:?}"));
                }
            }
        }
    }
    ensure!(greedy.is_empty(), "{}", greedy.join("\n"));
    Ok(())
}
