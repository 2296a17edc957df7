//! Projections: all of them in a few words, and one with its partitions and builds.

use super::{
    PAGE,
    state::{Health, lag, percent, rate},
    told::{Build, List, Partition, Projection, Projections},
};
use crate::{
    Failure, Posted, Visit,
    layout::{badge, table_card},
    locale::Locale,
    moment,
    session::Notice,
};
use actix_web::{HttpResponse, web::Path};
use maud::{Markup, html};
use reqwest::Method;

/// The route that asks for a build, and gives one up.
const REBUILD: &str = "/v1/admin/projections/{name}/rebuild";
const CANCEL: &str = "/v1/admin/projections/{name}/rebuild/cancel";

/// All of them.
pub fn table(projections: &[Projection], locale: &Locale) -> Markup {
    table_card(
        "Projections",
        &html! {
            table.cards {
                caption { "Projections, and how far each is behind the log" }
                thead { tr {
                    th scope="col" { "Projection" }
                    th scope="col" { "State" }
                    th.right scope="col" { "Rate" }
                    th.right scope="col" { "Behind" }
                    th.right scope="col" { "Parked" }
                    th scope="col" { "Build" }
                } }
                tbody {
                    @for projection in projections { (row(projection, locale)) }
                }
            }
        },
    )
}

fn row(projection: &Projection, locale: &Locale) -> Markup {
    html! {
        tr data-entry {
            td data-label="Projection" {
                a href=(path(&projection.name)) { (projection.name) }
            }
            td data-label="State" { (Health::of_seconds(projection.lag.seconds).badge()) }
            td.right data-label="Rate" { (rate(projection.per_second)) }
            td.right data-label="Behind" { (lag(&projection.lag, locale)) }
            td.right data-label="Parked" { (locale.count(projection.parked)) }
            td data-label="Build" {
                "No. " (projection.build)
                @if let Some(build) = &projection.rebuild { " " (progress(build, locale)) }
            }
        }
    }
}

/// Where the page of one is.
pub fn path(name: &str) -> String {
    let name = url::form_urlencoded::byte_serialize(name.as_bytes());
    format!("{}/projections/{}", PAGE.path, name.collect::<String>())
}

/// How far an open build is.
fn progress(build: &Build, locale: &Locale) -> Markup {
    let phase = build.phase.as_deref().unwrap_or(&build.state);
    html! {
        div {
            (badge(phase, "warm"))
            " no. " (build.id) ", " (locale.count(build.events)) " events"
            @if let Some(percent) = percent(build.events, build.estimate) {
                " "
                progress max="100" value=(percent) aria-label="Progress of the build" {
                    (percent) "%"
                }
                " " (percent) "%"
            }
            @if let Some(seconds) = build.seconds_left {
                ", about " (super::state::duration(seconds_of(seconds))) " yet"
            }
            @if let Some(error) = &build.error { p { (error) } }
        }
    }
}

fn seconds_of(whole: i64) -> f64 {
    i32::try_from(whole).map_or(f64::MAX, f64::from)
}

async fn found(visit: &Visit, name: &str) -> Result<(Projection, List<Build>), Failure> {
    // First what refuses an unknown name.
    let builds = visit.api.get(&["admin", "projections", name, "rebuild"]);
    let builds = builds.read().await?;
    let all: Projections = visit.api.get(&["admin", "projections"]).read().await?;
    let mut all = all.data.into_iter();
    let found = all.find(|projection| projection.name == name);
    Ok((found.ok_or(Failure::Unknown)?, builds))
}

/// One of them.
pub async fn show(visit: Visit, name: Path<String>) -> Result<HttpResponse, Failure> {
    let (projection, builds) = found(&visit, &name).await?;
    let live = format!("{}/live", path(&name));
    let main = html! {
        p { a href=(PAGE.path) { "← " (PAGE.title) } }
        h1 { (projection.name) }
        div data-refresh=(live) data-refresh-seconds="2" {
            (details(&projection, &builds, &visit.locale))
        }
        (actions(&visit, &projection))
    };
    Ok(visit.page(&projection.name, &main))
}

/// What of it is fetched anew.
pub async fn live(visit: Visit, name: Path<String>) -> Result<HttpResponse, Failure> {
    let (projection, builds) = found(&visit, &name).await?;
    Ok(visit.fragment(details(&projection, &builds, &visit.locale)))
}

