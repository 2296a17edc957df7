//! Parameters of commands.

use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};
use uuid::Uuid;

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
struct OrderPath {
    /// Order id.
    id: Uuid,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
struct Conditions {
    /// Version that what is changed must be at, e.g. `"1"`.
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}

/// Parameters of commands that make an order: the headers of every command.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
pub struct Headers {
    /// 1–255 visible characters; stands for this request for ever.
    #[param(rename = "Idempotency-Key")]
    idempotency_key: Option<String>,
    /// What led to the command: 1–255 visible characters, recorded with its
    /// events.
    #[param(rename = "Causation-Id")]
    causation_id: Option<String>,
}

/// What becomes of imported orders of unknown platforms.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
pub struct CreatePlatforms {
    /// Whether a platform that nobody knows is made by the way.
    #[param(required = false)]
    create_platforms: bool,
}

/// Parameters of requests that lead to no command by themselves.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only documents what is read")]
pub struct Once {
    /// 1–255 visible characters; stands for this request for ever.
    #[param(rename = "Idempotency-Key")]
    idempotency_key: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
struct OperationPath {
    /// Id of the operation.
    id: Uuid,
}

/// Parameters of requests on an operation.
pub struct OnOperation;

impl IntoParams for OnOperation {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = OperationPath::into_params(&place);
        all.extend(Headers::into_params(&place));
        all
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
struct EndpointPath {
    /// Id of the endpoint.
    id: Uuid,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
struct DeliveryPath {
    /// Id of the delivery.
    id: Uuid,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
struct KeyPath {
    /// Id of the key.
    id: String,
}

/// Parameters of requests on an API key.
pub struct OnKey;

impl IntoParams for OnKey {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = KeyPath::into_params(&place);
        all.extend(Headers::into_params(&place));
        all
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
struct ExportPath {
    /// Id of the export.
    id: Uuid,
}

/// Parameters of requests on an export.
pub struct OnExport;

impl IntoParams for OnExport {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = ExportPath::into_params(&place);
        all.extend(Headers::into_params(&place));
        all
    }
}

/// Parameters of requests on a webhook endpoint.
pub struct OnEndpoint;

impl IntoParams for OnEndpoint {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = EndpointPath::into_params(&place);
        all.extend(Headers::into_params(&place));
        all
    }
}

/// Parameters of requests on a delivery.
pub struct OnDelivery;

impl IntoParams for OnDelivery {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = DeliveryPath::into_params(&place);
        all.extend(Headers::into_params(&place));
        all
    }
}

/// Parameters of commands on an order.
pub struct OnOrder;

impl IntoParams for OnOrder {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = OrderPath::into_params(&place);
        all.extend(Conditions::into_params(&place));
        all.extend(Headers::into_params(&place));
        all
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
struct PlatformPath {
    /// Its slug.
    slug: String,
}

/// Parameters of commands on a platform.
pub struct OnPlatform;

impl IntoParams for OnPlatform {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        on_reference(PlatformPath::into_params(&place), place)
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
struct ProductPath {
    /// Its stock keeping unit.
    sku: String,
}

/// Parameters of commands on a product.
pub struct OnProduct;

impl IntoParams for OnProduct {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        on_reference(ProductPath::into_params(&place), place)
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
struct ZonePath {
    /// The shop's own id of it.
    id: String,
}

/// Parameters of commands on a shipping zone.
pub struct OnZone;

impl IntoParams for OnZone {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        on_reference(ZonePath::into_params(&place), place)
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only documents what `Call` reads")]
struct MethodPath {
    /// The shop's own id of it.
    id: String,
}

/// Parameters of commands on a shipping method.
pub struct OnMethod;

impl IntoParams for OnMethod {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        on_reference(MethodPath::into_params(&place), place)
    }
}

fn on_reference(path: Vec<Parameter>, place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
    let mut all = path;
    all.extend(Conditions::into_params(&place));
    all.extend(Headers::into_params(&place));
    all
}
