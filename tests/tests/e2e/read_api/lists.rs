//! `GET /v1/orders`.

use super::views::{Views, ids_of};
use anyhow::{Context as _, ensure};
use std::collections::HashSet;
use tests::{Answer, TestEnv, wait_until};
use tokio::sync::watch;

super::suite![
    every_order_is_on_exactly_one_page,
    pages_hold_while_orders_are_being_written,
    no_page_repeats_or_leaves_out_an_order_while_others_write,
    from_a_page_that_has_become_empty_there_is_a_way_back,
    a_deep_page_reads_no_more_than_the_first,
    filters_choose_what_they_say,
    rare_orders_are_found_by_their_indexes,
    a_cursor_is_good_for_its_own_query_only,
    a_list_is_told_once_until_it_changes,
    what_is_not_understood_is_refused_by_name,
];

/// All pages of a list, followed by their cursors, and the same pages from the
/// last one back.
pub async fn pages(views: &Views, query: &str) -> anyhow::Result<Vec<Answer>> {
    let mut pages = Vec::new();
    let mut next = Some(format!("/v1/orders?{query}"));
    while let Some(path) = next {
        let page = views.api.get(&path).await?.expect(200)?;
        next = told(query, &page)?.0;
        ensure!(page.json["has_more"] == next.is_some(), "{}", page.json);
        pages.push(page);
    }
    let last = pages.last().context("no page")?;
    let mut back = told(query, last)?.1;
    for page in pages.iter().rev().skip(1) {
        let path = back.with_context(|| format!("{query}: a way back is missing"))?;
        let again = views.api.get(&path).await?.expect(200)?;
        ensure!(ids_of(&again) == ids_of(page), "{query}: {path}");
        ensure!(again.json["has_more"] == true, "{}", again.json);
        back = told(query, &again)?.1;
    }
    ensure!(back.is_none(), "{query}: before the first page is {back:?}");
    Ok(pages)
}

/// Where the next page is, and the one before, by cursor and by `Link` alike.
fn told(query: &str, page: &Answer) -> anyhow::Result<(Option<String>, Option<String>)> {
    let at = |member: &str| {
        let cursor = page.json[member].as_str();
        cursor.map(|cursor| format!("/v1/orders?{query}&cursor={cursor}"))
    };
    let (next, prev) = (at("next_cursor"), at("prev_cursor"));
    let links = [("next", &next), ("prev", &prev)].into_iter();
    let links =
        links.filter_map(|(rel, path)| Some(format!("<{}>; rel=\"{rel}\"", path.as_ref()?)));
    let links: Vec<_> = links.collect();
    ensure!(
        page.header("link") == links.join(", "),
        "{}",
        page.header("link")
    );
    Ok((next, prev))
}

async fn every_order_is_on_exactly_one_page(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 103).await?;
    for (query, condition) in [
        ("limit=7", "true ORDER BY created_at DESC, id DESC"),
        ("limit=7&sort=created_at", "true ORDER BY created_at, id"),
        (
            "limit=10&sort=-placed_at",
            "true ORDER BY placed_at DESC, id DESC",
        ),
        (
            "limit=10&sort=placed_at&platform=web",
            "platform = 'web' ORDER BY placed_at, id",
        ),
        (
            "limit=9&sort=-updated_at",
            "true ORDER BY updated_at DESC, id DESC",
        ),
        ("limit=4&sort=total", "true ORDER BY total, id"),
        (
            "limit=4&sort=-total&country=GB,FR",
            "country IN ('GB', 'FR') ORDER BY total DESC, id DESC",
        ),
        ("limit=103", "true ORDER BY created_at DESC, id DESC"),
        ("limit=4&sort=-total,id", "true ORDER BY total DESC, id"),
        ("limit=4&sort=total,-id", "true ORDER BY total, id DESC"),
        (
            "limit=4&sort=-created_at,id",
            "true ORDER BY created_at DESC, id",
        ),
        (
            "limit=3&sku=S,3&sort=created_at,-id",
            "substr(number, 2)::int % 5 = 3 ORDER BY created_at, id DESC",
        ),
        (
            "limit=1&status=draft",
            "status = 'draft' ORDER BY created_at DESC, id DESC",
        ),
    ] {
        let listed: Vec<_> = pages(&views, query)
            .await?
            .iter()
            .flat_map(ids_of)
            .collect();
        ensure!(listed == views.ids(condition).await?, "{query}");
    }
    let page = views.api.get("/v1/orders").await?;
    ensure!(ids_of(&page).len() == 50, "without a limit");
    Ok(())
}

