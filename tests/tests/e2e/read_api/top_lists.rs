//! `GET /v1/statistics/products`, `…/customers`, `…/customers/cohorts` and
//! `…/funnel`.

use super::views::Views;
use anyhow::ensure;
use serde_json::{Value, json};
use tests::TestEnv;

super::suite![
    products_are_listed_per_currency,
    customers_are_listed_with_their_first_and_last_day,
    cohorts_begin_with_the_first_order,
    the_funnel_tells_how_long_it_takes,
];

/// The rows of a route.
async fn told(views: &Views, path: &str) -> anyhow::Result<Value> {
    let path = format!("/v1/statistics/{path}");
    Ok(views.api.get(&path).await?.expect(200)?.json["data"].clone())
}

async fn products_are_listed_per_currency(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 10).await?;
    views
        .execute(
            "INSERT INTO product_statistics SELECT 'S,' || n, '2026-01-01'::date + n, 'web', currency, p, \
        1, 10 - n, 0, 100 * n, 5, 1 FROM generate_series(1, 5) n, \
        (VALUES ('GBP'), ('EUR')) g (currency), (VALUES (0), (3)) k (p)",
        )
        .await?;
    let top = told(&views, "products?limit=2").await?;
    ensure!(
        top[0]
            == json!({"sku": "S,5", "name": null, "currency": "EUR", "orders": 2, "units": 10,
                "returned_units": 0, "amount": 1000, "discounts": 10, "tax": 2}),
        "{top}"
    );
    ensure!(
        top[1]["sku"] == "S,4" && top[1]["name"] == "A lamp" && top[2]["currency"] == "GBP",
        "{top}"
    );
    let units = told(
        &views,
        "products?sort=units&currency=GBP&from=2026-01-03&limit=1",
    )
    .await?;
    ensure!(
        units[0]["sku"] == "S,2" && units.as_array().is_some_and(|rows| rows.len() == 1),
        "{units}"
    );
    let refused = views.api.get("/v1/statistics/products?sort=name").await?;
    refused.expect_problem(400, "invalid_parameter")?;
    Ok(())
}

/// Customers `a` and `b` begin in January, `c` in February; `a` comes back
/// twice, in two currencies; `b` gets a credit before all that.
const CUSTOMERS: &str = "
    INSERT INTO customer_statistics
    SELECT 'web', customer, day, currency, p, orders, 0, 2 * orders, revenue, revenue, 10, 0, 0
      FROM (VALUES ('a', '2026-01-05'::date, 'GBP', 0, 1, 100), ('a', '2026-02-05', 'GBP', 1, 1, 200),
                   ('a', '2026-03-05', 'EUR', 2, 1, 300), ('b', '2025-12-24', 'GBP', 0, 0, -50),
                   ('b', '2026-01-07', 'GBP', 3, 2, 400), ('c', '2026-02-01', 'GBP', 4, 1, 70))
           r (customer, day, currency, p, orders, revenue)";

async fn customers_are_listed_with_their_first_and_last_day(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views.execute(CUSTOMERS).await?;
    let top = told(&views, "customers?currency=GBP").await?;
    ensure!(
        top[0]
            == json!({"platform": "web", "customer": "b", "currency": "GBP", "orders": 2,
                "cancelled": 0, "units": 4, "revenue": 350, "captured": 350, "refunded": 20,
                "charged_back": 0, "credited": 0, "net": 330, "first_order": "2026-01-07",
                "last_order": "2026-01-07"}),
        "{top}"
    );
    ensure!(
        top[1]["customer"] == "a"
            && top[1]["first_order"] == "2026-01-05"
            && top[1]["last_order"] == "2026-02-05"
            && top[2]["customer"] == "c",
        "{top}"
    );
    let one = told(&views, "customers?customer=a&sort=orders").await?;
    ensure!(
        one[0]["currency"] == "EUR" && one.as_array().is_some_and(|rows| rows.len() == 2),
        "{one}"
    );
    Ok(())
}

async fn cohorts_begin_with_the_first_order(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views.execute(CUSTOMERS).await?;
    let cohorts = told(&views, "customers/cohorts").await?;
    let row = |cohort: &str,
               size,
               month: &str,
               since,
               currency: &str,
               customers,
               orders,
               revenue,
               net| {
        json!({"cohort": cohort, "size": size, "month": month, "months_since": since,
            "currency": currency, "customers": customers, "orders": orders, "revenue": revenue,
            "net": net})
    };
    ensure!(
        cohorts
            == json!([
                row("2026-01-01", 2, "2026-01-01", 0, "GBP", 2, 3, 500, 480),
                row("2026-01-01", 2, "2026-02-01", 1, "GBP", 1, 1, 200, 190),
                row("2026-01-01", 2, "2026-03-01", 2, "EUR", 1, 1, 300, 290),
                row("2026-02-01", 1, "2026-02-01", 0, "GBP", 1, 1, 70, 60),
            ]),
        "{cohorts}"
    );
    let later = told(&views, "customers/cohorts?from=2026-02-01&platform=web").await?;
    ensure!(
        later.as_array().is_some_and(|rows| rows.len() == 1),
        "{later}"
    );
    Ok(())
}

async fn the_funnel_tells_how_long_it_takes(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views
        .execute(
            "INSERT INTO order_funnel SELECT day, 'web', step, bucket, p, orders, orders * seconds \
        FROM (VALUES ('2026-01-01'::date), ('2026-02-01')) d (day), (VALUES (0), (3)) k (p), \
             (VALUES ('placed', 0, 10, 0), ('placed_paid', 0, 4, 0), ('placed_paid', 12, 4, 3600)) \
                 s (step, bucket, orders, seconds)",
        )
        .await?;
    let funnel = told(&views, "funnel?interval=month").await?;
    ensure!(
        funnel.as_array().is_some_and(|rows| rows.len() == 4),
        "{funnel}"
    );
    ensure!(
        funnel[1]
            == json!({"period": "2026-01-01", "step": "placed_paid", "orders": 16,
                "average_seconds": 1800, "p50_seconds": 0, "p90_seconds": 3685,
                "p99_seconds": 4054,
                "buckets": [{"from_seconds": 0, "to_seconds": 1, "orders": 8},
                            {"from_seconds": 2048, "to_seconds": 4096, "orders": 8}]}),
        "{funnel}"
    );
    let shop = told(&views, "funnel?group_by=platform&from=2026-02-01").await?;
    ensure!(
        shop[0]["platform"] == "web" && shop[0]["step"] == "placed" && shop[0]["orders"] == 20,
        "{shop}"
    );
    Ok(())
}
