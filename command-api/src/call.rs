//! One call of a command: who, which, under which condition.

use crate::{
    answer::{Answer, Success},
    headers::causation_id,
    record::Orders,
    reference::{Kind, Rehearsals},
    refusal::{refused, rejected},
    state::CommandApi,
};
use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    web::{Data, Path},
};
use domain::{
    order::{Order, OrderCommand, Part, Rejection},
    platform::{self, PlatformRules},
    text::{Id, InvalidText},
};
use infra::{
    clock,
    command::{
        CommandContext, CommandIdentity, ExecuteError, Expected, Ordered, Outcome, State,
        command_id,
    },
    http::{
        IfMatch, JsonBody, Principal, Problem, Query, TraceContext, body::parse, idempotency_key,
        if_match, trace_context,
    },
    sealing::KeysUsed,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::HashMap, future::ready, ops::Deref, pin::Pin, sync::Arc};
use uuid::Uuid;

/// Parameter of requests that import orders.
pub const CREATE_PLATFORMS: &str = "create_platforms";

/// A command as it is asked for: its headers and path, and its body. No body
/// at all counts as `{}`.
pub struct Asked<B> {
    /// What the request says besides its body.
    pub call: Call,
    /// What its body says.
    pub body: B,
}

/// The body of a request that says nothing.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What the request says besides its body.
pub struct Call {
    /// What commands need.
    pub api: Data<CommandApi>,
    /// Key of the command, if the caller chose one.
    pub key: Option<String>,
    /// Who calls.
    pub principal: Principal,
    /// What is recorded of the command, under the identity of its only step.
    pub context: CommandContext,
    /// Whether platforms of imported orders are made where there are none.
    pub create_platforms: bool,
    /// What it is decided on instead of the log, and not stored.
    pub rehearsal: Option<Arc<Rehearsals>>,
    route: String,
    parts: Parts,
}

/// The parts of a path, by name.
pub type Parts = HashMap<String, String>;

/// What a call is made of, wherever it comes from.
pub struct Told {
    /// Who calls.
    pub principal: Principal,
    /// Method, path as it is mounted, and what stands for its parts.
    pub route: (String, String, Parts),
    /// Key of the command.
    pub key: Option<String>,
    /// Version that the order must be at.
    pub if_match: Option<IfMatch>,
    /// What led to the command.
    pub causation_id: Option<String>,
    /// The trace that it belongs to.
    pub trace: TraceContext,
    /// Whether the request has any number of calls.
    pub is_line: bool,
    /// Whether platforms of imported orders are made where there are none.
    pub create_platforms: bool,
    /// What it is decided on, where nothing is to be stored.
    pub rehearsal: Option<Arc<Rehearsals>>,
}

impl<B: DeserializeOwned> Asked<B> {
    /// The command that `call` and the text of its body are.
    ///
    /// # Errors
    /// 400 for a body that is not a `B`.
    pub fn parse(call: Call, body: &[u8]) -> Result<Self, Problem> {
        let body = parse(body)?;
        Ok(Self { call, body })
    }
}

impl<B: DeserializeOwned + 'static> FromRequest for Asked<B> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let principal = Principal::from_request(&request, &mut payload).await?;
            let body = JsonBody::or_empty(&request, payload).await?;
            let api = CommandApi::of(&request)?;
            let told = told(&api, &request, principal).await?;
            let call = Call::new(api, told, &body.bytes).await?;
            let body = body.value;
            Ok(Self { call, body })
        })
    }
}

async fn told(
    api: &CommandApi,
    request: &HttpRequest,
    principal: Principal,
) -> Result<Told, Problem> {
    // The framework reads a path into a list, not into a map.
    let values = Path::<Vec<String>>::extract(request).await;
    let values = values.map_err(|_| invalid_path())?.into_inner();
    let names = request.match_info().iter().map(|(name, _)| name.to_owned());
    let pattern = request.match_pattern();
    let pattern = pattern.unwrap_or_else(|| request.path().to_owned());
    Ok(Told {
        principal,
        route: (
            request.method().to_string(),
            pattern,
            names.zip(values).collect(),
        ),
        key: idempotency_key(request, api.config.require_idempotency_key)?,
        if_match: if_match(request)?,
        causation_id: causation_id(request)?,
        trace: trace_context(request),
        is_line: false,
        create_platforms: create_platforms(request)?,
        rehearsal: None,
    })
}

impl Call {
    /// The call of one command with this body.
    ///
    /// # Errors
    /// 503 where the log must not be written, or a database is away.
    pub async fn new(api: Data<CommandApi>, told: Told, payload: &[u8]) -> Result<Self, Problem> {
        api.usable()?;
        let (method, pattern, parts) = told.route;
        let route = format!("{method} {}", concrete(&pattern, &parts));
        let (principal, key) = (told.principal, told.key);
        let payload_hash = api.payload_hash(payload).await;
        let context = CommandContext {
            actor: principal.id.clone(),
            identity: CommandIdentity {
                id: identity(&principal.id, &route, key.as_deref(), 0),
                payload_hash: payload_hash.map_err(|error| Problem::database(&error))?,
            },
            if_match: told.if_match,
            correlation_id: told.trace.correlation_id.or(Some(told.trace.trace_id)),
            causation_id: told.causation_id,
            traceparent: Some(told.trace.traceparent),
            is_line: told.is_line,
            copied: KeysUsed::default(),
        };
        Ok(Self {
            api,
            key,
            principal,
            context,
            create_platforms: told.create_platforms,
            rehearsal: told.rehearsal,
            route,
            parts,
        })
    }

