//! `POST /v1/admin/projections/{name}/rebuild/cancel`: gives the open build up.

use crate::{
    documented::{NoOpenBuild, NoSuchProjection, ProjectionName, Refused},
    problems::no_open_build,
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

/// Cancel a rebuild
///
/// Gives the open build up. One that has begun is `cancelling` until its
/// builder, or a running projector, has removed what there is of it.
#[utoipa::path(
    post,
    path = "/v1/admin/projections/{name}/rebuild/cancel",
    operation_id = "cancel_rebuild",
    tag = "admin",
    params(ProjectionName),
    responses(
        (status = 202, description = "It is given up", body = Build),
        NoSuchProjection,
        NoOpenBuild,
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
    let cancelled = builds::cancel(&state.views, name).await;
    let cancelled = cancelled.map_err(|error| Problem::database(&error))?;
    let build = cancelled.ok_or_else(no_open_build)?;
    let (number, actor) = (build.build, &principal.id);
    tracing::info!(
        projection = name,
        build = number,
        actor,
        "rebuild.cancelled"
    );
    Ok(told(HttpResponse::Accepted(), &build))
}
