//! Whose orders are whose, and where copies of their data are: for what is done about
//! a person, who may want orders together that were placed as a guest, or nothing
//! left of their data.
//!
//! | file | what |
//! |---|---|
//! | `found.rs` | orders by the person, in the views |
//! | `answers.rs` | what receivers of webhooks have answered about orders |
//! | `copies.rs` | readable copies outside of the log that an erasure takes back |
//! | `exports.rs` | those that exports are |

mod answers;
mod copies;
mod exports;
mod found;

pub use answers::{erase_answers, keep_no_answers};
pub use copies::{drop_replaced, forget_questions, gather_anew};
pub use exports::{Named, expire_exports, external_ids, forget_filters, open_exports};
pub use found::{Found, Whose, parked, whose};

use futures_util::future::BoxFuture;
use sqlx::{Error, PgPool};
use time::OffsetDateTime;

/// The views, and whoever knows how far they are.
pub trait Views: Send + Sync {
    /// The views database.
    fn pool(&self) -> &PgPool;

    /// Whether they show everything that the log had recorded at this moment.
    fn show_all_until(&self, moment: OffsetDateTime) -> BoxFuture<'_, Result<bool, Error>>;
}