    /// The same call as the command of its step `number`; the first is 0.
    pub fn step(&self, number: u32) -> CommandContext {
        let mut context = self.context.clone();
        let key = self.key.as_deref();
        context.identity.id = identity(&self.principal.id, &self.route, key, number);
        context
    }

    /// Whether the caller's key has this scope.
    pub fn may(&self, scope: &str) -> bool {
        self.principal.scopes.has(scope)
    }

    /// Whether an order is there for the caller: one that does not exist is.
    fn sees(&self, order: &Order) -> bool {
        let platform = order.head.as_ref().map(|head| &head.platform);
        platform.is_none_or(|platform| self.principal.sees(platform))
    }

    /// The part of the path of this name.
    pub fn path(&self, name: &str) -> &str {
        self.parts.get(name).map_or("", String::as_str)
    }

    /// Method and path: a key stands for one request to one route.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// The order that the path names, in the one form in which ids are told:
    /// the path is part of the command's identity, and an order has one path.
    pub fn order_id(&self) -> Result<Uuid, Problem> {
        let path = self.path("id");
        let id = Uuid::try_parse(path).ok();
        id.filter(|id| id.hyphenated().to_string() == path)
            .ok_or_else(|| rejected(&Rejection::OrderNotFound))
    }

    /// The part of the order that the path names.
    pub fn part(&self, name: &str, part: Part) -> Result<Id, Problem> {
        let path = self.path(name);
        Id::try_from(path).map_err(|_| rejected(&Rejection::no_such(part, path, None)))
    }

    /// The label that the path names.
    pub fn tag(&self) -> Result<Id, Problem> {
        let path = self.path("tag");
        // The replacement character stands for bytes that are not UTF-8.
        let tag = Id::try_from(path).ok().filter(|t| !t.contains('\u{fffd}'));
        tag.ok_or_else(|| {
            invalid_path().detail("a tag is 1 to 255 characters, none of them control characters")
        })
    }

    /// The natural key that the path names, as a text of its kind.
    pub fn named<T>(&self, name: &str) -> Result<T, Problem>
    where
        T: for<'a> TryFrom<&'a str, Error = InvalidText> + Deref<Target = str>,
    {
        // The replacement character stands for bytes that are not UTF-8.
        let invalid = |reason: String| invalid_path().detail(format!("{name}: {reason}"));
        let key = T::try_from(self.path(name)).map_err(|reason| invalid(reason.to_string()))?;
        if key.contains('\u{fffd}') {
            return Err(invalid("is not UTF-8".to_owned()));
        }
        Ok(key)
    }

    /// Carries a command out on the reference data of kind `A` that is called
    /// `key`, and answers. What does not exist is not what `If-Match` asks for.
    pub async fn on<A: Kind>(
        &self,
        key: &str,
        command: impl Into<A::Command>,
    ) -> Result<Answer, Problem> {
        let (id, command) = (A::id(key).hyphenated().to_string(), command.into());
        let conditional = self.context.if_match.is_some();
        let command = |aggregate: &A| {
            ready(if conditional && aggregate.now().is_none() {
                Err(ExecuteError::PreconditionFailed { version: 0 })
            } else {
                Ok(command.clone())
            })
        };
        let (executor, context) = (A::executor(&self.api.reference), &self.context);
        let executed = match &self.rehearsal {
            Some(rehearsals) => {
                let rehearsal = A::rehearsal(rehearsals);
                executor.rehearse(rehearsal, &id, context, command).await
            }
            None => executor.execute(&id, context, command).await,
        };
        let outcome = executed.map_err(refused)?;
        if A::TYPE == platform::TYPE && self.rehearsal.is_none() && !outcome.events.is_empty() {
            self.api.platforms.changed(key).await;
        }
        Ok(Answer::on_reference(outcome))
    }

    /// Carries a command out on an order.
    pub async fn execute<C, F, I>(
        &self,
        order_id: Uuid,
        command: C,
    ) -> Result<Outcome<Orders>, Problem>
    where
        C: Fn(&Order) -> F,
        F: Future<Output = Result<I, ExecuteError<Rejection>>>,
        I: Into<Ordered<OrderCommand>>,
    {
        let order = (order_id, Expected::Unknown);
        self.execute_as(&self.context, order, command).await
    }

