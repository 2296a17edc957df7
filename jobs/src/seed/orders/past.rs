//! What became of an order of the past, as an import tells it.

use super::{Generator, Sale};
use crate::{
    import::body::{
        CancellationBody, FulfillmentBody, LineBody, OrderBody, PaymentBody, RefundBody, UnitsBody,
    },
    seed::{
        SeedError,
        draw::{Draw, Of},
        line::{About, Line},
    },
};
use contracts::order::{Kind, RefundPurpose};
use time::{Duration, OffsetDateTime};

/// One in so many is a credit note.
const CREDITS: u64 = 41;
/// The first one of them.
const FIRST_CREDIT: u64 = 20;

/// How an order ended.
#[derive(Debug, Clone, Copy)]
enum End {
    /// As it should.
    Well,
    /// Never paid.
    Unpaid,
    /// Called off, and the money given back.
    CalledOff,
    /// With a courtesy.
    Courtesy,
    /// With some of it sent back.
    SomeBack,
    /// With all of it sent back.
    AllBack,
}

/// How many of a hundred end how.
const ENDS: [(End, u32); 6] = [
    (End::Well, 85),
    (End::Unpaid, 3),
    (End::CalledOff, 2),
    (End::Courtesy, 4),
    (End::SomeBack, 4),
    (End::AllBack, 2),
];
/// Who moves the money, and how many of a hundred payments.
const PROVIDERS: [(&str, u32); 3] = [("card", 68), ("wallet", 18), ("bank-transfer", 14)];

/// The line that imports order number `index`.
pub fn line(generator: &Generator, index: u64) -> Result<Line, SeedError> {
    let sale = generator.sale(index, &mut generator.draw(Of::Order, index))?;
    let body = if index % CREDITS == FIRST_CREDIT {
        credit(&sale)
    } else {
        let draw = generator.draw(Of::Life, index);
        let mut past = Past {
            generator,
            sale: &sale,
            body: told(&sale, Kind::Order),
            draw,
        };
        past.happens();
        past.body
    };
    let key = format!("seed:import:{}", sale.external_id);
    Line::new("import_order", key, &About::NOTHING_MORE, Some(&body))
}

/// The order as it was placed.
fn told<'a>(sale: &'a Sale<'_>, kind: Kind) -> OrderBody<'a> {
    let named = (sale.platform(), &*sale.external_id, sale.currency.code());
    OrderBody {
        customer: Some(sale.person.customer.clone()),
        lines: sale.lines.iter().map(|line| line.body.clone()).collect(),
        shipping: sale.shipping.clone(),
        shipping_address: Some(sale.person.address.clone()),
        tags: sale.tags.clone(),
        ..OrderBody::new(named, kind, sale.placed_at)
    }
}

/// A credit note over what the order would have been.
fn credit<'a>(sale: &'a Sale<'_>) -> OrderBody<'a> {
    let body = told(sale, Kind::Credit);
    let lines = body.lines.into_iter().map(|line| LineBody {
        quantity: -line.quantity,
        tax: -line.tax,
        discount: -line.discount,
        ..line
    });
    OrderBody {
        lines: lines.collect(),
        shipping: None,
        tags: vec!["credit-note".to_owned()],
        ..body
    }
}

struct Past<'a> {
    generator: &'a Generator,
    sale: &'a Sale<'a>,
    body: OrderBody<'a>,
    draw: Draw,
}

