//! What becomes of imported orders: some are paid, sent, refunded or called off,
//! through the API; and what each life counts for, as the text of the file and
//! the commands say.

use super::{independent::Invoice, system::System};
use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::{Api, answer};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// What is summed, in this order.
pub const SUMS: [&str; 12] = [
    "orders",
    "cancelled",
    "units",
    "items",
    "discounts",
    "shipping",
    "tax",
    "revenue",
    "captured",
    "refunded",
    "charged_back",
    "credited",
];

/// Sums by their names; what is absent is 0.
pub type Sums = BTreeMap<&'static str, i64>;

/// An order, and all that happened to it.
#[derive(Debug)]
pub struct Life {
    pub invoice: Invoice,
    /// What moved, and when; at first that it was placed.
    pub moved: Vec<(OffsetDateTime, Sums)>,
    /// Axes by their names, as they stand.
    pub statuses: BTreeMap<&'static str, &'static str>,
    /// When it came to a state.
    pub reached: BTreeMap<&'static str, OffsetDateTime>,
}

impl Life {
    /// One that was imported.
    pub fn of(invoice: Invoice) -> Self {
        let (units, pence, placed_at) = (invoice.units(), invoice.pence(), invoice.placed_at);
        let placed = [
            ("orders", 1),
            ("units", units),
            ("items", pence),
            ("revenue", pence),
        ];
        let mut reached = BTreeMap::from([("placed", placed_at)]);
        // A sale that costs nothing counts as paid.
        let payment = if invoice.is_sale() && pence <= 0 {
            reached.insert("paid", placed_at);
            "paid"
        } else {
            "none"
        };
        let fulfillment = if invoice.is_sale() {
            "unfulfilled"
        } else {
            "none"
        };
        Self {
            statuses: BTreeMap::from([
                ("status", "placed"),
                ("payment_status", payment),
                ("fulfillment_status", fulfillment),
                ("return_status", "none"),
            ]),
            moved: vec![(placed_at, placed.into())],
            reached,
            invoice,
        }
    }

    /// What it counts for by now.
    pub fn sums(&self) -> Sums {
        let mut sums = Sums::new();
        for (name, value) in self.moved.iter().flat_map(|(_, moved)| moved) {
            *sums.entry(*name).or_default() += value;
        }
        sums
    }

    pub fn is_cancelled(&self) -> bool {
        self.statuses["status"] == "cancelled"
    }

