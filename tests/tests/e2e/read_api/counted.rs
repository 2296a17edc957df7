//! Figures of orders that only the orders' own rows can tell, beside the sums
//! and beside the orders themselves.

use crate::projections::deliveries::lived;
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use tests::{Api, Role, TestEnv};

super::suite![
    figures_counted_one_by_one_are_those_of_the_sums,
    every_filter_chooses_the_orders_that_lists_have,
    filters_of_what_is_summed_narrow_down_what_is_counted,
    days_are_those_of_the_zone_in_every_list,
    what_is_no_day_of_a_zone_is_refused,
];

/// Every order has it, and no sum is kept by it.
const EVERY: &str = "total_min=-9000000000000000";

/// Questions of every route.
const QUESTIONS: [&str; 16] = [
    "orders?",
    "orders?interval=hour&group_by=platform,country,kind",
    "orders?interval=day&group_by=status,payment_status,fulfillment_status,return_status",
    "orders?interval=week&fill=zeros&group_by=platform&time_zone=Asia/Kolkata",
    "orders?from=1970-01-01&to=1970-01-02&interval=hour&compare=previous_period",
    "orders?from=1970-01-01&to=1970-01-02&time_zone=Australia/Adelaide&group_by=kind",
    "orders?by=event_date&interval=day&group_by=platform,country,kind",
    "orders?by=event_date&interval=hour&country=GB&from=1970-01-01T00:00:00Z",
    "products?limit=200",
    "products?limit=2&sort=returned_units&from=1970-01-01&sku=sku1&sku=sku2",
    "customers?limit=200",
    "customers?sort=net&to=1970-01-01&customer=c1&platform=web",
    "customers/cohorts?",
    "customers/cohorts?from=1970-01-01&platform=pos",
    "funnel?",
    "funnel?interval=day&group_by=platform&from=1970-01-01",
];

/// Filters, most of which some of the orders here meet and some do not.
const FILTERS: [&str; 27] = [
    "status=placed",
    "payment_status=paid,none",
    "fulfillment_status=unfulfilled",
    "return_status=none",
    "platform=web",
    "kind=order",
    "country=GB",
    "currency=GBP",
    "customer=c1",
    "customer=c1&customer=c2&kind=credit",
    "tag=first",
    "sku=sku3",
    "sku=A&sku=sku1",
    "created_from=2001-01-01",
    "created_to=2001-01-01",
    "placed_from=1970-01-01&placed_to=1970-01-01T01:30:00Z",
    "updated_to=2001-01-01",
    "total_min=1000",
    "total_min=-100&total_max=500",
    "balance_due_min=1",
    "balance_due_max=0",
    "archived=true",
    "archived=false",
    "has_hold=true",
    "has_open_return=true",
    "q=lamp",
    "q=thing&platform=pos&total_max=4000",
];

/// Everything here is in one currency, and was recorded at once; what else the
/// lives have not come to may be as much.
const MOST_ALL_OR_NONE: usize = 8;

/// A read API on orders that have lived random lives.
async fn lives(env: &TestEnv) -> anyhow::Result<(Api, Role)> {
    lived(&env.config).await?;
    let mut role = env.role("read-api").spawn()?;
    role.ready().await?;
    Ok((Api::new(env, &role).await?, role))
}

async fn data(api: &Api, path: &str) -> anyhow::Result<Vec<Value>> {
    let answer = api.get(path).await?.expect(200)?;
    let data = answer.json["data"].as_array();
    Ok(data.with_context(|| format!("{path} is no list"))?.clone())
}

async fn figures(api: &Api, question: &str) -> anyhow::Result<Vec<Value>> {
    data(api, &format!("/v1/statistics/{question}")).await
}

