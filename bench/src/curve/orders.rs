//! Orders as a shop has them: one a minute, one to five lines of a catalogue, paid
//! and sent off, over years. Some are placed by the product; the others are copies of
//! those, which the server writes, with ids, numbers, times and customers of their own.
//!
//! Nobody is named in them: personal data is sealed under keys of its order, which a
//! copy would not have.

use crate::workload::carry_out;
use command_api::Orders as Recorded;
use contracts::order::Customer;
use domain::{
    money::Price,
    order::{
        OrderCommand,
        command::{
            AuthorizePayment, CapturePayment, CreateFulfillment, NewLine, NewOrder, NewShipping,
            PlaceOrder, Sum,
        },
    },
};
use futures_util::future::try_join_all;
use infra::{
    clock,
    command::{Executor, Expected},
};
use sqlx::PgPool;
use std::sync::Arc;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// When the first copy was placed, and how long after each the next one.
const FIRST: OffsetDateTime = datetime!(2005-01-01 00:00 UTC);
const EACH: Duration = Duration::seconds(63);
/// Copies of one statement: the relay reads the events of many.
const CHUNK: i64 = 5_000;
/// Products of the catalogue.
const PRODUCTS: usize = 4_000;
/// Orders that are placed at a time.
const CLIENTS: usize = 32;
/// What happens to ten orders one after the other: they have so many events.
const EVENTS: [usize; 10] = [1, 2, 2, 2, 3, 3, 3, 3, 3, 4];
const PLATFORMS: [&str; 10] = [
    "web", "web", "shop", "web", "shop", "web", "phone", "web", "shop", "web",
];
const COUNTRIES: [&str; 5] = ["GB", "GB", "FR", "DE", "US"];
const MATERIALS: [&str; 8] = [
    "brass", "linen", "walnut", "enamel", "ceramic", "woven", "vintage", "painted",
];
const THINGS: [&str; 25] = [
    "lantern", "teapot", "cushion", "clock", "basket", "mirror", "blanket", "drawer", "kettle",
    "candle", "doormat", "hook", "jug", "lamp", "notebook", "pillow", "quilt", "ribbon", "saucer",
    "tray", "umbrella", "vase", "whistle", "bunting", "apron",
];

/// A word that one of 25 products has in its name, mistyped.
pub const MISTYPED: &str = "lanturn";

