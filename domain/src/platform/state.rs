//! The platform as an aggregate: its state is all of its last event.

use super::{command::PlatformCommand, event::PlatformEvent, rejection::Rejection};
use crate::whole::whole;
use contracts::{
    platform::{self as published, PlatformChange},
    topics,
};

whole! {
    /// A platform. The default is one that does not exist.
    Platform: PlatformCommand => PlatformEvent, Rejection;
    PlatformChange {
        platform: published::Platform {
            slug, name, currency, country, active, archived, prices_include_tax,
            auto_confirm, allow_unpaid_shipping, expire_unpaid_after_seconds,
            archive_settled_after_seconds, on_cancellation, number_prefix,
            client_prices, client_shipping, rate_limit, seller,
        }
    } on topics::PLATFORMS;
    Rejection::PlatformNotFound, Rejection::PlatformArchived,
}
