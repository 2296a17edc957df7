//! Parameters and answers of exports in the background.

use infra::{
    exports::{ExportKind, ExportState},
    http::ProblemDocument,
};
use utoipa::{IntoParams, IntoResponses};
use uuid::Uuid;

/// An export in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct ExportId {
    /// Id of an export
    id: Uuid,
}

/// Which exports.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct ExportFilters {
    /// Only those in this state
    state: Option<ExportState>,
    /// Only those of this
    kind: Option<ExportKind>,
}

/// What a link has beside its path.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct SignedFor {
    /// Until when the link may be used, in seconds since 1970
    #[param(example = 1_795_842_000)]
    expires: i64,
    /// What the link was signed with
    signature: String,
}

/// A file, or a part of it.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers, is never one")]
pub enum ExportFile {
    /// The file; its `Content-Type` is that of its format, or of how it is packed
    #[response(
        status = 200,
        content_type = "application/octet-stream",
        headers(
            ("ETag" = String, description = "SHA-256 of the file, in hexadecimal digits"),
            ("Repr-Digest" = String, description = "The same, as RFC 9530 has it: `sha-256=:…:`"),
            ("Content-Disposition" = String, description = "`attachment`, with a file name"),
            ("Accept-Ranges" = String, description = "`bytes`")
        )
    )]
    Whole(String),
    /// The part of it that `Range` asks for
    #[response(
        status = 206,
        content_type = "application/octet-stream",
        headers(
            ("Content-Range" = String, description = "Which part it is"),
            ("ETag" = String, description = "SHA-256 of the whole file, in hexadecimal digits"),
            ("Repr-Digest" = String, description = "The same, as RFC 9530 has it: `sha-256=:…:`")
        )
    )]
    Part(String),
    /// The client has it already
    #[response(status = 304)]
    Unchanged,
    /// `export_gone`
    #[response(status = 410, content_type = "application/problem+json")]
    Gone(ProblemDocument),
    /// `range_not_satisfiable`
    #[response(
        status = 416,
        content_type = "application/problem+json",
        headers(("Content-Range" = String, description = "How long the file is"))
    )]
    NoSuchPart(ProblemDocument),
}

/// What a link may be refused with.
#[derive(IntoResponses)]
#[response(status = 403, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `link_not_valid`
pub struct LinkNotValid(ProblemDocument);

/// What a query for an export may be refused with.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `export_not_found`
pub struct NoSuchExport(ProblemDocument);
