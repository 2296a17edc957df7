//! `GET /v1/admin/projections/{name}/rebuild`: how far builds are, and what
//! became of others.

use crate::{
    documented::{NoSuchProjection, ProjectionName, Refused},
    routes::admin::told,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::{
    http::{Principal, Problem, Query},
    views::builds::{self, Build},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Builds that are told.
const MOST: i64 = 20;

/// Builds of a projection.
#[derive(Serialize, ToSchema)]
pub struct Builds {
    /// The one that is open, if there is one.
    open: Option<Build>,
    /// The last twenty, newest first, with the open one.
    data: Vec<Build>,
}

/// Rebuilds of a projection
///
/// The open build, with its progress and the time that it will take yet, and
/// the last ones with what became of them.
#[utoipa::path(
    get,
    path = "/v1/admin/projections/{name}/rebuild",
    operation_id = "list_rebuilds",
    tag = "admin",
    params(ProjectionName),
    responses(
        (status = 200, description = "The last builds", body = Builds),
        NoSuchProjection,
        Refused
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let name = super::known(&state.views, &name).await?;
    let data = builds::list(&state.views, Some(name), MOST).await;
    let data = data.map_err(|error| Problem::database(&error))?;
    let open = data.iter().find(|build| build.state.is_open()).cloned();
    Ok(told(HttpResponse::Ok(), &Builds { open, data }))
}