impl Past<'_> {
    /// What happened before the shop's last day.
    fn happens(&mut self) {
        let (end, _) = ENDS[self.draw.weighted(ENDS.iter().map(|(_, percent)| *percent))];
        if matches!(end, End::Unpaid) {
            let hours = self.draw.between(30, 90);
            return self.called_off(self.sale.placed_at + Duration::hours(hours), "never paid");
        }
        let Some(paid) = self.paid() else { return };
        if matches!(end, End::CalledOff) {
            let hours = self.draw.between(1, 20);
            let at = paid + Duration::hours(hours);
            if self.refunded(
                (self.sale.total, RefundPurpose::Cancellation),
                "out of stock",
                at,
            ) {
                self.called_off(at, "out of stock");
            }
            return;
        }
        let Some(there) = self.sent(paid) else { return };
        let days = self.draw.between(2, 16);
        let at = there + Duration::days(days);
        let all = self.sale.total;
        let first = self.sale.lines.first().map_or(1, |line| line.gross);
        match end {
            End::Courtesy => {
                let some = (all * self.draw.between(5, 25) / 100).max(1);
                self.refunded((some, RefundPurpose::Goodwill), "arrived scratched", at);
            }
            End::SomeBack => {
                let some = first.clamp(1, all);
                self.refunded((some, RefundPurpose::Return), "did not suit", at);
            }
            End::AllBack => {
                self.refunded((all, RefundPurpose::Return), "changed their mind", at);
            }
            End::Well | End::Unpaid | End::CalledOff => {}
        }
    }

    /// When it was paid, if it has been.
    fn paid(&mut self) -> Option<OffsetDateTime> {
        let provider = self
            .draw
            .weighted(PROVIDERS.iter().map(|(_, percent)| *percent));
        let (provider, _) = PROVIDERS[provider];
        let seconds = if provider == "bank-transfer" {
            self.draw.between(20, 80) * 3_600
        } else {
            self.draw.between(20, 300)
        };
        let paid = self.sale.placed_at + Duration::seconds(seconds);
        let paid = self.generator.calendar.come(paid);
        self.body.payments.push(PaymentBody {
            amount: self.sale.total,
            captured: paid.map_or(0, |_| self.sale.total),
            provider: Some(provider.to_owned()),
            reference: Some(self.draw.filled("@@##@@####@@")),
            captured_at: paid,
        });
        paid
    }

    fn called_off(&mut self, at: OffsetDateTime, why: &str) {
        if let Some(at) = self.generator.calendar.come(at) {
            self.body.cancellation = Some(CancellationBody {
                reason: Some(why.to_owned()),
                cancelled_at: Some(at),
            });
        }
    }

    /// Whether that has come.
    fn refunded(
        &mut self,
        (amount, purpose): (i64, RefundPurpose),
        why: &str,
        at: OffsetDateTime,
    ) -> bool {
        let at = self.generator.calendar.come(at);
        self.body.refunds.extend(at.map(|at| RefundBody {
            payment: "p1".to_owned(),
            amount,
            purpose,
            return_id: None,
            reason: Some(why.to_owned()),
            refunded_at: Some(at),
        }));
        at.is_some()
    }

    /// When the last parcel was there, if all are.
    fn sent(&mut self, paid: OffsetDateTime) -> Option<OffsetDateTime> {
        let all = self.sale.lines.len();
        let lines = |from: usize, to: usize| {
            let lines = self.sale.lines.iter().enumerate().take(to).skip(from);
            let units = lines.map(|(place, line)| UnitsBody {
                line: format!("l{}", place + 1),
                quantity: line.body.quantity,
            });
            units.collect::<Vec<_>>()
        };
        let parcels = if all > 1 && self.draw.chance(15) {
            vec![lines(0, 1), lines(1, all)]
        } else {
            vec![lines(0, all)]
        };
        let mut last = Some(paid);
        for lines in parcels {
            let there = self.parcel(lines, last?);
            last = there;
        }
        last
    }

    /// When a parcel was there, if it is, that was packed after `from`.
    fn parcel(&mut self, lines: Vec<UnitsBody>, from: OffsetDateTime) -> Option<OffsetDateTime> {
        let calendar = &self.generator.calendar;
        let goes = self.sale.shipping.is_some();
        let (packing, under_way) = if goes {
            (self.draw.between(5, 60), self.draw.between(18, 140))
        } else {
            // By mail that needs no postman.
            (0, 0)
        };
        let minutes = self.draw.between(1, 59);
        let shipped = from + Duration::hours(packing) + Duration::minutes(minutes);
        let shipped_at = calendar.come(shipped);
        let there = calendar.come(shipped + Duration::hours(under_way));
        if shipped_at.is_none() && self.draw.chance(50) {
            // Nobody has begun to pack.
            return None;
        }
        let carrier = &self.sale.person.country.carrier;
        let number = self.draw.filled("@@#########@@");
        let tracked = shipped_at.filter(|_| goes);
        self.body.fulfillments.push(FulfillmentBody {
            lines,
            carrier: tracked.map(|_| carrier.clone()),
            tracking_url: tracked.map(|_| format!("https://track.example/{carrier}/{number}")),
            tracking_number: tracked.map(|_| number),
            shipped_at,
            delivered_at: there,
        });
        there
    }
}