async fn pages_hold_while_orders_are_being_written(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 60).await?;
    let before: HashSet<_> = views.ids("true").await?.into_iter().collect();
    let mut next = 1_000;
    for sort in ["created_at", "-created_at", "-total"] {
        let (mut seen, mut path) = (Vec::new(), format!("/v1/orders?limit=11&sort={sort}"));
        for round in 0.. {
            let page = views.api.get(&path).await?.expect(200)?;
            seen.extend(ids_of(&page));
            // New ones arrive before and after the place where the page ended.
            if round < 4 {
                views.add_orders(next, next + 9).await?;
                views
                    .execute(
                        "UPDATE orders SET created_at = '2020-01-01', total = -9 \
                    WHERE length(number) = 5 AND number LIKE '%5'",
                    )
                    .await?;
                next += 10;
            }
            let Some(cursor) = page.json["next_cursor"].as_str() else {
                break;
            };
            path = format!("/v1/orders?limit=11&sort={sort}&cursor={cursor}");
        }
        let distinct: HashSet<_> = seen.iter().cloned().collect();
        ensure!(distinct.len() == seen.len(), "{sort}: an order came twice");
        ensure!(
            distinct.is_superset(&before),
            "{sort}: an order was left out"
        );
    }
    Ok(())
}

/// Somebody writes all the time, at least once between two pages: new orders, and
/// others that change their places. Those that nobody touches come once on the
/// way there, and once on the way back.
async fn no_page_repeats_or_leaves_out_an_order_while_others_write(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 60).await?;
    let kept: HashSet<_> = views.ids("true").await?.into_iter().collect();
    let mut first = 1_000;
    for sort in ["-created_at", "total", "-total,id", "-updated_at"] {
        let (wrote, mut written) = watch::channel(first);
        let writing = async {
            while !wrote.is_closed() {
                let number = *wrote.borrow();
                views.add_orders(number, number).await?;
                views.execute(MOVE).await?;
                wrote.send_replace(number + 1);
            }
            anyhow::Ok(*wrote.borrow())
        };
        let reading = async {
            let query = format!("limit=11&sort={sort}");
            let mut path = Some(format!("/v1/orders?{query}"));
            let (mut there, mut back) = (Vec::new(), Vec::new());
            let mut last = None;
            while let Some(next) = path {
                let page = views.api.get(&next).await?.expect(200)?;
                there.extend(ids_of(&page));
                let told = told(&query, &page)?;
                (path, last) = (told.0, told.1);
                written.changed().await?;
            }
            while let Some(prev) = last {
                let page = views.api.get(&prev).await?.expect(200)?;
                back.extend(ids_of(&page));
                last = told(&query, &page)?.1;
                written.changed().await?;
            }
            // Whoever writes ends by it.
            drop(written);
            anyhow::Ok((there, back))
        };
        let (reached, (there, back)) = tokio::try_join!(writing, reading)?;
        first = reached;
        ensure!(
            kept.is_subset(&there.iter().cloned().collect()),
            "{sort}: left out"
        );
        for id in &kept {
            let times = |ids: &[String]| ids.iter().filter(|listed| *listed == id).count();
            // The last page is not read again on the way back.
            let (there, back) = (times(&there), times(&back));
            ensure!(
                there == 1 && back <= 1,
                "{sort}: {there} times, then {back}"
            );
        }
        let again: HashSet<_> = back.into_iter().collect();
        let missing = kept.iter().filter(|id| !again.contains(*id)).count();
        ensure!(missing <= 11, "{sort}: {missing} left out on the way back");
    }
    Ok(())
}

