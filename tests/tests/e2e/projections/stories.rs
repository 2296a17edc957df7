//! What can happen to orders, as the domain decides it: between them the
//! stories have every event there is.

mod editing;
mod returning;
mod selling;
mod values;

use super::orders::NewEvent;
use anyhow::{Result, anyhow, ensure};
use contracts::order::{Kind, OrderEvent};
use domain::money::Price;
use domain::order::{
    Order, OrderCommand, after,
    command::{
        CancelOrder, CreateDraft, FailPayment, History, ImportOrder, LinkCustomer, NewOrder,
        PastPayment, PlaceOrder, RecordErasure, VoidPayment,
    },
    decide, evolve,
};
use infra::clock;
use std::collections::BTreeSet;
use uuid::Uuid;
use values::{id, line, placed_at, shipping, why};

/// How many stories there are.
pub const STORIES: usize = 5;

/// A new order with story `n` modulo [`STORIES`].
///
/// # Errors
/// When the domain refuses a step.
pub fn story(n: usize) -> Result<Vec<NewEvent>> {
    let mut story = Story::new();
    match n % STORIES {
        0 => story.sold(n)?,
        1 => story.sent_back(n)?,
        2 => story.never_paid(n)?,
        3 => story.draft_given_up(n)?,
        _ => story.imported(n)?,
    }
    Ok(story.events)
}

/// One more, whose last event has projectors read the order anew from the log: only
/// those that can, which processes of the product cannot where it holds published data.
///
/// # Errors
/// When the domain refuses a step.
pub fn forgotten() -> Result<Vec<NewEvent>> {
    let mut story = Story::new();
    story.forgotten(0)?;
    Ok(story.events)
}

struct Story {
    id: Uuid,
    order: Order,
    events: Vec<NewEvent>,
}

impl Story {
    fn new() -> Self {
        Self {
            id: clock::new_id(),
            order: Order::default(),
            events: Vec::new(),
        }
    }

    /// One more command, and what it leads to.
    fn then(&mut self, command: impl Into<OrderCommand>) -> Result<()> {
        let command = command.into();
        let told = format!("{command:?}");
        let events = decide(&self.order, command).map_err(|e| anyhow!("{told}: {e}"))?;
        for event in events {
            self.order = evolve(std::mem::take(&mut self.order), &event);
            let sequence = i64::try_from(self.events.len() + 1)?;
            let after = after(&self.order, sequence)?;
            let fact = event.into();
            self.events.push(NewEvent {
                order: self.id,
                sequence,
                event: OrderEvent { fact, after },
            });
        }
        Ok(())
    }

    fn content(&self, n: usize) -> Result<NewOrder> {
        Ok(NewOrder {
            country: None,
            order_id: self.id,
            number: format!("N-{}", self.id),
            platform: ["web", "pos"][n % 2].try_into()?,
            external_id: Some(id(&format!("x-{}", own_word(self.id)))?),
            currency: "GBP".parse()?,
            prices_include_tax: false,
            customer: None,
            lines: vec![
                line("A", 3, Price::Minor(250))?,
                line("B", 2, "0.125".parse()?)?,
                line("C", 1, Price::Minor(4_000))?,
            ],
            shipping: Some(shipping(399)?),
            billing_address: None,
            shipping_address: None,
            tags: vec![id("first")?],
        })
    }

    fn place(&mut self, n: usize) -> Result<()> {
        self.then(PlaceOrder {
            order: self.content(n)?,
            placed_at: placed_at(n),
            exchange_of: None,
        })
    }

    /// No payment comes to anything.
    fn never_paid(&mut self, n: usize) -> Result<()> {
        self.place(n)?;
        self.authorize(100)?;
        let reason = why()?;
        let payment = id("p1")?;
        self.then(VoidPayment { payment, reason })?;
        self.authorize(100)?;
        let payment = id("p2")?;
        self.then(FailPayment {
            payment,
            reason: None,
        })?;
        self.then(LinkCustomer {
            customer_id: id("c-9")?,
        })?;
        self.cancel()
    }

    /// Its customer is forgotten.
    fn forgotten(&mut self, n: usize) -> Result<()> {
        self.never_paid(n)?;
        self.then(RecordErasure {
            erasure_id: Uuid::from_u128(8),
            subjects: self.order.subject().into_iter().collect(),
            requested_by: id("key_1")?,
            reference: Some(id("case 1")?),
        })
    }

    fn cancel(&mut self) -> Result<()> {
        self.then(CancelOrder {
            reason: why()?,
            occurred_at: None,
        })
    }

    /// It never became an order.
    fn draft_given_up(&mut self, n: usize) -> Result<()> {
        self.then(CreateDraft(self.content(n)?))?;
        self.cancel()
    }

    /// It was paid where it comes from.
    fn imported(&mut self, n: usize) -> Result<()> {
        let payment = PastPayment {
            amount: 300,
            captured: 200,
            provider: None,
            reference: None,
            captured_at: None,
        };
        self.then(ImportOrder {
            order: self.content(n)?,
            placed_at: placed_at(n),
            kind: Kind::Order,
            history: History {
                payments: vec![payment],
                ..History::default()
            },
        })
    }
}

/// A word of letters that no other order has, so that there is a word to store whatever
/// orders were there before: numbers are not among the words that may be mistyped.
fn own_word(order: Uuid) -> String {
    let digits = order.simple().to_string();
    let letter = |digit: char| char::from_digit(digit.to_digit(16)? + 10, 26);
    digits.chars().filter_map(letter).collect()
}

/// The stories together leave no event out.
pub fn every_event_is_in_a_story() -> Result<()> {
    let mut missing: BTreeSet<_> = OrderEvent::TYPES.iter().copied().collect();
    let stories = (0..STORIES).map(story).chain([forgotten()]);
    for story in stories {
        for told in story? {
            missing.remove(told.event.event_type());
        }
    }
    ensure!(missing.is_empty(), "no story has {missing:?}");
    Ok(())
}
