//! Kinds of problems that commands answer with.

use infra::http::ProblemType;

macro_rules! kinds {
    ($($status:literal $code:ident: $meaning:literal),+ $(,)?) => {
        /// Each has a page at its `type` URL. Codes of parts that a body can
        /// name come with 422 there, and with 404 where the path names them.
        pub const PROBLEM_TYPES: &[ProblemType] = &[$(ProblemType {
            code: stringify!($code),
            status: $status,
            meaning: $meaning,
        }),+];
    };
}
kinds! {
    // --- the request ------------------------------------------------------
    400 invalid_causation_id: "`Causation-Id` must be 1 to 255 visible ASCII characters, once.",
    400 unknown_op: "A line names a command that there is not; `op` is an `operationId`.",
    424 earlier_line_open:
        "An earlier line about this order could not be carried out for now, so this one was not either. Send the lines again, in their order.",
    424 operation_rejected:
        "The line could be carried out, and was not: others cannot, and the operation was asked to reject them all (`on_invalid=reject`).",
    422 no_order:
        "A part of an imported file is no order: `reason` says why by a code of its format, `detail` in words, and `source` of the result where it stands.",
    413 event_too_large: "The event would be larger than Kafka carries. Split the order.",
    422 idempotency_key_reused:
        "The Idempotency-Key was used before with another body. A key stands for one request.",
    422 reason_required: "The command is not carried out without a `reason`.",
    422 nothing_to_change: "None of the members that would change something is there.",
    422 amount_or_percent: "A discount is either an `amount` or a `percent`: exactly one of them.",
    // --- API keys ---------------------------------------------------------
    404 api_key_not_found: "There is no API key with this id.",
    422 invalid_api_key: "There cannot be such an API key: `errors` says which members are wrong, and why.",
    // --- customers --------------------------------------------------------
    409 customer_known: "The order is that of another customer (`customer_id`): only a guest's is linked.",
    422 invalid_person: "A person is named by platform and id, by platform and email, or by an order.",
    // --- exports ----------------------------------------------------------
    404 export_not_found: "There is no export with this id, or it was deleted.",
    409 export_not_live: "The export neither waits nor is being written: there is nothing to cancel.",
    422 invalid_export: "There is no such export: `errors` says which members are wrong, and why.",
    // --- operations -------------------------------------------------------
    404 operation_not_found: "There is no operation with this id; they are kept for some weeks.",
    409 operation_finished: "The operation has come to its end: there is nothing to cancel.",
    409 operation_not_cancellable: "An erasure is brought to its end: keys are gone already.",
    503 no_object_storage:
        "Nobody has configured where large objects are kept (`objects_url`), so none is taken or made.",
    // --- webhooks ---------------------------------------------------------
    404 endpoint_not_found: "There is no webhook endpoint with this id, or it was deleted.",
    404 delivery_not_found: "There is no delivery with this id; they are kept for some weeks.",
    409 endpoint_disabled: "The webhook endpoint is disabled, so nothing is sent to it.",
    409 request_spent:
        "The request was carried out before, and what it made is no more or is not shown again: the endpoint was deleted or has another secret since, or it made an API key. Use another Idempotency-Key.",
    409 too_many_endpoints: "There are as many webhook endpoints as there may be: delete one first.",
    422 invalid_endpoint:
        "A webhook endpoint cannot be such one: `errors` says which members, and why.",
    422 invalid_replay: "Say what to replay: `missed`, or `from` with or without `to`.",
    // --- reference data ---------------------------------------------------
    404 platform_not_found: "There is no platform with this slug; 422 where an order names it.",
    409 platform_archived: "The platform is archived: it takes no orders, and is restored before it is changed.",
    422 slug_fixed: "A platform keeps its slug: orders, customers and numbers are made of it.",
    422 unknown_country: "ISO 3166-1 has no such country.",
    422 seconds_out_of_range: "A time of a platform's rules must be from `least` to `limit` seconds.",
    422 invalid_number_prefix:
        "A number prefix has up to `limit` characters without blanks, and does not end in a digit: it would run into the number.",
    422 rate_limit_out_of_range:
        "A rate limit is from 1 to `most_requests` requests in 1 to `longest_window` seconds.",
    422 seller_address_missing: "A seller has an address.",
    422 invalid_seller_text: "A text of the seller has from 1 to `limit` characters, as a page has room for.",
    422 too_many_of_seller: "The seller has at most `limit` of these.",
    422 unknown_locale: "Documents are written in one of the `known` languages.",
    422 invalid_invoice_prefix: "An invoice prefix has up to `limit` characters, none of them blank.",
    422 invalid_tax_rate: "A tax rate is a percentage such as `\"20\"` or `\"5.5\"`.",
    422 invalid_file_name: "A seller names files, not paths.",
    409 platform_inactive: "The platform takes no new orders; what was placed elsewhere is still imported.",
    422 platform_currency: "Orders of the platform are in the currency `expected`.",
    409 price_mismatch:
        "The catalogue has another price (`current`), and neither the platform nor the key takes prices of clients.",
    422 price_unknown:
        "There is no price to hold the line's against, or to take for it: the catalogue has none on this platform in this currency.",
    409 discount_not_allowed:
        "The platform's prices are those of the catalogue: a discount of more than `allowed` needs a key that may set prices.",
    409 quote_required:
        "Shipping of the platform is charged as it was quoted: choose it by a quote of these lines and this address, or with a key that may set prices.",
    422 quote_invalid: "The quote was not made here, or was changed.",
    409 quote_expired: "The quote held until `expired_at`: ask for another one.",
    409 quote_mismatch:
        "The quote is for something else: `part` says what of the order is not as it was quoted.",
    404 product_not_found: "There is no product with this SKU.",
    409 product_archived: "The product is archived: restore it first.",
    422 sku_fixed: "A product keeps its SKU: order lines and price lists name it.",
    422 weight_out_of_range: "A weight must be from 0 to `limit` grams.",
    422 dimension_out_of_range: "A side must be from 1 to `limit` millimetres.",
    422 duplicate_price: "A product has one price for each platform and currency.",
    422 too_many_prices: "A product has at most `limit` prices.",
    404 shipping_zone_not_found: "There is no shipping zone with this id.",
    404 shipping_method_not_found: "There is no shipping method with this id.",
    409 shipping_zone_archived: "The shipping zone is archived: restore it first.",
    409 shipping_method_archived: "The shipping method is archived: restore it first.",
    409 content_outdated: "What was saved is not what this release takes: save all of it anew.",
    422 zone_empty: "A zone names countries, regions or postal codes, or is the rest of the world.",
    422 postal_code_malformed: "A postal code consists of letters and digits, in the form of its country.",
    422 postal_range_uneven:
        "Both ends of a range are of one length, with letters and digits at the same places.",
    422 postal_range_reversed: "A range ends behind its begin.",
    422 no_zones: "A method ships to at least one zone.",
    422 no_rates: "A method has at least one rate.",
    422 duplicate_currency: "A method has one rate in a currency.",
    422 no_tiers: "A tariff has at least one tier.",
    422 tiers_not_ascending: "Each tier ends behind the `previous` one.",
    422 open_tier_not_last: "Only the last tier has no end.",
    422 bounds_reversed: "The largest (`max`) must not be below the smallest (`min`).",
    422 parcel_weight_not_positive: "A parcel may weigh at least one gram.",
    422 days_out_of_range: "A number of days must be from 0 to `limit`.",
    422 negative_amount: "An amount must not be negative.",
    422 negative_weight: "A weight must not be negative.",
    422 too_many: "There are at most `limit` of these.",
    422 weights_differ: "One SKU has one weight in a basket.",
    // --- which order, which part ------------------------------------------
    404 order_not_found: "There is no order with this id.",
    404 line_not_found: "The order has no such line; 422 where the body names it.",
    404 discount_not_found: "The order has no such discount, or it was removed.",
    422 hold_not_found: "No such hold was ever on the order.",
    404 payment_not_found: "The order has no such payment; 422 where the body names it.",
    404 capture_not_found: "The order has no such pending capture.",
    404 refund_not_found: "The order has no such pending refund.",
    404 fulfillment_not_found: "The order has no such fulfilment.",
    404 return_not_found: "The order has no such return; 422 where the body names it.",
    409 external_id_taken:
        "The platform's external id belongs to the order in `order_id`, which another command made.",
    409 import_differs:
        "The order in `order_id` was imported before with other content; an import never changes an order.",
    409 not_for_kind:
        "Imported credits and adjustments are facts; the command applies to sales only.",
    409 order_is_draft: "The order is still a draft: complete it first.",
    409 order_not_draft: "The order is placed already; only drafts are changed as a whole.",
    409 order_cancelled: "The order is cancelled.",
    409 contended:
        "What the command is about changed again and again while it was decided. Try again.",
    // --- content ----------------------------------------------------------
    422 no_lines: "An order, or a list of units, needs at least one line.",
    422 too_many_lines: "An order has at most `limit` lines.",
    422 quantity_out_of_range: "A line's quantity must be from 1 to `limit` (negative on credits).",
    422 no_positive_quantity:
        "No line has a positive quantity: this is a stock movement, not an order.",
    422 credit_quantity_positive: "The quantities of a credit are negative.",
    422 negative_price: "Only adjustments take prices below zero, and the catalogue never.",
    422 discount_out_of_range: "A line's discount lies between zero and the line's amount.",
    422 tax_out_of_range:
        "A tax has the sign of what it is on, and is no more than a price that includes it.",
    422 shipping_out_of_range: "A shipping charge is not negative.",
    422 amount_overflow: "An amount does not fit 64 bits of minor units.",
    422 too_many_tags: "An order has at most `limit` tags.",
    422 history_too_long:
        "At most `limit` payments, refunds and fulfilments are imported with an order.",
    422 amount_not_positive: "An amount is more than zero, in minor units.",
    422 currency_mismatch: "The order is in the currency `expected`; every amount of it is.",
    422 duplicate_line: "A list of units names each line once.",
    422 units_out_of_range: "A number of units must be from 1 to `limit`.",
    // --- editing ----------------------------------------------------------
    409 editing_closed:
        "Something is fulfilled; only additions are taken. Cancel the fulfilments first.",
    409 below_fulfilled: "A line cannot go below what is `fulfilled` or `cancelled` of it.",
    409 line_fulfilled: "Some of the line is fulfilled, so it cannot be removed.",
    409 last_line: "An order without lines is a cancelled order: cancel it instead.",
    409 discount_exceeds_amount: "No more than what is `available` can be discounted.",
    // --- money ------------------------------------------------------------
    409 capture_exceeds_authorized:
        "At most what is authorised, not captured and not reserved can be captured: `capturable`.",
    409 refund_exceeds_captured:
        "At most what is captured of the payment, not refunded, charged back or reserved: `refundable`.",
    409 refund_exceeds_overpayment: "At most what was paid too much: `overpaid`.",
    409 credit_exceeds_total:
        "At most what the order costs and was not credited before: `creditable`.",
    409 chargeback_exceeds_captured: "At most what is captured and not charged back: `chargeable`.",
    409 payment_captured:
        "Something of the payment is `captured`, or a capture is `pending`: refund it instead.",
    409 payment_ended: "The payment was voided or failed.",
    422 purpose_needs_return:
        "A refund for a return names it in `return_id`, and only such a one does.",
    409 already_settled: "The outcome of the capture or refund was told before.",
    // --- goods out --------------------------------------------------------
    409 exceeds_open: "The line has only `open` units that are neither fulfilled nor cancelled.",
    409 nothing_to_fulfill: "Everything is fulfilled or cancelled.",
    409 on_hold: "Nothing is shipped while one of the `holds` is on: release it first.",
    409 unpaid:
        "Only `covered` of the `needed` amount is paid or authorised, and the platform does not ship unpaid. `force` with a `reason` ships it all the same.",
    409 wrong_fulfillment_status: "The fulfilment's `state` is not the `needed` one.",
    409 fulfillments_live:
        "Some of the order is fulfilled: cancel those `fulfillments` first, or single lines.",
    // --- goods back -------------------------------------------------------
    409 returns_open: "Some `returns` are open: close or cancel them first.",
    409 return_exceeds_shipped:
        "Only `returnable` units of the line were shipped and not asked back yet.",
    409 receive_exceeds_requested: "Only `expected` units of the line are still to come back.",
    409 wrong_return_status: "The return's `state` is not the `needed` one.",
    409 return_begun: "Goods of the return came back already: close it instead.",
    409 exchange_taken: "The order in `exchange_order_id` replaces the goods of the return.",
    409 exchange_not_linked_back: "No such order says that it replaces the goods of this return.",
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{order::Rejection, platform, product, shipping::ShippingRejection};
    use infra::http::problem_types::COMMON;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_has_a_page() {
        let codes = Rejection::CODES.iter().chain(platform::Rejection::CODES);
        let codes = codes.chain(product::Rejection::CODES);
        for code in codes.chain(ShippingRejection::CODES) {
            assert!(PROBLEM_TYPES.iter().any(|k| k.code == *code), "{code}");
        }
    }

    #[test]
    fn no_code_has_two_pages() {
        let mut seen = BTreeSet::new();
        for kind in PROBLEM_TYPES.iter().chain(COMMON) {
            assert!(seen.insert(kind.code), "{}", kind.code);
        }
    }
}
