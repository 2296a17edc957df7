//! `DELETE /v1/platforms/{slug}`: put a platform out of the way.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, OnPlatform, answers},
    request::NoMembers,
};
use domain::{
    platform::{Platform, PlatformCommand},
    text::Slug,
};
use infra::http::Problem;

answers!(
    Answers: 200 "Is archived, since now or before" as Some("PlatformAnswer");
    COMMAND, &["platform_not_found", "invalid_path"]; without orders
);

/// Archive a platform
///
/// It takes no orders any more, from wherever; what it has goes on by its rules. Nothing is deleted.
#[utoipa::path(
    delete,
    path = "/v1/platforms/{slug}",
    operation_id = "archive_platform",
    tag = "reference data",
    params(OnPlatform),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let key: Slug = call.named("slug")?;
    call.on::<Platform>(&key, PlatformCommand::Archive).await
}
