//! A Kafka topic: records as the relay publishes them, but not in transactions.

use anyhow::{Context as _, bail};
use contracts::topics::{ALL, ORDER_EVENTS_OF_PLATFORM, ORDERS};
use infra::{
    config::Config,
    kafka::{QuietContext, client_config, ensure_topic, headers},
    log::PublishedEvent,
};
use rdkafka::{
    error::KafkaError,
    producer::{DeliveryFuture, FutureProducer, FutureRecord},
    types::RDKafkaErrorCode,
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, str::FromStr};

/// Kafka's own limit.
const LONGEST_NAME: usize = 249;
/// Records in flight.
const IN_FLIGHT: usize = 5_000;
/// How long Kafka may take no record.
const PATIENCE_MS: &str = "60000";

/// The name of a topic that is none of Orderlog's own, whatever prefix a
/// deployment gives to those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TopicName(String);

impl FromStr for TopicName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.is_empty() || text.len() > LONGEST_NAME || !text.chars().all(allowed) {
            return Err(format!(
                "a topic's name is 1 to {LONGEST_NAME} letters, digits, '.', '_' and '-'"
            ));
        }
        if matches!(text, "." | "..") || text.starts_with("__") {
            return Err("Kafka keeps this name for itself".to_owned());
        }
        let own = ALL.iter().map(|own| own.name);
        let mut own = own.filter(|own| text.ends_with(*own));
        let of_a_platform = || {
            let name = ORDER_EVENTS_OF_PLATFORM;
            text.contains(name).then_some(name)
        };
        match own.next().or_else(of_a_platform) {
            Some(own) => Err(format!(
                "a topic of Orderlog itself has this name ({own}, with or without a prefix): give \
                 the replay one of its own"
            )),
            None => Ok(Self(text.to_owned())),
        }
    }
}

/// Publishes into it. Each record comes at least once, those of one order in
/// their order.
pub struct Topic {
    name: String,
    producer: FutureProducer<QuietContext>,
    in_flight: VecDeque<DeliveryFuture>,
}

impl Topic {
    /// Creates the topic where it is missing, in the shape of the events' own.
    pub async fn open(config: &Config, name: &TopicName) -> anyhow::Result<Self> {
        ensure_topic(config, &name.0, &ORDERS)
            .await
            .with_context(|| format!("topic {} cannot be published to", name.0))?;
        let mut client = client_config(config);
        client
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("compression.codec", "lz4")
            .set("linger.ms", "5")
            .set("message.timeout.ms", PATIENCE_MS)
            .set("queue.buffering.max.messages", (2 * IN_FLIGHT).to_string());
        Ok(Self {
            name: name.0.clone(),
            producer: client.create_with_context(QuietContext)?,
            in_flight: VecDeque::new(),
        })
    }

    /// One event. Waits while too many are in flight.
    pub async fn send(&mut self, event: &PublishedEvent) -> anyhow::Result<()> {
        while self.in_flight.len() >= IN_FLIGHT {
            self.oldest_delivered().await?;
        }
        let key = event.envelope.subject.to_string();
        loop {
            let record = FutureRecord::to(&self.name)
                .partition(event.envelope.position.partition)
                .key(&key)
                .payload(&event.data)
                .headers(headers(&event.envelope.headers()));
            match self.producer.send_result(record) {
                Ok(delivery) => {
                    self.in_flight.push_back(delivery);
                    return Ok(());
                }
                // Full of bytes, not of records.
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _))
                    if !self.in_flight.is_empty() =>
                {
                    self.oldest_delivered().await?;
                }
                Err((error, _)) => return Err(error).context(self.refused()),
            }
        }
    }

    /// Waits until Kafka has everything that was sent.
    pub async fn settle(&mut self) -> anyhow::Result<()> {
        while !self.in_flight.is_empty() {
            self.oldest_delivered().await?;
        }
        Ok(())
    }

    async fn oldest_delivered(&mut self) -> anyhow::Result<()> {
        // Not taken out before it is delivered: whoever stops waiting here may
        // come back.
        let Some(oldest) = self.in_flight.front_mut() else {
            return Ok(());
        };
        let delivered = oldest.await;
        self.in_flight.pop_front();
        match delivered {
            Ok(Ok(_)) => Ok(()),
            Ok(Err((error, _))) => Err(error).context(self.refused()),
            Err(_) => bail!("the Kafka client has ended"),
        }
    }

    fn refused(&self) -> String {
        format!("topic {} did not take a record", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_of_ours_is_refused_under_every_prefix() {
        for own in ALL {
            for name in [own.name.to_owned(), format!("staging.{}", own.name)] {
                let refused = name.parse::<TopicName>().expect_err("it is ours");
                assert!(refused.contains(own.name), "{refused}");
            }
        }
        for platforms in [
            "orders.events.v1.platform.web",
            "x.orders.events.v1.platform.w",
        ] {
            assert!(platforms.parse::<TopicName>().is_err(), "{platforms}");
        }
        assert!("analysts.orders".parse::<TopicName>().is_ok());
        for wrong in ["", ".", "a b", "__consumer_offsets", &"x".repeat(250)] {
            assert!(wrong.parse::<TopicName>().is_err(), "{wrong}");
        }
    }
}
