//! The method as a cqrs-es aggregate: a thin shell around the pure functions.

use super::{ShippingMethod, ShippingMethodCommand, ShippingMethodEvent, decide, evolve};
use crate::shipping::rejection::ShippingRejection;
use cqrs_es::{Aggregate, event_sink::EventSink};

impl Aggregate for ShippingMethod {
    const TYPE: &'static str = super::TYPE;
    type Command = ShippingMethodCommand;
    type Event = ShippingMethodEvent;
    type Error = ShippingRejection;
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
    ShippingMethod, ShippingMethodEvent, contracts::shipping::method::ShippingMethod, method, contracts::topics::SHIPPING
}
