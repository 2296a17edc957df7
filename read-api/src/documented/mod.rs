//! Parameters and answers that queries have in common, for the OpenAPI
//! document.

mod background;
mod customers;
mod exports;
mod quotes;

pub use background::{
    DeliveryFilters, DeliveryId, EndpointId, JobFilters, JobId, JobNotLive, JobNotRetryable, Known,
    NoResults, NoResultsYet, NoSuchDelivery, NoSuchEndpoint, NoSuchJob, NoSuchOperation,
    NoSuchSchedule, OperationFilters, OperationId, ScheduleName, ScheduleRunning, WhichResults,
};

pub use customers::{
    AmbiguousCustomer, CustomerFilters, CustomerName, FieldsOfCustomer, NoSuchCustomer, OfPlatform,
    ToldList, ToldOfViews,
};

pub use exports::{ExportFile, ExportFilters, ExportId, LinkNotValid, NoSuchExport, SignedFor};

pub use quotes::{NotQuoted, PlatformClosed};

use infra::http::ProblemDocument;
use std::{collections::BTreeMap, marker::PhantomData};
use utoipa::{
    IntoParams, IntoResponses, ToSchema,
    openapi::{
        ContentBuilder, Header, HeaderBuilder, Object, ObjectBuilder, Ref, RefOr, Response,
        ResponseBuilder, Schema,
        schema::{AdditionalProperties, AnyOfBuilder, ArrayBuilder, Type},
    },
};
use uuid::Uuid;

/// An order in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct OrderId {
    /// Order id
    #[param(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    id: Uuid,
}

/// Something parked in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct ParkedId {
    /// Id of a parked order, or place of a record that names none
    #[param(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    id: String,
}

/// A projection in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct ProjectionName {
    /// Name of a projection
    #[param(example = "orders")]
    name: String,
}

/// What is parked in which projection.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct OfProjection {
    /// Name of the projection that it is parked in; `orders` if absent
    #[param(example = "products")]
    projection: Option<String>,
}

/// How fresh an answer about one thing has to be.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct MinVersion {
    /// Wait until it has this version
    #[param(minimum = 1)]
    min_version: Option<i64>,
}

/// How fresh any answer has to be.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct MinPosition {
    /// Wait until the views have this `position`
    min_position: Option<String>,
}

/// Which fields of an order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct FieldsOf {
    /// Only these fields, separated by commas; of what is in one, after a dot
    #[param(example = "id,status,totals.balance_due")]
    fields: Option<String>,
}

/// Which fields of a document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct FieldsOfDocument {
    /// Only these fields, separated by commas; of what is in one, after a dot
    #[param(example = "version,archived")]
    fields: Option<String>,
}

/// What belongs to an order, beside its fields.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct ExpandOf {
    /// Some of `lines`, `payments`, `fulfillments`, `returns`, `customer`, `events`, separated by commas: a member each, whatever `fields` says; `customer` with `statistics`, one entry per currency of what the customer's orders came to, `events` with the first 25
    #[param(example = "lines,events")]
    expand: Option<String>,
}

/// Which version of an order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct AtMoment {
    /// The order in this version; with neither `as_of` nor what asks for freshness
    #[param(minimum = 1, example = 2)]
    version: Option<i64>,
    /// The order as it was recorded by this time: RFC 3339, or a date, which is its first moment in UTC
    #[param(example = "2026-01-31T12:00:00Z")]
    as_of: Option<String>,
}

/// Which page of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct Paging {
    /// Entries of the page; 50 if absent
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u8>,
    /// A cursor that another page of the list gave
    cursor: Option<String>,
}

/// What every query takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct Conditional {
    /// Tags that the client has
    #[param(rename = "If-None-Match", example = "\"7-0\"")]
    if_none_match: Option<String>,
    /// `wait=N`: at most N seconds (2 if absent, at most 30); `handling=strict`: 503 rather than an older answer
    #[param(rename = "Prefer", example = "wait=5")]
    prefer: Option<String>,
}

