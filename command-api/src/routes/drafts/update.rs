//! `PATCH /v1/drafts/{id}`: change a draft.

use crate::{
    answer::Answer,
    call::{Asked, Call},
    documented::{ANY, CONTENT, LINE, OnOrder, PRICE, QUOTE, answers},
    prices::{Line, Sale},
    quotes::{self, OF_ORDER, Shipment},
    request::{AddressBody, Change, CustomerBody, LineBody, ShippingBody},
};
use domain::{
    order::{
        Goods, Order, Rejection,
        command::{NewAddress, NewLine, NewShipping, UpdateDraft},
        place,
    },
    platform::PlatformRules,
    shipping::PricedLine,
    text::Id,
};
use infra::{command::ExecuteError, http::Problem};
use serde::Deserialize;
use utoipa::ToSchema;

/// What changes. A member that is absent stays as it is, one that is `null` is
/// removed (JSON Merge Patch, RFC 7396), another one replaces what there is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "shipping": {"method": "standard", "name": "Standard delivery", "amount": 399},
    "billing_address": null
}))]
pub struct UpdateDraftBody {
    /// Who it is for.
    #[serde(default)]
    #[schema(value_type = Option<CustomerBody>)]
    customer: Change<CustomerBody>,
    /// All lines, at most 5,000.
    #[serde(default)]
    #[schema(value_type = Option<Vec<LineBody>>)]
    lines: Change<Vec<LineBody>>,
    /// How it is shipped.
    #[serde(default)]
    #[schema(value_type = Option<ShippingBody>)]
    shipping: Change<ShippingBody>,
    /// Where the bill goes.
    #[serde(default)]
    #[schema(value_type = Option<AddressBody>)]
    billing_address: Change<AddressBody>,
    /// Where the goods go.
    #[serde(default)]
    #[schema(value_type = Option<AddressBody>)]
    shipping_address: Change<AddressBody>,
    /// All labels.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    tags: Change<Vec<Id>>,
}

impl UpdateDraftBody {
    /// The change, with lines that have their prices, and shipping that was held
    /// against its quote.
    fn command(self, lines: Option<Vec<NewLine>>, shipping: Change<NewShipping>) -> UpdateDraft {
        let body = self;
        UpdateDraft {
            customer: body.customer.into_option(),
            lines,
            shipping: shipping.into_option(),
            billing_address: body.billing_address.into_option(),
            shipping_address: body.shipping_address.into_option(),
            tags: body.tags.into_list(),
        }
    }
}

/// The shipping choice that the body makes, held against its quote: for the lines
/// and the address that the draft has with this change.
async fn shipped(
    call: &Call,
    order: &Order,
    rules: Option<&PlatformRules>,
    (body, lines): (&UpdateDraftBody, Option<&[NewLine]>),
) -> Result<Change<NewShipping>, ExecuteError<Rejection>> {
    let chosen = match body.shipping.clone() {
        Change::Unchanged => return Ok(Change::Unchanged),
        Change::Removed => return Ok(Change::Removed),
        Change::To(chosen) => chosen,
    };
    let quote = chosen.quote();
    let shipping = NewShipping::from(chosen);
    let Some((head, draft)) = order.head.as_ref().zip(order.draft.as_deref()) else {
        return Ok(Change::To(shipping));
    };
    let mut goods = Goods::of_draft(draft);
    if let Some(lines) = lines {
        goods.lines = lines.iter().map(PricedLine::from).collect();
    }
    match &body.shipping_address {
        Change::Unchanged => {}
        Change::Removed => goods.place = None,
        Change::To(address) => goods.place = place(&NewAddress::from(address.clone())),
    }
    let shipment = Shipment {
        platform: &head.platform,
        currency: head.currency,
        goods,
        may_set: rules.is_none_or(|rules| quotes::may_set(call, rules)),
    };
    let shipped = shipment.shipped(call, shipping, quote.as_deref(), OF_ORDER);
    Ok(Change::To(shipped.await?))
}

async fn priced(
    call: &Call,
    order: &Order,
    rules: Option<&PlatformRules>,
    lines: Vec<Line>,
) -> Result<Vec<NewLine>, ExecuteError<Rejection>> {
    let (Some(rules), Some(head)) = (rules, &order.head) else {
        return Ok(lines.into_iter().map(Line::given).collect());
    };
    let sale = Sale::of(call, rules, head.currency);
    let at = |index, member: &str| format!("/lines/{index}/{member}");
    sale.lines(call, lines, at).await
}

answers!(Answers: 200 "Changed"; ANY, CONTENT, LINE, PRICE, QUOTE, &["order_not_draft"]);

/// Update a draft
///
/// What is given replaces what the draft has. A change that changes nothing
/// stores nothing. A `quote` of the shipping is for the lines and the address that the
/// draft has then.
#[utoipa::path(
    patch,
    path = "/v1/drafts/{id}",
    operation_id = "update_draft",
    tag = "drafts",
    params(OnOrder),
    request_body = UpdateDraftBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<UpdateDraftBody>) -> Result<Answer, Problem> {
    let (call, body) = (&call, &body);
    call.by_rules(|order, rules| async move {
        let given = body.lines.clone().into_list();
        let lines = match given {
            Some(lines) => Some(priced(call, &order, rules.as_ref(), lines).await?),
            None => None,
        };
        let shipping = shipped(call, &order, rules.as_ref(), (body, lines.as_deref())).await?;
        Ok(body.clone().command(lines, shipping).into())
    })
    .await
}