    /// The same under another context, that of one of its steps, on an order
    /// of which something may be known.
    pub async fn execute_as<C, F, I>(
        &self,
        context: &CommandContext,
        (order_id, expected): (Uuid, Expected),
        command: C,
    ) -> Result<Outcome<Orders>, Problem>
    where
        C: Fn(&Order) -> F,
        F: Future<Output = Result<I, ExecuteError<Rejection>>>,
        I: Into<Ordered<OrderCommand>>,
    {
        if self.principal.platform.is_some() && context.if_match.is_some() {
            // Before anything is said of its version.
            let state = self.order(order_id).await?;
            if state.version == 0 {
                return Err(rejected(&Rejection::OrderNotFound));
            }
        }
        let command = |order: &Order| {
            let command = self.sees(order).then(|| command(order));
            async move {
                match command {
                    Some(command) => command.await,
                    None => Err(ExecuteError::Rejected(Rejection::OrderNotFound)),
                }
            }
        };
        let id = order_id.hyphenated().to_string();
        let orders = &self.api.orders;
        let executed = if let Some(rehearsal) = &self.rehearsal {
            orders
                .rehearse(&rehearsal.orders, &id, context, command)
                .await
        } else {
            let executed = orders.execute_expecting(expected, &id, context, command);
            executed.await
        };
        let outcome = executed.map_err(refused)?;
        // A repeat is found before anybody looks whose order it is.
        if self.sees(&outcome.state.aggregate) {
            Ok(outcome)
        } else {
            Err(rejected(&Rejection::OrderNotFound))
        }
    }

    /// An order as it is now; one of a platform that the caller has nothing to do
    /// with is not there.
    pub async fn order(&self, order_id: Uuid) -> Result<Arc<State<Orders>>, Problem> {
        self.state(order_id).await.map_err(refused)
    }

    /// The same, for a command that is decided by it.
    ///
    /// # Errors
    /// When the log does not answer, or has what cannot be read.
    pub async fn state(
        &self,
        order_id: Uuid,
    ) -> Result<Arc<State<Orders>>, ExecuteError<Rejection>> {
        let id = order_id.hyphenated().to_string();
        let orders = &self.api.orders;
        let found = match &self.rehearsal {
            Some(rehearsal) => orders.rehearsed(&rehearsal.orders, &id).await,
            None => orders.aggregate(&id).await,
        };
        let found = found?;
        Ok(if self.sees(&found.aggregate) {
            found
        } else {
            Arc::default()
        })
    }

    /// Carries a command out on the order that the path names, by the rules of
    /// its platform, and answers. What does not exist has none: its refusal is
    /// the order's.
    pub async fn by_rules<F>(
        &self,
        command: impl Fn(Order, Option<PlatformRules>) -> F,
    ) -> Result<Answer, Problem>
    where
        F: Future<Output = Result<OrderCommand, ExecuteError<Rejection>>>,
    {
        let command = &command;
        let ordered = |order: &Order| {
            let order = order.clone();
            async move {
                let platform = order.head.as_ref().map(|head| head.platform.clone());
                let rules = match platform {
                    Some(platform) => Some(self.rules_of(&platform).await?),
                    None => None,
                };
                let platform_version = rules.as_ref().map(|rules| rules.version);
                let command = Box::pin(command(order, rules)).await?;
                Ok(Ordered {
                    command,
                    platform_version,
                })
            }
        };
        let outcome = self.execute(self.order_id()?, ordered).await?;
        Ok(Answer::new(outcome, Success::Done))
    }

    /// Carries a command out on the order that the path names, and answers.
    pub async fn carry_out<C: Into<OrderCommand>>(&self, command: C) -> Result<Answer, Problem> {
        let command = command.into();
        self.decided(|_| command.clone()).await
    }

    /// The same for a command that depends on the order.
    pub async fn decided(
        &self,
        command: impl Fn(&Order) -> OrderCommand,
    ) -> Result<Answer, Problem> {
        let command = |order: &Order| ready(Ok(command(order)));
        let outcome = self.execute(self.order_id()?, command).await?;
        Ok(Answer::new(outcome, Success::Done))
    }
}

/// Other parameters are nobody's.
fn create_platforms(request: &HttpRequest) -> Result<bool, Problem> {
    if !request.query_string().contains(CREATE_PLATFORMS) {
        return Ok(false);
    }
    let query = Query::of(request, &[CREATE_PLATFORMS])?;
    let wanted = query.parsed(CREATE_PLATFORMS, "true or false")?;
    Ok(wanted.unwrap_or(false))
}

fn identity(principal: &str, route: &str, key: Option<&str>, step: u32) -> Uuid {
    match key {
        Some(key) => command_id(principal, route, key, step),
        None => clock::new_id(),
    }
}

/// The path with its parts decoded: one command has one route, however its
/// path is escaped.
fn concrete(pattern: &str, parts: &Parts) -> String {
    let segments = pattern.split('/').map(|segment| {
        let name = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
        let part = name.and_then(|name| parts.get(name));
        part.map_or(segment, String::as_str)
    });
    segments.collect::<Vec<_>>().join("/")
}

fn invalid_path() -> Problem {
    Problem::bad_request("invalid_path", "A part of the path is malformed")
}
