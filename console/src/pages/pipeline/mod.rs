//! `/console/pipeline`: what becomes of events, from the log to the views, and what
//! operators can do about it.
//!
//! The picture and the projections are fetched anew every two seconds while somebody
//! looks; what has buttons stays as it is.

mod cache;
mod flow;
mod parked;
mod projections;
mod state;
mod told;
mod work;

use crate::{Failure, Page, Visit};
use actix_web::{
    HttpResponse,
    web::{self, ServiceConfig},
};
use futures_util::future::{join, join4};
use maud::html;
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
        .route("/pipeline/parked/redrive", web::post().to(parked::redrive))
        .route(
            "/pipeline/parked/redrive-all",
            web::post().to(parked::redrive_every),
        )
        .route("/pipeline/parked/discard", web::post().to(parked::let_go))
        .route("/pipeline/cache/purge", web::post().to(cache::purge))
        .route(
            "/pipeline/schedules/{name}/{action}",
            web::post().to(work::schedule),
        )
        .route("/pipeline/jobs/{id}/{action}", web::post().to(work::job));
}

async fn asked<T: DeserializeOwned>(visit: &Visit, what: &str) -> Result<T, Failure> {
    visit.api.get(&["admin", what]).read().await
}

async fn picture(visit: &Visit) -> Result<(Pipeline, Projections), Failure> {
    let both = join(asked(visit, "pipeline"), asked(visit, "projections"));
    let (pipeline, projections) = both.await;
    Ok((pipeline?, projections?))
}

async fn handle(visit: Visit) -> Result<HttpResponse, Failure> {
    let (seen, cache, schedules, jobs) = join4(
        picture(&visit),
        asked::<Cache>(&visit, "cache"),
        asked::<List<Schedule>>(&visit, "schedules"),
        Jobs::of(&visit),
    )
    .await;
    let (pipeline, projections) = seen?;
    let parked = parked::section(&visit, &projections).await?;
    let main = html! {
        h1 { (PAGE.title) }
        div data-refresh="/console/pipeline/live" data-refresh-seconds="2" {
            (flow::live(&pipeline, &projections, &visit.locale))
        }
        p.hint data-manual { "Reload the page to see how it is by then." }
        (parked)
        (cache::section(&visit, &cache?))
        (work::section(&visit, &schedules?.data, &jobs?))
    };
    Ok(visit.page(PAGE.title, &main))
}

async fn live(visit: Visit) -> Result<HttpResponse, Failure> {
    let (pipeline, projections) = picture(&visit).await?;
    Ok(visit.fragment(flow::live(&pipeline, &projections, &visit.locale)))
}
