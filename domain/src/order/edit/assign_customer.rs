//! Saying whose order it is.

use crate::order::{
    command::AssignCustomer, event::OrderEvent, rejection::Rejection, state::Order,
};
use contracts::{
    order::{Customer, CustomerAssigned},
    personal::Personal,
};

/// Before the first fulfilment.
pub fn decide(order: &Order, command: AssignCustomer) -> Result<Vec<OrderEvent>, Rejection> {
    order.editable()?;
    let assigned = CustomerAssigned {
        customer_id: command.customer.id.clone(),
        personal: Customer::personal(command.customer).map(Personal::Open),
    };
    Ok(vec![assigned.into()])
}