fn number(row: &Value, pointer: &str) -> i64 {
    row.pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// How many sales a funnel begins with.
fn placed(funnel: &[Value]) -> i64 {
    let placed = funnel.iter().find(|row| row["step"] == "placed");
    placed.map_or(0, |row| number(row, "/orders"))
}

async fn figures_counted_one_by_one_are_those_of_the_sums(env: &TestEnv) -> anyhow::Result<()> {
    let (api, _role) = lives(env).await?;
    let mut about_nothing = Vec::new();
    for question in QUESTIONS {
        let kept = figures(&api, question).await?;
        let counted = figures(&api, &format!("{question}&{EVERY}")).await?;
        ensure!(kept == counted, "{question}: {kept:#?} but {counted:#?}");
        if kept.is_empty() {
            about_nothing.push(question);
        }
    }
    ensure!(
        about_nothing.len() < QUESTIONS.len() / 4,
        "{about_nothing:?}"
    );
    Ok(())
}

/// What the figures of orders add up to, from the orders that a list has.
const SUMS: [(&str, &str); 9] = [
    ("items", "/totals/items"),
    ("discounts", "/totals/discounts"),
    ("shipping", "/totals/shipping"),
    ("tax", "/totals/tax"),
    ("revenue", "/totals/total"),
    ("captured", "/totals/captured"),
    ("refunded", "/totals/refunded"),
    ("charged_back", "/totals/charged_back"),
    ("credited", "/totals/credited"),
];

async fn every_filter_chooses_the_orders_that_lists_have(env: &TestEnv) -> anyhow::Result<()> {
    let (api, _role) = lives(env).await?;
    let all = data(&api, "/v1/orders?limit=200").await?;
    let mut all_or_none = Vec::new();
    for filter in FILTERS {
        let path = format!("/v1/orders?limit=200&{filter}");
        let page = api.get(&path).await?.expect(200)?;
        ensure!(page.json["has_more"] == false, "{filter}: a second page");
        let listed = page.json["data"].as_array().context("a list")?;
        if !(1..all.len()).contains(&listed.len()) {
            all_or_none.push(filter);
        }
        let names = SUMS.iter().map(|(name, _)| *name);
        let names = names.chain(["orders", "cancelled"]);
        let mut expected: BTreeMap<&str, i64> = names.map(|name| (name, 0)).collect();
        for order in listed.iter().filter(|order| !order["placed_at"].is_null()) {
            *expected.entry("orders").or_default() += 1;
            let cancelled = i64::from(order["status"] == "cancelled");
            *expected.entry("cancelled").or_default() += cancelled;
            for (figure, pointer) in SUMS {
                *expected.entry(figure).or_default() += number(order, pointer);
            }
        }
        // Both dates come to the same.
        for by in ["order_date", "event_date"] {
            let told = figures(&api, &format!("orders?by={by}&{filter}")).await?;
            let told = told.first().cloned().unwrap_or_default();
            for (figure, expected) in &expected {
                let told = number(&told, &format!("/{figure}"));
                ensure!(
                    told == *expected,
                    "{filter}, {by}, {figure}: {told}, not {expected}"
                );
            }
        }
    }
    let count = all_or_none.len();
    ensure!(count <= MOST_ALL_OR_NONE, "{all_or_none:?}");
    Ok(())
}

async fn filters_of_what_is_summed_narrow_down_what_is_counted(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let (api, _role) = lives(env).await?;
    // A list of one customer's orders, and all routes for them.
    for filter in [
        "customer=c1&kind=order",
        "tag=first&kind=order",
        "archived=false&kind=order",
    ] {
        let orders = figures(&api, &format!("orders?{filter}")).await?;
        let (orders, units) = (number(&orders[0], "/orders"), number(&orders[0], "/units"));
        let funnel = figures(&api, &format!("funnel?{filter}")).await?;
        ensure!(placed(&funnel) == orders, "{filter}: {funnel:?}");
        let products = figures(&api, &format!("products?limit=200&{filter}")).await?;
        let sold: i64 = products.iter().map(|row| number(row, "/units")).sum();
        ensure!(sold == units, "{filter}: {sold} units, not {units}");
    }
    // In the list of products a product is itself, not what was bought with it.
    let one = figures(&api, "products?sku=sku1&archived=false").await?;
    ensure!(one.len() == 1 && one[0]["sku"] == "sku1", "{one:?}");
    let with_it = figures(&api, "orders?sku=sku1&archived=false").await?;
    ensure!(number(&with_it[0], "/units") > number(&one[0], "/units"));
    Ok(())
}

async fn days_are_those_of_the_zone_in_every_list(env: &TestEnv) -> anyhow::Result<()> {
    let (api, _role) = lives(env).await?;
    let days = ["1969-12-31", "1970-01-01", "1970-01-02"];
    let mut told = Vec::new();
    // The second but last one is off UTC by a part of an hour.
    for zone in [
        "UTC",
        "Asia/Tokyo",
        "America/New_York",
        "Asia/Kolkata",
        "Etc/UTC",
    ] {
        let mut of_zone = Vec::new();
        for ends in days.windows(2) {
            let range = format!("time_zone={zone}&from={}&to={}", ends[0], ends[1]);
            let all = figures(&api, &format!("orders?{range}")).await?;
            let units = all.first().map_or(0, |row| number(row, "/units"));
            let products = figures(&api, &format!("products?limit=200&{range}")).await?;
            let sold: i64 = products.iter().map(|row| number(row, "/units")).sum();
            ensure!(sold == units, "{range}: {sold} units, not {units}");

            let sales = figures(&api, &format!("orders?kind=order&{range}")).await?;
            let sales = sales.first().map_or(0, |row| number(row, "/orders"));
            let funnel = figures(&api, &format!("funnel?{range}")).await?;
            let placed = placed(&funnel);
            ensure!(placed == sales, "{range}: {placed} sales, not {sales}");

            let named = "customer=c1&customer=c2&customer=c3&customer=c-1";
            let named = figures(&api, &format!("orders?{named}&{range}")).await?;
            let named = named.first().map_or(0, |row| number(row, "/revenue"));
            let customers = figures(&api, &format!("customers?limit=200&{range}")).await?;
            let revenue: i64 = customers.iter().map(|row| number(row, "/revenue")).sum();
            ensure!(revenue == named, "{range}: {revenue}, not {named}");
            for customer in &customers {
                let first = customer["first_order"].as_str();
                ensure!(
                    first.is_none_or(|day| day == ends[0]),
                    "{range}: {customer}"
                );
            }
            of_zone.push((units, sales, revenue));
        }
        let funnel = figures(&api, &format!("funnel?interval=day&time_zone={zone}")).await?;
        let placed = funnel.iter().filter(|row| row["step"] == "placed");
        let placed = placed.filter(|row| days[..2].contains(&row["period"].as_str().unwrap_or("")));
        let placed: i64 = placed.map(|row| number(row, "/orders")).sum();
        ensure!(placed == of_zone.iter().map(|(_, sales, _)| sales).sum::<i64>());
        cohorts_begin_in_months_of(&api, zone).await?;
        told.push(of_zone);
    }
    ensure!(told[0] == told[4], "one zone by two names");
    ensure!(told[0] != told[1] && told[0] != told[2], "{told:?}");
    Ok(())
}

/// As many customers as have their first sale in it.
async fn cohorts_begin_in_months_of(api: &Api, zone: &str) -> anyhow::Result<()> {
    let mut first = BTreeMap::<String, i64>::new();
    let customers = format!("customers?limit=200&time_zone={zone}");
    for customer in figures(api, &customers).await? {
        if let Some(day) = customer["first_order"].as_str() {
            *first.entry(format!("{}-01", &day[..7])).or_default() += 1;
        }
    }
    let cohorts = format!("customers/cohorts?time_zone={zone}");
    let cohorts = figures(api, &cohorts).await?;
    let sizes = cohorts.iter().map(|row| {
        let cohort = row["cohort"].as_str().unwrap_or_default().to_owned();
        (cohort, number(row, "/size"))
    });
    let sizes: BTreeMap<_, _> = sizes.collect();
    ensure!(sizes == first, "{zone}: {sizes:?}, not {first:?}");
    Ok(())
}

async fn what_is_no_day_of_a_zone_is_refused(env: &TestEnv) -> anyhow::Result<()> {
    let (api, _role) = lives(env).await?;
    for route in ["products", "customers", "customers/cohorts", "funnel"] {
        for (query, parameter) in [
            ("time_zone=Europe/Atlantis", "time_zone"),
            ("time_zone=x%27y", "time_zone"),
            ("time_zone=Asia/Tokyo&from=2026-01-01T00:00:00Z", "from"),
            ("from=2026-02-01&to=2026-01-01", "to"),
            ("total_min=2&total_max=1", "total_max"),
        ] {
            let refused = api.get(&format!("/v1/statistics/{route}?{query}")).await?;
            let refused = refused.expect_problem(400, "invalid_parameter")?;
            let told = &refused.json["errors"][0]["parameter"];
            ensure!(told == parameter, "{route}?{query}: {told}");
        }
        let refused = api
            .get(&format!("/v1/statistics/{route}?colour=red"))
            .await?;
        let refused = refused.expect_problem(400, "unknown_parameter")?;
        let allowed = refused.json["allowed"]
            .as_array()
            .context("what is allowed")?;
        ensure!(allowed.iter().any(|name| name == "balance_due_max"));
    }
    Ok(())
}
