//! Whether each server answers: asked on a connection of its own, so that a
//! full pool does not pass for a server that is away.

use super::{Server, Servers};
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How often each is asked.
const PERIOD: Duration = Duration::from_secs(1);
/// How long one may take: somebody waits for it meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks all of them, for ever.
pub async fn keep_asking(servers: Servers) {
    let each = servers.0.servers.iter().map(|server| async move {
        loop {
            ask(server).await;
            sleep(PERIOD).await;
        }
    });
    join_all::<_>(each.collect::<Vec<_>>()).await;
}

async fn ask(server: &Server) {
    let asked = sqlx::query("SELECT 1").execute(&server.probe);
    match timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => server.set_answers(true, None),
        Ok(Err(error)) => server.set_answers(false, Some(&error)),
        Err(late) => server.set_answers(false, Some(&late)),
    }
    let answers = if *server.answers.borrow() { 1.0 } else { 0.0 };
    metrics::gauge!("orderlog_views_server_answers", "server" => server.name.clone()).set(answers);
}
