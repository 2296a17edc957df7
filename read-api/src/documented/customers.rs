//! Parameters and answers of queries about customers.

use super::{Responses, link, of, part_of, told};
use infra::http::ProblemDocument;
use std::marker::PhantomData;
use utoipa::{IntoParams, IntoResponses, ToSchema};

/// A customer in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct CustomerName {
    /// The `id` that a customer is told under, or the channel's own, percent-encoded; what is both is the former
    #[param(example = "1f6666e4-d6b4-5428-84a7-b282304f7730")]
    id: String,
}

/// Whose own id it is.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct OfPlatform {
    /// Slug of the sales channel that the customer is one of; needed where several channels have the same id of their own
    #[param(example = "web")]
    platform: Option<String>,
}

/// Which customers, and in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct CustomerFilters {
    /// Slug of the sales channel; may be repeated, or several, separated by commas
    #[param(example = "web")]
    platform: Option<String>,
    /// The channel's own id of the customer; may be repeated
    #[param(example = "c-42")]
    customer: Option<String>,
    /// Email of the last order, all of it; case does not count
    #[param(example = "ada@example.com", max_length = 255)]
    email: Option<String>,
    /// Words, in any order: each must be one of the customer's own id, or of the name or the email of the last order; of the last one the beginning is enough. Neither case nor accents count
    #[param(example = "lovelace ad", max_length = 200)]
    q: Option<String>,
    /// Business time of the last order is this one or later; RFC 3339, or a date for its first moment in UTC
    #[param(example = "2026-01-01")]
    last_order_from: Option<String>,
    /// Business time of the last order is before this one
    last_order_to: Option<String>,
    /// `-last_order_at` (if absent): those who ordered last come first; or `last_order_at`
    #[param(example = "-last_order_at")]
    sort: Option<String>,
}

/// Which fields of a customer.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct FieldsOfCustomer {
    /// Only these fields, separated by commas; of what is in one, after a dot
    #[param(example = "id,name,last_order.placed_at")]
    fields: Option<String>,
}

/// What a query for one customer may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `customer_not_found`
pub struct NoSuchCustomer(ProblemDocument);

/// What a query for one customer may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `customer_ambiguous`, with `platforms`
pub struct AmbiguousCustomer(ProblemDocument);

/// A page `T` of a list that is read one way, and never comes from a cache.
pub struct ToldList<T>(PhantomData<T>);

/// Something `T`, or some of its fields, that is put together of the views.
pub struct ToldOfViews<T>(PhantomData<T>);

impl<T: ToSchema> IntoResponses for ToldList<T> {
    fn responses() -> Responses {
        told(of::<T>(), "Of everything on the page", &[link()])
    }
}

impl<T: ToSchema> IntoResponses for ToldOfViews<T> {
    fn responses() -> Responses {
        told(part_of::<T>(), "Of the content", &[])
    }
}
