//! Hearing that something is to be driven again.

use infra::{postgres, views::REDRIVE_CHANNEL};
use sqlx::{PgPool, postgres::PgListener};
use std::time::Duration;
use tokio::{
    sync::watch::Sender,
    time::{sleep, timeout},
};

/// How often marks are looked for when nobody says that there are some; also
/// how old the gauges are.
const POLL: Duration = Duration::from_secs(2);

/// Tells workers, for ever, that there may be marks: at each notification, and
/// every two seconds anyhow.
pub async fn watch(views_url: String, look: Sender<()>) -> Result<(), sqlx::Error> {
    // A listener keeps its connection: it gets one of its own.
    let views = postgres::pool(&views_url, 1)?;
    loop {
        if let Err(error) = listen(&views, &look).await {
            tracing::debug!(%error, "projector.not_listening");
        }
        look.send_replace(());
        sleep(POLL).await;
    }
}

async fn listen(views: &PgPool, look: &Sender<()>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(views).await?;
    listener.listen(REDRIVE_CHANNEL).await?;
    loop {
        // Ending by the time is as good as ending by a notification; none
        // means that the connection was lost, and something may have been
        // missed.
        if let Ok(received) = timeout(POLL, listener.try_recv()).await {
            received?;
        }
        look.send_replace(());
    }
}