/// How long may be waited for what an answer must have seen.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct Preferred {
    /// `wait=N`: at most N seconds (2 if absent, at most 30); `handling=strict`: 503 rather than an older answer
    #[param(rename = "Prefer", example = "wait=5")]
    prefer: Option<String>,
}

/// Events of which types.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct EventTypes {
    /// Only events of these types, or, with * at the end, of those that begin so; may be repeated
    #[param(rename = "type", example = json!(["order.placed", "order.payment_*"]), style = Form, explode)]
    event_type: Option<Vec<String>>,
}

/// What happened to which orders.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct OfOrders {
    /// Only of orders of these platforms; may be repeated
    #[param(example = json!(["web"]), style = Form, explode)]
    platform: Option<Vec<String>>,
    /// Only of these orders, at most 200; may be repeated
    #[param(style = Form, explode)]
    order: Option<Vec<Uuid>>,
}

/// Which part of the log.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct PartOfLog {
    /// Only what comes after the event with this `position`, or with this `id` of a stream; the `beginning` if absent
    #[param(example = "beginning")]
    after: Option<String>,
    /// Nothing that comes after the event with this `position`
    until: Option<String>,
    /// Recorded at this time or later; RFC 3339, or a date for its first moment in UTC
    #[param(example = "2026-01-01")]
    recorded_from: Option<String>,
    /// Recorded before this time
    recorded_to: Option<String>,
}

/// What is asked for after a place may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 410, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `position_lost`
pub struct PlaceLost(ProblemDocument);

/// An export.
#[derive(IntoResponses)]
#[response(
    status = 200,
    content_type = "application/x-ndjson",
    headers(
        ("Orderlog-Position" = String, description = "Everything of the log up to here is in it"),
        ("Orderlog-As-Of" = String, description = "The moment that it is of"),
        ("Content-Disposition" = String, description = "`attachment`, with a file name")
    )
)]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// Everything that was chosen, and the trailer
pub struct ExportedNdjson(String);

/// An export.
#[derive(IntoResponses)]
#[response(
    status = 200,
    content_type = "text/csv",
    headers(
        ("Orderlog-Position" = String, description = "Everything of the log up to here is in it"),
        ("Orderlog-As-Of" = String, description = "The moment that it is of"),
        ("Content-Disposition" = String, description = "`attachment`, with a file name")
    )
)]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// Everything that was chosen, and the trailer
pub struct ExportedCsv(String);

/// An export.
#[derive(IntoResponses)]
#[response(
    status = 200,
    content_type = "application/vnd.apache.parquet",
    headers(
        ("Orderlog-Position" = String, description = "Everything of the log up to here is in it"),
        ("Orderlog-As-Of" = String, description = "The moment that it is of"),
        ("Content-Disposition" = String, description = "`attachment`, with a file name")
    )
)]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// Everything that was chosen, and the trailer
pub struct ExportedParquet(String);

/// What every query may be refused with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers, is never one")]
pub enum Refused {
    /// `unknown_parameter`, `invalid_parameter`, `invalid_last_event_id`, `invalid_query`, `invalid_path`, `invalid_json`, `invalid_body`
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemDocument),
    /// `unauthorized`
    #[response(
        status = 401,
        content_type = "application/problem+json",
        headers(("WWW-Authenticate" = String, description = "`Bearer` (RFC 6750)"))
    )]
    Unauthorized(ProblemDocument),
    /// `coding_not_acceptable`
    #[response(status = 406, content_type = "application/problem+json")]
    NotAcceptable(ProblemDocument),
    /// `internal`
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(ProblemDocument),
    /// `unavailable`; `took_too_long`; `too_many_exports` of exports; `too_many_documents` of documents; `not_yet_visible` with `Prefer: handling=strict`; of what comes from the log `log_restored`
    #[response(
        status = 503,
        content_type = "application/problem+json",
        headers(("Retry-After" = u64, description = "Seconds after which to try again"))
    )]
    Unavailable(ProblemDocument),
}

