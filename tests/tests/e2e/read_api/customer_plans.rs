//! What a page of customers costs, beside 100,000 orders.

use super::plans::{middle, pages_read, with_many_orders};
use actix_web::test::TestRequest;
use anyhow::{Context as _, ensure};
use tests::TestEnv;

super::suite![no_page_of_customers_costs_more_than_each_of_them];

/// Customers of a page.
const PAGE: u64 = 50;
/// Pages of 8 kB that each of them may take: their last order is told from others of
/// theirs that are come upon, and looked up in three tables.
const MOST_EACH: u64 = 60;

/// Whose those orders are.
const CUSTOMERS: &str = "
    INSERT INTO order_customers (order_id, platform, subject, customer_id, name, email, placed_at,
        guest, subjects, emails, words)
    SELECT id, platform, subject, customer_id, customer_id || ' Lovelace',
           customer_id || '@example.com', CASE WHEN placed THEN placed_at END, false,
           ARRAY[subject], ARRAY[customer_id || '@example.com'],
           array_to_tsvector(ARRAY[customer_id, 'com', 'example', 'lovelace'])
      FROM (SELECT *, md5(platform || customer_id)::uuid AS subject FROM orders
             WHERE customer_id IS NOT NULL) o";

/// What they come to.
const STATISTICS: &str = "
    INSERT INTO customer_statistics (platform, customer, day, currency, \"partition\", orders,
        cancelled, units, revenue, captured, refunded, charged_back, credited)
    SELECT platform, customer_id, (placed_at AT TIME ZONE 'UTC')::date, currency, \"partition\",
           count(*), 0, sum(units), sum(total), 0, 0, 0, 0
      FROM orders WHERE customer_id IS NOT NULL AND placed GROUP BY 1, 2, 3, 4, 5";

/// Both orders, each filter, and what somebody is found by.
const QUERIES: &[&str] = &[
    "",
    "sort=last_order_at",
    "platform=web",
    "platform=phone",
    "platform=phone&sort=last_order_at",
    "customer=c77",
    "last_order_from=2025-06-01&last_order_to=2025-06-08",
    "email=c77@example.com",
    "q=c77",
];

async fn no_page_of_customers_costs_more_than_each_of_them(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_many_orders(env).await?;
    for statement in [
        CUSTOMERS,
        STATISTICS,
        "VACUUM (ANALYZE) order_customers",
        "VACUUM (ANALYZE) customer_statistics",
    ] {
        views.execute(statement).await?;
    }
    let middle = middle(&views.pool, "placed_at").await?;
    let (mut greedy, mut most) = (Vec::new(), 0);
    for query in QUERIES {
        for after in [None, Some(middle)] {
            let uri = format!("/v1/customers?limit={PAGE}&{query}");
            let request = TestRequest::with_uri(uri.trim_end_matches('&')).to_http_request();
            let plan = read_api::customers_plan(&views.pool, &request, after).await;
            let pages = pages_read(&plan.with_context(|| (*query).to_owned())?)?;
            most = most.max(pages);
            if pages > PAGE * MOST_EACH {
                greedy.push(format!("{pages}: {query} after {after:?}"));
            }
        }
    }
    ensure!(greedy.is_empty(), "{}", greedy.join("\n"));
    eprintln!("{most} pages of 8 kB for a page of {PAGE} customers at the most");
    Ok(())
}
