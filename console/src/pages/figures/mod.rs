//! `/console/figures`: what the shop has sold, by time, place, product and customer.
//!
//! Everything that is shown stands in the URL, comes from `/v1/statistics`, and can be
//! had as a file and with the line for a shell beside it. Amounts are of one currency;
//! the others are named.

mod asked;
mod call;
mod cards;
mod controls;
mod parts;
mod table;
mod told;
mod zone;

use crate::{
    Failure, Page, Visit,
    layout::{empty, missing},
};
use actix_web::{
    HttpResponse,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    web::{self, Path, Query, ServiceConfig},
};
use asked::{Asked, Written};
use call::Call;
use futures_util::future::join_all;
use infra::clock;
use maud::{Markup, html};
use parts::{Part, Scene, Shown};
use told::{OrdersRow, Rows};
use zone::Zone;

/// The page.
pub const PAGE: Page = Page {
    path: "/console/figures",
    title: "Figures",
    needs: "/v1/statistics/orders",
};

/// Mounts it.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/figures", web::get().to(handle))
        .route("/figures/{part}.csv", web::get().to(file));
}

/// What a URL asks for, in the zone that it names.
fn asked(written: &Written) -> (Asked, Zone) {
    let zone = Zone::named(&written.tz);
    let today = zone.day(clock::now());
    (Asked::of(written, zone.name(), today), zone)
}

/// The sums of the range in each currency, that with the most orders first.
async fn totals(visit: &Visit, asked: &Asked) -> Result<(Call, Vec<OrdersRow>), Failure> {
    let call = Call::of(&["orders"], asked).with("compare", "previous_period");
    let rows: Rows<OrdersRow> = call.ask(&visit.api).await?;
    let mut rows = rows.data;
    rows.sort_by_key(|row| std::cmp::Reverse(row.sums.orders));
    Ok((call, rows))
}

/// The currency of amounts: the one that was asked for, else that with the most
/// orders.
fn currency<'a>(asked: &'a Asked, totals: &'a [OrdersRow]) -> Option<&'a str> {
    let most = totals.first().map(|row| row.currency.as_str());
    asked.currency.as_deref().or(most)
}

async fn handle(visit: Visit, written: Query<Written>) -> Result<HttpResponse, Failure> {
    let (asked, zone) = asked(&written);
    let (call, totals) = totals(&visit, &asked).await?;
    let currency = currency(&asked, &totals).filter(|_| !totals.is_empty());
    let Some(currency) = currency else {
        let main = nothing(&visit, &asked, &call);
        return Ok(visit.page(PAGE.title, &main));
    };
    let scene = Scene {
        asked: &asked,
        currency,
        zone,
        locale: &visit.locale,
    };
    let parts = Part::ALL.map(|part| (part, part.call(&scene)));
    let answers = parts
        .iter()
        .map(|(part, call)| part.shown(call, &visit.api, &scene));
    let answers = join_all(answers).await;
    let main = html! {
        h1 { (PAGE.title) }
        (controls::form(&asked, currency, &totals))
        (cards::sums(&totals, &scene, &call))
        div.charts {
            @for ((part, call), answer) in parts.iter().zip(answers) {
                (section(*part, call, answer, &scene)?)
            }
        }
    };
    Ok(visit.page(PAGE.title, &main))
}

/// A part; one that the API refuses, or is too slow for, says so in its place.
fn section(
    part: Part,
    call: &Call,
    answer: Result<Shown, Failure>,
    scene: &Scene<'_>,
) -> Result<Markup, Failure> {
    let title = part.title(scene.asked);
    let shown = match answer {
        Ok(shown) => shown,
        Err(failure) => {
            let failure = failure.of_part()?;
            return Ok(html! {
                section.card id=(part.word()) {
                    h2 { (title) }
                    (refused(&failure))
                    (source(call, None))
                }
            });
        }
    };
    let path = format!(
        "{}/{}.csv?{}",
        PAGE.path,
        part.word(),
        in_currency(scene).query()
    );
    Ok(html! {
        section.card id=(part.word()) {
            h2 { (title) }
            @if shown.table.rows.is_empty() {
                p.hint { "Nothing in these days." }
            } @else {
                (shown.picture)
                @if let Some(hint) = part.hint() { p.hint { (hint) } }
                @if part == Part::Series && scene.asked.open {
                    p.hint { "The last column is of a time that is not over." }
                }
                details {
                    summary { "The same as a table" }
                    (shown.table.html(scene.locale))
                }
            }
            (source(call, Some(&path)))
        }
    })
}

