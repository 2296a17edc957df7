//! Who carries commands on reference data out.

use super::Reference;
use crate::record::Orders;
use domain::{
    platform::Platform,
    product::Product,
    shipping::{method::ShippingMethod, zone::ShippingZone},
};
use infra::{
    command::{Executor, Rehearsal},
    event_store::EventStore,
    log::ContractMapping,
    sealing::Sealing,
};
use std::sync::Arc;

/// Bytes of products in memory: what is changed again and again is few.
const PRODUCTS: usize = 8 << 20;
/// Bytes of each other kind.
const OTHERS: usize = 1 << 20;

/// One for each kind.
pub struct Executors {
    pub platforms: Executor<Reference<Platform>>,
    pub products: Executor<Reference<Product>>,
    pub zones: Executor<Reference<ShippingZone>>,
    pub methods: Executor<Reference<ShippingMethod>>,
}

impl Executors {
    /// On this log.
    pub fn new(store: &EventStore, mapping: &Arc<dyn ContractMapping>, sealing: &Sealing) -> Self {
        let on = || (store.clone(), Arc::clone(mapping), sealing.clone());
        let (platforms, products, zones, methods) = (on(), on(), on(), on());
        Self {
            platforms: Executor::new(platforms.0, platforms.1, platforms.2, OTHERS),
            products: Executor::new(products.0, products.1, products.2, PRODUCTS),
            zones: Executor::new(zones.0, zones.1, zones.2, OTHERS),
            methods: Executor::new(methods.0, methods.1, methods.2, OTHERS),
        }
    }
}

/// What a dry run has led to.
pub struct Rehearsals {
    pub orders: Rehearsal<Orders>,
    pub platforms: Rehearsal<Reference<Platform>>,
    pub products: Rehearsal<Reference<Product>>,
    pub zones: Rehearsal<Reference<ShippingZone>>,
    pub methods: Rehearsal<Reference<ShippingMethod>>,
}

impl Rehearsals {
    /// One that keeps about `orders` bytes of orders, and less of the rest.
    pub fn new(orders: usize) -> Self {
        Self {
            orders: Rehearsal::new(orders),
            platforms: Rehearsal::new(OTHERS),
            products: Rehearsal::new(PRODUCTS),
            zones: Rehearsal::new(OTHERS),
            methods: Rehearsal::new(OTHERS),
        }
    }
}
