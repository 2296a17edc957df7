//! What happens around every request: its trace, its one log line, its
//! metrics, and errors in one form.

use super::{Principal, Problem, problem::CONTENT_TYPE, series, trace::TraceContext};
use crate::traces::Span;
use actix_web::{
    Error, HttpMessage as _, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::{self, ServiceConfig},
};
use std::{
    mem,
    rc::Rc,
    time::{Duration, Instant},
};

/// The answer's own span, for the caller's trace (W3C Trace Context, response
/// header).
const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");
/// Methods that are counted by their name. A client can make up another one for
/// each request: all of those share one series.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const OTHER_METHOD: &str = "other";
/// Route of requests that nothing has claimed, so that they share one series.
const UNMATCHED: &str = "unmatched";

/// Asked so often, and by nobody who waits, that they are no news.
const PROBES: [&str; 4] = ["/livez", "/readyz", "/startupz", "/metrics"];

/// What the log lines of requests come from.
pub(crate) const REQUESTS: &str = module_path!();

/// Among the extensions of a request that was a HEAD: an answer without an end
/// would never be over, as nothing of it is sent.
#[derive(Debug, Clone, Copy)]
pub struct HeadOnly;

/// Wraps a whole application; see the module.
pub async fn observe<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut exchange = Exchange::begin(&mut request);
    match next.call(request).await {
        Ok(response) => Ok(exchange.finish(response.map_into_boxed_body())),
        // An inner middleware gave up: there is no request left to ask.
        Err(error) => {
            let problem = problem_of(&error);
            let problem = problem.as_ref().or_else(|| error.as_error());
            let response = problem.map(|p| exchange.response(p));
            exchange.log(&Outcome {
                route: UNMATCHED,
                status: error.as_response_error().status_code(),
                principal: None,
                cause: problem.and_then(Problem::cause),
            });
            Err(response.map_or(error, |response| {
                actix_web::error::InternalError::from_response("", response).into()
            }))
        }
    }
}

/// What the framework's own extractors answer.
pub fn extractors(config: &mut ServiceConfig) {
    let path = web::PathConfig::default().error_handler(|error, _| {
        Problem::bad_request("invalid_path", "A part of the path is malformed")
            .detail(error.to_string())
            .into()
    });
    let query = web::QueryConfig::default().error_handler(|error, _| {
        Problem::bad_request("invalid_query", "The query string cannot be read")
            .detail(error.to_string())
            .into()
    });
    config.app_data(path).app_data(query);
}

/// One request from its arrival to its answer's head.
struct Exchange {
    started: Instant,
    method: Method,
    path: String,
    trace: Rc<TraceContext>,
    /// Until there is an answer.
    span: Span,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // Nobody waits for the answer any more.
        self.span.failed("cancelled");
    }
}

/// What came of it.
struct Outcome<'a> {
    route: &'a str,
    status: StatusCode,
    principal: Option<&'a str>,
    cause: Option<&'a str>,
}

impl Exchange {
    fn begin(request: &mut ServiceRequest) -> Self {
        let span = begin_span(request);
        let trace = TraceContext::within(request.headers(), &span);
        let trace = trace.note(request.request());
        let method = request.method().clone();
        if method == Method::HEAD {
            // Routed as GET; the connection knows to leave the body out.
            request.extensions_mut().insert(HeadOnly);
            request.head_mut().method = Method::GET;
        }
        Self {
            started: Instant::now(),
            method,
            path: request.path().to_owned(),
            trace,
            span,
        }
    }

