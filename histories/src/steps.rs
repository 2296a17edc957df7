//! One step of a walk: what happens to an order, where its document allows it.

use super::{content, goods, money};
use contracts::{
    order::{Fact, Order, Reason},
    personal::Personal,
};
use proptest::{prelude::*, sample::select};

/// What happens next, and with which of the parts and how much of it.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    what: What,
    /// Which of several parts, and how much of an amount.
    pub choice: u8,
}

macro_rules! whats {
    ($($what:ident = $fact:path),+ $(,)?) => {
        #[derive(Debug, Clone, Copy)]
        enum What { $($what),+ }

        const WHATS: &[What] = &[$(What::$what),+];

        impl Step {
            /// What it makes of this order; none where it makes no sense.
            pub fn fact(self, order: &Order) -> Option<Fact> {
                match self.what { $(What::$what => $fact(self, order)),+ }
            }
        }
    };
}
whats! {
    Update = content::update,
    Place = content::place,
    Confirm = content::confirm,
    AddLine = content::add_line,
    ChangeLine = content::change_line,
    RemoveLine = content::remove_line,
    CancelLine = content::cancel_line,
    Discount = content::discount,
    NoDiscount = content::no_discount,
    Ship = content::shipping,
    Move = content::address,
    Assign = content::customer,
    Link = content::link,
    Erase = content::erase,
    Hold = content::hold,
    Release = content::release,
    Note = content::note,
    Tag = content::tag,
    Untag = content::untag,
    Archive = content::archive,
    Cancel = content::cancel,
    Authorize = money::authorize,
    AskCapture = money::ask_capture,
    Capture = money::capture,
    NoCapture = money::no_capture,
    Void = money::void,
    AskRefund = money::ask_refund,
    Refund = money::refund,
    NoRefund = money::no_refund,
    Credit = money::credit,
    Chargeback = money::chargeback,
    Pack = goods::pack,
    Send = goods::send,
    Track = goods::track,
    Deliver = goods::deliver,
    Unpack = goods::unpack,
    AskReturn = goods::ask,
    Approve = goods::approve,
    Receive = goods::receive,
    Decline = goods::decline,
    Exchange = goods::exchange,
    Close = goods::close,
}

/// Any step.
pub fn steps() -> impl Strategy<Value = Step> {
    (select(WHATS), any::<u8>()).prop_map(|(what, choice)| Step { what, choice })
}

impl Step {
    /// One of these, if there is any.
    pub fn one_of<T>(self, parts: impl Iterator<Item = T>) -> Option<T> {
        let mut parts: Vec<T> = parts.collect();
        let index = usize::from(self.choice).checked_rem(parts.len())?;
        Some(parts.swap_remove(index))
    }

    /// Some of `all`, at least 1; none where there is nothing.
    pub fn some_of(self, all: i64) -> Option<i64> {
        (all > 0).then(|| 1 + i64::from(self.choice) % all)
    }

    /// A reason that somebody gave, or none.
    pub fn reason(self) -> Option<Personal<Reason>> {
        let reason = Some("They rang".to_owned());
        match self.choice % 3 {
            0 => None,
            1 => Some(Personal::ERASED),
            _ => Some(Personal::Open(Reason { reason })),
        }
    }
}

/// A sale that is not called off.
pub fn live(order: &Order) -> Option<()> {
    (order.placed_at.is_some() && order.cancellation.is_none()).then_some(())
}

/// The id of the next part of a kind.
pub fn next_id(prefix: &str, so_far: usize) -> String {
    format!("{prefix}{}", so_far + 1)
}
