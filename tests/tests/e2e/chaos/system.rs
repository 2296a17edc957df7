//! Two command APIs and a relay, with clients that keep them busy.

use super::{
    clients::Clients,
    judge::{self, Report},
};
use anyhow::{Result, ensure};
use std::sync::{Arc, Mutex};
use tests::{Role, TestEnv};

/// What is running.
pub struct System<'a> {
    env: &'a TestEnv,
    pub apis: [Role; 2],
    pub relay: Role,
    pub clients: Clients,
}

impl<'a> System<'a> {
    pub async fn start(env: &'a TestEnv) -> Result<Self> {
        env.orderlog_ok(&["migrate"]).await?;
        let role = |name| env.role(name).spawn();
        let mut apis = [role("command-api")?, role("command-api")?];
        let mut relay = role("relay")?;
        for role in apis.iter_mut().chain([&mut relay]) {
            role.ready().await?;
        }
        let addresses = apis.iter().map(|api| api.url().to_owned()).collect();
        let clients = Clients::start(env, Arc::new(Mutex::new(addresses))).await?;
        Ok(Self {
            env,
            apis,
            relay,
            clients,
        })
    }

    /// Ends the clients: every role is there still and ready again, and what
    /// was answered is in the log and on Kafka, once.
    pub async fn found_whole(mut self) -> Result<Report> {
        self.clients.are_answered(40).await?;
        let told = self.clients.stop().await?;
        let report = judge::judge(self.env, &told).await?;
        for role in self.apis.iter_mut().chain([&mut self.relay]) {
            role.ready().await?;
        }
        ensure!(report.is_clean(), "{report}");
        ensure!(
            report.answered > 0 && report.stored >= report.answered,
            "{report}"
        );
        Ok(report)
    }
}