/// What a JSON body may be refused with beside that.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers, is never one")]
pub enum RefusedBody {
    /// `request_timeout`
    #[response(status = 408, content_type = "application/problem+json")]
    Timeout(ProblemDocument),
    /// `body_too_large`
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDocument),
    /// `unsupported_media_type`
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(ProblemDocument),
}

/// What a query for one order may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `order_not_found`
pub struct NoSuchOrder(ProblemDocument);

/// What a query for one platform may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `platform_not_found`
pub struct NoSuchPlatform(ProblemDocument);

/// What a query for one product may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `product_not_found`
pub struct NoSuchProduct(ProblemDocument);

/// What a query for one shipping zone may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `shipping_zone_not_found`
pub struct NoSuchShippingZone(ProblemDocument);

/// What a query for one shipping method may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `shipping_method_not_found`
pub struct NoSuchShippingMethod(ProblemDocument);

/// What a query for one version of an order may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `order_not_found`; of the past also `version_not_found`, `order_not_recorded_yet`
pub struct NoSuchMoment(ProblemDocument);

/// What a query for something parked may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `not_parked`
pub struct NotParked(ProblemDocument);

/// What discarding something parked may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `not_a_record`
pub struct OrdersStay(ProblemDocument);

/// What anything about one projection may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `projection_not_found`
pub struct NoSuchProjection(ProblemDocument);

/// What giving a build up may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `no_open_build`
pub struct NoOpenBuild(ProblemDocument);

/// All of `T`, or, with `fields`, some of it.
fn part_of<T: ToSchema>() -> RefOr<Schema> {
    let some = ObjectBuilder::new()
        .description(Some("With `fields`: those that were asked for"))
        .additional_properties(Some(AdditionalProperties::FreeForm(true)));
    let either = AnyOfBuilder::new().item(of::<T>()).item(some);
    RefOr::T(Schema::AnyOf(either.build()))
}

/// A list of what is all or some of `T`, which has to be among the document's
/// components.
pub fn parts_of<T: ToSchema>(description: &str) -> RefOr<Schema> {
    let list = ArrayBuilder::new().items(part_of::<T>());
    list.description(Some(description)).build().into()
}

/// One document `T`, or some of its fields, which may come from a cache: 200, or
/// 304. Its schema has to be among the document's components.
pub struct Told<T>(PhantomData<T>);

/// A page `T` of a list.
pub struct ToldPage<T>(PhantomData<T>);

/// A page `T` of a list that is read one way, and may come from a cache.
pub struct ToldOneWay<T>(PhantomData<T>);

/// A page `T` of the log.
pub struct ToldPageOfLog<T>(PhantomData<T>);

/// A page `T` of a list that one order has.
pub struct ToldPartOf<T>(PhantomData<T>);

/// Something `T` that is made of the log, and behind nothing.
pub struct ToldOnce<T>(PhantomData<T>);

/// Something `T` that nobody keeps, of views that may be behind.
pub struct ToldNow<T>(PhantomData<T>);

/// Figures `T`, which may come from a cache.
pub struct ToldFigures<T>(PhantomData<T>);

impl<T: ToSchema> IntoResponses for Told<T> {
    fn responses() -> Responses {
        let age = (
            "Age",
            number("Seconds since it was read, where it comes from the cache"),
        );
        told(
            part_of::<T>(),
            "`\"<version>-<revision>\"`; of the past, its version and a hash of it",
            &[age, parked()],
        )
    }
}

impl<T: ToSchema> IntoResponses for ToldPage<T> {
    fn responses() -> Responses {
        let etag = "Of everything on the page, and its version";
        told(of::<T>(), etag, &[links()])
    }
}

