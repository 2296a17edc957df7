//! The kinds of reference data.

use super::Recorded;
use crate::{
    consistency::About,
    fields::Shape,
    one::{Cache, Wanted},
    problems::{
        platform_not_found, product_not_found, shipping_method_not_found, shipping_zone_not_found,
    },
    state::State,
};
use contracts::{
    platform::Platform,
    product::Product,
    shipping::{method::ShippingMethod, zone::ShippingZone},
};
use domain::ids::{platform_id, product_id, shipping_method_id, shipping_zone_id};
use infra::{
    http::Problem,
    views::models::{self, ReadModel},
};
use std::sync::LazyLock;
use uuid::Uuid;

/// A kind of reference data, as it is served.
pub struct Kind {
    /// Its read model.
    pub model: ReadModel,
    /// The id in the log of the one with this key.
    id: fn(&str) -> Uuid,
    /// That there is no such one.
    pub not_found: fn() -> Problem,
    /// Where its documents are cached, if they are.
    cache: Option<fn(&State) -> &Cache>,
    /// Its fields.
    pub shape: LazyLock<Shape>,
    /// The parameter that names keys in lists, where there is one; then there is
    /// `q` as well.
    pub keys: Option<&'static str>,
}

/// By slug.
pub static PLATFORMS: Kind = Kind {
    model: models::PLATFORMS,
    id: platform_id,
    not_found: platform_not_found,
    cache: Some(|state| &state.platforms),
    shape: LazyLock::new(|| Shape::of::<Platform>().and(Shape::of::<Recorded>())),
    keys: None,
};

/// By SKU.
pub static PRODUCTS: Kind = Kind {
    model: models::PRODUCTS,
    id: product_id,
    not_found: product_not_found,
    cache: Some(|state| &state.products),
    shape: LazyLock::new(|| Shape::of::<Product>().and(Shape::of::<Recorded>())),
    keys: Some("sku"),
};

/// By the shop's ids.
pub static SHIPPING_ZONES: Kind = Kind {
    model: models::SHIPPING_ZONES,
    id: shipping_zone_id,
    not_found: shipping_zone_not_found,
    cache: None,
    shape: LazyLock::new(|| Shape::of::<ShippingZone>().and(Shape::of::<Recorded>())),
    keys: None,
};

/// By the shop's ids.
pub static SHIPPING_METHODS: Kind = Kind {
    model: models::SHIPPING_METHODS,
    id: shipping_method_id,
    not_found: shipping_method_not_found,
    cache: None,
    shape: LazyLock::new(|| Shape::of::<ShippingMethod>().and(Shape::of::<Recorded>())),
    keys: None,
};

impl Kind {
    /// The id in the log of the one with this key.
    pub fn id(&self, key: &str) -> Uuid {
        (self.id)(key)
    }

    /// Where its documents are cached, if they are.
    pub fn cache<'a>(&self, state: &'a State) -> Option<&'a Cache> {
        self.cache.map(|cache| cache(state))
    }

    /// The one with this key, as it may be cached.
    pub fn wanted<'a>(&self, state: &'a State, key: &str) -> Wanted<'a> {
        Wanted {
            about: About::of(&self.model, self.id(key)),
            cache: self.cache(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{platform, product, shipping::ShippingRejection};

    /// Whoever asks and whoever commands are told the same.
    #[test]
    fn what_is_not_there_is_told_as_commands_tell_it() {
        let shipping = ShippingRejection::CODES;
        for (kind, code, codes) in [
            (&PLATFORMS, "platform_not_found", platform::Rejection::CODES),
            (&PRODUCTS, "product_not_found", product::Rejection::CODES),
            (&SHIPPING_ZONES, "shipping_zone_not_found", shipping),
            (&SHIPPING_METHODS, "shipping_method_not_found", shipping),
        ] {
            assert_eq!((kind.not_found)().code(), code);
            assert!(codes.contains(&code), "{code}");
        }
    }

    #[test]
    fn what_is_known_beside_a_document_can_be_asked_for() {
        for kind in [&PLATFORMS, &PRODUCTS, &SHIPPING_ZONES, &SHIPPING_METHODS] {
            for name in ["subject", "version", "updated_at", "archived"] {
                assert!(kind.shape.has(name), "{} {name}", kind.model.name);
            }
        }
    }
}
