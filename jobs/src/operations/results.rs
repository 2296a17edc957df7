//! Results, gathered to parts and kept.

use super::{in_file::InFile, input::unreadable, job::SOMEBODY_ELSE, metrics};
use crate::bulk::Answer;
use infra::{
    clock,
    jobs::JobError,
    objects::Objects,
    operations::{self, Counts, NewPart, Work},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::PgPool;
use std::time::Instant;

/// Results that are not kept yet.
#[derive(Debug, Default)]
pub struct Part {
    text: Vec<u8>,
    counts: Counts,
}

/// What a bulk request says of a line: told anew of the line that it is in the
/// operation, under its own key.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    line: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<InFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    op: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Of which line something is told.
#[derive(Debug)]
pub struct Of {
    /// Its number in the operation.
    pub line: u64,
    /// Its own key.
    pub key: Option<String>,
    /// Where in a file it stands; none of what is no import.
    pub source: Option<InFile>,
}

/// The result of a line that is not sent, and where in a file that stands, if it is
/// of one.
pub fn told_of(result: Vec<u8>, source: Option<&InFile>) -> Vec<u8> {
    let Some(source) = source else {
        return result;
    };
    let Ok(mut told) = serde_json::from_slice::<Told>(&result) else {
        return result;
    };
    told.source = Some(source.clone());
    let mut text = Vec::new();
    match serde_json::to_writer(&mut text, &told) {
        Ok(()) => text.push(b'\n'),
        Err(_) => return result,
    }
    text
}

impl Part {
    /// Adds what a line without an answer has.
    pub fn refused(&mut self, result: &[u8]) {
        self.text.extend_from_slice(result);
        self.counts.failed += 1;
    }

    /// Adds what a line was answered.
    ///
    /// # Errors
    /// An answer that cannot be told anew.
    pub fn answered(&mut self, of: Of, answer: &Answer, text: &[u8]) -> Result<(), JobError> {
        let unknown = |error| JobError::retry(format!("an answer cannot be read: {error}"));
        let mut told: Told = serde_json::from_slice(text).map_err(unknown)?;
        (told.line, told.key, told.source) = (of.line, of.key, of.source);
        serde_json::to_writer(&mut self.text, &told).map_err(unknown)?;
        self.text.push(b'\n');
        if answer.succeeded() {
            self.counts.succeeded += 1;
            self.counts.replayed += i64::from(answer.replayed);
        } else {
            self.counts.failed += 1;
        }
        Ok(())
    }

    /// Lines in it.
    pub const fn lines(&self) -> i64 {
        self.counts.succeeded + self.counts.failed
    }
}

/// Where the results of an operation are kept, and how far it is.
pub struct Keeping<'a> {
    ops: &'a PgPool,
    objects: &'a Objects,
    work: &'a mut Work,
    began: Instant,
    /// Lines that were done when this began.
    done_before: i64,
}

impl<'a> Keeping<'a> {
    /// Goes on with what is kept.
    pub fn new(ops: &'a PgPool, objects: &'a Objects, work: &'a mut Work) -> Self {
        Self {
            done_before: work.done,
            began: Instant::now(),
            ops,
            objects,
            work,
        }
    }

    /// The operation as it is kept.
    pub const fn work(&self) -> &Work {
        self.work
    }

    /// Notes that the lines up to this one are about to be sent; false where they
    /// are not to be any more.
    ///
    /// # Errors
    /// The database.
    pub async fn begin(&mut self, last_line: u64) -> Result<bool, JobError> {
        let (work, to) = (&mut *self.work, last_line.cast_signed());
        let begun = operations::begin_part(self.ops, work.id, work.parts, to).await?;
        if begun {
            work.sending_to = to;
        }
        Ok(begun)
    }

    /// Keeps a part: the object first, then what makes it count.
    ///
    /// # Errors
    /// The store or the database; somebody else has kept this part.
    pub async fn keep(
        &mut self,
        part: Part,
        (last_line, read_to): (u64, i64),
    ) -> Result<(), JobError> {
        let (work, lines) = (&mut *self.work, part.lines());
        let object = operations::part(work.id, work.parts, clock::new_id());
        let writer = self.objects.writer(&object, u64::MAX);
        let mut writer = writer.map_err(|error| unreadable(&error))?;
        let written = writer.write(part.text.into()).await;
        written.map_err(|error| unreadable(&error))?;
        writer.finish().await.map_err(|error| unreadable(&error))?;
        let done = work.done + lines;
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = (done - self.done_before) as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        let new = NewPart {
            object,
            counts: part.counts,
            read_to,
            last_line: last_line.cast_signed(),
            lines_per_second: rate,
        };
        if !operations::keep(self.ops, work.id, work.parts, &new).await? {
            return Err(JobError::retry(SOMEBODY_ELSE));
        }
        metrics::kept(&part.counts);
        work.parts += 1;
        (work.done, work.read_to, work.last_line) = (done, read_to, new.last_line);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_of_the_line_that_it_is_of() {
        let text = br#"{"line":3,"op":"add_note","key":"operation:x","status":200,"replayed":true,"version":7}"#;
        let answer = Answer::read(text).expect("an answer");
        let mut part = Part::default();
        let of = |line, key: Option<&str>, source| Of {
            line,
            key: key.map(str::to_owned),
            source,
        };
        part.answered(of(2_003, Some("mine"), None), &answer, text)
            .expect("JSON");
        let source = InFile {
            invoice: Some("A-1".into()),
            lines: vec![7, 9],
        };
        part.answered(of(2_004, None, Some(source)), &answer, text)
            .expect("JSON");
        part.refused(b"{}\n");
        let told = String::from_utf8(part.text.clone()).expect("text");
        let lines: Vec<Value> = told
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(
            (&lines[0]["line"], &lines[0]["key"]),
            (&2_003.into(), &"mine".into())
        );
        assert_eq!(
            (&lines[0]["status"], &lines[0]["version"]),
            (&200.into(), &7.into())
        );
        assert!(lines[1].get("key").is_none() && lines[0].get("source").is_none());
        let source = serde_json::json!({"invoice": "A-1", "lines": [7, 9]});
        assert_eq!(lines[1]["source"], source);
        let counts = Counts {
            succeeded: 2,
            replayed: 2,
            failed: 1,
        };
        assert_eq!((part.counts, part.lines()), (counts, 3));
    }

    #[test]
    fn the_result_of_what_is_not_sent_says_where_it_stands() {
        let source = InFile {
            invoice: None,
            lines: vec![3],
        };
        let result = b"{\"line\":1,\"status\":422,\"problem\":{\"code\":\"x\"}}\n";
        let told = told_of(result.to_vec(), Some(&source));
        assert_eq!(told.last(), Some(&b'\n'));
        let told: Value = serde_json::from_slice(&told).expect("JSON");
        assert_eq!(told["source"], serde_json::json!({"lines": [3]}));
        assert_eq!(
            (&told["status"], &told["problem"]["code"]),
            (&422.into(), &"x".into())
        );
    }
}
