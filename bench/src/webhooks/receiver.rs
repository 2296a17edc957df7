//! Whoever is told.

use crate::http::order_id;
use actix_web::{App, HttpResponse, HttpServer, dev::ServerHandle, web};
use anyhow::Context as _;
use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How requests are answered.
#[derive(Debug, Clone, Copy)]
pub enum Reply {
    /// 200.
    Told,
    /// 503.
    Refused,
    /// Not at all.
    Never,
}

impl Reply {
    async fn give(self) -> HttpResponse {
        match self {
            Self::Told => HttpResponse::Ok().finish(),
            Self::Refused => HttpResponse::ServiceUnavailable().finish(),
            Self::Never => pending().await,
        }
    }
}

/// Counts requests, and notes when an order was first told of.
pub struct Receiver {
    pub url: String,
    pub count: Arc<AtomicUsize>,
    told: Arc<Mutex<BTreeMap<String, Instant>>>,
    handle: ServerHandle,
}

impl Receiver {
    /// Listens on this machine, on a thread of its own.
    pub fn start(reply: Reply) -> anyhow::Result<Self> {
        let count = Arc::<AtomicUsize>::default();
        let told = Arc::<Mutex<BTreeMap<_, _>>>::default();
        let (counts, tells) = (count.clone(), told.clone());
        let application = move || {
            let (count, told) = (counts.clone(), tells.clone());
            App::new().default_service(web::to(move |body: web::Bytes| {
                count.fetch_add(1, Ordering::Relaxed);
                if let Ok(order) = order_id(&body) {
                    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                    told.entry(order).or_insert_with(Instant::now);
                }
                reply.give()
            }))
        };
        let server = HttpServer::new(application)
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")?;
        let address = server.addrs().first().copied().context("no address")?;
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self {
            url: format!("http://{address}/"),
            count,
            told,
            handle,
        })
    }

    /// How long each order took; none where one is still to be told of.
    pub fn took(&self, orders: &[(String, Instant)]) -> Option<Vec<Duration>> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let took = orders
            .iter()
            .map(|(order, due)| Some(told.get(order)?.saturating_duration_since(*due)));
        took.collect()
    }

    /// Ends it, with what is under way.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}
