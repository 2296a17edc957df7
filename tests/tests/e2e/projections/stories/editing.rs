//! Everything that can be changed of a placed order.

use super::{
    Story,
    values::{id, line, shipping, why},
};
use anyhow::Result;
use contracts::order::{Address, AddressKind, Customer};
use domain::money::Price;
use domain::order::command::{
    AddLine, AddNote, ApplyDiscount, AssignCustomer, ChangeAddress, ChangeLine, ChangeShipping,
    ConfirmOrder, DiscountValue, NewAddress, PlaceHold, ReleaseHold, RemoveDiscount, RemoveLine,
    TagOrder, UntagOrder,
};

impl Story {
    pub(super) fn edit(&mut self) -> Result<()> {
        let reason = why()?;
        self.then(ConfirmOrder { reason })?;
        let handle = Some(id("fraud check")?);
        let reason = "looks odd".try_into()?;
        self.then(PlaceHold { reason, handle })?;
        self.then(ReleaseHold {
            hold: None,
            reason: None,
        })?;
        self.then(TagOrder {
            tag: id("gift, wrapped \"so\"")?,
        })?;
        self.then(TagOrder { tag: id("é")? })?;
        self.then(UntagOrder { tag: id("first")? })?;
        let text = "ring twice".try_into()?;
        self.then(AddNote { text })?;
        self.then(AddLine {
            line: line("D", 5, Price::Minor(100))?,
            reason: None,
        })?;
        self.then(ChangeLine {
            line: id("l4")?,
            quantity: Some(4),
            discount: None,
            tax: None,
            reason: None,
        })?;
        for _ in 0..2 {
            self.then(ApplyDiscount {
                value: DiscountValue::Percent("12.5".parse()?),
                line: None,
                code: Some(id("SPRING")?),
                reason: None,
            })?;
        }
        self.then(RemoveDiscount {
            discount: id("d1")?,
            reason: None,
        })?;
        self.then(RemoveLine {
            line: id("l2")?,
            reason: why()?,
        })?;
        self.then(ChangeShipping {
            shipping: shipping(599)?,
            reason: None,
        })?;
        self.then(ChangeAddress {
            kind: AddressKind::Shipping,
            address: NewAddress {
                address: Address::default(),
                country: None,
            },
        })?;
        let name = Some("Ada".to_owned());
        let customer = Customer {
            id: Some("c-1".into()),
            name,
            email: None,
        };
        self.then(AssignCustomer { customer })
    }
}