    fn finish(&mut self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let found = response.response().error().and_then(problem_of);
        let bare = found.is_none().then(|| bare_problem(&response)).flatten();
        let problem = found
            .as_ref()
            .or(bare.as_ref())
            .or_else(|| response.response().error()?.as_error::<Problem>());
        let completed = problem.map(|problem| self.response(problem));
        self.log(&Outcome {
            route: response
                .request()
                .match_pattern()
                .as_deref()
                .unwrap_or(UNMATCHED),
            status: completed
                .as_ref()
                .map_or(response.status(), HttpResponse::status),
            principal: response
                .request()
                .extensions()
                .get::<Principal>()
                .map(|principal| principal.id.as_str()),
            cause: problem.and_then(Problem::cause),
        });
        let mut response = match completed {
            Some(completed) => response.into_response(completed),
            None => response,
        };
        if let Ok(value) = HeaderValue::from_str(&self.trace.traceparent) {
            response.headers_mut().insert(TRACERESPONSE, value);
        }
        response
    }

    fn response(&self, problem: &Problem) -> HttpResponse {
        problem.response(Some(&self.path), Some(&self.trace.trace_id))
    }

    fn log(&mut self, outcome: &Outcome<'_>) {
        let duration = self.started.elapsed();
        let (route, status) = (outcome.route, outcome.status);
        series::count(counted(&self.method), route, status, duration);
        end_span(mem::take(&mut self.span), &self.method, outcome);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    http.method = %self.method,
                    http.route = outcome.route,
                    http.status = outcome.status.as_u16(),
                    duration_ms = millis(duration),
                    principal.id = outcome.principal,
                    trace_id = self.trace.trace_id,
                    span_id = self.trace.span_id(),
                    correlation_id = self.trace.correlation_id,
                    error = outcome.cause,
                    "http.request"
                )
            };
        }
        if outcome.status.is_server_error() && outcome.cause.is_some() {
            line!(error);
        } else if PROBES.contains(&outcome.route) {
            line!(debug);
        } else {
            line!(info);
        }
    }
}

/// Named as its method until the route is known. What stands in the path or the
/// query is in none of its attributes.
fn begin_span(request: &ServiceRequest) -> Span {
    if PROBES.contains(&request.path()) {
        return Span::default();
    }
    let (name, method) = told_of(request.method());
    let mut span = Span::of_request(name.into(), request.headers());
    span.set("http.request.method", method);
    span
}

/// A method in the name of a span, and among its attributes.
fn told_of(method: &Method) -> (&'static str, &'static str) {
    match counted(method) {
        OTHER_METHOD => ("HTTP", "_OTHER"),
        method => (method, method),
    }
}

/// By the semantic conventions of HTTP servers: what the client did wrong is no
/// error of the server's span.
fn end_span(mut span: Span, method: &Method, outcome: &Outcome<'_>) {
    if !span.is_recorded() {
        return;
    }
    if outcome.route != UNMATCHED {
        span.set("http.route", outcome.route.to_owned());
        let (name, _) = told_of(method);
        span.rename(format!("{name} {}", outcome.route));
    }
    span.set(
        "http.response.status_code",
        i64::from(outcome.status.as_u16()),
    );
    if outcome.status.is_server_error() {
        span.failed(outcome.status.as_str().to_owned());
    }
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Tells the exporter what the names mean.
pub(crate) fn describe_metrics() {
    super::health::describe();
    super::rate::describe();
    super::connections::describe();
    series::describe();
}

fn counted(method: &Method) -> &'static str {
    let known = METHODS.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or(OTHER_METHOD)
}

/// The framework's own errors as problems; none for ours, which are problems
/// already.
fn problem_of(error: &Error) -> Option<Problem> {
    if error.as_error::<Problem>().is_some() {
        return None;
    }
    if error.as_error::<PayloadError>().is_some() {
        return Some(Problem::bad_request(
            "incomplete_body",
            "The body cannot be read",
        ));
    }
    let error = error.as_response_error();
    Some(plain(error.status_code()).caused_by(&Reported(error.to_string())))
}

/// An error answer without a body that says anything.
fn bare_problem(response: &ServiceResponse<BoxBody>) -> Option<Problem> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let typed = response.headers().get(header::CONTENT_TYPE);
    let is_problem = typed.is_some_and(|value| value == CONTENT_TYPE);
    let is_empty = matches!(
        response.response().body().size(),
        BodySize::None | BodySize::Sized(0)
    );
    (!is_problem && is_empty).then(|| plain(status))
}

