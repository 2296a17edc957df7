//! Changing some of a platform.

use super::{
    command::ChangePlatform, content, event::PlatformEvent, rejection::Rejection, state::Platform,
};
use contracts::platform as published;

/// What is given replaces what the platform has. A change that changes nothing
/// stores nothing.
pub fn decide(
    platform: &Platform,
    command: ChangePlatform,
) -> Result<Vec<PlatformEvent>, Rejection> {
    let next = onto(platform.live()?.clone(), command);
    content::check(&next)?;
    Ok(platform.becomes(next, PlatformEvent::PlatformSaved))
}

/// Whether orders may be placed.
pub fn active(platform: &Platform, active: bool) -> Result<Vec<PlatformEvent>, Rejection> {
    let change = ChangePlatform {
        active: Some(active),
        ..ChangePlatform::default()
    };
    decide(platform, change)
}

fn onto(mut next: published::Platform, command: ChangePlatform) -> published::Platform {
    set(&mut next.name, command.name.map(Into::into));
    let currency = command.currency;
    set(&mut next.currency, currency.map(|c| c.map(Into::into)));
    let country = command.country;
    set(&mut next.country, country.map(|c| c.map(Into::into)));
    set(&mut next.active, command.active);
    set(&mut next.prices_include_tax, command.prices_include_tax);
    set(&mut next.auto_confirm, command.auto_confirm);
    set(
        &mut next.allow_unpaid_shipping,
        command.allow_unpaid_shipping,
    );
    set(
        &mut next.expire_unpaid_after_seconds,
        command.expire_unpaid_after_seconds,
    );
    set(
        &mut next.archive_settled_after_seconds,
        command.archive_settled_after_seconds,
    );
    set(&mut next.on_cancellation, command.on_cancellation);
    set(&mut next.number_prefix, command.number_prefix);
    set(&mut next.client_prices, command.client_prices);
    set(&mut next.client_shipping, command.client_shipping);
    set(&mut next.rate_limit, command.rate_limit);
    set(&mut next.seller, command.seller);
    next
}

fn set<T>(member: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *member = given;
    }
}
