//! What each route asks of its caller: one table for both APIs, that requests are
//! held against and that the OpenAPI documents say what they say from.

use super::{Principal, problem::Problem};
use actix_web::http::StatusCode;
use serde_json::json;
use utoipa::openapi::{
    OpenApi, RefOr, Response, ResponseBuilder,
    content::ContentBuilder,
    path::{Operation, PathItem},
    schema::Ref,
    security::SecurityRequirement,
};

/// Name of the security scheme in the OpenAPI documents.
pub const SCHEME: &str = "api_key";
/// The member that says how far a route is open to keys of one platform.
const EXTENSION: &str = "x-platform-keys";

/// How far a route is open to those who have to do with one platform only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tenancy {
    /// They see and change what is of their platform; the rest is not there.
    Own,
    /// It is everybody's: they may read it, and change nothing.
    Shared,
    /// Not at all.
    Closed,
}

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Required {
    /// The scope; none: any key will do.
    pub scope: Option<&'static str>,
    /// Keys of one platform.
    pub tenancy: Tenancy,
    /// Whether nothing is changed.
    reads: bool,
}

/// What is asked for below a path.
struct Row {
    path: &'static str,
    reads: Option<&'static str>,
    writes: Option<&'static str>,
    tenancy: Tenancy,
}

const fn row(path: &'static str, reads: &'static str, writes: &'static str, t: Tenancy) -> Row {
    Row {
        path,
        reads: Some(reads),
        writes: Some(writes),
        tenancy: t,
    }
}

/// Longer paths come before what they begin with. A read by POST is a read.
const ROUTES: &[Row] = &[
    row("/v1/admin", "admin", "admin", Tenancy::Closed),
    row("/v1/api_keys", "admin", "admin", Tenancy::Closed),
    // Each line is held against its own command.
    Row {
        path: "/v1/bulk",
        reads: None,
        writes: None,
        tenancy: Tenancy::Own,
    },
    row(
        "/v1/customers/erase",
        "customers:erase",
        "customers:erase",
        Tenancy::Closed,
    ),
    row(
        "/v1/customers/guest_orders",
        "customers:write",
        "customers:write",
        Tenancy::Closed,
    ),
    row(
        "/v1/customers",
        "customers:read",
        "customers:write",
        Tenancy::Own,
    ),
    row("/v1/drafts", "orders:read", "orders:write", Tenancy::Own),
    row("/v1/events", "orders:read", "orders:write", Tenancy::Own),
    row(
        "/v1/exports",
        "exports:read",
        "exports:write",
        Tenancy::Closed,
    ),
    row("/v1/lines", "orders:read", "orders:write", Tenancy::Own),
    row(
        "/v1/operations",
        "operations:read",
        "operations:write",
        Tenancy::Closed,
    ),
    row(
        "/v1/orders/lookup",
        "orders:read",
        "orders:read",
        Tenancy::Own,
    ),
    row(
        "/v1/orders/import",
        "orders:read",
        "orders:import",
        Tenancy::Own,
    ),
    row(
        "/v1/orders/{id}/erasures",
        "customers:erase",
        "customers:erase",
        Tenancy::Closed,
    ),
    row("/v1/orders", "orders:read", "orders:write", Tenancy::Own),
    row(
        "/v1/platforms/{slug}",
        "platforms:read",
        "platforms:write",
        Tenancy::Own,
    ),
    row(
        "/v1/platforms",
        "platforms:read",
        "platforms:write",
        Tenancy::Closed,
    ),
    row(
        "/v1/products",
        "products:read",
        "products:write",
        Tenancy::Shared,
    ),
    row(
        "/v1/shipping/quotes",
        "shipping:read",
        "shipping:read",
        Tenancy::Own,
    ),
    row(
        "/v1/shipping",
        "shipping:read",
        "shipping:write",
        Tenancy::Shared,
    ),
    row(
        "/v1/statistics",
        "statistics:read",
        "statistics:read",
        Tenancy::Own,
    ),
    row(
        "/v1/webhooks",
        "webhooks:read",
        "webhooks:write",
        Tenancy::Closed,
    ),
    // Whoever has a key may know what it is for.
    Row {
        path: "/v1/whoami",
        reads: None,
        writes: None,
        tenancy: Tenancy::Own,
    },
];

/// What a route asks for, by its method and the pattern of its path; none where
/// the table does not have it: it is for those only who may do everything.
pub fn required(method: &str, pattern: &str) -> Option<Required> {
    let below = |row: &&Row| {
        let rest = pattern.strip_prefix(row.path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
    };
    let row = ROUTES.iter().find(below)?;
    let safe = matches!(method, "GET" | "HEAD");
    Some(Required {
        scope: if safe { row.reads } else { row.writes },
        tenancy: row.tenancy,
        reads: safe || row.reads == row.writes,
    })
}

/// Whether somebody may call a route.
///
/// # Errors
/// 403 where their key is for other things, or for one platform only and the
/// route is about several.
pub fn check(principal: &Principal, method: &str, pattern: &str) -> Result<(), Problem> {
    if principal.may_do_everything() {
        return Ok(());
    }
    let Some(required) = required(method, pattern) else {
        return Err(scope_missing("of every route"));
    };
    if let Some(scope) = required.scope.filter(|scope| !principal.scopes.has(scope)) {
        return Err(scope_missing(scope));
    }
    let closed = match required.tenancy {
        Tenancy::Own => false,
        Tenancy::Shared => !required.reads,
        Tenancy::Closed => true,
    };
    match &principal.platform {
        Some(platform) if closed => Err(platform_not_allowed(platform)),
        _ => Ok(()),
    }
}

/// The key is for other things.
pub fn scope_missing(scope: &str) -> Problem {
    let missing = Problem::new(
        StatusCode::FORBIDDEN,
        "scope_missing",
        "The API key is not for this",
    );
    missing.detail(format!("it needs the scope {scope}"))
}

/// The key is for this platform only, and the request is about something else.
pub fn platform_not_allowed(platform: &str) -> Problem {
    let other = Problem::new(
        StatusCode::FORBIDDEN,
        "platform_not_allowed",
        "The API key is for one platform only",
    );
    other.detail(format!("it is for the platform {platform}"))
}

/// Says of each route of a document what it asks for.
pub fn describe(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let has_key = operation.security.as_ref().is_some_and(|security| {
                let scheme = SecurityRequirement::new(SCHEME, Vec::<String>::new());
                security.contains(&scheme)
            });
            let required = required(method, path).filter(|_| has_key);
            if let Some(required) = required {
                describe_one(operation, required);
            }
        }
    }
}

