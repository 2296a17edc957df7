//! `POST /v1/platforms/{slug}/restore`: bring an archived platform back.

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
    Answers: 200 "Is back, since now or before" as Some("PlatformAnswer");
    COMMAND, &["platform_not_found", "invalid_path"]; without orders
);

/// Restore a platform
///
/// It is as it was, active or not.
#[utoipa::path(
    post,
    path = "/v1/platforms/{slug}/restore",
    operation_id = "restore_platform",
    tag = "reference data",
    params(OnPlatform),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let key: Slug = call.named("slug")?;
    call.on::<Platform>(&key, PlatformCommand::Restore).await
}
