//! `orderlog listen`.

use crate::client::api_key;
use anyhow::Context as _;
use infra::webhooks::WebhookSecret;
use jobs::webhooks::{Listening, Told, listen};
use std::{path::PathBuf, process::ExitCode};
use tokio_util::sync::CancellationToken;

/// Sends events of a running system to a receiver, as webhooks.
///
/// For whoever writes a receiver: events that come from now on are sent to it,
/// signed, without an endpoint being set up. One that it refuses is not sent
/// again. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    orderlog listen --forward-to http://127.0.0.1:3000/hooks --api-key-file .orderlog/dev-api-key\n  \
    orderlog listen --forward-to http://127.0.0.1:3000/hooks --event-type order.placed --platform web")]
pub struct ListenArgs {
    /// The receiver
    #[arg(long, value_name = "URL")]
    forward_to: String,
    /// Where the system answers
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// File with the API key; `ORDERLOG_API_KEY` where it is not given
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Only events of this type (order.placed, order.*); may be repeated
    #[arg(long = "event-type", value_name = "TYPE")]
    event_types: Vec<String>,
    /// Only events of orders of this platform
    #[arg(long)]
    platform: Option<String>,
    /// What to sign with (whsec_…), a new secret unless told
    #[arg(long, env = "ORDERLOG_WEBHOOK_SECRET", hide_env_values = true)]
    secret: Option<String>,
}

/// Runs until `stop` is cancelled.
///
/// # Errors
/// When the system refuses the client.
pub async fn run(args: ListenArgs, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let secret = match &args.secret {
        None => WebhookSecret::random(),
        Some(text) => WebhookSecret::from_text(text)
            .context("the secret is not whsec_ and base64 of 24 to 64 bytes")?,
    };
    let system = jobs::system_url(&args.url)
        .with_context(|| format!("{} is not an absolute http or https URL", args.url))?;
    jobs::system_url(&args.forward_to)
        .with_context(|| format!("{} is not an absolute http or https URL", args.forward_to))?;
    let mut event_types = args.event_types;
    if event_types.is_empty() {
        event_types.push("*".into());
    }
    println!("signed with {}", secret.to_text());
    let listening = Listening {
        system,
        api_key: api_key(args.api_key_file.as_deref())?,
        forward_to: args.forward_to,
        event_types,
        platform: args.platform,
        secret,
    };
    listen(&listening, tell, stop).await?;
    Ok(ExitCode::SUCCESS)
}

fn tell(told: &Told<'_>) {
    match told {
        Told::Connected => println!("listening"),
        Told::Away(why) => println!("waiting: {why}"),
        Told::Sent(happened, sent) => {
            let (attempt, kind) = (&sent.attempt, &happened.event_type);
            let (order, version) = (happened.subject, happened.sequence);
            let answer = attempt.error.clone().unwrap_or_else(|| {
                let status = attempt.status.unwrap_or_default();
                format!("answered {status}")
            });
            let took = attempt.duration_ms;
            println!("{kind} {order} v{version}: {answer} ({took} ms)");
        }
    }
}
