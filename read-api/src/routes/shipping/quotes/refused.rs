//! Why there is no quote, as a problem.

use actix_web::http::StatusCode;
use domain::{
    money::Currency, order::RejectionKind, platform::RulesRefusal, product::PriceCheck,
    shipping::ShippingRejection,
};
use infra::http::Problem;

/// Lines without a price that are named, at most.
const MOST_NAMED: usize = 20;

/// There is no such platform, and none is made.
pub fn platform_not_found(platform: &str) -> Problem {
    let title = "There is no such platform";
    Problem::unprocessable("platform_not_found", title)
        .error("/platform", title)
        .with("platform", platform.into())
}

/// The platform takes no such orders.
pub fn not_for_platform(refusal: &RulesRefusal) -> Problem {
    match refusal {
        RulesRefusal::PlatformInactive | RulesRefusal::PlatformArchived => {
            Problem::conflict(refusal.code(), refusal.to_string())
        }
        RulesRefusal::PlatformCurrency { expected, given } => {
            Problem::unprocessable(refusal.code(), refusal.to_string())
                .error("/currency", refusal.to_string())
                .with("expected", expected.as_str().into())
                .with("given", given.as_str().into())
        }
    }
}

/// Nobody says what the articles of these lines cost.
pub fn prices_unknown(lines: &[usize], platform: &str, currency: Currency) -> Problem {
    let code = PriceCheck::Unknown.refused().unwrap_or_default();
    let problem = Problem::unprocessable(code, "The catalogue has no price for an article");
    let detail = format!("{platform} has no price for it in {currency}, and none was given");
    let named = lines.iter().take(MOST_NAMED);
    named.fold(problem, |problem, line| {
        problem.error(format!("/lines/{line}/unit_price"), detail.as_str())
    })
}

/// The basket could not be ordered.
pub fn refused(rejection: &ShippingRejection) -> Problem {
    let status = match rejection.kind() {
        RejectionKind::NotFound => StatusCode::NOT_FOUND,
        RejectionKind::Conflict => StatusCode::CONFLICT,
        RejectionKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let mut problem = Problem::new(status, rejection.code(), rejection.to_string());
    if let Some(pointer) = rejection.pointer() {
        problem = problem.error(pointer, rejection.to_string());
    }
    for (name, value) in rejection.figures() {
        problem = problem.with(name, value);
    }
    problem
}
