//! Commands: what may be asked of an order. Values are checked types; what
//! depends on the order or on several values is the decisions' business.
//! Amounts are minor units of the order's currency.

use crate::{
    country::Country,
    money::{Currency, Percent, Price},
    text::{Id, Slug, Text, Words},
};
use contracts::order::{Address, AddressKind, Customer, Kind, RefundPurpose};
use time::OffsetDateTime;
use uuid::Uuid;

/// Makes the enum of all commands from their payloads.
macro_rules! commands {
    ($($name:ident($payload:ident)),+ $(,)?) => {
        /// Any command of an order.
        #[derive(Debug, Clone)]
        #[expect(missing_docs, reason = "each variant is the payload it names")]
        pub enum OrderCommand {
            $($name(Box<$payload>)),+
        }

        $(impl From<$payload> for OrderCommand {
            fn from(command: $payload) -> Self {
                Self::$name(Box::new(command))
            }
        })+
    };
}
commands! {
    CreateDraft(CreateDraft),
    UpdateDraft(UpdateDraft),
    CompleteDraft(CompleteDraft),
    Place(PlaceOrder),
    Import(ImportOrder),
    Confirm(ConfirmOrder),
    AddLine(AddLine),
    ChangeLine(ChangeLine),
    RemoveLine(RemoveLine),
    ChangeShipping(ChangeShipping),
    ApplyDiscount(ApplyDiscount),
    RemoveDiscount(RemoveDiscount),
    ChangeAddress(ChangeAddress),
    AssignCustomer(AssignCustomer),
    PlaceHold(PlaceHold),
    ReleaseHold(ReleaseHold),
    Authorize(AuthorizePayment),
    Capture(CapturePayment),
    SettleCapture(SettleCapture),
    Void(VoidPayment),
    FailPayment(FailPayment),
    Refund(RefundPayment),
    SettleRefund(SettleRefund),
    GrantCredit(GrantCredit),
    RecordChargeback(RecordChargeback),
    Fulfill(CreateFulfillment),
    Ship(ShipFulfillment),
    UpdateTracking(UpdateTracking),
    Deliver(DeliverFulfillment),
    CancelFulfillment(CancelFulfillment),
    Cancel(CancelOrder),
    CancelLines(CancelLines),
    RequestReturn(RequestReturn),
    ApproveReturn(ApproveReturn),
    DeclineReturn(DeclineReturn),
    ReceiveReturn(ReceiveReturn),
    LinkExchange(LinkExchange),
    CloseReturn(CloseReturn),
    CancelReturn(CancelReturn),
    AddNote(AddNote),
    Tag(TagOrder),
    Untag(UntagOrder),
    Archive(ArchiveOrder),
    Unarchive(UnarchiveOrder),
    IssueInvoice(IssueInvoice),
}

/// Begin to put an order together; it may have no lines yet.
#[derive(Debug, Clone)]
pub struct CreateDraft(pub NewOrder);

/// Change a draft: what is given replaces what it has.
#[derive(Debug, Clone, Default)]
pub struct UpdateDraft {
    /// Who it is for; `Some(None)`: nobody.
    pub customer: Option<Option<Customer>>,
    /// All lines.
    pub lines: Option<Vec<NewLine>>,
    /// Shipping choice; `Some(None)`: none.
    pub shipping: Option<Option<NewShipping>>,
    /// Where the bill goes; `Some(None)`: nowhere.
    pub billing_address: Option<Option<NewAddress>>,
    /// Where the goods go; `Some(None)`: nowhere.
    pub shipping_address: Option<Option<NewAddress>>,
    /// All labels.
    pub tags: Option<Vec<Id>>,
}

/// Place a draft.
#[derive(Debug, Clone)]
pub struct CompleteDraft {
    /// Business time.
    pub placed_at: OffsetDateTime,
}

/// Place an order: binding from now on.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    /// What it consists of.
    pub order: NewOrder,
    /// Business time.
    pub placed_at: OffsetDateTime,
    /// The return whose goods it replaces: order and return.
    pub exchange_of: Option<(Uuid, Id)>,
}

/// Record an order that was placed elsewhere, and what became of it there.
#[derive(Debug, Clone)]
pub struct ImportOrder {
    /// The order as it was placed there.
    pub order: NewOrder,
    /// Business time.
    pub placed_at: OffsetDateTime,
    /// Sale, credit or adjustment.
    pub kind: Kind,
    /// What already happened to it.
    pub history: History,
}

