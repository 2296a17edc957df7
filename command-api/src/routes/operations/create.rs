//! `POST /v1/operations`: lines are taken, and will be carried out.

use crate::{
    documented::{Once, responses},
    refusal::key_reused,
    routes::told,
    state::CommandApi,
    uploads::{Upload, count},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{LOCATION, RETRY_AFTER},
    web::Payload,
};
use infra::{
    clock,
    http::{
        Forwarding, Pieces, Principal, Problem, Query, TraceContext, idempotency_key, trace_context,
    },
    objects::Written,
    operations::{
        self, CreateError, Created, ImportTerms, NewOperation, OnInvalid, Operation, OperationKind,
    },
};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use std::collections::BTreeMap;
use utoipa::{
    IntoParams, IntoResponses,
    openapi::{RefOr, Response},
};
use uuid::Uuid;

pub(super) const DRY_RUN: &str = "dry_run";
pub(super) const ON_INVALID: &str = "on_invalid";

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what the query says")]
struct Parameters {
    /// Decide every line, each on what the ones before it would have left, and
    /// store nothing. A key that comes twice is decided twice.
    /// 64 MiB of orders are remembered (some ten thousand): of one that had to go
    /// the lines that follow are decided as if nothing had been rehearsed, so lines
    /// about one order should not be far apart.
    /// A line that could not be decided in five attempts has the last answer,
    /// 503 say, for its result.
    dry_run: Option<bool>,
    /// What a line that cannot be read means for the others: nothing (`skip`), or
    /// that none of them is carried out (`reject`).
    on_invalid: Option<OnInvalid>,
}

struct Answers;

impl IntoResponses for Answers {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers("It will be carried out, and is read at `Location`")
    }
}

/// What whoever uploads something is told: `taken` where it is, else why it is not.
pub(super) fn answers(taken: &str) -> BTreeMap<String, RefOr<Response>> {
    let taken = (202, taken, Some("Operation"));
    let codes = &[
        "incomplete_body",
        "invalid_query",
        "unknown_parameter",
        "invalid_parameter",
        "invalid_idempotency_key",
        "idempotency_key_required",
        "idempotency_key_reused",
        "unauthorized",
        "request_timeout",
        "body_too_large",
        "unsupported_media_type",
        "coding_not_acceptable",
        "internal",
        "unavailable",
        "no_object_storage",
    ];
    responses(&[taken], &[codes])
}

/// Carry out many commands in the background
///
/// The lines of `POST /v1/bulk`, any number of them up to the size that the
/// deployment takes, packed or not. They are stored, the answer says where they
/// can be followed, and a worker carries them out: it reads all of them first and
/// counts those that cannot be carried out whatever happens (no JSON, no such
/// command, another shape); then it carries out the others as `POST /v1/bulk`
/// does, those about one order in their order. When it is finished,
/// `GET /v1/operations/{id}/results` has a result for each line, of the same
/// shape. Whatever is killed meanwhile, no line is carried out twice.
///
/// `key` may be absent here: then a line is carried out once in this operation. A
/// line with a key is carried out once in all operations of the same API key: a
/// file that was mended can be sent again as a whole.
#[utoipa::path(
    post,
    path = "/v1/operations",
    operation_id = "create_operation",
    tag = "bulk",
    params(Parameters, Once),
    request_body(
        content = String,
        content_type = "application/x-ndjson",
        description = "A command a line",
        example = json!(include_str!("../bulk/lines.ndjson")),
    ),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(
    principal: Principal,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let api = CommandApi::of(&request)?;
    let query = Query::of(&request, &[DRY_RUN, ON_INVALID])?;
    let asked = Request::of(&request, principal, (&api, &query), None)?;
    let upload = api.uploads.begin()?;
    let body = Pieces::of(&request, payload.into_inner())?;
    asked.take(&api.uploads.ops, &upload, body).await
}

