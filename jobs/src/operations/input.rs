//! The lines of an operation, from where it goes on.

use super::{
    in_file::{InFile, Step},
    keys::sent_as,
    results::told_of,
};
use futures_util::{StreamExt as _, stream};
use infra::{
    http::{Line, Lines},
    jobs::JobError,
    lifecycle::error_chain,
    objects::{GetRange, Object, Objects, ObjectsError},
    operations::{self, Checked, LineCheck, SentFor, Work},
};
use std::sync::Arc;
use uuid::Uuid;

/// Lines that are looked at as they are read.
pub struct Input {
    lines: Lines<Object>,
    check: Arc<dyn LineCheck>,
    sent_for: SentFor,
    operation: Uuid,
    principal: String,
    /// Whether its lines were made of a file.
    is_import: bool,
}

/// A line that is not blank.
pub struct Item {
    /// Its number, from 1.
    pub number: u64,
    /// What it is.
    pub is: Is,
}

/// What a line is.
pub enum Is {
    /// One to be sent.
    Valid {
        /// Which command.
        op: &'static str,
        /// Its own key.
        own_key: Option<String>,
        /// Where in a file it stands, of an import.
        source: Option<InFile>,
        /// The key that it is sent under.
        key: String,
        /// Without a break.
        text: Vec<u8>,
    },
    /// One that is not; its result.
    Invalid(Vec<u8>),
}

impl Input {
    /// The lines after the first `number` of them, which are so many bytes.
    pub async fn open(
        objects: &Objects,
        work: &Work,
        (check, sent_for): (Arc<dyn LineCheck>, SentFor),
        (number, bytes): (i64, i64),
    ) -> Result<Self, JobError> {
        let object = if bytes < work.input_bytes {
            let range = (bytes > 0).then_some(GetRange::Offset(bytes.cast_unsigned()));
            let object = objects.get(&operations::input(work.id), range).await;
            let object = object.map_err(|error| unreadable(&error))?;
            object.ok_or_else(|| JobError::permanent("its lines are gone"))?
        } else {
            // Stores refuse what begins at the end.
            Object {
                size: 0,
                range: 0..0,
                body: stream::empty().boxed(),
            }
        };
        Ok(Self {
            lines: Lines::after(object, number.cast_unsigned(), bytes.cast_unsigned()),
            check,
            sent_for,
            operation: work.id,
            principal: work.principal.clone(),
            is_import: work.import.is_some(),
        })
    }

    /// The next line that is not blank; none at the end.
    pub async fn next(&mut self) -> Result<Option<Item>, JobError> {
        loop {
            let line = self.lines.next().await;
            let Some((number, line)) = line.map_err(|error| unreadable(&error))? else {
                return Ok(None);
            };
            if let Some(is) = self.look(number, line) {
                return Ok(Some(Item { number, is }));
            }
        }
    }

    /// Bytes up to the end of the last line.
    pub fn taken(&self) -> i64 {
        self.lines.taken().cast_signed()
    }

    /// The result of a line that is not carried out because of others.
    pub fn rejected(
        &self,
        number: u64,
        (op, own_key): (&str, Option<String>),
        source: Option<&InFile>,
    ) -> Vec<u8> {
        let result = self.check.rejected(&self.sent_for, number, op, own_key);
        told_of(result, source)
    }

    fn look(&self, number: u64, line: Line) -> Option<Is> {
        if !self.is_import {
            return self.checked(number, line, None);
        }
        // We have written it, so only a damaged one is none of them.
        let step: Option<Step> = match &line {
            Line::Whole(text) => serde_json::from_slice(text).ok(),
            Line::TooLong => None,
        };
        match step {
            None => self.checked(number, line, None),
            Some(Step::Order { source, text }) => {
                let text = text.get().as_bytes().to_vec();
                self.checked(number, Line::Whole(text.into()), Some(source))
            }
            Some(Step::None { source, why }) => {
                let why = (why.code.as_str(), why.detail.as_str());
                let result = self.check.no_order(&self.sent_for, number, why);
                Some(Is::Invalid(told_of(result, Some(&source))))
            }
        }
    }

    fn checked(&self, number: u64, line: Line, source: Option<InFile>) -> Option<Is> {
        let mut key = String::new();
        let mut named = |own: Option<&str>| {
            key = sent_as(self.operation, &self.principal, number, own);
            key.clone()
        };
        let checked = self.check.check(&self.sent_for, (number, line), &mut named);
        match checked {
            Checked::Blank => None,
            Checked::Invalid(result) => Some(Is::Invalid(told_of(result, source.as_ref()))),
            Checked::Valid {
                op,
                key: own_key,
                text,
            } => Some(Is::Valid {
                op,
                own_key,
                source,
                key,
                text,
            }),
        }
    }
}

pub fn unreadable(error: &ObjectsError) -> JobError {
    JobError::retry(error_chain(error))
}