/// Of those that were added, some go to the beginning of each list, some to its
/// end.
const MOVE: &str = "
    UPDATE orders SET total = CASE total WHEN 0 THEN 9 ELSE 0 END,
        created_at = created_at + interval '1 day' * (CASE total WHEN 0 THEN 90 ELSE -90 END),
        updated_at = updated_at + interval '1 day' * (CASE total WHEN 0 THEN 90 ELSE -90 END)
     WHERE length(number) >= 5 AND number LIKE '%5'";

async fn from_a_page_that_has_become_empty_there_is_a_way_back(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 12).await?;
    let query = "limit=10&sort=total";
    let first = views.api.get(&format!("/v1/orders?{query}")).await?;
    let next = told(query, &first.expect(200)?)?.0.context("more")?;
    let ids = views.ids("true ORDER BY total, id").await?;
    let gone = format!(
        "DELETE FROM orders WHERE id IN ('{}', '{}')",
        ids[10], ids[11]
    );
    views.execute(&gone).await?;
    let empty = views.api.get(&next).await?.expect(200)?;
    ensure!(ids_of(&empty).is_empty() && empty.json["has_more"] == false);
    let back = told(query, &empty)?.1.context("no way back")?;
    let again = views.api.get(&back).await?.expect(200)?;
    ensure!(ids_of(&again) == ids[..10], "{}", again.json);
    ensure!(told(query, &again)?.1.is_none(), "{}", again.json);
    Ok(())
}

async fn a_deep_page_reads_no_more_than_the_first(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 20_000).await?;
    views.execute("ANALYZE orders").await?;
    let read = async || -> anyhow::Result<i64> {
        let sql = "SELECT (seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_user_tables \
            WHERE relname = 'orders'";
        Ok(sqlx::query_scalar(sql).fetch_one(&views.pool).await?)
    };
    let (before, mut rows) = (read().await?, 0);
    for query in [
        "limit=200",
        "limit=200&platform=web&sort=-placed_at",
        "limit=200&country=FR",
    ] {
        let pages = pages(&views, query).await?;
        let listed: usize = pages.iter().map(|page| ids_of(page).len()).sum();
        ensure!(listed >= 5_000, "{query}: {listed}");
        rows += i64::try_from(listed)?;
    }
    // Counters arrive when their connections have been idle for a while, so
    // those of one query could be taken for another's: all are judged at once.
    let read = wait_until("the counters", async || {
        let read = read().await? - before;
        Ok((read >= rows).then_some(read))
    })
    .await?;
    ensure!(read < rows * 2, "{read} rows read for {rows}");
    Ok(())
}

