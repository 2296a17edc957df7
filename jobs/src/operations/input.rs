//! The lines of an operation, from where it goes on.

use super::keys::sent_as;
use command_api::{Checked, LineCheck};
use futures_util::{TryStreamExt as _, stream::BoxStream};
use infra::{
    http::{Line, Lines, Source},
    jobs::JobError,
    lifecycle::error_chain,
    objects::{GetRange, Objects, ObjectsError},
    operations::{self, Work},
};
use uuid::Uuid;

/// An object that is read.
pub struct Stored(BoxStream<'static, Result<Bytes, ObjectsError>>);

type Bytes = actix_web::web::Bytes;

impl Source for Stored {
    type Error = ObjectsError;

    async fn piece(&mut self) -> Result<Option<Bytes>, ObjectsError> {
        self.0.try_next().await
    }
}

/// Lines that are looked at as they are read.
pub struct Input {
    lines: Lines<Stored>,
    check: LineCheck,
    operation: Uuid,
    principal: String,
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
        check: LineCheck,
        (number, bytes): (i64, i64),
    ) -> Result<Self, JobError> {
        let (number, bytes) = (number.cast_unsigned(), bytes.cast_unsigned());
        let stored: BoxStream<'static, _> = if bytes >= work.input_bytes.cast_unsigned() {
            // Stores refuse what begins at the end.
            Box::pin(futures_util::stream::empty())
        } else {
            let range = (bytes > 0).then_some(GetRange::Offset(bytes));
            let object = objects.get(&operations::input(work.id), range).await;
            let object = object.map_err(|error| unreadable(&error))?;
            object
                .ok_or_else(|| JobError::permanent("its lines are gone"))?
                .body
        };
        Ok(Self {
            lines: Lines::after(Stored(stored), number, bytes),
            check,
            operation: work.id,
            principal: work.principal.clone(),
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
    pub fn rejected(&self, number: u64, op: &str, own_key: Option<String>) -> Vec<u8> {
        self.check.rejected(number, op, own_key)
    }

    fn look(&self, number: u64, line: Line) -> Option<Is> {
        let mut key = String::new();
        let checked = self.check.check((number, line), |own| {
            key = sent_as(self.operation, &self.principal, number, own);
            key.clone()
        });
        match checked {
            Checked::Blank => None,
            Checked::Invalid(result) => Some(Is::Invalid(result)),
            Checked::Valid {
                op,
                key: own_key,
                text,
            } => Some(Is::Valid {
                op,
                own_key,
                key,
                text,
            }),
        }
    }
}

pub fn unreadable(error: &ObjectsError) -> JobError {
    JobError::retry(error_chain(error))
}
