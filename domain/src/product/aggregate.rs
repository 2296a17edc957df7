//! The product as a cqrs-es aggregate: a thin shell around the pure functions.

use super::{Product, ProductCommand, ProductEvent, Rejection, decide, evolve};
use cqrs_es::{Aggregate, event_sink::EventSink};

impl Aggregate for Product {
    const TYPE: &'static str = super::TYPE;
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Error = Rejection;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        *self = evolve(std::mem::take(self), &event);
    }
}

crate::whole::whole! {
    Product, ProductEvent, contracts::product::Product, product, contracts::topics::CATALOG
}
