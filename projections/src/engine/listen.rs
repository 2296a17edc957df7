//! Hearing that there may be something to do.

use infra::postgres;
use sqlx::{PgPool, postgres::PgListener};
use std::time::Duration;
use tokio::{
    sync::watch::Sender,
    time::{sleep, timeout},
};

/// How often it is looked for when nobody says that there is some; also how old
/// gauges are.
const POLL: Duration = Duration::from_secs(2);

/// Says, for ever, that there may be something to do: at each notification on
/// the channel, and every two seconds anyhow.
pub(super) async fn watch(
    views_url: String,
    channel: &str,
    look: Sender<()>,
) -> Result<(), sqlx::Error> {
    // A listener keeps its connection: it gets one of its own.
    let views = postgres::pool(&views_url, 1)?;
    loop {
        if let Err(error) = listen(&views, channel, &look).await {
            tracing::debug!(%error, "projector.not_listening");
        }
        look.send_replace(());
        sleep(POLL).await;
    }
}

async fn listen(views: &PgPool, channel: &str, look: &Sender<()>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(views).await?;
    listener.listen(channel).await?;
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