/// A problem that says no more than the status does.
fn plain(status: StatusCode) -> Problem {
    let title = status.canonical_reason().unwrap_or("Error");
    let code = match status {
        StatusCode::NOT_FOUND => "route_not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::PAYLOAD_TOO_LARGE => "body_too_large",
        StatusCode::REQUEST_TIMEOUT => "request_timeout",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        status if status.is_server_error() => "internal",
        _ => "bad_request",
    };
    Problem::new(status, code, title)
}

/// What the framework said, for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Reported(String);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{ProblemDocument, fallback};
    use actix_web::{
        App, HttpRequest,
        middleware::from_fn,
        test::{TestRequest, call_service, init_service, read_body},
    };

    async fn item(id: web::Path<u32>, _: HttpRequest) -> Result<HttpResponse, Problem> {
        match id.into_inner() {
            1 => Ok(HttpResponse::Ok().body("one")),
            2 => Err(Problem::internal(Reported("secret".into()))),
            _ => Err(Problem::not_found(
                "item_not_found",
                "There is no such item",
            )),
        }
    }

    async fn call(request: TestRequest) -> (StatusCode, String, actix_web::web::Bytes) {
        let mut paths = utoipa::openapi::Paths::new();
        let get = utoipa::openapi::path::Operation::new();
        paths.add_path_operation("/items/{id}", vec![utoipa::openapi::HttpMethod::Get], get);
        let api = utoipa::openapi::OpenApi::new(utoipa::openapi::Info::new("", ""), paths);
        let app = App::new()
            .wrap(from_fn(observe))
            .configure(extractors)
            .route("/items/{id}", web::get().to(item))
            .app_data(fallback::DocumentedPaths::of(&api))
            .default_service(web::to(fallback::unclaimed));
        let service = init_service(app).await;
        let response = call_service(&service, request.to_request()).await;
        assert!(response.headers().contains_key(TRACERESPONSE));
        let allow = response.headers().get(header::ALLOW);
        let allow = allow
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        (response.status(), allow, read_body(response).await)
    }

    async fn problem(request: TestRequest) -> ProblemDocument {
        let (status, _, body) = call(request).await;
        let document: ProblemDocument = serde_json::from_slice(&body).expect("a problem");
        assert_eq!(document.status, status.as_u16());
        document
    }

    #[actix_web::test]
    async fn a_problem_says_where_and_in_which_trace() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        let request = TestRequest::get().uri("/items/3?x=1");
        let document = problem(request.insert_header(("traceparent", parent))).await;
        assert_eq!(document.code, "item_not_found");
        assert_eq!(document.instance.as_deref(), Some("/items/3"));
        assert_eq!(document.trace_id.as_deref(), Some(trace));
    }

    #[actix_web::test]
    async fn the_frameworks_own_errors_are_problems_too() {
        for (uri, code) in [
            ("/items/x", "invalid_path"),
            ("/nothing", "route_not_found"),
        ] {
            assert_eq!(problem(TestRequest::get().uri(uri)).await.code, code);
        }
        let internal = problem(TestRequest::get().uri("/items/2")).await;
        assert_eq!(
            (internal.code.as_str(), internal.detail),
            ("internal", None)
        );
    }

    #[test]
    fn methods_that_clients_make_up_share_one_series() {
        let made_up = Method::from_bytes(b"BREW").expect("a method");
        assert_eq!(counted(&made_up), OTHER_METHOD);
        assert_eq!(counted(&Method::PATCH), "PATCH");
    }

    #[actix_web::test]
    async fn another_method_is_405_and_head_is_get() {
        let (status, allow, _) = call(TestRequest::post().uri("/items/1")).await;
        assert_eq!((status.as_u16(), allow.as_str()), (405, "GET, HEAD"));
        let (status, _, _) =
            call(TestRequest::default().method(Method::HEAD).uri("/items/1")).await;
        assert_eq!(status, StatusCode::OK);
    }
}
