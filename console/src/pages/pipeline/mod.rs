//! `/console/pipeline`: what becomes of events, from the log to the views, and what
//! operators can do about it.
//!
//! The picture, the projections and the hits of the cache are fetched anew while somebody
//! looks; what has buttons stays as it is. A section that cannot be had says so in its
//! place: whoever looks here may do so because something is away.

mod cache;
mod flow;
mod parked;
mod projections;
mod state;
mod told;
mod work;

use crate::{Failure, Page, Visit, layout::Part};
use actix_web::{
    HttpResponse,
    web::{self, ServiceConfig},
};
use futures_util::future::{join, join4};
use maud::{Markup, html};
use serde::de::DeserializeOwned;
use told::{Cache, List, Pipeline, Projections, Schedule};
use work::Jobs;

/// The page.
pub const PAGE: Page = Page {
    path: "/console/pipeline",
    title: "Pipeline",
    needs: "/v1/admin/pipeline",
};

/// Mounts it.
pub fn routes(config: &mut ServiceConfig) {
    let one = "/pipeline/projections/{name}";
    config
        .route("/pipeline", web::get().to(handle))
        .route("/pipeline/live", web::get().to(live))
        .route(one, web::get().to(projections::show))
        .route(&format!("{one}/live"), web::get().to(projections::live))
        .route(
            &format!("{one}/rebuild"),
            web::post().to(projections::rebuild),
        )
        .route(
            &format!("{one}/cancel"),
            web::post().to(projections::cancel),
        )
        .route("/pipeline/parked", web::get().to(parked::list))
        .route("/pipeline/parked/one", web::get().to(parked::show))
        .route("/pipeline/parked/record", web::get().to(parked::record))
        .route("/pipeline/parked/redrive", web::post().to(parked::redrive))
        .route(
            "/pipeline/parked/redrive-all",
            web::post().to(parked::redrive_every),
        )
        .route("/pipeline/parked/discard", web::post().to(parked::let_go))
        .route("/pipeline/cache/live", web::get().to(cache::live))
        .route("/pipeline/cache/purge", web::post().to(cache::purge))
        .route(
            "/pipeline/schedules/{name}/{action}",
            web::post().to(work::schedule),
        )
        .route("/pipeline/jobs/{id}/{action}", web::post().to(work::job));
}

/// What an operator's route says, where it says anything.
async fn asked<T: DeserializeOwned>(visit: &Visit, what: &str) -> Result<Part<T>, Failure> {
    Part::of(visit.api.get(&["admin", what]).read().await)
}

/// The way of an event.
struct Seen {
    pipeline: Part<Pipeline>,
    projections: Part<Projections>,
}

impl Seen {
    async fn of(visit: &Visit) -> Result<Self, Failure> {
        let both = join(asked(visit, "pipeline"), asked(visit, "projections"));
        let (pipeline, projections) = both.await;
        Ok(Self {
            pipeline: pipeline?,
            projections: projections?,
        })
    }

    fn shown(&self, visit: &Visit) -> Markup {
        let projections = self.projections.told();
        html! {
            (self.pipeline.shown(|pipeline| flow::live(pipeline, projections, &visit.locale)))
            (self.projections.shown(|all| projections::table(&all.data, &visit.locale)))
        }
    }
}

async fn handle(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.demand("GET", PAGE.needs)?;
    let (seen, cache, schedules, jobs) = join4(
        Seen::of(&visit),
        asked::<Cache>(&visit, "cache"),
        asked::<List<Schedule>>(&visit, "schedules"),
        Jobs::of(&visit),
    )
    .await;
    let seen = seen?;
    let parked = match seen.projections.told() {
        Some(projections) => Some(Part::of(parked::section(&visit, projections).await)?),
        None => None,
    };
    let main = html! {
        h1 { (PAGE.title) }
        div data-refresh="/console/pipeline/live" data-refresh-seconds="2" {
            (seen.shown(&visit))
        }
        p.hint data-manual { "Reload the page to see how it is by then." }
        section #parked {
            h2 { "Parked" }
            @match &parked {
                Some(parked) => { (parked.shown(Clone::clone)) }
                None => { p { "Nobody can say whether anything is parked." } }
            }
        }
        (cache::section(&visit, &cache?))
        (work::section(&visit, &schedules?, &Part::of(jobs)?))
    };
    Ok(visit.page(PAGE.title, &main))
}

async fn live(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.demand("GET", PAGE.needs)?;
    let seen = Seen::of(&visit).await?;
    Ok(visit.fragment(seen.shown(&visit)))
}
