//! Changing a placed order. The difference in money shows in its balance and
//! is never settled by itself.

pub mod add_line;
pub mod apply_discount;
pub mod assign_customer;
pub mod change_address;
pub mod change_line;
pub mod change_shipping;
pub mod link_customer;
pub mod remove_discount;
pub mod remove_line;
