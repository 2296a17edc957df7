//! What is sent: written once, and shared by everybody who is told it.

use super::{
    feed::{About, Edge, Page},
    filter::Filter,
    marker,
};
use actix_web::web::Bytes;
use contracts::LogPosition;
use infra::http::WRITE_BUFFER;
use std::{ops::Range, sync::Arc};

/// Bytes that a connection is given at once. They are copied into its buffer,
/// which is all that a busy client costs beside an idle one: with what the
/// buffer may hold already, and the frame of a chunk, it doubles once.
const SLICE: usize = WRITE_BUFFER - 64;

/// Bytes of a frame beside its data, about.
const FRAME: usize = 100;

/// Some of a feed as it is sent.
#[derive(Debug)]
pub struct Piece {
    /// It holds everything after this.
    pub after: LogPosition,
    /// Up to this, and as of this generation.
    pub reached: Edge,
    /// The next heartbeat of those who wanted nothing up to there.
    pub comment: Bytes,
    text: Bytes,
    frames: Vec<Frame>,
}

/// One event of the stream; it begins where the one before it ends.
#[derive(Debug)]
struct Frame {
    about: About,
    end: usize,
}

impl From<Page> for Piece {
    fn from(page: Page) -> Self {
        let generation = page.reached.generation;
        let bytes = page.items.iter().map(|item| item.json.len() + FRAME);
        let mut text = Vec::with_capacity(bytes.sum());
        let mut frames = Vec::with_capacity(page.items.len());
        for item in page.items {
            let at = item.about.at;
            let marker = marker::text(Edge { at, generation }, Some(item.about.order));
            for part in [b"id: ", marker.as_bytes(), b"\ndata: ", &item.json, b"\n\n"] {
                text.extend_from_slice(part);
            }
            frames.push(Frame {
                about: item.about,
                end: text.len(),
            });
        }
        Self {
            after: page.after,
            reached: page.reached,
            comment: marker::comment(page.reached),
            text: text.into(),
            frames,
        }
    }
}

impl Piece {
    fn start(&self, frame: usize) -> usize {
        frame.checked_sub(1).map_or(0, |last| self.frames[last].end)
    }

    /// The next frames from this one on that are taken and follow each other.
    fn run(&self, from: usize, filter: &Filter) -> Option<Range<usize>> {
        let is_taken = |frame: &&Frame| filter.takes(&frame.about);
        let skipped = self.frames[from..]
            .iter()
            .position(|frame| is_taken(&frame))?;
        let begin = from + skipped;
        let length = self.frames[begin..].iter().take_while(is_taken).count();
        Some(begin..begin + length)
    }
}

/// What of a piece a client is still to be sent.
pub struct Rest {
    piece: Arc<Piece>,
    /// The first frame that was not looked at.
    frame: usize,
    /// What of the text comes next.
    next: Range<usize>,
}

impl Rest {
    /// What a filter takes of it beyond `told`, and the place of the last of
    /// that; none where there is nothing.
    pub fn of(
        piece: &Arc<Piece>,
        filter: &Filter,
        told: LogPosition,
    ) -> Option<(Self, LogPosition)> {
        let frame = piece.frames.partition_point(|frame| frame.about.at <= told);
        let mut fresh = piece.frames[frame..].iter();
        let last = fresh.rfind(|frame| filter.takes(&frame.about))?;
        let rest = Self {
            piece: Arc::clone(piece),
            frame,
            next: 0..0,
        };
        Some((rest, last.about.at))
    }

    /// The next bytes; none at the end.
    pub fn slice(&mut self, filter: &Filter) -> Option<Bytes> {
        if self.next.is_empty() {
            let run = self.piece.run(self.frame, filter)?;
            self.next = self.piece.start(run.start)..self.piece.start(run.end);
            self.frame = run.end;
        }
        let end = self.next.end.min(self.next.start + SLICE);
        let slice = self.piece.text.slice(self.next.start..end);
        self.next.start = end;
        Some(slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::feed::Item;
    use uuid::Uuid;

    fn at(position: i64) -> LogPosition {
        LogPosition {
            epoch: 1,
            xid: 7,
            position,
        }
    }

    /// Events 1, 2, … of these orders, each with so much data.
    fn piece(orders: &[u128], bytes: usize) -> Arc<Piece> {
        let items = (1..).zip(orders).map(|(position, order)| Item {
            about: About {
                at: at(position),
                order: Uuid::from_u128(*order),
                platform: None,
                event_type: "".into(),
            },
            json: vec![b'x'; bytes],
        });
        let items: Vec<_> = items.collect();
        let reached = Edge {
            at: at(items.len().try_into().expect("a few")),
            generation: None,
        };
        let after = LogPosition::START;
        Arc::new(Piece::from(Page {
            after,
            reached,
            items,
        }))
    }

    fn sent(piece: &Arc<Piece>, filter: &Filter, told: i64) -> Vec<Bytes> {
        let mut slices = Vec::new();
        if let Some((mut rest, _)) = Rest::of(piece, filter, at(told)) {
            slices.extend(std::iter::from_fn(|| rest.slice(filter)));
        }
        slices
    }

    #[test]
    fn whoever_takes_everything_is_given_the_text_in_small_slices_of_it() {
        let piece = piece(&[1, 2, 1], SLICE);
        let slices = sent(&piece, &Filter::default(), 0);
        assert_eq!(slices.concat(), piece.text);
        let shared = piece.text.as_ptr_range();
        for slice in &slices {
            assert!(slice.len() <= SLICE && shared.contains(&slice.as_ptr()));
        }
    }

    #[test]
    fn a_filter_leaves_out_frames_and_what_was_told_already() {
        let piece = piece(&[1, 2, 2, 1, 2], 10);
        let frame = |number| &piece.text[piece.start(number)..piece.start(number + 1)];
        let second = Filter::of_order(Uuid::from_u128(2));
        let runs = sent(&piece, &second, 0);
        assert_eq!(runs.len(), 2, "what follows each other is one slice");
        assert_eq!(runs.concat(), [frame(1), frame(2), frame(4)].concat());
        assert_eq!(
            sent(&piece, &second, 2).concat(),
            [frame(2), frame(4)].concat()
        );
        let (_, last) = Rest::of(&piece, &second, at(2)).expect("something");
        assert_eq!(last, at(5));
        assert!(Rest::of(&piece, &second, at(5)).is_none());
        assert!(Rest::of(&piece, &Filter::of_order(Uuid::nil()), at(0)).is_none());
    }

    #[test]
    fn a_frame_is_a_place_and_its_data() {
        let piece = piece(&[3], 2);
        let marker = marker::text(piece.reached, Some(Uuid::from_u128(3)));
        let expected = format!("id: {marker}\ndata: xx\n\n");
        assert_eq!(piece.text, expected.as_bytes());
        assert!(piece.comment.starts_with(b":\nid: ") && piece.comment.ends_with(b"\n\n"));
    }
}