/// What a request says beside its body.
pub(super) struct Request {
    principal: Principal,
    key: Option<String>,
    dry_run: bool,
    on_invalid: OnInvalid,
    /// How its file is to be read; none where it has lines.
    import: Option<ImportTerms>,
    trace: TraceContext,
}

impl Request {
    /// # Errors
    /// 400 for a query, or an `Idempotency-Key`, that cannot be meant.
    pub(super) fn of(
        request: &HttpRequest,
        principal: Principal,
        (api, query): (&CommandApi, &Query),
        import: Option<ImportTerms>,
    ) -> Result<Self, Problem> {
        let keyed = api.config.require_idempotency_key;
        let on_invalid = query.one_of(ON_INVALID, OnInvalid::ALL, OnInvalid::name)?;
        Ok(Self {
            principal,
            key: idempotency_key(request, keyed)?,
            dry_run: query.parsed(DRY_RUN, "true or false")?.unwrap_or(false),
            on_invalid: on_invalid.unwrap_or_default(),
            import,
            trace: trace_context(request),
        })
    }

    /// Stores the body, and answers with the operation that it is of.
    ///
    /// # Errors
    /// What is wrong with the body, or keeps the operation from being there.
    pub(super) async fn take(
        self,
        ops: &PgPool,
        upload: &Upload<'_>,
        body: (Pieces, Forwarding),
    ) -> Result<HttpResponse, Problem> {
        let id = clock::new_id();
        let name = match self.import {
            Some(_) => operations::file(id),
            None => operations::input(id),
        };
        let written = upload.store(&name, body).await?;
        let (operation, replayed) = self.create(ops, (upload, id, &name), written).await?;
        count(if replayed { "repeated" } else { "taken" });
        let mut response = HttpResponse::Accepted();
        response
            .insert_header((LOCATION, format!("/v1/operations/{}", operation.id)))
            .insert_header((RETRY_AFTER, 1));
        Ok(told(response, replayed, &operation))
    }

    /// The operation, and whether it was there before.
    async fn create(
        self,
        ops: &PgPool,
        (upload, id, name): (&Upload<'_>, Uuid, &str),
        written: Written,
    ) -> Result<(Operation, bool), Problem> {
        let new = NewOperation {
            id,
            kind: match self.import {
                Some(_) => OperationKind::Import,
                None => OperationKind::Bulk,
            },
            about: None,
            request_hash: self.hash(&written)?,
            import: self.import,
            scopes: self.principal.scopes,
            principal: self.principal.id,
            idempotency_key: self.key,
            input_bytes: i64::try_from(written.size).unwrap_or(i64::MAX),
            dry_run: self.dry_run,
            on_invalid: self.on_invalid,
            cause: (
                Some(self.trace.traceparent),
                self.trace.correlation_id.or(Some(self.trace.trace_id)),
            ),
        };
        let other = match operations::create(ops, &new).await {
            Ok(Created::New(operation)) => return Ok((operation, false)),
            Ok(Created::Again(operation)) => Ok((operation, true)),
            Ok(Created::Other) => {
                count("refused");
                Err(key_reused())
            }
            // Whether it is there, nobody knows: its lines stay.
            Err(error) => return Err(failed(error)),
        };
        upload.drop_stored(name).await;
        other
    }

    /// What a repeat has to be the same in.
    fn hash(&self, written: &Written) -> Result<[u8; 32], Problem> {
        let options = format!("{} {}", self.dry_run, self.on_invalid.name());
        let mut hash = Sha256::new_with_prefix(written.sha256).chain_update(options);
        if let Some(import) = &self.import {
            hash.update(serde_json::to_vec(import).map_err(Problem::internal)?);
        }
        Ok(hash.finalize().into())
    }
}

/// Why there is no operation.
pub fn failed(error: CreateError) -> Problem {
    match error {
        CreateError::Database(error) => Problem::database(&error),
        CreateError::Payload(error) => Problem::internal(error),
    }
}
