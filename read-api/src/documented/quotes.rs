//! What shipping quotes may be refused with.

use infra::http::ProblemDocument;
use utoipa::IntoResponses;

/// What the platform may refuse a quote with.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `platform_archived`, `platform_inactive`
pub struct PlatformClosed(ProblemDocument);

/// What the basket may be refused with.
#[derive(IntoResponses)]
#[response(status = 422, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `platform_not_found`, `platform_currency`, `price_unknown`, `no_lines`, `too_many_lines`, `quantity_out_of_range`, `negative_price`, `discount_out_of_range`, `amount_overflow`
pub struct NotQuoted(ProblemDocument);
