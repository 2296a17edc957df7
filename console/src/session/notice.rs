//! What the next page says first: that something was done, or why it was not.

use super::Sessions;
use crate::failure::Refusal;
use actix_web::{
    HttpRequest,
    cookie::{Cookie, time::Duration},
};
use serde::{Deserialize, Serialize};

const COOKIE: &str = "orderlog_console_notice";
const LASTS: Duration = Duration::minutes(1);
/// Bytes of a notice, so that it fits a cookie.
const LONGEST: usize = 1_500;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

/// A message to whoever is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about.
    pub kind: Kind,
    /// In a sentence.
    pub text: String,
    /// Figures, each with its name.
    pub figures: Vec<(String, String)>,
}

impl Notice {
    /// Something was done.
    pub fn done(text: impl Into<String>) -> Self {
        Self {
            kind: Kind::Done,
            text: text.into(),
            figures: Vec::new(),
        }
    }

    /// The API has refused something.
    pub fn refused(refusal: &Refusal) -> Self {
        Self {
            kind: Kind::Refused,
            text: refusal.sentence(),
            figures: refusal.figures(),
        }
    }

    /// A form could not be taken as it was.
    pub fn wrong(text: impl Into<String>) -> Self {
        Self {
            kind: Kind::Refused,
            ..Self::done(text)
        }
    }
}

impl Sessions {
    /// Keeps a notice for the next page.
    pub fn keep_notice(&self, notice: &Notice) -> Option<Cookie<'static>> {
        let mut notice = notice.clone();
        if notice.text.len() > LONGEST {
            notice.text = notice.text.chars().take(LONGEST / 4).collect();
        }
        let size = |(name, value): &(String, String)| name.len() + value.len();
        while notice.figures.iter().map(size).sum::<usize>() > LONGEST {
            notice.figures.pop();
        }
        let plain = serde_json::to_vec(&notice).ok()?;
        let sealed = self.key.seal(COOKIE.as_bytes(), &plain).ok()?;
        Some(self.kept(COOKIE, sealed, LASTS))
    }

    /// The notice that a request comes with.
    pub fn notice(&self, request: &HttpRequest) -> Option<Notice> {
        let cookie = self.sent(request, COOKIE)?;
        let plain = self.key.open(COOKIE.as_bytes(), cookie.value())?;
        serde_json::from_slice(&plain).ok()
    }

    /// Takes it back: it was said.
    pub fn notice_said(&self) -> Cookie<'static> {
        self.gone(COOKIE)
    }
}