fn describe_one(operation: &mut Operation, required: Required) {
    operation.security = Some(vec![SecurityRequirement::new(SCHEME, required.scope)]);
    let keys = match (required.tenancy, required.reads) {
        (Tenancy::Own, _) => "own",
        (Tenancy::Shared, true) => "all",
        (Tenancy::Shared, false) | (Tenancy::Closed, _) => "none",
    };
    let extensions = operation.extensions.get_or_insert_default();
    extensions.insert(EXTENSION.to_owned(), json!(keys));
    let responses = &mut operation.responses.responses;
    let refused = "`scope_missing`; `platform_not_allowed`";
    if let Some(RefOr::T(known)) = responses.get_mut("403") {
        known.description = format!("{}; {refused}", known.description);
    } else {
        responses.insert("403".to_owned(), RefOr::T(problem(refused)));
    }
    let limited = problem("`rate_limited`: `Retry-After` says when to try again");
    responses.insert("429".to_owned(), RefOr::T(limited));
}

/// An answer with a problem.
fn problem(description: &str) -> Response {
    let schema = Ref::from_schema_name("ProblemDocument");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(description)
        .content(super::problem::CONTENT_TYPE, content)
        .build()
}

/// The operations of a path, by their methods.
fn operations(item: &mut PathItem) -> Vec<(&'static str, &mut Operation)> {
    let all = [
        ("GET", &mut item.get),
        ("POST", &mut item.post),
        ("PUT", &mut item.put),
        ("PATCH", &mut item.patch),
        ("DELETE", &mut item.delete),
    ];
    let there = all
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)));
    there.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_keys::Scopes;

    fn principal(scopes: Option<&[&str]>, platform: Option<&str>) -> Principal {
        let scopes = scopes.map(|scopes| scopes.iter().map(|&scope| scope.to_owned()).collect());
        Principal {
            scopes: Scopes::new(scopes),
            platform: platform.map(Into::into),
            ..Principal::for_everything("key_1")
        }
    }

    fn refused(who: &Principal, method: &str, pattern: &str) -> Option<&'static str> {
        let checked = check(who, method, pattern);
        checked.err().map(|problem| problem.code())
    }

    #[test]
    fn every_scope_that_routes_ask_for_can_be_given() {
        for row in ROUTES {
            for scope in [row.reads, row.writes].into_iter().flatten() {
                assert!(Scopes::is_known(scope), "{scope}");
            }
        }
    }

    #[test]
    fn no_row_hides_a_longer_one() {
        for (at, row) in ROUTES.iter().enumerate() {
            let hidden = ROUTES[at + 1..].iter().find(|later| {
                let rest = later.path.strip_prefix(row.path);
                rest.is_some_and(|rest| rest.starts_with(['/', '.']))
            });
            assert!(hidden.is_none(), "{}", row.path);
        }
    }

    #[test]
    fn a_read_asks_for_less_than_a_write() {
        let reader = principal(Some(&["orders:read"]), None);
        let of = "/v1/orders/{id}";
        assert_eq!(refused(&reader, "GET", of), None);
        assert_eq!(refused(&reader, "POST", "/v1/orders/lookup"), None);
        assert_eq!(refused(&reader, "GET", "/v1/orders.csv"), None);
        for (method, path) in [
            ("POST", "/v1/orders"),
            ("POST", "/v1/orders/{id}/notes"),
            ("GET", "/v1/statistics/orders"),
            ("GET", "/v1/ordersx"),
            ("POST", "/v1/orders/{id}/erasures"),
        ] {
            assert_eq!(
                refused(&reader, method, path),
                Some("scope_missing"),
                "{method} {path}"
            );
        }
        let all = principal(None, None);
        assert_eq!(refused(&all, "GET", "/v1/ordersx"), None);
    }

    #[test]
    fn a_key_of_one_platform_changes_nothing_of_everybody() {
        let web = principal(None, Some("web"));
        assert_eq!(refused(&web, "GET", "/v1/products"), None);
        assert_eq!(refused(&web, "PATCH", "/v1/orders/{id}"), None);
        assert_eq!(refused(&web, "POST", "/v1/shipping/quotes"), None);
        for (method, path) in [
            ("PUT", "/v1/products/{sku}"),
            ("GET", "/v1/admin/jobs"),
            ("POST", "/v1/api_keys"),
        ] {
            let told = refused(&web, method, path);
            assert_eq!(told, Some("platform_not_allowed"), "{method} {path}");
        }
    }
}
