//! `/console/orders/{id}`: one order's whole story.

mod actions;
mod beside;
mod diff;
mod event;
mod facts;
mod lines;
mod page;
mod parts;
mod state;
mod story;
mod versions;

use super::list::{Column, row};
use crate::{Failure, Visit, locale::Locale};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Path, ServiceConfig},
};
use contracts::order::{Order, OrderSummary};
use serde::Deserialize;
use uuid::Uuid;

/// How long the page of an order waits for what was just done to it, in seconds.
const WAIT: u8 = 5;

/// Mounts them.
pub fn routes(config: &mut ServiceConfig) {
    let one_action = "/orders/{id}/actions/{action}";
    config
        .route("/orders/{id}", web::get().to(page::show))
        .route("/orders/{id}/row", web::get().to(in_list))
        .route("/orders/{id}/lines", web::get().to(lines::show))
        .route("/orders/{id}/state", web::get().to(page::state))
        .route("/orders/{id}/story", web::get().to(story::grown))
        .route("/orders/{id}/changes", web::get().to(beside::changes))
        .route("/orders/{id}/deliveries", web::get().to(beside::deliveries))
        .route(
            "/orders/{id}/credit_notes",
            web::get().to(beside::credit_notes),
        )
        .route("/orders/{id}/events/{version}", web::get().to(event::show))
        .route(
            "/orders/{id}/events/{version}/whole",
            web::get().to(event::whole),
        )
        .route("/orders/{id}/files/{name}", web::get().to(beside::file))
        .route("/orders/{id}/actions", web::get().to(page::actions))
        .route(one_action, web::get().to(actions::address))
        .route(one_action, web::post().to(actions::handle));
}

/// The path of an order's page, or below it.
fn path(id: Uuid, below: &str) -> String {
    format!("/console/orders/{id}{below}")
}

/// Which version somebody wants to see.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Asked {
    /// This one, of the past.
    pub version: Option<i64>,
    /// This one or a later one.
    pub at_least: Option<i64>,
}

impl Asked {
    /// Whether this order is an older one than was asked for.
    fn is_behind(&self, order: &Order) -> bool {
        let least = self.at_least.filter(|_| self.version.is_none());
        least.is_some_and(|least| order.version < least)
    }
}

/// Reads an order: an older one than was asked for, where that does not come in time.
async fn read(visit: &Visit, id: Uuid, asked: Asked) -> Result<Order, Failure> {
    let request = visit.api.get(&["orders", &id.to_string()]);
    let request = request.optional("version", asked.version);
    match asked
        .at_least
        .filter(|least| *least > 0 && asked.version.is_none())
    {
        Some(least) => request.param("min_version", least).wait(WAIT).read().await,
        None => request.read().await,
    }
}

/// How amounts of one order are written.
pub struct Money<'a> {
    /// The viewer's.
    pub locale: &'a Locale,
    /// ISO 4217 code.
    pub currency: &'a str,
}

impl<'a> Money<'a> {
    /// Those of this order.
    pub fn of(visit: &'a Visit, order: &'a Order) -> Self {
        Self {
            locale: &visit.locale,
            currency: &order.currency,
        }
    }

    /// An amount in minor units.
    pub fn written(&self, minor: i64) -> String {
        self.locale.money(minor, self.currency)
    }
}

/// What the row of a list is asked with.
#[derive(Deserialize)]
struct AsRow {
    version: Option<i64>,
    #[serde(default)]
    columns: String,
}

/// The order as a row of the list.
async fn in_list(
    visit: Visit,
    id: Path<Uuid>,
    asked: web::Query<AsRow>,
) -> Result<HttpResponse, Failure> {
    let newest = Asked {
        version: None,
        at_least: asked.version,
    };
    let order = read(&visit, *id, newest).await?;
    let columns = Column::chosen(asked.columns.split(','));
    let summary = OrderSummary::from(&order);
    Ok(visit.fragment(row(&visit, &columns, &summary)))
}

/// The version that a path names, beside the order.
fn version_of(request: &HttpRequest) -> Result<i64, Failure> {
    let version = request.match_info().get("version");
    let version = version.and_then(|version| version.parse().ok());
    version
        .filter(|version| *version > 0)
        .ok_or(Failure::Unknown)
}
