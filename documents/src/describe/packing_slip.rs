//! Packing slips: what is in a parcel, without prices.

use super::parts::{Telling, item, told};
use crate::{
    seller::Seller,
    sheet::{Align, Cell, Party, Sheet, Table},
    tax::quantity,
};
use contracts::order::{Fulfillment, FulfillmentState, Kind, Line, Order, OrderStatus};
use std::collections::HashMap;

/// There is no parcel that the slip would be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order has nothing that is to be packed")]
pub struct NothingToPack;

/// The slip of a fulfilment; without one, of all that is to be sent.
///
/// # Errors
/// For drafts, credits and adjustments, and where everything was called off.
pub fn packing_slip(
    order: &Order,
    parcel: Option<&Fulfillment>,
    seller: &Seller,
) -> Result<Sheet, NothingToPack> {
    let telling = Telling::of(order, seller);
    let table = telling.packed(parcel);
    let is_sale = order.kind == Kind::Order && order.status != OrderStatus::Draft;
    let is_off = parcel.is_some_and(|parcel| parcel.status == FulfillmentState::Cancelled);
    if !is_sale || is_off || table.rows.is_empty() {
        return Err(NothingToPack);
    }
    let words = telling.locale.words();
    let mut facts = telling.facts();
    let method = order
        .shipping
        .as_ref()
        .map(|shipping| shipping.name.clone());
    facts.extend(told([(words.shipping_method, method)]));
    if let Some(parcel) = parcel {
        let shipped = parcel.shipped_at.map(|at| telling.locale.date(at));
        facts.extend(told([
            (words.fulfillment, Some(parcel.id.clone())),
            (words.shipped, shipped),
            (words.carrier, parcel.tracking.carrier.clone()),
            (
                words.tracking_number,
                parcel.tracking.tracking_number.clone(),
            ),
        ]));
    }
    // Where it goes; who pays for it is nobody's business.
    let goes_to = telling.parties().pop().map(|party| Party {
        label: words.ship_to.to_owned(),
        ..party
    });
    let number = match parcel {
        Some(parcel) => format!("{}-{}", order.number, parcel.id),
        None => order.number.clone(),
    };
    Ok(Sheet {
        title: words.packing_slip.to_owned(),
        number,
        slug: "packing-slip",
        facts,
        parties: goes_to.into_iter().collect(),
        lines: table,
        sums: Vec::new(),
        taxes: None,
        notes: Vec::new(),
    })
}

impl Telling<'_> {
    fn packed(&self, parcel: Option<&Fulfillment>) -> Table {
        let words = self.locale.words();
        let packed = if parcel.is_some() {
            words.in_parcel
        } else {
            words.quantity
        };
        let mut table = Table::new([
            (words.position, Align::Right),
            (words.item, Align::Wrapped),
            (words.ordered, Align::Right),
            (packed, Align::Right),
        ]);
        let parcel = parcel.map(contents);
        let in_parcel = |line: &Line| match &parcel {
            Some(parcel) => parcel.get(line.id.as_str()).copied().unwrap_or_default(),
            None => quantity(line),
        };
        let lines = self.order.lines.iter();
        let lines = lines.map(|line| (line, in_parcel(line)));
        let row = |(position, (line, packed)): (i64, (&Line, i64))| -> Vec<Cell> {
            let counts = [quantity(line), packed].map(|count| self.locale.count(count).into());
            let [ordered, packed] = counts;
            vec![position.to_string().into(), item(line), ordered, packed]
        };
        table.rows = (1..)
            .zip(lines.filter(|(_, packed)| *packed > 0))
            .map(row)
            .collect();
        if parcel.is_none() {
            // It would say the same twice.
            table.columns.remove(2);
            for row in &mut table.rows {
                row.remove(2);
            }
        }
        table
    }
}

/// How many of each line are in a parcel.
fn contents(parcel: &Fulfillment) -> HashMap<&str, i64> {
    let mut contents = HashMap::new();
    for part in &parcel.lines {
        *contents.entry(part.line.as_str()).or_default() += part.quantity;
    }
    contents
}
