//! What a page of a list costs, on 100,000 orders.

use super::views::Views;
use actix_web::test::TestRequest;
use anyhow::{Context as _, ensure};
use serde_json::Value;
use sqlx::{PgPool, Row as _};
use tests::TestEnv;
use uuid::Uuid;

super::suite![no_page_of_a_list_reads_more_than_its_share];

/// Pages of 8 kB that a page of 50 orders may take.
const MOST_BUFFERS: u64 = 200;

/// 100,000 orders as shops have them: a few channels, currencies and statuses
/// of which some are rare, twenty countries, 20,000 customers, three lines of
/// 2,500 products. Everything is spread by hashes, so that no column says
/// anything about another one.
const ORDERS: &str = "
    INSERT INTO orders (id, version, revision, \"partition\", number, platform, external_id, kind,
        currency, country, customer_id, status, payment_status, fulfillment_status, return_status,
        placed, confirmed, archived, hold_count, tags, total, captured, refunded, balance_due,
        units, created_at, placed_at, updated_at, summary, document)
    SELECT md5('id' || n)::uuid, 1, 0, n % 12, 'N' || n,
        (ARRAY['web', 'web', 'web', 'web', 'web', 'shop', 'shop', 'shop', 'amazon', 'phone'])[a % 10 + 1],
        CASE WHEN n % 2 = 0 THEN 'X' || n END,
        CASE b % 200 WHEN 0 THEN 'adjustment' WHEN 1 THEN 'credit' WHEN 2 THEN 'credit' WHEN 3 THEN 'credit' ELSE 'order' END,
        (ARRAY['GBP', 'GBP', 'GBP', 'GBP', 'EUR', 'EUR', 'EUR', 'USD', 'USD', 'SEK'])[c % 10 + 1],
        CASE WHEN d % 250 = 0 THEN 'IS' ELSE (ARRAY['GB', 'GB', 'GB', 'FR', 'FR', 'DE', 'DE', 'US', 'SE', 'NO'])[d % 10 + 1] END,
        CASE WHEN e % 4 > 0 THEN 'c' || e % 20000 END,
        CASE WHEN f % 100 < 2 THEN 'draft' WHEN f % 100 < 7 THEN 'cancelled' ELSE 'placed' END,
        (ARRAY['none', 'authorized', 'paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'refunded',
               CASE g % 7 WHEN 0 THEN 'overpaid' ELSE 'partially_refunded' END])[g % 10 + 1],
        (ARRAY['unfulfilled', 'partial', 'fulfilled', 'delivered', 'delivered', 'delivered',
               'delivered', 'delivered', 'delivered', 'none'])[h % 10 + 1],
        (ARRAY['none', 'none', 'none', 'none', 'none', 'none', 'none', 'none', 'requested', 'closed'])[a / 10 % 10 + 1],
        f % 100 >= 2, f % 2 = 0, g % 20 = 0, CASE WHEN h % 60 = 0 THEN 1 ELSE 0 END,
        CASE WHEN b / 200 % 900 = 0 THEN ARRAY['gift'] ELSE '{}' END,
        c / 10 % 50000, 0, 0, CASE WHEN d / 10 % 30 = 0 THEN 1 + d % 5000 ELSE 0 END, 3,
        '2025-01-01Z'::timestamptz + n * interval '5 minutes',
        '2025-01-01Z'::timestamptz + n * interval '5 minutes' - e % 90 * interval '1 minute',
        '2025-01-01Z'::timestamptz + n * interval '5 minutes' + f % 4000 * interval '1 hour',
        rpad('{', 700) || '}', rpad('{', 1800) || '}'
      FROM (SELECT n, numbers[1] AS a, numbers[2] AS b, numbers[3] AS c, numbers[4] AS d,
                   numbers[5] AS e, numbers[6] AS f, numbers[7] AS g, numbers[8] AS h
              FROM generate_series(1, 100000) n,
                   LATERAL (SELECT array_agg(hashint8extended(n, seed)::bit(64)::bit(31)::int) AS numbers
                              FROM generate_series(1, 8) seed) hashes) random";

const LINES: &str = "
    INSERT INTO order_lines (order_id, line_no, line_id, sku, name, unit_price, quantity,
        cancelled_quantity, fulfilled_quantity, shipped_quantity, delivered_quantity,
        return_requested_quantity, returned_quantity, amount, discount, allocated_discount, tax,
        created_at)
    SELECT id, line, 'l' || line, 'S' || hashtextextended(number, line)::bit(64)::bit(31)::int % (25 * 10 ^ line)::int,
           'A lamp', 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, created_at
      FROM orders, generate_series(0, 2) line";

