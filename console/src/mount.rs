//! Where a console is mounted. It may be a client of the very server that it is mounted
//! on, whose address is known only once it listens.

use crate::{Console, ROOT, assets, frame, pages, session};
use actix_web::{
    HttpRequest,
    middleware::from_fn,
    web::{self, Data, ServiceConfig},
};
use std::sync::{Arc, OnceLock};

/// A place for a console, among the routes of a server. Cheap to clone; until it is
/// filled, whoever asks for a page is told to come back.
#[derive(Debug, Clone, Default)]
pub struct Mount(Arc<OnceLock<Console>>);

impl Mount {
    /// A place that is filled already.
    pub(crate) fn of(console: Console) -> Self {
        Self(Arc::new(OnceLock::from(console)))
    }

    /// Fills it, once.
    pub fn fill(&self, console: Console) {
        // Whoever fills it twice has the first one.
        let _ = self.0.set(console);
    }

    /// Mounts the routes.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config.app_data(Data::new(self.clone())).service(
            web::scope(ROOT)
                .wrap(from_fn(frame::frame))
                .configure(session::routes)
                .configure(assets::routes)
                .configure(pages::routes)
                .default_service(web::to(pages::unknown)),
        );
    }
}

/// The console that a request has come to; none where it is not there yet.
pub(crate) fn console_of(request: &HttpRequest) -> Option<&Console> {
    let mount: &Mount = request.app_data::<Data<Mount>>()?;
    mount.0.get()
}
