//! Parameters and answers of queries about work that happens outside of requests.

use crate::routes::operations::chosen::ResultOutcome;
use infra::{
    http::ProblemDocument, jobs::JobState, operations::OperationState, webhooks::DeliveryState,
};
use utoipa::{IntoParams, IntoResponses};
use uuid::Uuid;

/// A job in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct JobId {
    /// Id of a job
    #[param(example = "019ac1f0-7c3e-7a41-9c55-2f4d6d0c11aa")]
    id: String,
}

/// Which jobs.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct JobFilters {
    /// Only those in this state
    state: Option<JobState>,
    /// Only those of this queue
    queue: Option<String>,
    /// Only those of this kind
    kind: Option<String>,
}

/// Which deliveries.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct DeliveryFilters {
    /// Only those to this endpoint
    endpoint: Option<Uuid>,
    /// Only those in this state
    state: Option<DeliveryState>,
    /// Only those of this type
    event_type: Option<String>,
    /// Only those of this order
    order: Option<Uuid>,
}

/// An endpoint in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct EndpointId {
    /// Id of a webhook endpoint
    id: Uuid,
}

/// A delivery in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct DeliveryId {
    /// Id of a delivery
    id: Uuid,
}

/// A schedule in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct ScheduleName {
    /// Name of a schedule
    #[param(example = "jobs-retention")]
    name: String,
}

/// What anything about one job may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `job_not_found`
pub struct NoSuchJob(ProblemDocument);

/// What cancelling a job may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `job_not_live`
pub struct JobNotLive(ProblemDocument);

/// What retrying a job may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `job_not_retryable`
pub struct JobNotRetryable(ProblemDocument);

/// What anything about one endpoint may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `endpoint_not_found`
pub struct NoSuchEndpoint(ProblemDocument);

/// What anything about one delivery may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `delivery_not_found`
pub struct NoSuchDelivery(ProblemDocument);

/// What anything about one schedule may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `schedule_not_found`
pub struct NoSuchSchedule(ProblemDocument);

/// What running a schedule may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `schedule_running`
pub struct ScheduleRunning(ProblemDocument);

/// Which operations.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct OperationFilters {
    /// Only those in this state
    state: Option<OperationState>,
}

/// An operation in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct OperationId {
    /// Id of an operation
    id: Uuid,
}

/// Which results of an operation.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct WhichResults {
    /// Only those of lines that came to this
    #[param(inline)]
    outcome: Option<ResultOutcome>,
    /// So many at most, the first ones
    #[param(example = 100)]
    limit: Option<u64>,
}

/// What a client may have already.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct Known {
    /// Tags that the client has
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
}

/// What anything about one operation may be refused with beside that.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `operation_not_found`
pub struct NoSuchOperation(ProblemDocument);

/// What its results may be refused with.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `operation_not_found`, `results_unavailable`
pub struct NoResults(ProblemDocument);

/// What its results are refused with as long as they are not whole.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer, is never one")]
/// `operation_not_finished`
pub struct NoResultsYet(ProblemDocument);