/// What already happened to an imported order.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Payments, in order.
    pub payments: Vec<PastPayment>,
    /// Refunds, in order.
    pub refunds: Vec<PastRefund>,
    /// Fulfilments, in order.
    pub fulfillments: Vec<PastFulfillment>,
    /// That it was called off.
    pub cancellation: Option<PastCancellation>,
}

/// A payment that was made elsewhere.
#[derive(Debug, Clone)]
pub struct PastPayment {
    /// Authorised.
    pub amount: i64,
    /// Captured of it.
    pub captured: i64,
    /// Who moved the money.
    pub provider: Option<Id>,
    /// The provider's own id.
    pub reference: Option<Id>,
    /// When it was captured.
    pub captured_at: Option<OffsetDateTime>,
}

/// A refund that was made elsewhere.
#[derive(Debug, Clone)]
pub struct PastRefund {
    /// Payment it went back to; the only one, where there is one.
    pub payment: Option<Id>,
    /// How much.
    pub amount: i64,
    /// What for.
    pub purpose: RefundPurpose,
    /// Why.
    pub reason: Option<Words>,
    /// When.
    pub refunded_at: Option<OffsetDateTime>,
}

/// A fulfilment that was made elsewhere.
#[derive(Debug, Clone)]
pub struct PastFulfillment {
    /// What was in it; everything that was left, where it is empty.
    pub lines: Vec<LineUnits>,
    /// Where the parcel is.
    pub tracking: NewTracking,
    /// When it was shipped; none: it is still being packed.
    pub shipped_at: Option<OffsetDateTime>,
    /// When it was delivered.
    pub delivered_at: Option<OffsetDateTime>,
}

/// A cancellation that was made elsewhere.
#[derive(Debug, Clone)]
pub struct PastCancellation {
    /// Why.
    pub reason: Option<Words>,
    /// When.
    pub cancelled_at: Option<OffsetDateTime>,
}

/// What drafting, placing and importing have in common.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// Id that the order will have.
    pub order_id: Uuid,
    /// Number that it will have, if it is made.
    pub number: String,
    /// Sales channel.
    pub platform: Slug,
    /// The channel's own id of the order.
    pub external_id: Option<Id>,
    /// Currency of all amounts.
    pub currency: Currency,
    /// Whether the channel's prices contain their tax.
    pub prices_include_tax: bool,
    /// Who it is for.
    pub customer: Option<Customer>,
    /// At least one, but on a draft.
    pub lines: Vec<NewLine>,
    /// How it is shipped.
    pub shipping: Option<NewShipping>,
    /// Where the bill goes.
    pub billing_address: Option<NewAddress>,
    /// Where the goods go.
    pub shipping_address: Option<NewAddress>,
    /// Labels.
    pub tags: Vec<Id>,
}

/// An address and its country.
#[derive(Debug, Clone)]
pub struct NewAddress {
    /// The address; its country is not looked at.
    pub address: Address,
    /// The country, if it names one.
    pub country: Option<Country>,
}

/// A line as it is ordered.
#[derive(Debug, Clone)]
pub struct NewLine {
    /// Stock keeping unit.
    pub sku: Id,
    /// Name.
    pub name: Text,
    /// How many.
    pub quantity: i64,
    /// Price of one.
    pub unit_price: Price,
    /// Tax on the whole line.
    pub tax: i64,
    /// Discount on the whole line.
    pub discount: i64,
}

/// A shipping choice.
#[derive(Debug, Clone)]
pub struct NewShipping {
    /// Code of the method.
    pub method: Id,
    /// Its name.
    pub name: Text,
    /// Charge.
    pub amount: i64,
    /// Tax on the charge.
    pub tax: i64,
}

/// Some units of a line.
#[derive(Debug, Clone)]
pub struct LineUnits {
    /// Id of the line.
    pub line: Id,
    /// How many.
    pub quantity: i64,
}

/// Where a parcel is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewTracking {
    /// Who carries it.
    pub carrier: Option<Id>,
    /// The carrier's number.
    pub tracking_number: Option<Id>,
    /// Where to look it up.
    pub tracking_url: Option<Id>,
}

/// An amount, and the currency that the caller believes it to be in.
#[derive(Debug, Clone, Copy)]
pub struct Sum {
    /// How much.
    pub amount: i64,
    /// The caller's currency, if it says so.
    pub currency: Option<Currency>,
}

/// Accept an order.
#[derive(Debug, Clone)]
pub struct ConfirmOrder {
    /// Why.
    pub reason: Option<Words>,
}

/// Add a line to a placed order.
#[derive(Debug, Clone)]
pub struct AddLine {
    /// The line.
    pub line: NewLine,
    /// Why.
    pub reason: Option<Words>,
}