fn details(projection: &Projection, builds: &List<Build>, locale: &Locale) -> Markup {
    html! {
        div.card {
            div.row {
                (Health::of_seconds(projection.lag.seconds).badge())
                span { (lag(&projection.lag, locale)) " behind, " (rate(projection.per_second)) }
            }
            p.hint {
                "Build " (projection.build) " by version " (projection.version)
                ", made " (moment::told(&projection.built_at)) ", of topic "
                code { (projection.topic) } "."
            }
            @if let Some(build) = &projection.rebuild { (progress(build, locale)) }
        }
        (partitions(&projection.partitions, locale))
        (history(&builds.data, locale))
    }
}

fn partitions(partitions: &[Partition], locale: &Locale) -> Markup {
    let offset = |offset: Option<i64>| offset.map_or("unknown".to_owned(), |at| locale.count(at));
    table_card(
        "Partitions",
        &html! {
            table.cards {
                caption { "Partitions" }
                thead { tr {
                    th scope="col" { "Partition" }
                    th.right scope="col" { "Next offset" }
                    th.right scope="col" { "End of the topic" }
                    th.right scope="col" { "Behind" }
                    th scope="col" { "Moved last" }
                } }
                tbody {
                    @for of in partitions { tr {
                        td data-label="Partition" { (of.number) }
                        td.right data-label="Next offset" { (offset(Some(of.next_offset))) }
                        td.right data-label="End of the topic" { (offset(of.end_offset)) }
                        td.right data-label="Behind" { (lag(&of.lag, locale)) }
                        td data-label="Moved last" { (moment::told(&of.updated_at)) }
                    } }
                }
            }
        },
    )
}

fn history(builds: &[Build], locale: &Locale) -> Markup {
    table_card(
        "Builds",
        &html! {
            table.cards {
                caption { "The last builds" }
                thead { tr {
                    th scope="col" { "Build" }
                    th scope="col" { "State" }
                    th scope="col" { "Why" }
                    th.right scope="col" { "Events" }
                    th scope="col" { "Asked for" }
                    th scope="col" { "Ended" }
                } }
                tbody {
                    @if builds.is_empty() { tr { td colspan="6" { "None but the one that is served." } } }
                    @for build in builds { tr {
                        td data-label="Build" { (build.id) }
                        td data-label="State" {
                            (badge(&build.state, class(&build.state)))
                            @if let Some(error) = &build.error { p.hint { (error) } }
                        }
                        td data-label="Why" { (build.reason.replace('_', " ")) }
                        td.right data-label="Events" { (locale.count(build.events)) }
                        td data-label="Asked for" { (moment::told(&build.requested_at)) }
                        td data-label="Ended" {
                            @match &build.finished_at {
                                Some(at) => { (moment::told(at)) }
                                None => { span.none { "–" } }
                            }
                        }
                    } }
                }
            }
        },
    )
}

/// The class of a build's badge.
fn class(state: &str) -> &'static str {
    match state {
        "done" => "good",
        "failed" => "bad",
        "requested" | "running" | "cancelling" => "warm",
        _ => "",
    }
}

fn actions(visit: &Visit, projection: &Projection) -> Markup {
    let path = path(&projection.name);
    html! {
        div.card {
            h2 { "Rebuild" }
            p { "Makes the projection anew from the log, beside the one that is served until the new one is complete." }
            div.row {
                @if visit.may("POST", REBUILD) {
                    (visit.form(&format!("{path}/rebuild"), "row", &html! {
                        button.primary type="submit" { "Rebuild" }
                    }))
                }
                @if visit.may("POST", CANCEL) {
                    (visit.form(&format!("{path}/cancel"), "row", &html! {
                        button.bad type="submit" { "Cancel the open build" }
                    }))
                }
            }
        }
    }
}

/// Asks for a build.
pub async fn rebuild(posted: Posted, name: Path<String>) -> Result<HttpResponse, Failure> {
    let asked = ["admin", "projections", name.as_str(), "rebuild"];
    let done = "A build is asked for: a running projector makes it.";
    act(&posted.visit, &asked, &name, done).await
}

/// Gives the open one up.
pub async fn cancel(posted: Posted, name: Path<String>) -> Result<HttpResponse, Failure> {
    let asked = ["admin", "projections", name.as_str(), "rebuild", "cancel"];
    act(&posted.visit, &asked, &name, "The build is given up.").await
}

async fn act(
    visit: &Visit,
    asked: &[&str],
    name: &str,
    done: &str,
) -> Result<HttpResponse, Failure> {
    let sent = visit.api.ask(Method::POST, asked).send().await;
    let notice = match sent {
        Ok(_) => Notice::done(done),
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(visit.see(&path(name), &notice))
}
