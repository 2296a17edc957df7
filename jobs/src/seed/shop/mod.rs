//! What there is before the first order: platforms, a catalogue, zones and
//! methods of shipping, and the world that customers live in. It is the same
//! whatever the seed.

mod catalogue;
mod delivery;
mod people;
mod platforms;
mod world;

pub use catalogue::{Catalogue, Product};
pub use delivery::{Delivery, Parcel};
pub use people::Person;
pub use platforms::Platform;
pub use world::{Country, World};

use super::{
    SeedError,
    line::{About, Line},
};
use serde_json::Value;

/// All of it.
pub struct Shop {
    /// Sales channels.
    pub platforms: Vec<Platform>,
    /// What is sold.
    pub catalogue: Catalogue,
    /// How it is shipped.
    pub delivery: Delivery,
    /// Where customers live, and what they are called.
    pub world: World,
}

impl Shop {
    /// A shop with so many products.
    ///
    /// # Errors
    /// Data of this release that cannot be read.
    pub fn new(products: u64) -> Result<Self, SeedError> {
        Ok(Self {
            platforms: platforms::all()?,
            catalogue: Catalogue::new(products)?,
            delivery: Delivery::new()?,
            world: World::new()?,
        })
    }

    /// The lines that save platforms, zones and methods.
    ///
    /// # Errors
    /// A line that cannot be written.
    pub fn foundations(&self) -> Result<Vec<Line>, SeedError> {
        let platforms = self.platforms.iter().map(|platform| {
            let slug = &*platform.slug;
            saved(
                "save_platform",
                slug,
                &About::platform(slug),
                &platform.body,
            )
        });
        let zones = self
            .delivery
            .zones
            .iter()
            .map(|(id, body)| saved("save_shipping_zone", id, &About::zone(id), body));
        let methods = self
            .delivery
            .methods
            .iter()
            .map(|(id, body)| saved("save_shipping_method", id, &About::method(id), body));
        platforms.chain(zones).chain(methods).collect()
    }

    /// The line that saves product number `index`.
    ///
    /// # Errors
    /// A line that cannot be written.
    pub fn product(&self, index: u64) -> Result<Line, SeedError> {
        let product = self.catalogue.product(index)?;
        let body = product.body(&self.catalogue);
        saved(
            "save_product",
            &product.sku,
            &About::product(&product.sku),
            &body,
        )
    }
}

/// A line that saves reference data. Its key is made of its content too: what a
/// later release says otherwise is another command.
fn saved(
    op: &'static str,
    named: &str,
    about: &About<'_>,
    body: &Value,
) -> Result<Line, SeedError> {
    let content = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, body.to_string().as_bytes());
    let (digest, ..) = content.as_fields();
    let key = format!("seed:{op}:{named}:{digest:08x}");
    Line::new(op, key, about, Some(body))
}
