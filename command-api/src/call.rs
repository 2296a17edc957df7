//! One call of a command: who, which, under which condition.

use crate::{refusal::refused, state::CommandApi};
use actix_web::HttpRequest;
use domain::order::{Order, OrderCommand, Rejection};
use infra::{
    clock,
    command::{CommandContext, CommandIdentity, ExecuteError, Outcome, command_id, payload_hash},
    http::{Principal, Problem, idempotency_key, if_match, trace_context},
};
use uuid::Uuid;

/// What the request says besides its body.
pub struct Call {
    /// Key of the command, if the caller chose one.
    pub key: Option<String>,
    /// Principal.
    pub principal: String,
    context: CommandContext,
}

impl Call {
    /// Reads the headers of `request`, whose body is `payload`.
    pub fn new(
        api: &CommandApi,
        request: &HttpRequest,
        principal: &Principal,
        payload: &[u8],
    ) -> Result<Self, Problem> {
        let key = idempotency_key(request, api.require_idempotency_key)?;
        let route = format!("{} {}", request.method(), request.path());
        let id = match &key {
            Some(key) => command_id(&principal.id, &route, key, 0),
            None => clock::new_id(),
        };
        let trace = trace_context(request);
        Ok(Self {
            key,
            principal: principal.id.clone(),
            context: CommandContext {
                actor: principal.id.clone(),
                identity: CommandIdentity {
                    id,
                    payload_hash: payload_hash(payload),
                },
                if_match: if_match(request)?,
                correlation_id: trace.correlation_id.or(Some(trace.trace_id)),
                causation_id: None,
                traceparent: Some(trace.traceparent),
            },
        })
    }

    /// Carries the command out on an order.
    pub async fn execute<C, F>(
        &self,
        api: &CommandApi,
        order_id: Uuid,
        command: C,
    ) -> Result<Outcome, Problem>
    where
        C: Fn(&Order) -> F,
        F: Future<Output = Result<OrderCommand, ExecuteError<Rejection>>>,
    {
        let id = order_id.hyphenated().to_string();
        let executed = api.orders.execute(&id, &self.context, command).await;
        executed.map_err(refused)
    }
}

/// The order that a path names, in the one form in which ids are told: the
/// path is part of the command's identity, and an order has one path.
pub fn order_id(path: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(path)
        .ok()
        .filter(|id| id.hyphenated().to_string() == path)
        .ok_or_else(|| refused(ExecuteError::Rejected(Rejection::OrderNotFound)))
}
