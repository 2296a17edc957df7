//! One request of Kafka's protocol, spoken by hand: Metadata, version 12, and those
//! two by which a user is let in, `SaslHandshake` and `SaslAuthenticate`, version 1.
//! <https://kafka.apache.org/protocol.html#The_Messages_Metadata>
//!
//! It is the one way to a topic's id: librdkafka knows it, but its Rust crate
//! does not hand it out. Version 12 is understood by every broker from 3.0 on.

use super::TopicId;

const API_KEY: i16 = 3;
const API_VERSION: i16 = 12;
const CLIENT_ID: &str = "orderlog";

/// What a server says about the cluster and the topics asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Number of live brokers.
    pub brokers: usize,
    /// The topics, in the server's order.
    pub topics: Vec<Topic>,
}

/// What a server says about one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Kafka's error code; 0 is none, 3 is an unknown topic.
    pub error_code: i16,
    /// Full name.
    pub name: String,
    /// Zero where there is no such topic.
    pub id: TopicId,
    /// Number of partitions.
    pub partitions: usize,
    /// Whether each of them has a leader.
    pub has_leaders: bool,
}

/// Bytes that are not an answer to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server's answer is not one of Kafka's")]
pub struct Malformed;

/// The request about `topics`, with its length in front.
pub fn request(correlation_id: i32, topics: &[&str]) -> Vec<u8> {
    let mut body = Vec::with_capacity(64);
    body.extend(API_KEY.to_be_bytes());
    body.extend(API_VERSION.to_be_bytes());
    body.extend(correlation_id.to_be_bytes());
    // The header's client id has a fixed-width length even in version 2.
    write_text(&mut body, CLIENT_ID);
    body.push(NO_TAGS);
    write_length(&mut body, topics.len());
    for topic in topics {
        body.extend([0; 16]);
        write_length(&mut body, topic.len());
        body.extend(topic.as_bytes());
        body.push(NO_TAGS);
    }
    // No creation of missing topics, no list of authorised operations.
    body.extend([0, 0, NO_TAGS]);
    framed(body)
}

/// Why a user is not let in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Something else was said.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// In the server's own words.
    #[error("the server does not let this user in (error code {code}): {reason}")]
    Told {
        /// Kafka's error code.
        code: i16,
        /// Its words.
        reason: String,
    },
}

/// The request to be let in by a mechanism, with its length in front.
pub fn sasl_handshake(correlation_id: i32, mechanism: &str) -> Vec<u8> {
    let mut body = plain_header(17, correlation_id);
    write_text(&mut body, mechanism);
    framed(body)
}

/// Whether the server takes that mechanism.
pub fn sasl_handshake_response(frame: &[u8], correlation_id: i32) -> Result<(), Refused> {
    let mut input = Input(frame);
    input.answers(correlation_id)?;
    match input.i16()? {
        0 => Ok(()),
        code => {
            let taken = (0..input.i32()?).map(|_| Ok(input.text()?.unwrap_or_default().to_owned()));
            let taken: Vec<String> = taken.collect::<Result<_, Malformed>>()?;
            let reason = format!("it takes {} only", taken.join(", "));
            Err(Refused::Told { code, reason })
        }
    }
}

/// One step of a mechanism, with its length in front.
pub fn sasl_authenticate(correlation_id: i32, token: &[u8]) -> Vec<u8> {
    let mut body = plain_header(36, correlation_id);
    body.extend(u32::try_from(token.len()).unwrap_or(0).to_be_bytes());
    body.extend(token);
    framed(body)
}

/// What the server says to it.
pub fn sasl_authenticate_response(frame: &[u8], correlation_id: i32) -> Result<Vec<u8>, Refused> {
    let mut input = Input(frame);
    input.answers(correlation_id)?;
    let code = input.i16()?;
    let reason = input.text()?.unwrap_or_default().to_owned();
    if code != 0 {
        return Err(Refused::Told { code, reason });
    }
    let length = usize::try_from(input.i32()?).map_err(|_| Malformed)?;
    Ok(input.take(length)?.to_vec())
}

/// The header of requests without tagged fields, of version 1.
fn plain_header(key: i16, correlation_id: i32) -> Vec<u8> {
    let mut body = Vec::with_capacity(64);
    body.extend(key.to_be_bytes());
    body.extend(1_i16.to_be_bytes());
    body.extend(correlation_id.to_be_bytes());
    write_text(&mut body, CLIENT_ID);
    body
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    out.extend(u16::try_from(text.len()).unwrap_or(0).to_be_bytes());
    out.extend(text.as_bytes());
}

fn framed(mut body: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let mut frame = length.to_be_bytes().to_vec();
    frame.append(&mut body);
    frame
}

/// Reads an answer (without its length) to the request `correlation_id`.
pub fn response(frame: &[u8], correlation_id: i32) -> Result<Response, Malformed> {
    let mut input = Input(frame);
    input.answers(correlation_id)?;
    input.tags()?;
    input.take(4)?; // throttle time
    let brokers = input.array(|broker| {
        broker.take(4)?; // node id
        broker.string()?; // host
        broker.take(4)?; // port
        broker.string()?; // rack
        broker.tags()
    })?;
    input.string()?; // cluster id
    input.take(4)?; // controller id
    let topics = input.array(topic)?;
    input.tags()?;
    Ok(Response {
        brokers: brokers.len(),
        topics,
    })
}

fn topic(input: &mut Input<'_>) -> Result<Topic, Malformed> {
    let error_code = input.i16()?;
    let name = input.string()?.unwrap_or_default().to_owned();
    let id = TopicId(input.take(16)?.try_into().map_err(|_| Malformed)?);
    input.take(1)?; // internal or not
    let leaders = input.array(partition_leader)?;
    input.take(4)?; // authorised operations
    input.tags()?;
    Ok(Topic {
        error_code,
        name,
        id,
        partitions: leaders.len(),
        has_leaders: leaders.iter().all(|leader| *leader >= 0),
    })
}

