//! A leader that cannot reach one of the servers while the other relay can:
//! that one takes over within seconds, and nothing is doubled, whatever the
//! first one has under way.

use super::scene::{RunningRelay, Scene};
use crate::proxy::Proxy;
use anyhow::{Result, ensure};
use infra::{config::Config, relay::RelayState};
use std::time::{Duration, Instant};

/// Within seconds, on a busy machine: of Kafka's absence the leader is sure
/// after ten.
const SECONDS: Duration = Duration::from_secs(30);
/// Orders and events of each: several batches.
const BACKLOG: (i64, i64) = (2_000, 10);

/// The first relay, which leads by a way that can be cut, and the second one,
/// which stands by.
struct Two {
    scene: Scene,
    first: RunningRelay,
    second: RunningRelay,
}

impl Two {
    async fn new(config: &Config, cut: Config) -> Result<Self> {
        let scene = Scene::new(config).await?;
        let mut first = Scene::existing(&cut)?.relay()?;
        first.is(RelayState::Leading).await?;
        let mut second = scene.relay()?;
        second.is(RelayState::Standby).await?;
        Ok(Self {
            scene,
            first,
            second,
        })
    }

    /// The first relay is cut off while it publishes a backlog: before long the
    /// second one leads, and publishes what is left.
    async fn the_second_takes_over(&mut self, cut_off: impl FnOnce()) -> Result<()> {
        let midst = async {
            self.first.has_published(2_000).await?;
            cut_off();
            anyhow::Ok(Instant::now())
        };
        let written = self.scene.backlog(BACKLOG.0, BACKLOG.1);
        let (_, cut) = tokio::try_join!(written, midst)?;
        self.second.is(RelayState::Leading).await?;
        let took = cut.elapsed();
        println!("the second relay leads after {:.1} s", took.as_secs_f64());
        ensure!(took < SECONDS, "it took {} s", took.as_secs());
        self.goes_on().await
    }

    async fn goes_on(&mut self) -> Result<()> {
        self.scene.backlog(100, 10).await?;
        let end = self.scene.last_position().await?;
        self.second.has_reached(end).await
    }

    /// The way is open again, and what was kept comes late: the first relay
    /// stands by, is of use when the second one stops, and every event was
    /// published once.
    async fn the_first_stands_by(mut self) -> Result<()> {
        self.first.is(RelayState::Standby).await?;
        self.goes_on().await?;
        self.second.stop().await?;
        self.first.is(RelayState::Leading).await?;
        self.scene.backlog(100, 10).await?;
        let end = self.scene.last_position().await?;
        self.first.has_reached(end).await?;
        self.first.stop().await?;
        self.scene.check_published_once().await?;
        Ok(())
    }
}

/// Its session, and the lock with it, ends at both ends: before the server
/// gives the lock away, the first relay has given up.
pub async fn from_the_log(config: Config) -> Result<()> {
    let way = Proxy::start(&config.events_url).await?;
    let cut = Config {
        events_url: way.url(),
        ..config.clone()
    };
    let mut two = Two::new(&config, cut).await?;
    two.the_second_takes_over(|| way.fall_silent()).await?;
    two.first.is(RelayState::LogUnreachable).await?;
    way.accept();
    two.the_first_stands_by().await
}

/// What it was sending arrives late.
pub async fn from_kafka(config: Config) -> Result<()> {
    from_kafka_by(config, Proxy::fall_silent).await
}

/// What it sends arrives, maybe a commit: it is never told.
pub async fn from_the_answers_of_kafka(config: Config) -> Result<()> {
    from_kafka_by(config, Proxy::keep_answers).await
}

async fn from_kafka_by(config: Config, cut_off: fn(&Proxy)) -> Result<()> {
    let way = Proxy::to_kafka(&config.kafka_bootstrap_servers).await?;
    let cut = Config {
        kafka_bootstrap_servers: way.url(),
        ..config.clone()
    };
    let mut two = Two::new(&config, cut).await?;
    two.the_second_takes_over(|| cut_off(&way)).await?;
    two.first.is(RelayState::KafkaUnreachable).await?;
    way.accept();
    two.the_first_stands_by().await
}
