//! An order's life for the tests of the rules, event by event.

use super::{Reaction, Situation, react};
use crate::process::order::OrderRow;
use contracts::{
    CloudEvent, LogPosition, PositionToken,
    cloudevents::event_id,
    order::{
        After, DraftCreated, ExchangeOf, Fact, FulfillmentStatus, Kind, NoteAdded, NoteText,
        OrderEvent, OrderImported, OrderPlaced, OrderStatus, PaymentStatus, ReturnStatus, Snapshot,
        Totals,
    },
    personal::Personal,
};
use infra::platforms::PlatformSettings;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// An order, its last event, and the settings that it lives under.
pub struct Scene {
    pub row: OrderRow,
    pub settings: PlatformSettings,
    pub process_imports: bool,
    /// State that the next event leaves; a total of 100 that nobody has paid.
    pub after: After,
    envelope: CloudEvent,
    event: OrderEvent,
}

impl Scene {
    /// A placed order of an hour-long expiry and a day-long archive.
    pub fn placed() -> Self {
        Self::begun(placed(None))
    }

    /// The same that replaces the goods of a return.
    pub fn exchange(of: ExchangeOf) -> Self {
        Self::begun(placed(Some(of)))
    }

    pub fn draft() -> Self {
        let fact = Fact::from(DraftCreated {
            order: snapshot(),
            personal: None,
        });
        let mut scene = Self::begun(fact);
        scene.event.after.status = OrderStatus::Draft;
        scene
    }

    /// An imported order with so many events of history.
    pub fn imported(history: u32) -> Self {
        Self::begun(Fact::from(OrderImported {
            order: snapshot(),
            kind: Kind::Order,
            placed_at: start(),
            history,
            personal: None,
        }))
    }

    fn begun(fact: Fact) -> Self {
        let after = After {
            version: 1,
            status: OrderStatus::Placed,
            payment_status: PaymentStatus::None,
            fulfillment_status: FulfillmentStatus::Unfulfilled,
            return_status: ReturnStatus::None,
            totals: Totals {
                total: 100,
                balance_due: 100,
                ..Totals::default()
            },
        };
        let (envelope, event) = (envelope(1), OrderEvent { fact, after });
        let row = OrderRow::follow(None, &envelope, &event).expect("no contradiction");
        Self {
            row: row.expect("a first event"),
            settings: PlatformSettings {
                expire_unpaid_after_seconds: Some(3_600),
                archive_settled_after_seconds: Some(86_400),
                ..PlatformSettings::default()
            },
            process_imports: false,
            after,
            envelope,
            event,
        }
    }

    /// The next event comes this many seconds after the first one.
    pub fn at(&mut self, seconds: i64) -> &mut Self {
        self.envelope.time = time(seconds);
        self
    }

    /// The next event.
    pub fn then(&mut self, fact: impl Into<Fact>) -> Reaction {
        let version = self.row.version + 1;
        let time = self.envelope.time;
        self.envelope = CloudEvent {
            time,
            ..envelope(version)
        };
        let fact = fact.into();
        self.after.version = version;
        self.event = OrderEvent {
            fact,
            after: self.after,
        };
        let row = OrderRow::follow(Some(&self.row), &self.envelope, &self.event);
        self.row = row.expect("no contradiction").expect("a next event");
        self.reaction()
    }

    /// A draft is placed.
    pub fn then_placed(&mut self) -> Reaction {
        self.then(placed(None))
    }

    /// What follows from the last event.
    pub fn reaction(&self) -> Reaction {
        react(&Situation {
            order: &self.row,
            envelope: &self.envelope,
            event: &self.event,
            settings: &self.settings,
            process_imports: self.process_imports,
        })
    }

    /// The last event.
    pub fn record(&self) -> (CloudEvent, OrderEvent) {
        (self.envelope.clone(), self.event.clone())
    }

    pub fn event_id(&self) -> Uuid {
        self.envelope.id
    }
}

/// So many seconds after the first event.
pub fn time(seconds: i64) -> OffsetDateTime {
    start() + Duration::seconds(seconds)
}

/// An event that changes nothing about money or goods.
pub fn note() -> Fact {
    Fact::from(NoteAdded {
        note_id: "n1".into(),
        personal: Personal::Open(NoteText { text: "x".into() }),
    })
}

fn start() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::days(20_000)
}

fn placed(exchange_of: Option<ExchangeOf>) -> Fact {
    Fact::from(OrderPlaced {
        order: snapshot(),
        placed_at: start() - Duration::days(300),
        exchange_of,
        personal: None,
    })
}

fn snapshot() -> Snapshot {
    Snapshot {
        order_id: Uuid::from_u128(7),
        number: "1001".into(),
        platform: "web".into(),
        external_id: None,
        currency: "GBP".into(),
        prices_include_tax: false,
        customer_id: None,
        country: "GB".into(),
        shipping_country: None,
        billing_country: None,
        lines: Vec::new(),
        shipping: None,
        tags: Vec::new(),
    }
}

fn envelope(version: i64) -> CloudEvent {
    let subject = Uuid::from_u128(7);
    CloudEvent {
        id: event_id(1, subject, version),
        event_type: String::new(),
        time: start(),
        subject,
        sequence: version,
        actor: "key".into(),
        correlation_id: Some("c".into()),
        causation_id: None,
        traceparent: None,
        platform_version: None,
        position: PositionToken {
            topic: contracts::topics::ORDER_EVENTS.into(),
            partition: 0,
            at: LogPosition::START,
        },
    }
}