    fn moves<const N: usize>(&mut self, at: OffsetDateTime, moved: [(&'static str, i64); N]) {
        self.moved.push((at, moved.into()));
    }

    fn comes_to<const N: usize>(&mut self, axes: [(&'static str, &'static str); N]) {
        self.statuses.extend(axes);
    }
}

/// All orders of a file; one sale in some is led on.
pub async fn lived(system: &System<'_>, orders: Vec<Invoice>) -> anyhow::Result<Vec<Life>> {
    let mut lives: Vec<Life> = orders.into_iter().map(Life::of).collect();
    let step = (lives.len() / 240).max(1);
    let led = lives.iter_mut().filter(|life| is_plain(&life.invoice));
    for (n, life) in led.step_by(step).enumerate() {
        lead(system, life, n)
            .await
            .with_context(|| life.invoice.number.clone())?;
    }
    Ok(lives)
}

/// Everything that can be done to an order can be done to this one, in a few
/// calls.
fn is_plain(invoice: &Invoice) -> bool {
    let lines = &invoice.lines;
    invoice.is_sale()
        && (1..=20).contains(&lines.len())
        && lines
            .iter()
            .all(|line| line.quantity > 0 && line.pence >= 0)
        && invoice.pence() >= 100
        && invoice.units() > 1
}

/// Leads an order on, one way of six.
async fn lead(system: &System<'_>, life: &mut Life, n: usize) -> anyhow::Result<()> {
    let order = Order::find(system, &life.invoice.number).await?;
    let (pence, placed_at) = (life.invoice.pence(), life.invoice.placed_at);
    let (paid, sent) = (
        placed_at + Duration::hours(26),
        placed_at + Duration::days(3),
    );
    if n % 6 != 3 {
        order.tell("payments", &json!({ "amount": pence })).await?;
    }
    match n % 6 {
        0 => {
            order.capture(pence, paid).await?;
            let lines = life.invoice.lines.iter().enumerate();
            let lines = lines
                .map(|(n, line)| json!({"line": format!("l{}", n + 1), "quantity": line.quantity}));
            let there = placed_at + Duration::seconds(5 * 86_400 + 5);
            order.send(lines.collect(), sent).await?;
            let at = json!({ "occurred_at": text(there)? });
            order.tell("fulfillments/f1/deliver", &at).await?;
            life.moves(paid, [("captured", pence)]);
            life.comes_to([
                ("payment_status", "paid"),
                ("fulfillment_status", "delivered"),
            ]);
            life.reached
                .extend([("paid", paid), ("shipped", sent), ("delivered", there)]);
        }
        1 => {
            order.capture(pence, paid).await?;
            let (back, at) = (pence / 3, placed_at + Duration::days(40));
            let refund = json!({
                "payment_id": "p1", "amount": back, "reason": "sorry", "occurred_at": text(at)?,
            });
            order.tell("refunds", &refund).await?;
            life.moves(paid, [("captured", pence)]);
            life.moves(at, [("refunded", back), ("credited", back)]);
            life.comes_to([("payment_status", "partially_refunded")]);
            life.reached.extend([("paid", paid), ("refunded", at)]);
        }
        2 => {
            order.capture(pence / 2, paid).await?;
            life.moves(paid, [("captured", pence / 2)]);
            life.comes_to([("payment_status", "partially_paid")]);
        }
        3 => {
            let cancel = json!({ "reason": "changed their mind" });
            let at = order.recorded(order.tell("cancel", &cancel).await?).await?;
            let units = life.invoice.units();
            let gone = [
                ("cancelled", 1),
                ("units", -units),
                ("items", -pence),
                ("revenue", -pence),
            ];
            life.moves(at, gone);
            life.comes_to([("status", "cancelled")]);
            life.reached.insert("cancelled", at);
        }
        4 => {
            order.capture(pence, paid).await?;
            let back = pence / 2;
            let chargeback = json!({ "payment_id": "p1", "amount": back });
            let at = order
                .recorded(order.tell("chargebacks", &chargeback).await?)
                .await?;
            life.moves(paid, [("captured", pence)]);
            life.moves(at, [("charged_back", back)]);
            life.comes_to([("payment_status", "partially_refunded")]);
            life.reached.insert("paid", paid);
        }
        _ => {
            order
                .send(vec![json!({"line": "l1", "quantity": 1})], sent)
                .await?;
            life.comes_to([
                ("payment_status", "authorized"),
                ("fulfillment_status", "partial"),
            ]);
            life.reached.insert("shipped", sent);
        }
    }
    Ok(())
}

/// An order that is told things.
struct Order {
    commands: Api,
    queries: Api,
    id: String,
}

impl Order {
    async fn find(system: &System<'_>, number: &str) -> anyhow::Result<Self> {
        let path = format!("/v1/orders/by_external_id/online-retail/{number}?fields=id");
        let found = system.api.get(&path).await?.expect(200)?;
        Ok(Self {
            commands: system.api.at(&system.command_api),
            queries: system.api.clone(),
            id: found.json["id"].as_str().context("an id")?.to_owned(),
        })
    }

    /// The version that it has then.
    async fn tell(&self, what: &str, body: &Value) -> anyhow::Result<i64> {
        let path = format!("/v1/orders/{}/{what}", self.id);
        let answer = self.commands.post(&path, body).await?;
        ensure!(answer.status.is_success(), "{what}: {}", answer.json);
        answer.json["version"].as_i64().context("a version")
    }

    /// When that version was recorded, to the second.
    async fn recorded(&self, version: i64) -> anyhow::Result<OffsetDateTime> {
        let path = format!(
            "/v1/orders/{}?fields=updated_at&min_version={version}",
            self.id
        );
        let patient = self.queries.request(Method::GET, &path);
        let patient = patient.header("Prefer", "wait=30, handling=strict");
        let order = answer(patient).await?.expect(200)?;
        let at = order.json["updated_at"].as_str().context("a time")?;
        Ok(OffsetDateTime::parse(at, &Rfc3339)?.truncate_to_second())
    }

    async fn capture(&self, amount: i64, at: OffsetDateTime) -> anyhow::Result<()> {
        let capture = json!({ "amount": amount, "occurred_at": text(at)? });
        self.tell("payments/p1/capture", &capture).await?;
        Ok(())
    }

    async fn send(&self, lines: Vec<Value>, at: OffsetDateTime) -> anyhow::Result<()> {
        self.tell("fulfillments", &json!({ "lines": lines }))
            .await?;
        let at = json!({ "occurred_at": text(at)? });
        self.tell("fulfillments/f1/ship", &at).await?;
        Ok(())
    }
}

fn text(at: OffsetDateTime) -> anyhow::Result<String> {
    Ok(at.format(&Rfc3339)?)
}