/// Every filter, by rare and by frequent values, and what is often combined.
const FILTERS: &[&str] = &[
    "",
    "platform=web",
    "platform=phone",
    "platform=phone,amazon",
    "status=placed",
    "status=draft",
    "status=cancelled,draft",
    "payment_status=paid",
    "payment_status=overpaid",
    "fulfillment_status=unfulfilled",
    "return_status=requested",
    "kind=order",
    "kind=credit",
    "country=GB",
    "country=NO",
    "currency=GBP",
    "currency=SEK",
    "customer=c77",
    "external_id=X500",
    "tag=gift",
    "total_min=48000",
    "total_max=800",
    "balance_due_min=1",
    "balance_due_max=-1",
    "archived=true",
    "archived=false",
    "has_hold=true",
    "has_hold=false",
    "has_open_return=true",
    "has_open_return=false",
    "platform=web&status=placed",
    "platform=phone&status=placed&archived=false",
    "platform=web&country=FR&currency=EUR",
    "status=placed&payment_status=paid&fulfillment_status=unfulfilled",
    "status=placed&balance_due_min=1",
    "customer=c77&status=placed",
    "kind=order&currency=USD&payment_status=refunded",
    "platform=shop&return_status=requested",
];

/// What is rarer than one in 80, and time ranges: in the order that lists have
/// by themselves, and of that time.
const SORTED_FILTERS: &[(&str, &str)] = &[
    ("created_at", "kind=adjustment"),
    ("created_at", "country=IS"),
    (
        "created_at",
        "created_from=2025-06-01&created_to=2025-06-08",
    ),
    ("created_at", "created_from=2025-06-01&platform=phone"),
    ("created_at", "status=placed&created_to=2025-06-08"),
    ("created_at", "sku=S7"),
    ("created_at", "sku=S77"),
    ("created_at", "sku=S2222"),
    ("created_at", "sku=S7&status=placed"),
    ("placed_at", "placed_from=2025-06-01&placed_to=2025-06-08"),
    ("placed_at", "placed_from=2025-06-01&platform=phone"),
    ("updated_at", "updated_from=2025-06-01"),
    ("updated_at", "updated_from=2025-06-01&platform=phone"),
    ("total", "total_min=1000&total_max=2000&status=placed"),
];

async fn no_page_of_a_list_reads_more_than_its_share(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_many_orders(env).await?;
    views.execute(LINES).await?;
    views.execute("VACUUM (ANALYZE) order_lines").await?;
    let mut shapes: Vec<(&str, &str)> = Vec::new();
    for sort in ["created_at", "placed_at", "updated_at", "total"] {
        shapes.extend(FILTERS.iter().map(|filter| (sort, *filter)));
    }
    shapes.extend(SORTED_FILTERS);
    let mut greedy = Vec::new();
    for (sort, filter) in shapes {
        let middle = middle(&views.pool, sort).await?;
        // No cursor lies outside of the range that its list is cut to.
        let deep = (!cuts(filter, sort)).then_some(middle);
        for (direction, ids, after) in [
            ("-", "", None),
            ("", "", None),
            ("-", "", deep),
            ("", "", deep),
            ("-", ",id", deep),
        ] {
            let query = format!("sort={direction}{sort}{ids}&limit=50&{filter}");
            let buffers = buffers(&views.pool, query.trim_end_matches('&'), after).await?;
            if buffers > MOST_BUFFERS {
                greedy.push(format!("{buffers}: {query} after {after:?}"));
            }
        }
    }
    ensure!(greedy.is_empty(), "{}", greedy.join("\n"));
    Ok(())
}

/// Views with 100,000 orders, and nothing beside them.
pub async fn with_many_orders(env: &TestEnv) -> anyhow::Result<Views> {
    let views = Views::start(env).await?;
    views.execute(ORDERS).await?;
    views.execute("VACUUM (ANALYZE) orders").await?;
    Ok(views)
}

/// Whether a filter is a range of what is sorted by.
fn cuts(filter: &str, sort: &str) -> bool {
    filter.contains(&format!("{}_", sort.trim_end_matches("_at")))
}

/// A place in the middle of a list.
pub async fn middle(views: &PgPool, sort: &str) -> anyhow::Result<(i64, Uuid)> {
    let value = match sort {
        "total" => "total".to_owned(),
        time => format!("(extract(epoch FROM {time}) * 1000000)::bigint"),
    };
    let sql =
        format!("SELECT {value} AS value, id FROM orders ORDER BY {sort}, id OFFSET 50000 LIMIT 1");
    let row = sqlx::query(&sql).fetch_one(views).await?;
    Ok((row.try_get("value")?, row.try_get("id")?))
}

/// Pages of 8 kB that the list reads.
pub async fn buffers(
    views: &PgPool,
    query: &str,
    after: Option<(i64, Uuid)>,
) -> anyhow::Result<u64> {
    let request = TestRequest::with_uri(&format!("/v1/orders?{query}")).to_http_request();
    let plan = read_api::list_plan(views, &request, after).await;
    pages_read(&plan.with_context(|| query.to_owned())?)
}

/// Pages of 8 kB that were read for a plan.
pub fn pages_read(plan: &str) -> anyhow::Result<u64> {
    let plan: Value = serde_json::from_str(plan)?;
    let blocks = |name: &str| plan[0]["Plan"][name].as_u64().context("no buffers");
    Ok(blocks("Shared Hit Blocks")? + blocks("Shared Read Blocks")?)
}
