//! What records are made of.

use rdkafka::message::{Header, OwnedHeaders};

/// Headers of a record, in this order.
pub fn headers(headers: &[(&'static str, String)]) -> OwnedHeaders {
    let all = OwnedHeaders::new_with_capacity(headers.len());
    headers.iter().fold(all, |all, (key, value)| {
        all.insert(Header {
            key,
            value: Some(value),
        })
    })
}
