//! What becomes of an order of the last days, step by step, as if people and
//! other programs did it now.

mod goods;
mod money;
mod placing;
mod returns;
mod telling;

use super::{Generator, Sale};
use crate::seed::{
    SeedError,
    draw::{Draw, Of},
    line::Story,
};
use telling::{Telling, Told};

/// How far an order has come, and on which way: each is told by the function of
/// its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    Draft,
    DraftCompleted,
    Placed,
    Authorized,
    OnHold,
    PartlyPaid,
    Paid,
    Packed,
    PartlyShipped,
    Shipped,
    Delivered,
    Courtesy,
    ReturnRequested,
    ReturnApproved,
    ReturnReceived,
    ReturnRefunded,
    ReturnClosed,
    ReturnDeclined,
    Cancelled,
    Voided,
    AllRefunded,
    Overpaid,
    Exchanged,
    CancelledPaid,
    ChargedBack,
    SecondAttempt,
    CapturePending,
    RefundPending,
    Edited,
    LinesCancelled,
    Repacked,
    Credited,
    Archived,
    Released,
}

/// All of them, and how many of a hundred or so go that way. The first ones
/// show every status on every axis.
pub const LIVES: [(Life, u32); 34] = [
    (Life::Draft, 4),
    (Life::DraftCompleted, 3),
    (Life::Placed, 5),
    (Life::Authorized, 6),
    (Life::OnHold, 3),
    (Life::PartlyPaid, 2),
    (Life::Paid, 9),
    (Life::Packed, 9),
    (Life::PartlyShipped, 4),
    (Life::Shipped, 13),
    (Life::Delivered, 16),
    (Life::Courtesy, 2),
    (Life::ReturnRequested, 2),
    (Life::ReturnApproved, 2),
    (Life::ReturnReceived, 1),
    (Life::ReturnRefunded, 1),
    (Life::ReturnClosed, 1),
    (Life::ReturnDeclined, 1),
    (Life::Cancelled, 2),
    (Life::Voided, 1),
    (Life::AllRefunded, 1),
    (Life::Overpaid, 1),
    (Life::Exchanged, 1),
    (Life::CancelledPaid, 1),
    (Life::ChargedBack, 1),
    (Life::SecondAttempt, 2),
    (Life::CapturePending, 1),
    (Life::RefundPending, 1),
    (Life::Edited, 2),
    (Life::LinesCancelled, 1),
    (Life::Repacked, 1),
    (Life::Credited, 1),
    (Life::Archived, 2),
    (Life::Released, 1),
];

impl Life {
    /// That of the order that is number `number` of these: each once, then as
    /// they come.
    pub fn of(number: u64, draw: &mut Draw) -> Self {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let drawn = draw.weighted(LIVES.iter().map(|(_, percent)| *percent));
        let (life, _) = LIVES.get(place).unwrap_or(&LIVES[drawn]);
        *life
    }

    fn told(self, telling: &mut Telling<'_>) -> Told {
        match self {
            Self::Draft => placing::draft(telling),
            Self::DraftCompleted => placing::draft_completed(telling),
            Self::Placed => placing::placed(telling),
            Self::OnHold => placing::on_hold(telling),
            Self::Released => placing::released(telling),
            Self::Edited => placing::edited(telling),
            Self::Cancelled => placing::cancelled(telling),
            Self::LinesCancelled => placing::lines_cancelled(telling),
            Self::Authorized => money::authorized(telling),
            Self::PartlyPaid => money::partly_paid(telling),
            Self::Paid => money::paid(telling),
            Self::Voided => money::voided(telling),
            Self::Overpaid => money::overpaid(telling),
            Self::CancelledPaid => money::cancelled_paid(telling),
            Self::ChargedBack => money::charged_back(telling),
            Self::SecondAttempt => money::second_attempt(telling),
            Self::CapturePending => money::capture_pending(telling),
            Self::RefundPending => money::refund_pending(telling),
            Self::Courtesy => money::courtesy(telling),
            Self::Credited => money::credited(telling),
            Self::Packed => goods::packed(telling),
            Self::PartlyShipped => goods::partly_shipped(telling),
            Self::Shipped => goods::shipped(telling),
            Self::Delivered => goods::delivered(telling),
            Self::Repacked => goods::repacked(telling),
            Self::Archived => goods::archived(telling),
            Self::ReturnRequested => returns::requested(telling),
            Self::ReturnApproved => returns::approved(telling),
            Self::ReturnReceived => returns::received(telling),
            Self::ReturnRefunded => returns::refunded(telling),
            Self::ReturnClosed => returns::closed(telling),
            Self::ReturnDeclined => returns::declined(telling),
            Self::AllRefunded => returns::all_refunded(telling),
            Self::Exchanged => returns::exchanged(telling),
        }
    }
}

/// The life of order number `index`, which is number `number` of those that are
/// told like this.
pub fn story(generator: &Generator, index: u64, number: u64) -> Result<Story, SeedError> {
    let sale: Sale<'_> = generator.sale(index, &mut generator.draw(Of::Order, index))?;
    let sale = sale.at_least_two();
    let mut draw = generator.draw(Of::Life, index);
    let life = Life::of(number, &mut draw);
    let mut telling = Telling::new(&sale, &generator.calendar, draw);
    life.told(&mut telling)?;
    let none = || SeedError::Data(format!("nothing is told of {life:?}").into());
    telling.story().ok_or_else(none)
}
