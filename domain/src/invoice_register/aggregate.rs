//! The register as a cqrs-es aggregate: a thin shell around the pure functions.

use super::{Assign, InvoiceRegister, InvoiceRegisterEvent, decide, evolve};
use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
use std::convert::Infallible;

impl Aggregate for InvoiceRegister {
    const TYPE: &'static str = super::TYPE;
    type Command = Assign;
    type Event = InvoiceRegisterEvent;
    type Error = Infallible;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in decide(self, command) {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        *self = evolve(std::mem::take(self), &event);
    }
}

impl DomainEvent for InvoiceRegisterEvent {
    fn event_type(&self) -> String {
        Self::NAME.to_owned()
    }

    fn event_version(&self) -> String {
        Self::VERSION.to_owned()
    }
}
