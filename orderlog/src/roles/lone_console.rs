//! The console as a process of its own.

use actix_web::{
    HttpResponse,
    http::header::LOCATION,
    web::{self, ServiceConfig},
};
use console::{Console, ROOT};
use infra::{config::Config, http::Readiness};

/// What it depends on, and its routes: a client of the APIs that the configuration
/// names. Nothing else is there, so whoever names no page is led to it.
pub fn lone(
    config: &Config,
) -> anyhow::Result<(
    Readiness,
    impl Fn(&mut ServiceConfig) + Clone + Send + use<>,
)> {
    let console = Console::new(config, &config.command_url, config.questions_url())?;
    let ready = console.readiness(Readiness::new());
    let configure = move |config: &mut ServiceConfig| {
        console.configure(config);
        config.route("/", web::get().to(to_console));
    };
    Ok((ready, configure))
}

async fn to_console() -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, ROOT))
        .finish()
}
