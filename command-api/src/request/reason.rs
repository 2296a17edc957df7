//! Why something is done.

use crate::refusal::rejected;
use domain::{order::Rejection, text::Words};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// Why, where somebody says so.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "the customer asked for it"}))]
pub struct ReasonBody {
    /// In words, at most 2,000 characters. Personal data (free text).
    #[schema(value_type = Option<String>)]
    pub reason: Option<Words>,
}

/// The body of a command that needs nothing said: none, or `{}`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoMembers {}

/// The reason of a command that is not carried out without one.
pub fn required(reason: Option<Words>) -> Result<Words, Problem> {
    reason.ok_or_else(|| rejected(&Rejection::ReasonRequired))
}
