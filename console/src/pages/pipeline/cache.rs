//! The cache: how often it had the answer, and deleting what it has.

use super::{
    PAGE,
    state::bytes,
    told::{Cache, Family, Redis},
};
use crate::{
    Failure, Posted, Visit,
    layout::{Part, badge, table_box},
    locale::Locale,
    session::Notice,
};
use actix_web::HttpResponse;
use maud::{Markup, html};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

const PURGE: &str = "/v1/admin/cache/purge";

/// The part of the pipeline's page.
pub fn section(visit: &Visit, cache: &Part<Cache>) -> Markup {
    let families = cache.told().map(|cache| cache.families.as_slice());
    let families = families.unwrap_or_default();
    html! {
        section #cache {
            h2 { "Cache" }
            div.card {
                div data-refresh="/console/pipeline/cache/live" data-refresh-seconds="5" {
                    (cache.shown(|cache| hits(cache, &visit.locale)))
                }
                p.hint { "Requests since the process that has answered began; each has counts of its own." }
                @if visit.may("POST", PURGE) { (form(visit, families)) }
            }
        }
    }
}

/// What of it is fetched anew: how often it had the answer.
pub async fn live(visit: Visit) -> Result<HttpResponse, Failure> {
    let cache = super::asked::<Cache>(&visit, "cache").await?;
    Ok(visit.fragment(cache.shown(|cache| hits(cache, &visit.locale))))
}

fn hits(cache: &Cache, locale: &Locale) -> Markup {
    html! {
        (redis(&cache.redis, locale))
        @if cache.families.is_empty() {
            p.hint { "Nothing was asked of it yet." }
        } @else {
            (table(&cache.families, locale))
        }
    }
}

fn redis(redis: &Redis, locale: &Locale) -> Markup {
    let memory = redis.used_memory_bytes.map(bytes);
    let most = redis.max_memory_bytes.filter(|most| *most > 0).map(bytes);
    html! {
        p.row {
            @if redis.answers { (badge("Redis answers", "good")) }
            @else { (badge("Redis does not answer: everything is computed", "bad")) }
            @if let Some(memory) = memory {
                span {
                    (memory)
                    @if let Some(most) = most { " of " (most) }
                    " in use"
                }
            }
            @if let Some(evicted) = redis.evicted_keys {
                span { (locale.count(evicted)) " deleted to make room" }
            }
        }
    }
}

fn table(families: &[Family], locale: &Locale) -> Markup {
    table_box(
        "Families of cached values",
        &html! {
            table.cards {
                thead { tr {
                    th scope="col" { "Family" }
                    th scope="col" { "Hit ratio" }
                    th.right scope="col" { "Requests" }
                    th.right scope="col" { "Hits" }
                    th.right scope="col" { "Computed behind" }
                    th.right scope="col" { "Too old" }
                    th.right scope="col" { "Misses" }
                    th.right scope="col" { "Not asked" }
                } }
                tbody { @for family in families { tr {
                    td data-label="Family" { (family.name) }
                    td data-label="Hit ratio" { (ratio(family, locale)) }
                    td.right data-label="Requests" { (locale.count(family.requests)) }
                    td.right data-label="Hits" { (locale.count(family.hits)) }
                    td.right data-label="Computed behind" { (locale.count(family.revalidated)) }
                    td.right data-label="Too old" { (locale.count(family.stale)) }
                    td.right data-label="Misses" { (locale.count(family.misses)) }
                    td.right data-label="Not asked" { (locale.count(family.unavailable)) }
                } } }
            }
        },
    )
}

fn ratio(family: &Family, locale: &Locale) -> Markup {
    html! {
        @match family.hit_ratio {
            Some(ratio) => {
                @let percent = locale.percent(thousandths(ratio));
                meter min="0" max="1" value=(ratio) aria-label={ "Hit ratio of " (family.name) } { (percent) }
                " " (percent)
            }
            None => { span.none { "–" } }
        }
    }
}

/// A ratio in thousandths.
fn thousandths(ratio: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "from 0 to 1,000")]
    let thousandths = (ratio.clamp(0.0, 1.0) * 1_000.0).round() as i64;
    thousandths
}

fn form(visit: &Visit, families: &[Family]) -> Markup {
    let fields = html! {
        div.filters {
            div.field {
                label for="purge-family" { "Family" }
                select #purge-family name="family" {
                    option value="" { "All" }
                    @for family in families { option value=(family.name) { (family.name) } }
                }
            }
            div.field {
                label for="purge-match" { "Of it" }
                select #purge-match name="match" {
                    option value="" { "Everything" }
                    option value="key" { "The key" }
                    option value="prefix" { "Keys that begin with" }
                }
            }
            div.field {
                label for="purge-key" { "Key" }
                input #purge-key type="text" name="key" autocomplete="off" placeholder="id of an order";
            }
        }
        button.bad type="submit" { "Purge" }
    };
    html! {
        details.action {
            summary { "Purge" }
            p { "Deletes cached values; what is asked for next is computed again. Needed only after a change of the views by hand." }
            (visit.form(&format!("{}/cache/purge", PAGE.path), "", &fields))
        }
    }
}

/// Deletes what the form names.
pub async fn purge(posted: Posted) -> Result<HttpResponse, Failure> {
    #[derive(Deserialize)]
    struct Purged {
        purged: i64,
    }
    let Posted { visit, fields } = posted;
    let by = fields.one("match");
    let mut which = Map::new();
    if let Some(family) = fields.one("family") {
        which.insert("family".to_owned(), family.into());
    }
    if let Some(by @ ("key" | "prefix")) = by {
        let key = fields.required("key", "The key")?;
        which.insert(by.to_owned(), key.into());
    } else if fields.one("key").is_some() {
        let notice = Notice::wrong("Choose what the key is for: nothing was deleted.");
        return Ok(visit.see(PAGE.path, &notice));
    }
    let sent = visit
        .api
        .ask(Method::POST, &["admin", "cache", "purge"])
        .json(&Value::Object(which))
        .read::<Purged>()
        .await;
    let notice = match sent {
        Ok(Purged { purged }) => Notice::done(format!(
            "Deleted from the cache: {}.",
            visit.locale.count(purged)
        )),
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(visit.see(PAGE.path, &notice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_between_nothing_and_all() {
        assert_eq!(thousandths(0.9345), 935);
        assert_eq!(thousandths(1.5), 1_000);
        assert_eq!(thousandths(f64::NAN), 0);
    }
}
