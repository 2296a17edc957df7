//! The roles that nobody calls: relay and projector.

use crate::mapping::Mapping;
use infra::{
    config::Config,
    http::Readiness,
    lifecycle::Lifecycle,
    log::LogReader,
    postgres,
    relay::{self, RelayState, RelayStatus},
};
use std::sync::Arc;

/// Connections that a projector reads the log with: rebuilds and refolds.
const LOG_CONNECTIONS: u32 = 4;

/// Starts the relay; `ready` learns how it is doing.
pub fn relay(
    config: &Config,
    lifecycle: &Lifecycle,
    ready: Readiness,
) -> anyhow::Result<Readiness> {
    let status = relay::spawn(config, Arc::new(Mapping), lifecycle)?;
    Ok(ready.check("relay", move || {
        let status = status.clone();
        async move {
            let RelayStatus { state, .. } = *status.borrow();
            match state {
                RelayState::Leading | RelayState::Standby => Ok(()),
                waiting => Err(format!("{waiting:?}")),
            }
        }
    }))
}

/// Starts the projector; `ready` learns how it is doing.
pub fn projector(
    config: &Config,
    lifecycle: &Lifecycle,
    ready: Readiness,
) -> anyhow::Result<Readiness> {
    let log = LogReader::new(postgres::pool(&config.events_url, LOG_CONNECTIONS)?);
    let status = projections::spawn(config, log, Arc::new(Mapping), lifecycle)?;
    Ok(ready.check("projector", move || {
        let status = status.clone();
        async move {
            if status.ready() {
                Ok(())
            } else {
                Err(format!("{:?}", status.workers()))
            }
        }
    }))
}
