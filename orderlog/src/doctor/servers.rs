//! Redis, Kafka and the place of objects.

use super::{databases::connect, report::Server};
use infra::{
    config::Config,
    epoch::{KnownTopic, known_topic},
    kafka::{TopicMetadata, check_topics},
    lifecycle::error_chain,
    objects,
    redis::Redis,
};

/// Whether Redis answers.
pub async fn redis(config: &Config) -> Server {
    let mut server = Server::new("Redis");
    let version = match Redis::new(config) {
        Ok(redis) => redis.version().await.map_err(|error| error_chain(&error)),
        Err(error) => Err(error_chain(&error)),
    };
    match version {
        Ok(version) => {
            server.answers = true;
            server.version = Some(format!("Redis {version}"));
        }
        Err(error) => server.wrong(format!(
            "{error}. Everything works without it, but statistics are not cached"
        )),
    }
    server
}

/// Whether the place of objects answers; none where none is configured.
pub async fn objects(config: &Config) -> Option<Server> {
    let mut server = Server::new("objects");
    match objects::check(config).await {
        Ok(None) => return None,
        Ok(Some(place)) => {
            server.answers = true;
            server.holds.push(place);
        }
        Err(error) => server.wrong(error_chain(&error)),
    }
    Some(server)
}

/// Whether Kafka answers, and has the topics that it must.
pub async fn kafka(config: &Config) -> Server {
    let mut server = Server::new("Kafka");
    let checked = match check_topics(config).await {
        Ok(checked) => checked,
        Err(error) => {
            server.wrong(error_chain(&error));
            return server;
        }
    };
    server.answers = true;
    let brokers = checked.brokers;
    server.version = Some(format!(
        "{brokers} broker{}",
        if brokers == 1 { "" } else { "s" }
    ));
    for (name, topic) in checked.topics {
        match topic {
            Ok(topic) => {
                server.holds.push(format!(
                    "{name}: {} partitions, id {}",
                    topic.partitions, topic.id
                ));
                if let Some(what) = contradiction(config, &topic).await {
                    server.wrong(what);
                }
            }
            Err(error) => server.wrong(error_chain(&error)),
        }
    }
    server
}

/// Whether the log was published to another topic of this name. A log that does
/// not answer has a finding of its own.
async fn contradiction(config: &Config, topic: &TopicMetadata) -> Option<String> {
    let mut log = connect(&config.events_url).await.ok()?;
    let known = known_topic(&mut log, &topic.name).await.ok()?;
    match known {
        KnownTopic::Published(id) if id != topic.id.to_string() => {
            let mut platforms = config.platform_topics();
            let help = match platforms.find(|(_, name)| *name == topic.name) {
                Some((slug, _)) => {
                    format!("Topics of platforms: orderlog epoch republish --platform {slug}")
                }
                None => "Kafka lost its data".to_owned(),
            };
            Some(format!(
                "topic {} is another one than the log was published to ({id}): the relay refuses \
                 it (docs/OPERATIONS.md, {help})",
                topic.name
            ))
        }
        _ => None,
    }
}
