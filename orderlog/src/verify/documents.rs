//! The documents that a projection publishes: what the topic holds last of each
//! order, against what is served.

use super::{
    Options,
    error::VerifyError,
    report::{Difference, Report},
};
use contracts::partition::partition_of;
use infra::{
    config::Config,
    kafka::{self, TailReader, blocking},
};
use projections::{
    engine::verify::{Documents, Look, Record, Stray},
    registry,
};
use rdkafka::{
    Message as _,
    message::{BorrowedMessage, Headers as _},
};
use sha2::{Digest as _, Sha256};
use std::{mem, str, time::Duration};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep},
};
use uuid::Uuid;

/// Records that are taken in at a time.
const PAGE: usize = 5_000;
/// The markers that end a transaction reach its partitions one by one: so long
/// nothing may come of a document for its record to be the last.
const REST: Duration = Duration::from_secs(5);
/// Between two looks.
const POLL: Duration = Duration::from_millis(200);

/// Of every projection that publishes some.
pub(super) fn all(config: &Config, options: Options) -> Vec<Documents> {
    let published = registry::ALL.iter().filter_map(|projection| {
        let published = projection.published()?;
        let sampled = options.sample.is_some();
        Some(Documents::new(
            config,
            projection.name(),
            published,
            sampled,
        ))
    });
    published.collect()
}

/// Compares them, and has those published again that differ, where that is asked
/// for.
pub(super) async fn compare(
    config: &Config,
    documents: Documents,
    options: Options,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let (name, topic) = (documents.projection(), documents.published().topic.name);
    let topic_id = kafka::topic_id(config, topic).await?.to_string();
    let mut published = Topic {
        config: config.clone(),
        documents,
        read_to: Vec::new(),
    };
    published = published.read_on().await?;
    let compared = published.documents.suspect().await;
    report.projection(name).documents = compared.map_err(VerifyError::Views)?;
    let deadline = Instant::now() + options.wait;
    let mut look;
    (published, look) = Box::pin(published.rests(&topic_id, |_| deadline)).await?;
    if look.pending > 0 {
        return Err(VerifyError::DocumentsBehind {
            topic,
            documents: look.pending,
            waited: options.wait,
        });
    }
    if options.repair && look.differing > 0 {
        let before = look.differing;
        let noted = published.documents.note().await;
        noted.map_err(VerifyError::Views)?;
        // As long as some are published.
        let (mut left, mut since) = (before, Instant::now());
        let patience = |look: &Look| {
            if look.differing < left {
                (left, since) = (look.differing, Instant::now());
            }
            since + options.wait
        };
        (published, look) = Box::pin(published.rests(&topic_id, patience)).await?;
        report.projection(name).documents_repaired = before - look.differing;
    }
    report.projection(name).documents_differing = look.differing;
    let limit = i64::try_from(report.room()).unwrap_or(i64::MAX);
    let examples = published.documents.examples(limit).await;
    for difference in examples.map_err(VerifyError::Views)? {
        let what = format!("{topic}: {}", difference.what);
        report.tell(match difference.id {
            Some(id) => Difference::of_order(id, what),
            None => Difference::general(what),
        });
    }
    Ok(())
}

/// The topic, as far as it was read.
struct Topic {
    config: Config,
    documents: Documents,
    /// The offset of each partition that is read next.
    read_to: Vec<i64>,
}

impl Topic {
    /// Looks at what differs, and at what the topic holds by then, until nothing
    /// is pending or moving; or until a time, which may depend on what there is.
    async fn rests(
        mut self,
        topic_id: &str,
        mut until: impl FnMut(&Look) -> Instant,
    ) -> Result<(Self, Look), VerifyError> {
        loop {
            self = self.read_on().await?;
            let look = self.documents.look(topic_id, REST).await;
            let look = look.map_err(VerifyError::Views)?;
            let (now, until) = (Instant::now(), until(&look));
            let waits = look.pending > 0 && now < until;
            // What never rests is not waited for either.
            let rests = look.moving > 0 && now < until + REST;
            if !waits && !rests {
                return Ok((self, look));
            }
            sleep(POLL).await;
        }
    }

    /// Reads on to the present end.
    async fn read_on(mut self) -> Result<Self, VerifyError> {
        let topic = self.documents.published().topic.name;
        let ranges = kafka::watermarks(&self.config, topic).await?;
        self.read_to.resize(ranges.len(), 0);
        blocking(move || {
            let name = self.config.kafka_name(topic);
            let reader = TailReader::new(&self.config, "orderlog.verify")?;
            for ((partition, range), read_to) in (0..).zip(ranges).zip(&mut self.read_to) {
                let next = mem::replace(read_to, range.end);
                let range = next.max(range.low)..range.end;
                let (mut page, mut failed) = (Page::default(), None);
                reader.records(&name, partition, range, |record| {
                    page.add(record, self.documents.published().topic.partitions);
                    if page.is_full() {
                        failed = page.put(&mut self.documents).err();
                    }
                    failed.is_some()
                })?;
                failed.map_or_else(|| page.put(&mut self.documents), Err)?;
            }
            Ok(self)
        })
        .await
    }
}

/// Records of one partition.
#[derive(Default)]
struct Page {
    records: Vec<Record>,
    strays: Vec<Stray>,
}

impl Page {
    const fn is_full(&self) -> bool {
        self.records.len() >= PAGE || self.strays.len() >= PAGE
    }

    fn add(&mut self, message: &BorrowedMessage<'_>, partitions: i32) {
        let key = message.key().unwrap_or_default();
        let (partition, offset) = (message.partition(), message.offset());
        match owner(key).filter(|_| partition_of(key, partitions) == partition) {
            Some(id) => self.records.push(Record {
                id,
                offset,
                told: told(message),
                digest: message.payload().map(|value| Sha256::digest(value).into()),
            }),
            None => self.strays.push(Stray {
                key: String::from_utf8_lossy(key).replace('\0', "\u{fffd}"),
                partition,
                offset,
                has_value: message.payload().is_some(),
            }),
        }
    }

    /// On a thread that may wait.
    fn put(&mut self, documents: &mut Documents) -> Result<(), VerifyError> {
        let put = async {
            documents.read(&mem::take(&mut self.records)).await?;
            for stray in mem::take(&mut self.strays) {
                documents.stray(&stray).await?;
            }
            Ok(())
        };
        Handle::current().block_on(put).map_err(VerifyError::Views)
    }
}

/// Whose key this is: ids are written in one way.
fn owner(key: &[u8]) -> Option<Uuid> {
    let text = str::from_utf8(key).ok()?;
    let id: Uuid = text.parse().ok()?;
    (id.to_string() == text).then_some(id)
}

/// Epoch and version.
fn told(message: &BorrowedMessage<'_>) -> Option<(i32, i64)> {
    let header = |name| {
        let headers = message.headers()?;
        let value = headers.iter().find(|header| header.key == name)?.value?;
        str::from_utf8(value).ok()
    };
    let (epoch, version) = (header("ce_epoch")?, header("ce_sequence")?);
    Some((epoch.parse().ok()?, version.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_an_id_as_we_write_it() {
        let id = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_00aa);
        assert_eq!(owner(id.to_string().as_bytes()), Some(id));
        for other in [
            id.to_string().to_uppercase(),
            id.simple().to_string(),
            String::new(),
        ] {
            assert_eq!(owner(other.as_bytes()), None, "{other}");
        }
        assert_eq!(owner(&[0xff]), None);
    }
}