fn partition_leader(input: &mut Input<'_>) -> Result<i32, Malformed> {
    input.take(2 + 4)?; // error code, index
    let leader = input.i32()?;
    input.take(4)?; // leader's epoch
    for _ in ["replicas", "in sync", "offline"] {
        input.array(Input::i32)?;
    }
    input.tags()?;
    Ok(leader)
}

/// An empty set of tagged fields.
const NO_TAGS: u8 = 0;

/// A length of the compact types: unsigned varint of n + 1.
fn write_length(out: &mut Vec<u8>, length: usize) {
    let mut rest = length + 1;
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

/// What is left to read; never reads past its end.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(head)
    }

    /// Whether it is the answer to this request.
    fn answers(&mut self, correlation_id: i32) -> Result<(), Malformed> {
        if self.i32()? == correlation_id {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// With a length of fixed width; none is null.
    fn text(&mut self) -> Result<Option<&'a str>, Malformed> {
        match usize::try_from(self.i16()?) {
            Err(_) => Ok(None),
            Ok(length) => std::str::from_utf8(self.take(length)?)
                .map(Some)
                .map_err(|_| Malformed),
        }
    }

    fn i16(&mut self) -> Result<i16, Malformed> {
        let bytes = self.take(2)?.try_into().map_err(|_| Malformed)?;
        Ok(i16::from_be_bytes(bytes))
    }

    fn i32(&mut self) -> Result<i32, Malformed> {
        let bytes = self.take(4)?.try_into().map_err(|_| Malformed)?;
        Ok(i32::from_be_bytes(bytes))
    }

    fn varint(&mut self) -> Result<usize, Malformed> {
        let mut value = 0_usize;
        for shift in (0..35).step_by(7) {
            let byte = self.take(1)?[0];
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    /// None is null.
    fn string(&mut self) -> Result<Option<&'a str>, Malformed> {
        match self.varint()? {
            0 => Ok(None),
            length => std::str::from_utf8(self.take(length - 1)?)
                .map(Some)
                .map_err(|_| Malformed),
        }
    }

    fn array<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        // A wrong length ends at the input's end, not in a huge allocation.
        let length = self.varint()?.saturating_sub(1);
        (0..length).map(|_| item(self)).collect()
    }

    fn tags(&mut self) -> Result<(), Malformed> {
        for _ in 0..self.varint()? {
            self.varint()?;
            let length = self.varint()?;
            self.take(length)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer with one broker and one topic of two partitions.
    fn answer() -> Vec<u8> {
        let mut frame = vec![0, 0, 0, 7, 0];
        frame.extend([0, 0, 0, 0]); // throttle
        frame.extend([2, 0, 0, 0, 1, 2, b'h', 0, 0, 0x23, 0x84, 0, 0]); // a broker
        frame.extend([2, b'c', 0, 0, 0, 1]); // cluster, controller
        frame.extend([2, 0, 0, 2, b't']); // a topic
        frame.extend([9; 16]);
        frame.extend([0, 3]); // not internal, two partitions
        for (index, leader) in [(0, 1_i32), (1, -1)] {
            frame.extend([0, 0, 0, 0, 0, index]);
            frame.extend(leader.to_be_bytes());
            frame.extend([0, 0, 0, 0]);
            frame.extend([2, 0, 0, 0, 1, 2, 0, 0, 0, 1, 1, 0]);
        }
        frame.extend([0x80, 0, 0, 0, 0, 0]); // operations, tags, tags
        frame
    }

    #[test]
    fn an_answer_is_read() {
        let read = response(&answer(), 7).expect("well formed");
        assert_eq!(read.brokers, 1);
        assert_eq!(
            read.topics,
            [Topic {
                error_code: 0,
                name: "t".into(),
                id: TopicId([9; 16]),
                partitions: 2,
                has_leaders: false,
            }]
        );
    }

    #[test]
    fn an_answer_cut_anywhere_or_to_another_question_is_malformed() {
        let answer = answer();
        for length in 0..answer.len() {
            assert_eq!(response(&answer[..length], 7), Err(Malformed), "{length}");
        }
        assert_eq!(response(&answer, 8), Err(Malformed));
        assert_eq!(response(&[0xff; 64], -1), Err(Malformed));
    }

    #[test]
    fn a_server_says_why_it_lets_nobody_in() {
        let mut told = vec![0, 0, 0, 1, 0, 58, 0, 2];
        told.extend(b"no");
        told.extend([0; 12]);
        let reason = "no".to_owned();
        let refused = Err(Refused::Told { code: 58, reason });
        assert_eq!(sasl_authenticate_response(&told, 1), refused);
        let mut taken = vec![0, 0, 0, 1, 0, 33, 0, 0, 0, 1, 0, 5];
        taken.extend(b"PLAIN");
        let reason = "it takes PLAIN only".to_owned();
        let refused = Err(Refused::Told { code: 33, reason });
        assert_eq!(sasl_handshake_response(&taken, 1), refused);
        for length in 0..taken.len() {
            let cut = sasl_handshake_response(&taken[..length], 1);
            assert_eq!(cut, Err(Refused::Malformed(Malformed)), "{length}");
        }
    }

    #[test]
    fn lengths_are_varints_of_one_more() {
        for length in [0, 1, 126, 127, 300, 70_000] {
            let mut out = Vec::new();
            write_length(&mut out, length);
            assert_eq!(Input(&out).varint(), Ok(length + 1));
        }
    }
}
