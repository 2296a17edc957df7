//! The lines of an import: made of its file, before anything else is done.
//!
//! Nothing of it counts until all lines are there, so whoever is killed begins anew.

use super::{
    in_file::Step as Line,
    input::unreadable,
    job::{CANCELLED, Finish, Operating},
    people::Step,
};
use crate::{
    import::{ImportError, Uploaded},
    work::told_to_end,
};
use futures_util::TryStreamExt as _;
use infra::{
    jobs::{Context, JobError, Progress},
    lifecycle::error_chain,
    objects::{ObjectWriter, ObjectsError},
    operations::{self, OperationError, OperationState, Work},
};
use std::{io, mem, time::Duration};
use tokio_util::io::StreamReader;

/// Bytes that are stored at a time.
const PIECE: usize = 4 << 20;
/// Items after which somebody looks whether it is to end.
const LOOK: u64 = 2_000;

/// Why there are no lines.
enum Unmade {
    /// What the file is, or what was said of it.
    File(ImportError),
    /// Something that may go better.
    Job(JobError),
    /// Others, or nobody, go on.
    Step(Step),
}

impl From<JobError> for Unmade {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

impl From<ImportError> for Unmade {
    fn from(error: ImportError) -> Self {
        match store_of(&error) {
            Some(store) => Self::Job(unreadable(store)),
            None => Self::File(error),
        }
    }
}

/// What the store said, where it is that which kept a file from being read.
fn store_of(error: &ImportError) -> Option<&ObjectsError> {
    let ImportError::Read { source, .. } = error else {
        return None;
    };
    source.get_ref()?.downcast_ref()
}

impl Operating {
    /// Makes lines of the file of an import.
    pub(super) async fn convert(
        &self,
        work: &mut Work,
        context: &Context,
    ) -> Result<Step, JobError> {
        match Box::pin(self.made(work, context)).await {
            Ok(size) => work.input_bytes = size,
            Err(Unmade::File(error)) => return Ok(Step::Ended(unusable(&error))),
            Err(Unmade::Job(error)) => return Err(error),
            Err(Unmade::Step(step)) => return Ok(step),
        }
        operations::prepared(&self.ops, work.id, work.input_bytes, &[]).await?;
        work.prepared = true;
        tracing::info!(operation.id = %work.id, kind = work.kind.name(), "operation.prepared");
        Ok(Step::Done)
    }

    /// How many bytes they are.
    async fn made(&self, work: &Work, context: &Context) -> Result<i64, Unmade> {
        let terms = work.import.as_ref();
        let terms = terms.ok_or_else(|| JobError::permanent("nobody said how to read it"))?;
        let file = self.objects.get(&operations::file(work.id), None).await;
        let file = file.map_err(|error| unreadable(&error))?;
        let file = file.ok_or_else(|| JobError::permanent("its file is gone"))?;
        let file = StreamReader::new(file.body.map_err(io::Error::other));
        let mut items = Uploaded::begin(file, terms).await?;
        let name = operations::input(work.id);
        let writer = self.objects.writer(&name, u64::MAX);
        let mut writer = writer.map_err(|error| unreadable(&error))?;
        let (mut piece, mut count) = (Vec::new(), 0_u64);
        while let Some(item) = items.next().await? {
            let line = Line::line_of(item).map_err(|e| JobError::permanent(e.to_string()))?;
            piece.extend(line.unwrap_or_default());
            if piece.len() >= PIECE {
                write(&mut writer, mem::take(&mut piece)).await?;
            }
            count += 1;
            if count.is_multiple_of(LOOK) {
                self.look(work, context, count).await?;
            }
        }
        write(&mut writer, piece).await?;
        let written = writer.finish().await.map_err(|error| unreadable(&error))?;
        let size = i64::try_from(written.size);
        Ok(size.map_err(|error| JobError::permanent(error.to_string()))?)
    }

    /// Whether it is to go on, after so many items.
    async fn look(&self, work: &Work, context: &Context, count: u64) -> Result<(), Unmade> {
        if context.stop_token().is_cancelled() {
            return Err(told_to_end().into());
        }
        if context.draining().is_cancelled() {
            let why = "the worker ends, and another begins anew".to_owned();
            return Err(Unmade::Step(Step::Later(Duration::ZERO, why)));
        }
        let cancelled = operations::is_cancelled(&self.ops, work.id).await;
        if cancelled.map_err(JobError::from)? {
            return Err(Unmade::Step(Step::Ended(CANCELLED)));
        }
        context.progress(Progress {
            done: 0,
            total: None,
            text: format!("{count} orders of the file read"),
        });
        Ok(())
    }
}

async fn write(writer: &mut ObjectWriter, piece: Vec<u8>) -> Result<(), JobError> {
    let written = writer.write(piece.into()).await;
    written.map_err(|error| unreadable(&error))
}

/// What an import comes to whose file cannot be read.
fn unusable(error: &ImportError) -> Finish {
    let error = OperationError {
        code: "invalid_file".to_owned(),
        detail: error_chain(error),
    };
    (OperationState::Failed, Some(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_store_says_is_tried_again() {
        let read = |source| Unmade::from(ImportError::Read { line: 7, source });
        let store = io::Error::other(ObjectsError::Name("x".to_owned()));
        assert!(matches!(read(store), Unmade::Job(JobError::Retry { .. })));
        let broken = io::Error::new(io::ErrorKind::InvalidData, "not gzip");
        let Unmade::File(error) = read(broken) else {
            panic!("tried again");
        };
        let (state, error) = unusable(&error);
        assert_eq!(state, OperationState::Failed);
        let error = error.expect("an error");
        assert_eq!(error.code, "invalid_file");
        assert!(
            error.detail.contains("beyond line 7: not gzip"),
            "{}",
            error.detail
        );
    }
}