async fn filters_choose_what_they_say(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 100).await?;
    for (query, condition) in [
        ("platform=web", "platform = 'web'"),
        ("platform=web&platform=shop", "platform IN ('web', 'shop')"),
        ("status=cancelled,draft", "status IN ('cancelled', 'draft')"),
        (
            "payment_status=paid&fulfillment_status=partial",
            "payment_status = 'paid' AND fulfillment_status = 'partial'",
        ),
        ("return_status=requested", "return_status = 'requested'"),
        ("has_open_return=true", "return_status = 'requested'"),
        (
            "has_open_return=false&platform=web",
            "return_status = 'none' AND platform = 'web'",
        ),
        ("kind=credit", "kind = 'credit'"),
        (
            "country=FR&currency=EUR",
            "country = 'FR' AND currency = 'EUR'",
        ),
        ("customer=c3", "customer_id = 'c3'"),
        (
            "external_id=X2&external_id=X4",
            "external_id IN ('X2', 'X4')",
        ),
        ("external_id=X2%27%20OR%20true--", "false"),
        ("tag=gift", "'gift' = ANY (tags)"),
        ("tag=a,b%201&tag=none", "'a,b 1' = ANY (tags)"),
        ("tag=gif", "false"),
        ("sku=S,3", "substr(number, 2)::int % 5 = 3"),
        (
            "sku=S,3&sku=S,4&tag=gift",
            "substr(number, 2)::int % 5 IN (3, 4) AND 'gift' = ANY (tags)",
        ),
        ("total_min=-1&total_max=3", "total BETWEEN -1 AND 3"),
        ("balance_due_max=-1", "balance_due < 0"),
        ("balance_due_min=5", "balance_due = 5"),
        ("archived=true", "archived"),
        (
            "archived=false&has_hold=true",
            "NOT archived AND hold_count > 0",
        ),
        (
            "status=draft&has_hold=false",
            "NOT placed AND hold_count = 0",
        ),
        ("platform=%25", "false"),
        (
            "created_from=2026-01-01T01:00:00.000001Z&created_to=2026-01-01T02:00:00.000001Z",
            "created_at = '2026-01-01T01:00:00.000001Z'",
        ),
        ("created_to=2026-01-01", "false"),
        (
            "placed_from=2025-12-31T23:45:00%2B00:00",
            "placed AND placed_at >= '2025-12-31T23:45:00Z'",
        ),
        (
            "placed_to=2026-01-01T00:50:00%2B01:00",
            "placed AND placed_at < '2025-12-31T23:50:00Z'",
        ),
        (
            "updated_from=2026-01-01T00:00:10Z&updated_to=2026-01-01T00:00:10Z",
            "false",
        ),
    ] {
        let listed = ids_of(
            &views
                .api
                .get(&format!("/v1/orders?limit=200&{query}"))
                .await?
                .expect(200)?,
        );
        let ordered = format!("{condition} ORDER BY created_at DESC, id DESC");
        ensure!(
            listed == views.ids(&ordered).await?,
            "{query}: {} orders",
            listed.len()
        );
    }
    Ok(())
}

/// What few orders have is found by it, however many others there are.
async fn rare_orders_are_found_by_their_indexes(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 20_000).await?;
    for change in [
        "UPDATE orders SET tags = '{}', hold_count = 0",
        "UPDATE orders SET tags = '{rare}', hold_count = 1 WHERE number IN ('N70', 'N7000')",
        "UPDATE order_lines SET sku = 'rare' WHERE order_id = (SELECT id FROM orders WHERE number = 'N70')",
        "VACUUM ANALYZE orders",
        "VACUUM ANALYZE order_lines",
    ] {
        views.execute(change).await?;
    }
    for (query, found, index) in [
        ("tag=rare", 2, "orders_tags"),
        ("has_hold=true", 2, "orders_held"),
        ("sku=rare", 1, "order_lines_sku"),
    ] {
        let page = views.api.get(&format!("/v1/orders?{query}")).await?;
        ensure!(ids_of(&page.expect(200)?).len() == found, "{query}");
        let sql = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = $1";
        // Counters arrive when their connection has been idle for a while.
        wait_until(index, async || {
            let scans = sqlx::query_scalar(sql).bind(index);
            let scans: i64 = scans.fetch_one(&views.pool).await?;
            Ok((scans > 0).then_some(()))
        })
        .await?;
    }
    Ok(())
}

async fn a_cursor_is_good_for_its_own_query_only(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 30).await?;
    let first = views
        .api
        .get("/v1/orders?limit=5&platform=web,shop")
        .await?;
    let cursor = first.json["next_cursor"]
        .as_str()
        .context("more")?
        .to_owned();
    let get = async |query: String| views.api.get(&format!("/v1/orders?{query}")).await;

    // The size of a page may change, and so may how the filter is written.
    get(format!(
        "limit=3&platform=shop&platform=web&cursor={cursor}"
    ))
    .await?
    .expect(200)?;
    for other in [
        "platform=web",
        "platform=web,shop&sort=created_at",
        "platform=web,shop&kind=order",
    ] {
        let refused = get(format!("{other}&cursor={cursor}")).await?;
        refused.expect_problem(400, "cursor_mismatch")?;
    }
    let swapped = if cursor.starts_with('A') { 'B' } else { 'A' };
    let middle = cursor.len() / 2;
    for tampered in [
        cursor.replacen(&cursor[..1], &swapped.to_string(), 1),
        format!("{}{}", &cursor[..middle], "AAAA"),
        cursor[..cursor.len() - 1].to_owned(),
        "eyJpZCI6MX0".to_owned(),
    ] {
        let refused = get(format!("platform=web,shop&cursor={tampered}")).await?;
        refused.expect_problem(400, "invalid_cursor")?;
    }
    // Another instance shares the secret.
    let mut twin = env.role("read-api").spawn()?;
    twin.ready().await?;
    let path = format!("/v1/orders?platform=web,shop&cursor={cursor}");
    views.api.at(&twin).get(&path).await?.expect(200)?;
    Ok(())
}

