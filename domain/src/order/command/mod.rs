//! Commands: what may be asked of an order. Values are checked types; what
//! depends on the order or on several values is the decisions' business.
//! Amounts are minor units of the order's currency.

mod edit;
mod goods;
mod money;
mod past;
mod placing;
mod values;
mod whole;

pub use edit::{
    AddLine, ApplyDiscount, AssignCustomer, ChangeAddress, ChangeLine, ChangeShipping,
    DiscountValue, LinkCustomer, RemoveDiscount, RemoveLine,
};
pub use goods::{
    ApproveReturn, CancelFulfillment, CancelReturn, CloseReturn, CreateFulfillment, DeclineReturn,
    DeliverFulfillment, LinkExchange, ReceiveReturn, RequestReturn, ShipFulfillment,
    UpdateTracking,
};
pub use money::{
    AuthorizePayment, CapturePayment, FailPayment, GrantCredit, RecordChargeback, RefundPayment,
    SettleCapture, SettleRefund, Settled, VoidPayment,
};
pub use past::{History, PastCancellation, PastFulfillment, PastPayment, PastRefund, PastReturn};
pub use placing::{
    CompleteDraft, CreateDraft, ImportOrder, NewAddress, NewLine, NewOrder, NewShipping,
    PlaceOrder, UpdateDraft,
};
pub use values::{LineUnits, NewTracking, Sum};
pub use whole::{
    AddNote, ArchiveOrder, CancelLines, CancelOrder, ConfirmOrder, IssueInvoice, PlaceHold,
    RecordErasure, ReleaseHold, TagOrder, UnarchiveOrder, UntagOrder,
};

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
    LinkCustomer(LinkCustomer),
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
    RecordErasure(RecordErasure),
}
