//! The rules of the order, given / when / then, and walks through all of its
//! commands under the eyes of a model that keeps accounts of its own.

mod commands;
mod drafts;
mod editing;
mod fulfilling;
mod importing;
mod lessons;
mod lifecycle;
mod paying;
mod placing;
mod pricing;
mod refunding;
mod refusals;
mod returning;
mod scale;
mod walk;

use super::{Order, OrderCommand, OrderEvent, Rejection, after, decide, evolve};
use contracts::order::{After, Totals};

/// An order as commands made it.
#[derive(Clone, Default)]
struct Given {
    order: Order,
    events: Vec<OrderEvent>,
}

/// What a command led to.
struct Then {
    order: Order,
    outcome: Result<Vec<OrderEvent>, Rejection>,
}

/// No order at all.
fn nothing() -> Given {
    Given::default()
}

/// An order to which these commands were given, all of them accepted.
fn given(commands: impl IntoIterator<Item = OrderCommand>) -> Given {
    commands.into_iter().fold(nothing(), Given::and)
}

impl Given {
    /// The same after one more command, which is accepted.
    fn and(mut self, command: OrderCommand) -> Self {
        let name = format!("{command:?}");
        let events = decide(&self.order, command);
        for event in events.unwrap_or_else(|e| panic!("{e:?} for {name}")) {
            self.order = evolve(self.order, &event);
            self.events.push(event);
        }
        self
    }

    fn when(&self, command: OrderCommand) -> Then {
        let outcome = decide(&self.order, command);
        let events = outcome.as_deref().unwrap_or_default();
        let order = events.iter().fold(self.order.clone(), evolve);
        Then { order, outcome }
    }

    fn after(&self) -> After {
        after(&self.order, 1).expect("sums fit")
    }

    fn totals(&self) -> Totals {
        self.after().totals
    }
}

impl Then {
    fn rejects(self, rejection: &Rejection) {
        assert_eq!(self.outcome.as_ref(), Err(rejection));
    }

    /// Refused under this code.
    fn fails_with(self, code: &str) {
        let refused = self.outcome.expect_err("refused");
        assert_eq!(refused.code(), code, "{refused:?}");
    }

    fn stores_nothing(self) {
        assert_eq!(self.outcome, Ok(Vec::new()));
    }

    /// Stores these events, by name.
    fn stores(self, names: &[&str]) -> Self {
        let events = self.outcome.as_ref().expect("accepted");
        let stored: Vec<&str> = events.iter().map(OrderEvent::name).collect();
        assert_eq!(stored, names);
        self
    }

    fn event(&self) -> &OrderEvent {
        match self.outcome.as_deref() {
            Ok([event]) => event,
            other => panic!("one event expected: {other:?}"),
        }
    }

    fn after(&self) -> After {
        self.outcome.as_ref().expect("accepted");
        after(&self.order, 1).expect("sums fit")
    }

    fn totals(&self) -> Totals {
        self.after().totals
    }
}
