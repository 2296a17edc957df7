//! `POST /v1/admin/projections/{name}/rebuild`: asks for a build.

use crate::{
    documented::{NoSuchProjection, ProjectionName, Refused},
    problems::projection_not_found,
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

/// Rebuild a projection
///
/// Asks for a build from the log; running projectors carry it out while the
/// present one is served. Where one is open already, that is answered.
#[utoipa::path(
    post,
    path = "/v1/admin/projections/{name}/rebuild",
    operation_id = "rebuild_projection",
    tag = "admin",
    params(ProjectionName),
    responses(
        (status = 202, description = "The open build", body = Build),
        NoSuchProjection,
        Refused
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let name = super::known(&state.views, &name).await?;
    let requested = builds::request(&state.views, name).await;
    let requested = requested.map_err(|error| Problem::database(&error))?;
    let build = requested.ok_or_else(projection_not_found)?;
    let (number, actor) = (build.build, &principal.id);
    tracing::info!(
        projection = name,
        build = number,
        actor,
        "rebuild.requested"
    );
    Ok(told(HttpResponse::Accepted(), &build))
}
