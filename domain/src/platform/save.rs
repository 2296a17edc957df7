//! Making a platform, or making it so.

use super::{
    command::SavePlatform, content, event::PlatformEvent, rejection::Rejection, state::Platform,
};
use contracts::platform as published;

/// All of it anew; what is there already stores nothing. An archived one is
/// not brought back by the way.
pub fn decide(platform: &Platform, command: SavePlatform) -> Result<Vec<PlatformEvent>, Rejection> {
    if platform.now.is_some() {
        let slug = &platform.live()?.slug;
        if **slug != *command.slug {
            return Err(Rejection::SlugFixed {
                slug: slug.clone(),
                given: command.slug.into(),
            });
        }
    }
    let next = document(command);
    content::check(&next)?;
    Ok(platform.becomes(next, PlatformEvent::PlatformSaved))
}

/// A platform of which this is said, whether it can be one or not.
pub(super) fn document(command: SavePlatform) -> published::Platform {
    published::Platform {
        slug: command.slug.into(),
        name: command.name.into(),
        currency: command.currency.map(Into::into),
        country: command.country.map(Into::into),
        active: command.active,
        archived: false,
        prices_include_tax: command.prices_include_tax,
        auto_confirm: command.auto_confirm,
        allow_unpaid_shipping: command.allow_unpaid_shipping,
        expire_unpaid_after_seconds: command.expire_unpaid_after_seconds,
        archive_settled_after_seconds: command.archive_settled_after_seconds,
        on_cancellation: command.on_cancellation,
        number_prefix: command.number_prefix,
        client_prices: command.client_prices,
        client_shipping: command.client_shipping,
        rate_limit: command.rate_limit,
        seller: command.seller,
    }
}
