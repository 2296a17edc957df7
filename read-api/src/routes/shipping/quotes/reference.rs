//! Reference data as the projections have it: documents by their natural keys.

use contracts::{
    platform::Platform,
    product::Product,
    shipping::{method::ShippingMethod, zone::ShippingZone},
    whole::Versioned,
};
use infra::views::models::{self, ReadModel};
use serde::de::DeserializeOwned;
use sqlx::PgExecutor;
use std::collections::HashMap;

/// A kind of document.
pub trait Reference: DeserializeOwned {
    /// Where they are.
    const MODEL: ReadModel;
}

impl Reference for Platform {
    const MODEL: ReadModel = models::PLATFORMS;
}

impl Reference for Product {
    const MODEL: ReadModel = models::PRODUCTS;
}

impl Reference for ShippingZone {
    const MODEL: ReadModel = models::SHIPPING_ZONES;
}

impl Reference for ShippingMethod {
    const MODEL: ReadModel = models::SHIPPING_METHODS;
}

/// Those of these keys that there are, archived ones too, by key.
pub async fn by_key<T: Reference>(
    views: impl PgExecutor<'_>,
    keys: &[&str],
) -> Result<HashMap<String, Versioned<T>>, sqlx::Error> {
    let sql = format!(
        "SELECT key, document FROM {} WHERE key = ANY($1)",
        T::MODEL.name
    );
    let query = sqlx::query_as(&sql).bind(keys);
    let rows: Vec<(String, String)> = query.fetch_all(views).await?;
    let rows = rows.into_iter();
    rows.map(|(key, document)| Ok((key, document_of(&document)?)))
        .collect()
}

/// All of them, archived ones too.
pub async fn all<T: Reference>(
    views: impl PgExecutor<'_>,
) -> Result<Vec<Versioned<T>>, sqlx::Error> {
    let sql = format!("SELECT document FROM {}", T::MODEL.name);
    let rows: Vec<String> = sqlx::query_scalar(&sql).fetch_all(views).await?;
    rows.iter().map(|document| document_of(document)).collect()
}

fn document_of<T: Reference>(json: &str) -> Result<Versioned<T>, sqlx::Error> {
    serde_json::from_str(json).map_err(|error| sqlx::Error::Decode(error.into()))
}
