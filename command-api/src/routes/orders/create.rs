//! What making an order takes, however it is made: which one it is, and its
//! number.

use crate::{
    answer::{Answer, Success},
    call::Call,
    catalogue::are_shipped,
    prices::{Line, Sale},
    quotes::{self, OF_ORDER, SHIPPING, Shipment},
    record::Orders,
    request::OrderParts,
};
use domain::{
    ids,
    order::{Goods, Order, OrderCommand, Rejection, command::NewOrder},
    platform::Origin,
    text::{Id, Slug},
};
use infra::{
    clock,
    command::{CommandContext, ExecuteError, Expected, Ordered, Outcome},
    http::Problem,
};
use std::mem;
use uuid::Uuid;

/// Stands for the number of an order that is not made.
const NO_NUMBER: &str = "0";

/// How an order comes about.
#[derive(Debug, Clone, Copy)]
pub struct Coming {
    /// Where it is placed.
    pub origin: Origin,
    /// Whether prices are taken as they are, whoever says them.
    pub priced: bool,
    /// Whether its platform is made where there is none.
    pub create_platform: bool,
    /// Whether it is binding: it says how it is shipped, if it is.
    pub binding: bool,
}

impl Coming {
    /// It is placed here.
    pub const HERE: Self = Self {
        origin: Origin::Here,
        priced: false,
        create_platform: false,
        binding: true,
    };
    /// It is drafted here.
    pub const DRAFT: Self = Self {
        binding: false,
        ..Self::HERE
    };
    /// It replaces returned goods: whoever handles the return says what for.
    pub const EXCHANGE: Self = Self {
        priced: true,
        ..Self::HERE
    };

    /// It was placed elsewhere.
    pub const fn elsewhere(create_platform: bool) -> Self {
        Self {
            origin: Origin::Elsewhere,
            priced: true,
            create_platform,
            binding: true,
        }
    }
}

/// Makes the order of these parts by `command`, and answers.
pub async fn create<C: Into<OrderCommand>>(
    call: &Call,
    coming: Coming,
    parts: OrderParts,
    command: impl Fn(NewOrder) -> C,
) -> Result<Answer, Problem> {
    let (platform, external_id) = (&parts.platform, parts.external_id.as_ref());
    let key = call.key.as_deref();
    let order = match named(&call.principal.id, call.route(), key, platform, external_id) {
        Some(id) => (id, Expected::Unknown),
        // It is new, and nobody's yet.
        None => (clock::new_id(), Expected::Absent),
    };
    let outcome = make(call, &call.context, order, (coming, parts), command).await?;
    Ok(Answer::new(outcome, Success::Created))
}

/// Makes the order `id`, of which something may be known, of these parts by
/// `command`.
pub async fn make<C: Into<OrderCommand>>(
    call: &Call,
    context: &CommandContext,
    (id, expected): (Uuid, Expected),
    (coming, parts): (Coming, OrderParts),
    command: impl Fn(NewOrder) -> C,
) -> Result<Outcome<Orders>, Problem> {
    call.principal.check_platform(&parts.platform)?;
    let command = &command;
    let ordered = |order: &Order| {
        let there = order.head.as_ref().map(|head| head.prices_include_tax);
        let parts = parts.clone();
        async move {
            let (new, platform_version) = if let Some(prices_include_tax) = there {
                (repeated(id, parts, prices_include_tax), None)
            } else {
                let (new, version) = new_order(call, coming, id, parts).await?;
                (new, Some(version))
            };
            Ok(Ordered {
                command: command(new).into(),
                platform_version,
            })
        }
    };
    Box::pin(call.execute_as(context, (id, expected), ordered)).await
}

/// A new order, as the rules of its platform have it, with the version of these.
async fn new_order(
    call: &Call,
    coming: Coming,
    id: Uuid,
    mut parts: OrderParts,
) -> Result<(NewOrder, i64), ExecuteError<Rejection>> {
    let rules = call
        .rules_of_new(&parts.platform, coming.create_platform)
        .await?;
    let takes = rules.takes(coming.origin);
    takes
        .and_then(|()| rules.takes_currency(parts.currency, coming.origin))
        .map_err(|refused| ExecuteError::Rejected(Rejection::Rules(refused)))?;
    let mut sale = Sale::of(call, &rules, parts.currency);
    sale.may_set |= coming.priced;
    let lines = mem::take(&mut parts.lines);
    let at = |index, member: &str| format!("/lines/{index}/{member}");
    let lines = sale.lines(call, lines, at).await?;
    let quote = parts.quote.take();
    let mut new = parts.new_order(id, lines, rules.prices_include_tax);
    let may_set = coming.priced || quotes::may_set(call, &rules);
    // A charge that is taken as it is has nothing to be held against.
    let held = quote.is_some() || !may_set;
    if let Some(shipping) = new.shipping.take_if(|_| held) {
        let shipment = Shipment {
            platform: &rules.slug,
            currency: new.currency,
            goods: Goods::of_new(&new),
            may_set,
        };
        let shipped = shipment.shipped(call, shipping, quote.as_deref(), OF_ORDER);
        new.shipping = Some(shipped.await?);
    } else if !may_set && coming.binding {
        let skus = new.lines.iter().map(|line| &*line.sku).collect();
        if are_shipped(call, skus).await? {
            let pointer = SHIPPING;
            return Err(ExecuteError::Rejected(Rejection::QuoteRequired { pointer }));
        }
    }
    new.country.clone_from(&rules.country);
    new.number = match number(call, &rules.slug).await? {
        Some(number) => rules.number(number),
        None => NO_NUMBER.to_owned(),
    };
    Ok((new, rules.version))
}

/// What is held against an order that exists: its platform's rules of now have
/// nothing to do with it, and no number is used up.
fn repeated(id: Uuid, mut parts: OrderParts, prices_include_tax: bool) -> NewOrder {
    let lines = mem::take(&mut parts.lines);
    let lines = lines.into_iter().map(Line::given).collect();
    parts.new_order(id, lines, prices_include_tax)
}

/// The order that a request leads to: named by its external id, else by the
/// key that it was sent under; else by nothing.
pub fn named(
    principal: &str,
    route: &str,
    key: Option<&str>,
    platform: &Slug,
    external_id: Option<&Id>,
) -> Option<Uuid> {
    match external_id {
        Some(external_id) => Some(ids::order_id_of_external(platform, external_id)),
        None => Some(ids::order_id_of_key(principal, route, key?)),
    }
}

/// The next number of the platform; none in a rehearsal.
async fn number(call: &Call, platform: &str) -> Result<Option<i64>, ExecuteError<Rejection>> {
    if call.rehearsal.is_some() {
        return Ok(None);
    }
    let number = call.api.numbers.next(platform).await;
    let number = number.map_err(|error| ExecuteError::Unavailable {
        unknown: false,
        source: Box::new(error),
    })?;
    Ok(Some(number))
}
