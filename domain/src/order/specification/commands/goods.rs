//! Goods out and goods back.

use super::{id, why};
use crate::order::{OrderCommand, command::*};
use uuid::Uuid;

pub fn units(lines: &[(&str, i64)]) -> Vec<LineUnits> {
    let units = lines.iter().map(|(line, quantity)| LineUnits {
        line: id(line),
        quantity: *quantity,
    });
    units.collect()
}

pub fn fulfill(lines: &[(&str, i64)]) -> OrderCommand {
    let lines = units(lines);
    CreateFulfillment { lines }.into()
}

pub fn shipment(fulfillment: &str) -> ShipFulfillment {
    ShipFulfillment {
        fulfillment: id(fulfillment),
        tracking: NewTracking::default(),
        allow_unpaid: false,
        force: false,
        reason: None,
        occurred_at: None,
    }
}

/// Where the platform allows it unpaid.
pub fn ship(fulfillment: &str) -> OrderCommand {
    let allow_unpaid = true;
    ShipFulfillment {
        allow_unpaid,
        ..shipment(fulfillment)
    }
    .into()
}

pub fn track(fulfillment: &str) -> OrderCommand {
    let tracking = NewTracking {
        carrier: Some(id("DHL")),
        ..NewTracking::default()
    };
    let fulfillment = id(fulfillment);
    UpdateTracking {
        fulfillment,
        tracking,
    }
    .into()
}

pub fn deliver(fulfillment: &str) -> OrderCommand {
    let fulfillment = id(fulfillment);
    DeliverFulfillment {
        fulfillment,
        occurred_at: None,
    }
    .into()
}

pub fn unpack(fulfillment: &str) -> OrderCommand {
    let fulfillment = id(fulfillment);
    CancelFulfillment {
        fulfillment,
        reason: None,
    }
    .into()
}

pub fn send_back(lines: &[(&str, i64)]) -> OrderCommand {
    let units = units(lines).into_iter();
    let lines = units.map(|units| (units, Some(why()))).collect();
    RequestReturn {
        lines,
        reason: None,
    }
    .into()
}

pub fn approve(return_id: &str) -> OrderCommand {
    let return_id = id(return_id);
    ApproveReturn {
        return_id,
        reason: None,
    }
    .into()
}

pub fn decline(return_id: &str) -> OrderCommand {
    let return_id = id(return_id);
    DeclineReturn {
        return_id,
        reason: None,
    }
    .into()
}

pub fn receive(return_id: &str, lines: &[(&str, i64)]) -> OrderCommand {
    let units = units(lines).into_iter();
    let lines = units.map(|units| (units, true)).collect();
    let return_id = id(return_id);
    ReceiveReturn { return_id, lines }.into()
}

pub fn exchange(return_id: &str, order_id: Uuid) -> OrderCommand {
    let return_id = id(return_id);
    LinkExchange {
        return_id,
        order_id,
    }
    .into()
}

pub fn close(return_id: &str) -> OrderCommand {
    let return_id = id(return_id);
    CloseReturn {
        return_id,
        reason: None,
    }
    .into()
}

pub fn call_off(return_id: &str) -> OrderCommand {
    let return_id = id(return_id);
    CancelReturn {
        return_id,
        reason: None,
    }
    .into()
}
