//! The catalogue, as commands on orders ask for it.

use crate::{call::Call, reference::Kind as _};
use domain::{order::Rejection, product::Product};
use infra::command::ExecuteError;
use std::collections::{BTreeSet, HashMap};

type Failed = ExecuteError<Rejection>;

/// Whether any of these articles goes into a parcel; one that the catalogue does not
/// know does.
///
/// # Errors
/// When the log does not answer.
pub async fn are_shipped(call: &Call, skus: BTreeSet<&str>) -> Result<bool, Failed> {
    let known = products(call, skus.clone()).await?;
    let is_shipped = |sku: &&str| {
        let product = known.get(*sku).and_then(|product| product.now.as_ref());
        product.is_none_or(|product| product.requires_shipping)
    };
    Ok(skus.iter().any(is_shipped))
}

/// Those of these products that there are, by SKU, as they are now.
///
/// # Errors
/// When the log does not answer.
pub async fn products(
    call: &Call,
    skus: BTreeSet<&str>,
) -> Result<HashMap<String, Product>, Failed> {
    if skus.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<String> = (skus.iter())
        .map(|sku| Product::id(sku).hyphenated().to_string())
        .collect();
    let executor = &call.api.reference.products;
    let latest = executor.latest(&ids).await;
    let mut latest = latest.map_err(ExecuteError::of_another)?;
    if let Some(rehearsals) = &call.rehearsal {
        for id in &ids {
            if let Some(state) = rehearsals.products.left(id) {
                latest.insert(id.clone(), state);
            }
        }
    }
    let named = skus.into_iter().zip(ids);
    Ok(named
        .filter_map(|(sku, id)| Some((sku.to_owned(), latest.get(&id)?.aggregate.clone())))
        .collect())
}