/// Change how much of a line is ordered.
#[derive(Debug, Clone)]
pub struct ChangeLine {
    /// Which line.
    pub line: Id,
    /// How many are ordered from now on; as before, if absent.
    pub quantity: Option<i64>,
    /// Discount on the whole line; in proportion, if absent.
    pub discount: Option<i64>,
    /// Tax on the whole line; in proportion, if absent.
    pub tax: Option<i64>,
    /// Why.
    pub reason: Option<Words>,
}

/// Remove a line.
#[derive(Debug, Clone)]
pub struct RemoveLine {
    /// Which line.
    pub line: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Choose another way of shipping.
#[derive(Debug, Clone)]
pub struct ChangeShipping {
    /// The new choice.
    pub shipping: NewShipping,
    /// Why.
    pub reason: Option<Words>,
}

/// How much a discount is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscountValue {
    /// So much, minor units.
    Fixed(i64),
    /// That share of what the goods cost.
    Percent(Percent),
}

/// Grant a discount on a placed order.
#[derive(Debug, Clone)]
pub struct ApplyDiscount {
    /// How much.
    pub value: DiscountValue,
    /// Only on this line.
    pub line: Option<Id>,
    /// A voucher or the like.
    pub code: Option<Id>,
    /// Why.
    pub reason: Option<Words>,
}

/// Take a discount back.
#[derive(Debug, Clone)]
pub struct RemoveDiscount {
    /// Which one.
    pub discount: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Send goods or bill elsewhere.
#[derive(Debug, Clone)]
pub struct ChangeAddress {
    /// Which address.
    pub kind: AddressKind,
    /// The new one.
    pub address: NewAddress,
}

/// Say whose order it is.
#[derive(Debug, Clone)]
pub struct AssignCustomer {
    /// Whose.
    pub customer: Customer,
}

/// Let nothing be shipped for now.
#[derive(Debug, Clone)]
pub struct PlaceHold {
    /// Why.
    pub reason: Words,
    /// The caller's own name for it.
    pub handle: Option<Id>,
}

/// Lift a hold, or all of them.
#[derive(Debug, Clone)]
pub struct ReleaseHold {
    /// Id or handle; all, if absent.
    pub hold: Option<Id>,
    /// Why.
    pub reason: Option<Words>,
}

/// Record an authorisation.
#[derive(Debug, Clone)]
pub struct AuthorizePayment {
    /// How much may be captured.
    pub sum: Sum,
    /// Who moves the money.
    pub provider: Option<Id>,
    /// The provider's own id.
    pub reference: Option<Id>,
}

/// Record, or ask for, a capture.
#[derive(Debug, Clone)]
pub struct CapturePayment {
    /// Which payment.
    pub payment: Id,
    /// How much; all that is left, if absent.
    pub amount: Option<i64>,
    /// The caller's currency, if it says so.
    pub currency: Option<Currency>,
    /// Only reserve the amount: somebody is acting on it.
    pub pending: bool,
    /// Business time, where it is not now.
    pub occurred_at: Option<OffsetDateTime>,
}

/// Tell how a pending capture or refund ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The money moved.
    Succeeded,
    /// It did not.
    Failed,
}

/// Tell how a pending capture ended.
#[derive(Debug, Clone)]
pub struct SettleCapture {
    /// Which capture.
    pub capture: Id,
    /// How.
    pub outcome: Settled,
    /// Why, where it failed.
    pub reason: Option<Words>,
}