/// Copies $1 to $2 of orders that were placed, of which there are $3, in the order of
/// their times. Ids are time-ordered, as the product's are.
const COPIES: &str = "
    INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version,
                        payload, metadata, recorded_at)
    SELECT 'order', c.id, t.sequence, t.event_type, t.event_version,
           (CASE t.sequence WHEN 1 THEN
                replace(replace(replace(replace(t.payload, t.aggregate_id, c.id),
                    'N-0000000000', 'N-' || lpad(c.n::text, 10, '0')),
                    '2004-02-29T12:34:56Z',
                    to_char(c.moment AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')),
                    'customer-000000', 'customer-' || lpad((c.n * 48271 % 250000)::text, 6, '0'))
            ELSE replace(t.payload, t.aggregate_id, c.id) END)::json,
           t.metadata, c.moment + (t.sequence - 1) * interval '10 minutes'
      FROM (SELECT n, moment, encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
                       PLACING substring(int8send(floor(extract(epoch FROM moment) * 1000)::bigint)
                           FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid::text AS id
              FROM (SELECT n, $4::timestamptz + (n - 1) * $5::float8 * interval '1 second' AS moment
                      FROM generate_series($1::bigint, $2::bigint) n) numbered) c
      JOIN curve_templates t ON t.template = c.n % $3
     ORDER BY c.n, t.sequence";

/// When copy number `number` was placed, from 1.
fn placed_at(number: i64) -> OffsetDateTime {
    FIRST + Duration::seconds(EACH.whole_seconds() * (number - 1).max(0))
}

/// Copies that were appended together.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// How many events they have.
    pub events: u64,
    /// When the first one was recorded.
    pub from: OffsetDateTime,
    /// When the last one was.
    pub to: OffsetDateTime,
}

/// A growing log of orders.
pub struct Orders {
    log: PgPool,
    templates: i64,
    copies: i64,
}

impl Orders {
    /// Places so many as commands, of which the others will be copies.
    pub async fn placed(
        log: PgPool,
        executor: &Arc<Executor<Recorded>>,
        templates: usize,
    ) -> anyhow::Result<Self> {
        let clients = (0..CLIENTS).map(|client| {
            let executor = Arc::clone(executor);
            tokio::spawn(async move {
                for number in (client..templates).step_by(CLIENTS) {
                    through(&executor, number).await?;
                }
                anyhow::Ok(())
            })
        });
        let placed = try_join_all(clients).await?;
        placed.into_iter().collect::<anyhow::Result<()>>()?;
        for statement in [
            "CREATE TABLE curve_templates AS \
             SELECT dense_rank() OVER (ORDER BY aggregate_id) - 1 AS template, aggregate_id, \
                    sequence, event_type, event_version, payload::text AS payload, metadata \
               FROM events WHERE aggregate_type = 'order'",
            "ANALYZE curve_templates",
        ] {
            sqlx::query(statement).execute(&log).await?;
        }
        Ok(Self {
            log,
            templates: i64::try_from(templates)?,
            copies: 0,
        })
    }

    /// Appends copies until the log has so many orders.
    pub async fn grow(&mut self, orders: i64) -> anyhow::Result<()> {
        let stored: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM events WHERE aggregate_type = 'order' AND sequence = 1",
        )
        .fetch_one(&self.log)
        .await?;
        self.append((orders - stored).max(0)).await?;
        for statement in ["VACUUM ANALYZE events", "CHECKPOINT"] {
            sqlx::query(statement).execute(&self.log).await?;
        }
        Ok(())
    }

    /// Appends so many copies, after all others in time.
    pub async fn append(&mut self, orders: i64) -> anyhow::Result<Piece> {
        let (last, mut events) = (self.copies + orders, 0);
        let from = placed_at(self.copies + 1);
        while self.copies < last {
            let next = last.min(self.copies + CHUNK);
            let appended = sqlx::query(COPIES)
                .bind(self.copies + 1)
                .bind(next)
                .bind(self.templates)
                .bind(FIRST)
                .bind(EACH.as_seconds_f64())
                .execute(&self.log)
                .await?;
            events += appended.rows_affected();
            self.copies = next;
        }
        let to = self.newest();
        Ok(Piece { events, from, to })
    }

    /// When the last copy was placed.
    pub fn newest(&self) -> OffsetDateTime {
        placed_at(self.copies)
    }

    /// When the first one was.
    pub const fn oldest() -> OffsetDateTime {
        FIRST
    }
}

/// Places order number `number`, and has happen to it what happens to it.
async fn through(executor: &Executor<Recorded>, number: usize) -> anyhow::Result<()> {
    let id = clock::new_id();
    let (order, total) = order(id, number)?;
    let order = PlaceOrder {
        order,
        placed_at: datetime!(2004-02-29 12:34:56 UTC),
        exchange_of: None,
    };
    carry_out(executor, id, order.into(), Expected::Absent).await?;
    let following = following(total)?;
    for command in following.into_iter().take(EVENTS[number % 10] - 1) {
        carry_out(executor, id, command, Expected::Unknown).await?;
    }
    Ok(())
}

/// What happens to an order that costs so much: an event each.
fn following(total: i64) -> anyhow::Result<[OrderCommand; 3]> {
    let authorized = AuthorizePayment {
        sum: Sum {
            amount: total,
            currency: None,
        },
        provider: Some("cards".try_into()?),
        reference: None,
    };
    let captured = CapturePayment {
        payment: "p1".try_into()?,
        amount: None,
        currency: None,
        pending: false,
        occurred_at: None,
    };
    let packed = CreateFulfillment { lines: Vec::new() };
    Ok([authorized.into(), captured.into(), packed.into()])
}

/// Order number `number`, and what it costs.
fn order(id: Uuid, number: usize) -> anyhow::Result<(NewOrder, i64)> {
    let lines = (0..=number / 10 % 5).map(|line| product(number * 7 + line * 1_009));
    let lines = lines.collect::<anyhow::Result<Vec<_>>>()?;
    let prices = lines.iter().map(|(line, price)| line.quantity * price);
    let shipping = NewShipping {
        method: "standard".try_into()?,
        name: "Standard delivery".try_into()?,
        amount: 399,
        tax: 0,
    };
    let total = prices.sum::<i64>() + shipping.amount;
    let currency = if number % 4 == 3 { "EUR" } else { "GBP" };
    let order = NewOrder {
        order_id: id,
        number: "N-0000000000".into(),
        platform: PLATFORMS[number % 10].try_into()?,
        external_id: None,
        currency: currency.parse()?,
        prices_include_tax: false,
        customer: Some(Customer {
            id: Some("customer-000000".into()),
            name: None,
            email: None,
        }),
        lines: lines.into_iter().map(|(line, _)| line).collect(),
        shipping: Some(shipping),
        billing_address: None,
        shipping_address: None,
        tags: Vec::new(),
        country: Some(COUNTRIES[number % 5].to_owned().try_into()?),
    };
    Ok((order, total))
}

/// A line with a product of the catalogue, and the price of one.
fn product(number: usize) -> anyhow::Result<(NewLine, i64)> {
    let number = number % PRODUCTS;
    let (material, thing) = (
        number / THINGS.len() % MATERIALS.len(),
        number % THINGS.len(),
    );
    let name = format!(
        "{} {}, size {}",
        MATERIALS[material],
        THINGS[thing],
        number / 200
    );
    let price = 250 + i64::try_from(number)?;
    let line = NewLine {
        sku: sku(number).as_str().try_into()?,
        name: name.as_str().try_into()?,
        quantity: 1 + i64::try_from(number % 3)?,
        unit_price: Price::Minor(price),
        tax: 0,
        discount: 0,
    };
    Ok((line, price))
}

/// The SKU of product number `number`.
pub fn sku(number: usize) -> String {
    format!("{}B", 20_000 + number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn orders_have_several_events_and_lines() {
        let events: usize = EVENTS.iter().sum();
        assert_eq!(events, 26, "of ten orders");
        let following = following(1).expect("commands").len();
        assert!(
            EVENTS
                .iter()
                .all(|events| (1..=1 + following).contains(events))
        );
        let lines = |number| order(Uuid::nil(), number).expect("sound").0.lines;
        let counts: BTreeSet<usize> = (0..50).map(|number| lines(number).len()).collect();
        assert_eq!(counts, (1..=5).collect());
        assert_eq!(&*lines(0)[0].sku, sku(0));
    }

    #[test]
    fn what_an_order_costs_is_what_its_lines_and_shipping_do() {
        let (order, total) = order(Uuid::nil(), 1_234).expect("sound");
        let lines = order.lines.iter().map(|line| match line.unit_price {
            Price::Minor(price) => line.quantity * price,
            Price::Major { .. } => panic!("a price in major units"),
        });
        assert_eq!(total, lines.sum::<i64>() + 399);
    }

    #[test]
    fn times_go_on_where_they_were() {
        assert_eq!(placed_at(1), Orders::oldest());
        assert_eq!(placed_at(3) - placed_at(2), EACH);
    }

    #[test]
    fn a_mistyped_word_is_one_that_products_have() {
        let thing = THINGS[0];
        assert_eq!(thing.len(), MISTYPED.len());
        let other = thing.bytes().zip(MISTYPED.bytes()).filter(|(a, b)| a != b);
        assert_eq!(other.count(), 1);
    }
}