/// Why a part is not there, and what to do.
fn refused(failure: &Failure) -> Markup {
    let slow = match failure {
        Failure::Refused(refusal) => refusal.status().is_server_error(),
        Failure::Away { late, .. } => *late,
        _ => false,
    };
    html! {
        (missing(failure))
        @if slow {
            p.hint { "Fewer days make it quicker, and so does UTC: there the sums are at hand." }
        }
    }
}

/// What was asked for, with the currency that is shown.
fn in_currency(scene: &Scene<'_>) -> Asked {
    Asked {
        currency: Some(scene.currency.to_owned()),
        ..scene.asked.clone()
    }
}

/// Where figures come from: a file, and the call that gives them.
fn source(call: &Call, file: Option<&str>) -> Markup {
    html! {
        div.source.row {
            @if let Some(file) = file {
                a href=(file) download { "CSV" }
            }
            details {
                summary { "API" }
                pre tabindex="0" { code { (call.curl()) } }
            }
        }
    }
}

/// There is no order in these days.
fn nothing(visit: &Visit, asked: &Asked, call: &Call) -> Markup {
    let wider = Asked {
        span: asked::Span::Year,
        ..asked.clone()
    };
    let wider = format!("{}?{}", PAGE.path, wider.query());
    html! {
        h1 { (PAGE.title) }
        (controls::form(asked, "", &[]))
        (empty(
            "No order was placed in these days.",
            &html! {
                "Look at " a href=(wider) { "the last twelve months" } ". "
                @if visit.may("POST", "/v1/orders") {
                    "If the shop has no order yet, place one with " code { "POST /v1/orders" }
                    ", bring those that you have with " code { "orderlog import" }
                    ", or fill a shop to play with: " code { "orderlog seed" } "."
                } @else {
                    "If the shop has no order yet, somebody whose key has "
                    code { "orders:write" } " has to place or import the first one."
                }
            },
        ))
        (source(call, None))
    }
}

/// A part as a file.
async fn file(
    visit: Visit,
    part: Path<String>,
    written: Query<Written>,
) -> Result<HttpResponse, Failure> {
    let part = Part::of(&part).ok_or(Failure::Unknown)?;
    let (asked, zone) = asked(&written);
    // Links to files name a currency; whoever writes the URL by hand need not.
    let totals = match &asked.currency {
        Some(_) => Vec::new(),
        None => totals(&visit, &asked).await?.1,
    };
    let scene = Scene {
        asked: &asked,
        currency: currency(&asked, &totals).unwrap_or_default(),
        zone,
        locale: &visit.locale,
    };
    if scene.currency.is_empty() {
        return Err(Failure::Form(
            "There is no order in these days: choose a currency or other days".to_owned(),
        ));
    }
    let call = part.call(&scene);
    let shown = part.shown(&call, &visit.api, &scene).await?;
    let name = format!(
        "attachment; filename=\"{}-{}-{}.csv\"",
        part.word(),
        asked::told(asked.from),
        asked::told(asked.through)
    );
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, name))
        .body(shown.table.csv()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_late_says_so_and_what_makes_it_quicker() {
        let late = Failure::Away {
            late: true,
            cause: String::new(),
        };
        let said = refused(&late.of_part().expect("a part alone")).into_string();
        assert!(said.contains("took too long"), "{said}");
        assert!(said.contains("Fewer days make it quicker"), "{said}");
    }
}
