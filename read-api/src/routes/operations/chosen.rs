//! Some of the results of an operation.

use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _, stream, stream::BoxStream};
use infra::{
    http::{Line, Lines, Problem, Query},
    objects::{Object, ObjectsError},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Bytes that are sent at a time, about.
const PIECE: usize = 32 << 10;
const OUTCOME: &str = "outcome";
const LIMIT: &str = "limit";

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &[OUTCOME, LIMIT];

/// What a line came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultOutcome {
    /// It was carried out, now or before.
    Succeeded,
    /// It was not.
    Failed,
}

impl ResultOutcome {
    const ALL: [Self; 2] = [Self::Succeeded, Self::Failed];

    const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

/// Which results.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    outcome: Option<ResultOutcome>,
    limit: Option<u64>,
}

/// What a result says of what the line came to.
#[derive(Deserialize)]
struct Told {
    status: u16,
}

impl Chosen {
    /// As the query says.
    ///
    /// # Errors
    /// 400 for a parameter that is not known or cannot be meant.
    pub fn of(query: &Query) -> Result<Self, Problem> {
        Ok(Self {
            outcome: query.one_of(OUTCOME, &ResultOutcome::ALL, ResultOutcome::name)?,
            limit: query.parsed(LIMIT, "a number of results")?,
        })
    }

    /// Those among all of them.
    pub fn among(
        self,
        all: impl Stream<Item = Result<Bytes, ObjectsError>> + Send + 'static,
    ) -> BoxStream<'static, Result<Bytes, ObjectsError>> {
        if self.outcome.is_none() && self.limit.is_none() {
            return all.boxed();
        }
        let object = Object {
            size: 0,
            range: 0..0,
            body: all.boxed(),
        };
        let lines = Lines::after(object, 0, 0);
        let left = self.limit.unwrap_or(u64::MAX);
        let pieces = stream::try_unfold((lines, left), move |(mut lines, left)| async move {
            let (piece, left) = self.piece(&mut lines, left).await?;
            Ok::<_, ObjectsError>((!piece.is_empty()).then(|| (Bytes::from(piece), (lines, left))))
        });
        pieces.boxed()
    }

    /// The next of them, about a piece, and how many more may follow; nothing at the
    /// end.
    async fn piece(
        self,
        lines: &mut Lines<Object>,
        mut left: u64,
    ) -> Result<(Vec<u8>, u64), ObjectsError> {
        let mut piece = Vec::new();
        while left > 0 && piece.len() < PIECE {
            let Some((_, line)) = lines.next().await? else {
                return Ok((piece, 0));
            };
            // Nothing that we write is so long that it is no whole line.
            if let Line::Whole(text) = line
                && self.takes(&text)
            {
                piece.extend_from_slice(&text);
                piece.push(b'\n');
                left -= 1;
            }
        }
        Ok((piece, left))
    }

    fn takes(self, text: &[u8]) -> bool {
        let Some(outcome) = self.outcome else {
            return true;
        };
        let Ok(Told { status }) = serde_json::from_slice(text) else {
            return false;
        };
        (outcome == ResultOutcome::Succeeded) == (200..300).contains(&status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::TryStreamExt as _;

    async fn chosen(outcome: Option<ResultOutcome>, limit: Option<u64>) -> Vec<u64> {
        let statuses = [201, 409, 200, 422, 503];
        let lines = statuses.map(|status| format!("{{\"line\":1,\"status\":{status}}}\n"));
        let all = lines.concat();
        // Pieces end where they like.
        let pieces: Vec<_> = all
            .as_bytes()
            .chunks(7)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        let all = Chosen { outcome, limit }.among(stream::iter(pieces));
        let text: Vec<Bytes> = all.try_collect().await.expect("readable");
        let text = String::from_utf8(text.concat()).expect("text");
        let told = text.lines().map(serde_json::from_str::<Told>);
        told.map(|told| u64::from(told.expect("a result").status))
            .collect()
    }

    #[actix_web::test]
    async fn results_are_chosen_by_what_they_came_to_and_how_many() {
        use ResultOutcome::{Failed, Succeeded};
        assert_eq!(chosen(None, None).await, [201, 409, 200, 422, 503]);
        assert_eq!(chosen(Some(Failed), None).await, [409, 422, 503]);
        assert_eq!(chosen(Some(Succeeded), None).await, [201, 200]);
        assert_eq!(chosen(Some(Failed), Some(2)).await, [409, 422]);
        assert_eq!(chosen(None, Some(1)).await, [201]);
        assert!(chosen(None, Some(0)).await.is_empty());
    }
}