/// Give up an authorisation.
#[derive(Debug, Clone)]
pub struct VoidPayment {
    /// Which payment.
    pub payment: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Record that the provider refused a payment.
#[derive(Debug, Clone)]
pub struct FailPayment {
    /// Which payment.
    pub payment: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Record, or ask for, a refund.
#[derive(Debug, Clone)]
pub struct RefundPayment {
    /// Which payment the money goes back to.
    pub payment: Id,
    /// How much.
    pub sum: Sum,
    /// What for; return with a return, else goodwill.
    pub purpose: Option<RefundPurpose>,
    /// The return it is for.
    pub return_id: Option<Id>,
    /// Only reserve the amount: somebody is acting on it.
    pub pending: bool,
    /// Why.
    pub reason: Option<Words>,
    /// Business time, where it is not now.
    pub occurred_at: Option<OffsetDateTime>,
}

/// Tell how a pending refund ended.
#[derive(Debug, Clone)]
pub struct SettleRefund {
    /// Which refund.
    pub refund: Id,
    /// How.
    pub outcome: Settled,
    /// Why, where it failed.
    pub reason: Option<Words>,
}

/// Let an order cost less; no money moves.
#[derive(Debug, Clone)]
pub struct GrantCredit {
    /// How much less.
    pub sum: Sum,
    /// The return it is for.
    pub return_id: Option<Id>,
    /// Why.
    pub reason: Option<Words>,
}

/// Record that the customer's bank took money back.
#[derive(Debug, Clone)]
pub struct RecordChargeback {
    /// Of which payment.
    pub payment: Id,
    /// How much.
    pub sum: Sum,
    /// Why.
    pub reason: Option<Words>,
}

/// Pack goods.
#[derive(Debug, Clone)]
pub struct CreateFulfillment {
    /// What is in it.
    pub lines: Vec<LineUnits>,
}

/// Send a fulfilment off.
#[derive(Debug, Clone)]
pub struct ShipFulfillment {
    /// Which one.
    pub fulfillment: Id,
    /// Where the parcel is.
    pub tracking: NewTracking,
    /// Whether the platform ships what is neither paid nor authorised.
    pub allow_unpaid: bool,
    /// Ship it all the same; needs a reason.
    pub force: bool,
    /// Why.
    pub reason: Option<Words>,
    /// Business time, where it is not now.
    pub occurred_at: Option<OffsetDateTime>,
}

/// Correct where a parcel is.
#[derive(Debug, Clone)]
pub struct UpdateTracking {
    /// Which fulfilment.
    pub fulfillment: Id,
    /// Where.
    pub tracking: NewTracking,
}

/// Record that a fulfilment arrived.
#[derive(Debug, Clone)]
pub struct DeliverFulfillment {
    /// Which one.
    pub fulfillment: Id,
    /// Business time, where it is not now.
    pub occurred_at: Option<OffsetDateTime>,
}

/// Unpack a fulfilment.
#[derive(Debug, Clone)]
pub struct CancelFulfillment {
    /// Which one.
    pub fulfillment: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Call the whole order off.
#[derive(Debug, Clone)]
pub struct CancelOrder {
    /// Why.
    pub reason: Option<Words>,
    /// Business time, where it is not now.
    pub occurred_at: Option<OffsetDateTime>,
}

/// Call units of lines off.
#[derive(Debug, Clone)]
pub struct CancelLines {
    /// Which.
    pub lines: Vec<LineUnits>,
    /// Why.
    pub reason: Option<Words>,
}

/// Ask for goods to come back.
#[derive(Debug, Clone)]
pub struct RequestReturn {
    /// Which, and why.
    pub lines: Vec<(LineUnits, Option<Words>)>,
    /// Why, for the return as a whole.
    pub reason: Option<Words>,
}

/// Allow a return.
#[derive(Debug, Clone)]
pub struct ApproveReturn {
    /// Which one.
    pub return_id: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Refuse a return.
#[derive(Debug, Clone)]
pub struct DeclineReturn {
    /// Which one.
    pub return_id: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Record goods that came back.
#[derive(Debug, Clone)]
pub struct ReceiveReturn {
    /// Which return.
    pub return_id: Id,
    /// What came, and whether it can be sold again.
    pub lines: Vec<(LineUnits, bool)>,
}

/// Say which order replaces the goods of a return.
#[derive(Debug, Clone)]
pub struct LinkExchange {
    /// Which return.
    pub return_id: Id,
    /// That order.
    pub order_id: Uuid,
}

/// Expect nothing more of a return.
#[derive(Debug, Clone)]
pub struct CloseReturn {
    /// Which one.
    pub return_id: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Call a return off.
#[derive(Debug, Clone)]
pub struct CancelReturn {
    /// Which one.
    pub return_id: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Write something down on the order.
#[derive(Debug, Clone)]
pub struct AddNote {
    /// What.
    pub text: Words,
}

/// Label an order.
#[derive(Debug, Clone)]
pub struct TagOrder {
    /// Label.
    pub tag: Id,
}

/// Take a label off.
#[derive(Debug, Clone)]
pub struct UntagOrder {
    /// Label.
    pub tag: Id,
}

/// Put an order out of the way.
#[derive(Debug, Clone)]
pub struct ArchiveOrder {
    /// Why.
    pub reason: Option<Words>,
}

/// Bring an order back.
#[derive(Debug, Clone)]
pub struct UnarchiveOrder {
    /// Why.
    pub reason: Option<Words>,
}

/// Record the number of the order's invoice.
#[derive(Debug, Clone)]
pub struct IssueInvoice {
    /// As the platform's register gave it out; none: none was given out.
    pub number: Option<i64>,
}
