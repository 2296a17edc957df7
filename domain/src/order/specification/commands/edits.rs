//! Edits.

use super::{id, orders::shipping, why};
use crate::order::{OrderCommand, command::*};
use contracts::order::{AddressKind, Customer};

pub fn add_line(line: NewLine) -> OrderCommand {
    AddLine { line, reason: None }.into()
}

pub fn change(line: &str, quantity: i64) -> OrderCommand {
    reprice(line, Some(quantity), None, None)
}

pub fn reprice(
    line: &str,
    quantity: Option<i64>,
    discount: Option<i64>,
    tax: Option<i64>,
) -> OrderCommand {
    ChangeLine {
        line: id(line),
        quantity,
        discount,
        tax,
        reason: None,
    }
    .into()
}

pub fn remove_line(line: &str) -> OrderCommand {
    let line = id(line);
    RemoveLine {
        line,
        reason: Some(why()),
    }
    .into()
}

pub fn change_shipping(amount: i64, tax: i64) -> OrderCommand {
    let shipping = shipping(amount, tax);
    ChangeShipping {
        shipping,
        reason: None,
    }
    .into()
}

pub fn discount(value: DiscountValue, line: Option<&str>) -> OrderCommand {
    ApplyDiscount {
        value,
        line: line.map(id),
        code: None,
        reason: None,
    }
    .into()
}

pub fn fixed(amount: i64) -> DiscountValue {
    DiscountValue::Fixed(amount)
}

pub fn percent(text: &str) -> DiscountValue {
    DiscountValue::Percent(text.parse().expect("a percentage"))
}

pub fn remove_discount(discount: &str) -> OrderCommand {
    let discount = id(discount);
    RemoveDiscount {
        discount,
        reason: None,
    }
    .into()
}

pub fn change_address(kind: AddressKind, address: NewAddress) -> OrderCommand {
    ChangeAddress { kind, address }.into()
}

pub fn link(customer: &str) -> OrderCommand {
    let customer_id = id(customer);
    LinkCustomer { customer_id }.into()
}

pub fn assign(customer: Customer) -> OrderCommand {
    AssignCustomer { customer }.into()
}
