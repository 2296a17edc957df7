//! The console: pages for people, rendered here, below `/console`.
//!
//! It is a client of the two public APIs and of nothing else: whatever it shows can be
//! had by API, and whatever it does is a command that anybody with the key may send.
//! It keeps nothing. Who is signed in stands in a sealed cookie ([`session`]); what
//! they may see and do is what the API lets their key do.

pub mod api;
mod assets;
pub mod charts;
mod csrf;
mod error;
mod failure;
mod frame;
pub mod layout;
pub mod locale;
pub mod moment;
mod mount;
mod page;
mod pages;
mod security;
pub mod session;
mod visit;

pub use csrf::{Fields, Posted};
pub use error::ConsoleError;
pub use failure::{Failure, Refusal};
pub use mount::Mount;
pub use page::Page;
pub use visit::Visit;

use actix_web::web::ServiceConfig;
use api::{Apis, Side};
use infra::{config::Config, http::Readiness};
use session::Sessions;

/// Below which path all of it is.
pub const ROOT: &str = "/console";

/// The console of one process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Console {
    apis: Apis,
    sessions: Sessions,
}

impl Console {
    /// A client of the APIs at these URLs: the same one twice where one front stands
    /// before both.
    ///
    /// # Errors
    /// A URL, the key of sessions, the authorities, or the HTTP client.
    pub fn new(
        config: &Config,
        commands_url: &str,
        queries_url: &str,
    ) -> Result<Self, ConsoleError> {
        Ok(Self {
            apis: Apis::new(config, commands_url, queries_url)?,
            sessions: Sessions::of(config)?,
        })
    }

    /// Adds that each API has answered once: a console that cannot reach them takes
    /// nobody's requests from one that can. What fails later is reported, and said on the
    /// pages that lack it: the others are there, among them what an operator looks at.
    #[must_use]
    pub fn readiness(&self, ready: Readiness) -> Readiness {
        let sides = [("command_api", Side::Commands), ("read_api", Side::Queries)];
        sides.into_iter().fold(ready, |ready, (name, side)| {
            let apis = self.apis.clone();
            ready.check_first(name, move || {
                let apis = apis.clone();
                async move { apis.answers(side).await }
            })
        })
    }

    /// Mounts its routes.
    pub fn configure(&self, config: &mut ServiceConfig) {
        Mount::of(self.clone()).configure(config);
    }
}
