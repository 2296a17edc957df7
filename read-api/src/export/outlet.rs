//! The way from whoever writes an export to the client: a channel of some
//! pieces, which is all that is ever written ahead.

use super::{Limits, error::ExportError, run::Moment, sheet::Sheet};
use actix_web::web::Bytes;
use infra::http::coding::Coder;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, time::timeout};

/// Pieces that wait for the client.
pub const WAITING: usize = 4;
/// Most bytes of one.
const PIECE: usize = 256 << 10;
/// Fewest bytes of one that is coded.
const CODED: usize = 64 << 10;

/// How long anything is kept back while rows come.
const KEPT: Duration = Duration::from_secs(1);

/// What goes through the channel.
pub enum Piece {
    /// Some of the answer.
    Some(Bytes),
    /// Nothing is missing.
    End,
    /// There will be no end.
    Failed(ExportError),
}

/// Takes an export, and passes it on.
pub struct Outlet {
    sheet: Sheet,
    /// None: as it is.
    coder: Option<Coder>,
    pieces: mpsc::Sender<Piece>,
    limits: Limits,
    /// When the last piece was.
    sent: Instant,
    /// Rows that were passed on, for others to see.
    rows: Arc<AtomicU64>,
}

impl Outlet {
    /// Into this channel.
    pub fn new(
        sheet: Sheet,
        coder: Option<Coder>,
        pieces: mpsc::Sender<Piece>,
        limits: Limits,
    ) -> Self {
        Self {
            sheet,
            coder,
            pieces,
            limits,
            sent: Instant::now(),
            rows: Arc::default(),
        }
    }

    /// How many rows were passed on, from now on.
    pub fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.rows)
    }

    /// What rows are written into.
    pub const fn sheet(&mut self) -> &mut Sheet {
        &mut self.sheet
    }

    /// To be called after each row: waits for the client where there is enough
    /// to be sent, or something has been kept back for long.
    pub async fn pass_on(&mut self) -> Result<(), ExportError> {
        let is_due = self.sent.elapsed() >= KEPT;
        if is_due || self.sheet.is_full() {
            self.code().await?;
        }
        if is_due {
            self.sent = Instant::now();
            if let Some(coder) = &mut self.coder {
                let flushed = coder.flushed()?;
                self.send(flushed).await?;
            }
        }
        Ok(())
    }

    /// The trailer, and everything that was kept back; how many rows there are.
    pub async fn finish(mut self, moment: &Moment) -> Result<u64, ExportError> {
        self.sheet.finish(moment)?;
        self.code().await?;
        if let Some(coder) = self.coder.take() {
            self.send(coder.finish()?).await?;
        }
        self.offer(Piece::End).await?;
        Ok(self.sheet.rows())
    }

    /// What was written so far, as the client takes it.
    async fn code(&mut self) -> Result<(), ExportError> {
        self.rows.store(self.sheet.rows(), Ordering::Relaxed);
        let written = self.sheet.take();
        let Some(coder) = &mut self.coder else {
            return self.send(written).await;
        };
        coder.write(&written)?;
        match coder.piece_of(CODED) {
            Some(piece) => self.send(piece).await,
            None => Ok(()),
        }
    }

    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), ExportError> {
        let mut bytes = Bytes::from(bytes);
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE));
            self.offer(Piece::Some(piece)).await?;
            self.sent = Instant::now();
        }
        Ok(())
    }

    async fn offer(&mut self, piece: Piece) -> Result<(), ExportError> {
        match timeout(self.limits.stall, self.pieces.send(piece)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(ExportError::Gone),
            Err(_) => Err(ExportError::Stalled),
        }
    }
}
