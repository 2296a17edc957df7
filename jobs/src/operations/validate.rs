//! The first pass: how many lines there are, and how many of them cannot be
//! carried out, whatever the state of things.

use super::{
    input::{Input, Is},
    job::{End, Turn},
};
use infra::{
    jobs::{JobError, Progress},
    operations::{self, OperationPhase},
};
use tokio::task::yield_now;

/// Lines after which others have a turn: nothing here waits for anything.
const BREATH: i64 = 256;

impl Turn<'_> {
    /// Counts the lines.
    pub async fn validate(&mut self) -> Result<Option<End>, JobError> {
        let mut input = self.input((0, 0)).await?;
        let Some((lines, invalid)) = self.count(&mut input).await? else {
            return Ok(Some(End::Halted));
        };
        operations::validated(&self.with.ops, self.work.id, lines, invalid).await?;
        self.work.phase = OperationPhase::Executing;
        (self.work.lines, self.work.invalid) = (Some(lines), Some(invalid));
        Ok(None)
    }

    async fn count(&self, input: &mut Input) -> Result<Option<(i64, i64)>, JobError> {
        let (mut lines, mut invalid) = (0, 0);
        while let Some(item) = input.next().await? {
            lines += 1;
            invalid += i64::from(matches!(item.is, Is::Invalid(_)));
            if lines % BREATH == 0 {
                if self.halt.is_cancelled() {
                    return Ok(None);
                }
                self.context.progress(Progress {
                    done: 0,
                    total: None,
                    text: format!("{lines} lines looked at"),
                });
                yield_now().await;
            }
        }
        Ok(Some((lines, invalid)))
    }
}
