//! Steps of an order, as the lines that tell them.

use crate::seed::{
    SeedError,
    calendar::Calendar,
    draw::Draw,
    line::{About, Line, Story},
    orders::Sale,
};
use serde::Serialize;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// The lines about one order, as far as they are told.
pub struct Telling<'a> {
    /// The order.
    pub sale: &'a Sale<'a>,
    /// What is drawn about its life.
    pub draw: Draw,
    calendar: &'a Calendar,
    lines: Vec<Line>,
    /// When the last step was.
    now: OffsetDateTime,
}

/// What a step comes to.
pub type Told = Result<(), SeedError>;

impl<'a> Telling<'a> {
    /// Nothing yet.
    pub fn new(sale: &'a Sale<'a>, calendar: &'a Calendar, draw: Draw) -> Self {
        Self {
            sale,
            draw,
            calendar,
            lines: Vec::new(),
            now: sale.placed_at,
        }
    }

    /// All of it; none where nothing was told.
    pub fn story(self) -> Option<Story> {
        let mut lines = self.lines.into_iter();
        let first = lines.next()?;
        let then = lines.collect();
        Some(Story { first, then })
    }

    fn add<B: Serialize>(&mut self, op: &'static str, about: About<'_>, body: Option<&B>) -> Told {
        let step = self.lines.len() + 1;
        let key = format!("seed:{}:{step}:{op}", self.sale.external_id);
        self.lines.push(Line::new(op, key, &about, body)?);
        Ok(())
    }

    /// A step with a body.
    pub fn tell(&mut self, op: &'static str, about: About<'_>, body: &Value) -> Told {
        let sale = self.sale;
        let about = about.of(sale.platform(), &sale.external_id);
        self.add(op, about, Some(body))
    }

    /// A step that needs nothing said.
    pub fn do_so(&mut self, op: &'static str, about: About<'_>) -> Told {
        let sale = self.sale;
        let about = about.of(sale.platform(), &sale.external_id);
        self.add::<Value>(op, about, None)
    }

    /// A time, some hours after the last one and within the shop's days, as
    /// bodies have it.
    pub fn after(&mut self, least: i64, most: i64) -> Result<String, SeedError> {
        let minutes = self.draw.between(least * 60, most * 60 + 20);
        self.now = self.calendar.at_last(self.now + Duration::minutes(minutes));
        Ok(self.now.format(&Rfc3339)?)
    }

    /// It is placed.
    pub fn placed(&mut self) -> Told {
        let sale = self.sale;
        let body = sale.placed(Some(sale.placed_at));
        self.add("place_order", About::NOTHING_MORE, Some(&body))
    }

    /// It is begun.
    pub fn drafted(&mut self) -> Told {
        let sale = self.sale;
        self.add(
            "create_draft",
            About::NOTHING_MORE,
            Some(&sale.placed(None)),
        )
    }

    /// It is accepted, where its platform has not done so by itself.
    pub fn confirmed(&mut self) -> Told {
        if self.sale.person.platform.body["auto_confirm"] == true {
            return Ok(());
        }
        self.do_so("confirm_order", About::NOTHING_MORE)
    }

    /// So much may be captured.
    pub fn authorized(&mut self, amount: i64) -> Told {
        let reference = self.draw.filled("@@##@@####@@");
        let body = json!({"amount": amount, "provider": "card", "reference": reference});
        self.tell("authorize_payment", About::NOTHING_MORE, &body)
    }

    /// So much of a payment is captured.
    pub fn captured(&mut self, payment: &str, amount: i64) -> Told {
        let body = json!({"amount": amount, "occurred_at": self.after(0, 1)?});
        self.tell("capture_payment", About::payment(payment), &body)
    }

    /// It is placed, accepted and paid.
    pub fn paid(&mut self) -> Told {
        let total = self.sale.total;
        self.placed()?;
        self.confirmed()?;
        self.authorized(total)?;
        self.captured("p1", total)
    }

    /// So much of the first payment goes back.
    pub fn refunded(&mut self, amount: i64, why: &str, more: &[(&str, &str)]) -> Told {
        let mut body = json!({"payment_id": "p1", "amount": amount, "reason": why});
        for (member, value) in more {
            body[*member] = (*value).into();
        }
        body["occurred_at"] = self.after(4, 30)?.into();
        self.tell("refund_payment", About::NOTHING_MORE, &body)
    }

    /// All of it is packed into one parcel.
    pub fn packed(&mut self) -> Told {
        let units = self.units(None);
        self.tell(
            "create_fulfillment",
            About::NOTHING_MORE,
            &json!({"lines": units}),
        )
    }

    /// A parcel goes.
    pub fn shipped(&mut self, fulfillment: &str) -> Told {
        let carrier = self.sale.person.country.carrier.clone();
        let number = self.draw.filled("@@#########@@");
        let mut body = json!({"occurred_at": self.after(3, 20)?});
        if self.sale.shipping.is_some() {
            body["tracking_url"] = format!("https://track.example/{carrier}/{number}").into();
            body["carrier"] = carrier.into();
            body["tracking_number"] = number.into();
        }
        self.tell("ship_fulfillment", About::fulfillment(fulfillment), &body)
    }

    /// It is paid, packed and gone.
    pub fn gone(&mut self) -> Told {
        self.paid()?;
        self.packed()?;
        self.do_so("issue_invoice", About::NOTHING_MORE)?;
        self.shipped("f1")
    }

    /// And there.
    pub fn delivered(&mut self) -> Told {
        self.gone()?;
        let body = json!({"occurred_at": self.after(20, 70)?});
        self.tell("deliver_fulfillment", About::fulfillment("f1"), &body)
    }

    /// So much of the first line, or all of everything, as bodies have it.
    pub fn units(&self, of_first: Option<i64>) -> Vec<Value> {
        let lines = self.sale.lines.iter().enumerate();
        let units = lines.map(|(place, line)| {
            let quantity = of_first.unwrap_or(line.body.quantity);
            json!({"line": format!("l{}", place + 1), "quantity": quantity})
        });
        units
            .take(if of_first.is_some() { 1 } else { usize::MAX })
            .collect()
    }

    /// It is labelled.
    pub fn tagged(&mut self, tag: &str) -> Told {
        self.do_so("tag_order", About::tag(tag))
    }

    /// Something is written down.
    pub fn noted(&mut self, text: &str) -> Told {
        self.tell("add_note", About::NOTHING_MORE, &json!({"text": text}))
    }
}