impl<T: ToSchema> IntoResponses for ToldOneWay<T> {
    fn responses() -> Responses {
        let age = (
            "Age",
            number(
                "Seconds since the oldest of it was read, where some of it comes from the cache",
            ),
        );
        told(
            of::<T>(),
            "Of everything on the page, and its version",
            &[link(), age],
        )
    }
}

impl<T: ToSchema> IntoResponses for ToldPageOfLog<T> {
    fn responses() -> Responses {
        let [_, applied] = freshness();
        let etag = ("ETag", text("Of everything on the page"));
        answered(of::<T>(), &[etag, link(), applied])
    }
}

impl<T: ToSchema> IntoResponses for ToldPartOf<T> {
    fn responses() -> Responses {
        let etag = "Of everything on the page, and its version";
        told(of::<T>(), etag, &[link(), parked()])
    }
}

impl<T: ToSchema> IntoResponses for ToldOnce<T> {
    fn responses() -> Responses {
        answered(of::<T>(), &[("ETag", text("Of the content"))])
    }
}

impl<T: ToSchema> IntoResponses for ToldNow<T> {
    fn responses() -> Responses {
        let response = with(found(of::<T>()), freshness().into_iter());
        [("200".to_owned(), response.into())].into()
    }
}

impl<T: ToSchema> IntoResponses for ToldFigures<T> {
    fn responses() -> Responses {
        let age =
            number("Seconds since they were computed, or found to be still those of the views");
        let status = text(
            "What the cache had (RFC 9211): `orderlog; hit`, or `orderlog; fwd=` with `miss`, `stale` or `bypass` where they were computed",
        );
        told(
            of::<T>(),
            "Weak: of the figures, not of when they were computed",
            &[("Age", age), ("Cache-Status", status)],
        )
    }
}

type Responses = BTreeMap<String, RefOr<Response>>;
type Named = (&'static str, Header);

fn link() -> Named {
    let next = text("`<…>; rel=\"next\"`, where there is a next page");
    ("Link", next)
}

fn links() -> Named {
    let both = text("`<…>; rel=\"next\"` and `<…>; rel=\"prev\"`, where there are such pages");
    ("Link", both)
}

fn parked() -> Named {
    let parked =
        text("`parked` where later events of it wait for a cause to be removed; else absent");
    ("Orderlog-Projection", parked)
}

fn of<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

fn told(body: RefOr<Schema>, etag: &str, more: &[Named]) -> Responses {
    let etag = [("ETag", text(etag))].into_iter();
    let headers: Vec<_> = etag
        .chain(freshness())
        .chain(more.iter().cloned())
        .collect();
    answered(body, &headers)
}

fn freshness() -> [Named; 2] {
    [
        (
            "Orderlog-Lag",
            text(
                "How far the views that have answered are behind the log: `events=0, seconds=0.000`, or `unknown`",
            ),
        ),
        (
            "Preference-Applied",
            text("Which preferences were followed, if any was expressed"),
        ),
    ]
}

fn answered(body: RefOr<Schema>, headers: &[Named]) -> Responses {
    let unchanged = ResponseBuilder::new().description("The client has it already");
    [("200", found(body)), ("304", unchanged)]
        .into_iter()
        .map(|(status, response)| {
            let response = with(response, headers.iter().cloned());
            (status.to_owned(), response.into())
        })
        .collect()
}

fn found(body: RefOr<Schema>) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(body)).build();
    ResponseBuilder::new()
        .description("What was asked for")
        .content("application/json", content)
}

fn with(response: ResponseBuilder, headers: impl Iterator<Item = Named>) -> Response {
    let add = |response: ResponseBuilder, (name, header)| response.header(name, header);
    headers.fold(response, add).build()
}

fn text(description: &str) -> Header {
    header(Type::String, description)
}

fn number(description: &str) -> Header {
    header(Type::Integer, description)
}

fn header(kind: Type, description: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(Object::with_type(kind)))
        .description(Some(description))
        .build()
}