async fn a_list_is_told_once_until_it_changes(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 20).await?;
    // The first six were created at one moment, and N1 is among them.
    let path = "/v1/orders?limit=6&sort=created_at";
    let first = views.api.get(path).await?.expect(200)?;
    let etag = first.header("etag").to_owned();
    ensure!(etag.starts_with('"'), "a strong tag: {etag}");
    let unchanged = views
        .get_with(path, "If-None-Match", &etag)
        .await?
        .expect(304)?;
    ensure!(unchanged.header("etag") == etag);
    ensure!(unchanged.header("cache-control") == "private, no-cache");
    ensure!(unchanged.header("vary") == "Accept, Accept-Encoding, Authorization");
    ensure!(unchanged.header("link") == first.header("link"));

    let other = views.api.get("/v1/orders?limit=7&sort=created_at").await?;
    ensure!(other.header("etag") != etag, "another query");
    views
        .execute("UPDATE orders SET revision = 1 WHERE number = 'N1'")
        .await?;
    let changed = views
        .get_with(path, "If-None-Match", &etag)
        .await?
        .expect(200)?;
    ensure!(
        changed.header("etag") != etag,
        "the stored document has changed"
    );
    Ok(())
}

async fn what_is_not_understood_is_refused_by_name(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    for (query, code, parameter) in [
        ("colour=red", "unknown_parameter", "colour"),
        ("STATUS=placed", "unknown_parameter", "STATUS"),
        ("status=open", "invalid_parameter", "status"),
        ("status=", "invalid_parameter", "status"),
        ("country=gb", "invalid_parameter", "country"),
        ("platform=%00", "invalid_parameter", "platform"),
        ("sort=colour", "invalid_parameter", "sort"),
        ("sort=created_at,number", "invalid_parameter", "sort"),
        ("sort=total,-created_at", "invalid_parameter", "sort"),
        ("has_open_return=1", "invalid_parameter", "has_open_return"),
        ("limit=0", "invalid_parameter", "limit"),
        ("limit=201", "invalid_parameter", "limit"),
        ("limit=x", "invalid_parameter", "limit"),
        ("limit=1&limit=2", "invalid_parameter", "limit"),
        (
            "created_from=2026-13-01",
            "invalid_parameter",
            "created_from",
        ),
        (
            "created_from=2026-02-01&created_to=2026-01-01",
            "invalid_parameter",
            "created_to",
        ),
        ("total_min=1.5", "invalid_parameter", "total_min"),
        (
            "balance_due_min=2&balance_due_max=1",
            "invalid_parameter",
            "balance_due_max",
        ),
        ("archived=yes", "invalid_parameter", "archived"),
        ("tag=", "invalid_parameter", "tag"),
        ("min_position=abc", "invalid_parameter", "min_position"),
        ("cursor=", "invalid_parameter", "cursor"),
    ] {
        let refused = views.api.get(&format!("/v1/orders?{query}")).await?;
        let refused = refused.expect_problem(400, code)?;
        ensure!(
            refused.json["errors"][0]["parameter"] == parameter,
            "{query}: {}",
            refused.json
        );
    }
    let long = format!("/v1/orders?external_id={}", "x".repeat(256));
    views
        .api
        .get(&long)
        .await?
        .expect_problem(400, "invalid_parameter")?;
    Ok(())
}
