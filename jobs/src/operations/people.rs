//! Operations about a person: they find their lines themselves, in the views.
//!
//! ```text
//!  erasure:  delete keys ─> views up to date ─> orders, their own keys ─┐ until nothing new is found,
//!                 ▲                                                     │ and no process has a key left
//!                 └─────────────────────────────────────────────────────┘
//!            ─> a line for each order ─> carried out ─> views up to date ─> files, answers, caches, samples
//! ```
//!
//! Each step can be repeated, so whoever is killed begins it again. What was sealed
//! after the erasure was asked for is under a new key, and is left alone.

use super::{
    input::unreadable,
    job::{Finish, Operating, SOMEBODY_ELSE},
};
use crate::exports;
use infra::{
    clock,
    jobs::{Context, JobError},
    operations::{self, About, OperationKind, Work},
    people::{self, Found, Named, Whose},
    redis::{Purge, purge},
    views::{DOCUMENTS_FAMILY, ORDERS_FAMILY},
};
use serde::Serialize;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// For how long a process may have a key in memory that was deleted.
const FORGOTTEN: Duration = Duration::from_secs(5);
/// How far clocks may be apart.
const APART: time::Duration = time::Duration::seconds(1);
/// How long an attempt waits for the views before it makes room for others.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// Before others are asked again whether they are through.
const AGAIN: Duration = Duration::from_secs(5);
/// Before somebody may have driven parked orders again.
const PARKED: Duration = Duration::from_secs(15);
/// Bytes that are stored at a time.
const PIECE: usize = 4 << 20;
/// Families of cached values that hold personal data.
const READABLE: [&str; 2] = [ORDERS_FAMILY, DOCUMENTS_FAMILY];

/// Whether a step is done, or is to be looked at again later.
pub enum Step {
    /// It is.
    Done,
    /// After this long, and why.
    Later(Duration, String),
    /// It never will be: what the operation comes to.
    Ended(Finish),
}

/// A command on one order.
#[derive(Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Line<'a> {
    LinkCustomer { order_id: Uuid, body: Link<'a> },
    RecordErasure { order_id: Uuid, body: Erased<'a> },
}

#[derive(Serialize)]
struct Link<'a> {
    customer_id: &'a str,
}

#[derive(Serialize)]
struct Erased<'a> {
    erasure_id: Uuid,
    subjects: Vec<Uuid>,
    requested_by: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
}

impl Operating {
    /// Finds the orders that an operation is about, and writes its lines.
    pub(super) async fn prepare(
        &self,
        work: &mut Work,
        context: &Context,
    ) -> Result<Step, JobError> {
        match work.kind {
            OperationKind::Bulk => return Ok(Step::Done),
            OperationKind::Import => return self.convert(work, context).await,
            OperationKind::GuestOrders | OperationKind::Erasure => {}
        }
        let Some(now) = self.up_to_date().await? else {
            return Ok(behind());
        };
        let found = if work.kind == OperationKind::Erasure {
            match self.delete_keys(work, now).await? {
                Ok(found) => found,
                Err(later) => return Ok(later),
            }
        } else {
            let (platform, email) = guest(&work.about)?;
            let guest = Whose::GuestNow { platform, email };
            people::whose(self.views.pool(), &guest, now).await?
        };
        work.input_bytes = self.write(work, &found).await?;
        let ids: Vec<Uuid> = found.iter().map(|order| order.order_id).collect();
        if work.kind == OperationKind::Erasure {
            people::keep_no_answers(&self.ops, &ids).await?;
        }
        operations::prepared(&self.ops, work.id, work.input_bytes, &ids).await?;
        work.prepared = true;
        tracing::info!(
            operation.id = %work.id,
            kind = work.kind.name(),
            orders = found.len(),
            "operation.prepared"
        );
        Ok(Step::Done)
    }

    /// The orders of an erasure once none of their keys is left, in any process; else
    /// what is waited for. Whatever was found once is written anew, although nobody
    /// may find it any more.
    async fn delete_keys(
        &self,
        work: &Work,
        now: OffsetDateTime,
    ) -> Result<Result<Vec<Found>, Step>, JobError> {
        let views = self.views.pool();
        if let Some(later) = self.parked().await? {
            return Ok(Err(later));
        }
        let customer = work.about.customer();
        let whose = erased(&work.about)?;
        let found = people::whose(views, &whose, now).await?;
        let ids: Vec<Uuid> = found.iter().map(|order| order.order_id).collect();
        let own = found.iter().filter(|order| order.guest);
        let (copies, own): (Vec<&Found>, Vec<&Found>) = own.partition(|order| order.exchange);
        let id = |order: &Found| order.order_id;
        let copies: Vec<Uuid> = copies.into_iter().map(id).collect();
        let own: Vec<Uuid> = own.into_iter().map(id).collect();
        let subjects: Vec<Uuid> = customer.into_iter().chain(own.iter().copied()).collect();
        let deleted = operations::delete_keys(&self.ops, work, &ids, (&subjects, &copies));
        let (all, age) = deleted.await?;
        if let Some(left) = FORGOTTEN.checked_sub(age).filter(|left| !left.is_zero()) {
            let why = "processes forget the keys that were deleted".to_owned();
            return Ok(Err(Step::Later(left, why)));
        }
        // What was placed since, under a new key, is no part of it.
        let until = now - age.saturating_sub(FORGOTTEN);
        let mut found = people::whose(views, &Whose::Among(all), until).await?;
        let newer = operations::newer(&self.ops, work, &own).await?;
        found.retain(|order| !newer.contains(&order.order_id));
        Ok(Ok(found))
    }

    /// What is waited for while orders are parked.
    async fn parked(&self) -> Result<Option<Step>, JobError> {
        let parked = people::parked(self.views.pool()).await?;
        Ok((parked > 0).then(|| {
            let why = format!(
                "{parked} orders are parked, and whether they show what is to be erased nobody \
                 can say: drive them again"
            );
            Step::Later(PARKED, why)
        }))
    }

    /// A moment until which the views show everything; none where they take longer.
    async fn up_to_date(&self) -> Result<Option<OffsetDateTime>, JobError> {
        let (now, began) = (clock::now(), Instant::now());
        while !self.views.show_all_until(now + APART).await? {
            if began.elapsed() >= PATIENCE {
                return Ok(None);
            }
            sleep(LOOK).await;
        }
        Ok(Some(now))
    }

    /// Writes a line for each order; how many bytes they are.
    async fn write(&self, work: &Work, found: &[Found]) -> Result<i64, JobError> {
        let failed = |error: serde_json::Error| JobError::permanent(error.to_string());
        let customer = work.about.customer();
        let name = operations::input(work.id);
        let writer = self.objects.writer(&name, u64::MAX);
        let mut writer = writer.map_err(|error| unreadable(&error))?;
        let (mut piece, mut size) = (Vec::new(), 0);
        for order in found {
            serde_json::to_writer(&mut piece, &line(work, customer, order)).map_err(failed)?;
            piece.push(b'\n');
            if piece.len() >= PIECE {
                size += piece.len();
                let written = writer.write(std::mem::take(&mut piece).into()).await;
                written.map_err(|error| unreadable(&error))?;
            }
        }
        size += piece.len();
        let written = writer.write(piece.into()).await;
        written.map_err(|error| unreadable(&error))?;
        writer.finish().await.map_err(|error| unreadable(&error))?;
        i64::try_from(size).map_err(|error| JobError::permanent(error.to_string()))
    }

    /// Takes readable copies back, once all lines of an erasure are carried out.
    pub(super) async fn take_back(&self, work: &Work) -> Result<Step, JobError> {
        if work.kind != OperationKind::Erasure {
            return Ok(Step::Done);
        }
        if self.up_to_date().await?.is_none() {
            return Ok(behind());
        }
        if let Some(later) = self.parked().await? {
            return Ok(later);
        }
        let (since, orders) = operations::rewritten(&self.ops, work.id).await?;
        let views = self.views.pool();
        let named = Named {
            platform: work.about.platform.clone(),
            customer_id: work.about.customer_id.clone(),
            external_ids: people::external_ids(views, &orders).await?,
        };
        let open = people::open_exports(&self.ops, since, &named).await?;
        people::expire_exports(&self.ops, since, &named).await?;
        while exports::expire(&self.ops, &self.objects).await? > 0 {}
        if open > 0 {
            let why = format!("{open} exports are not written yet that were asked for before");
            return Ok(Step::Later(AGAIN, why));
        }
        people::forget_filters(&self.ops, since, &named).await?;
        people::drop_replaced(views).await?;
        people::forget_questions(&self.ops).await?;
        people::erase_answers(&self.ops, &orders).await?;
        if let Err(error) = people::gather_anew(views, &self.ops).await {
            // PostgreSQL does it by itself in time.
            tracing::warn!(%error, "erasure.not_analyzed");
        }
        for family in READABLE {
            // Where Redis is away, what it has expires within minutes.
            if let Err(error) = purge(&self.redis, &Purge::Family(family.to_owned())).await {
                tracing::warn!(family, %error, "erasure.cache_not_purged");
            }
        }
        Ok(Step::Done)
    }
}

/// The views are waited for.
fn behind() -> Step {
    Step::Later(AGAIN, "the views do not show everything yet".to_owned())
}

fn line<'a>(work: &'a Work, customer: Option<Uuid>, order: &Found) -> Line<'a> {
    let (about, order_id) = (&work.about, order.order_id);
    match work.kind {
        OperationKind::Bulk | OperationKind::Import | OperationKind::GuestOrders => {
            let customer_id = about.customer_id.as_deref().unwrap_or_default();
            let body = Link { customer_id };
            Line::LinkCustomer { order_id, body }
        }
        OperationKind::Erasure => {
            let own = order.guest.then_some(order_id);
            let body = Erased {
                erasure_id: work.id,
                subjects: customer.into_iter().chain(own).collect(),
                requested_by: &work.principal,
                reference: about.reference.as_deref(),
            };
            Line::RecordErasure { order_id, body }
        }
    }
}

/// Whose orders an erasure is about.
fn erased(about: &About) -> Result<Whose, JobError> {
    if let Some(order) = about.order_id {
        return Ok(Whose::Order(order));
    }
    match about.customer() {
        Some(subject) => Ok(Whose::Customer(subject)),
        None => guest(about).map(|(platform, email)| Whose::Guest { platform, email }),
    }
}

/// Channel and email of a guest.
fn guest(about: &About) -> Result<(String, String), JobError> {
    let named = about.platform.clone().zip(about.email.clone());
    // Once it is forgotten the lines are there.
    named.ok_or_else(|| JobError::retry(SOMEBODY_ELSE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::ids::subject_of_customer;
    use infra::{
        api_keys::Scopes,
        operations::{OnInvalid, OperationPhase},
    };
    use serde_json::{Value, json};

    fn work(kind: OperationKind, about: About) -> Work {
        Work {
            id: Uuid::from_u128(1),
            principal: "key_1".into(),
            scopes: Scopes::default(),
            phase: OperationPhase::Validating,
            input_bytes: 0,
            cancel_requested: false,
            dry_run: false,
            on_invalid: OnInvalid::Skip,
            lines: None,
            invalid: None,
            done: 0,
            parts: 0,
            read_to: 0,
            last_line: 0,
            sending_to: 0,
            kind,
            about,
            import: None,
            prepared: false,
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn told(work: &Work, guest: bool) -> Value {
        let order = Found {
            order_id: Uuid::from_u128(2),
            guest,
            exchange: false,
        };
        serde_json::to_value(line(work, work.about.customer(), &order)).expect("JSON")
    }

    #[test]
    fn an_erasure_names_the_keys_that_an_order_was_sealed_under() {
        let about = About {
            platform: Some("web".into()),
            customer_id: Some("c-1".into()),
            reference: Some("case 12".into()),
            ..About::default()
        };
        let subject = subject_of_customer("web", "c-1");
        let work = work(OperationKind::Erasure, about);
        let order = Uuid::from_u128(2);
        assert_eq!(
            told(&work, true),
            json!({
                "op": "record_erasure", "order_id": order,
                "body": {
                    "erasure_id": Uuid::from_u128(1), "subjects": [subject, order],
                    "requested_by": "key_1", "reference": "case 12",
                },
            })
        );
        assert_eq!(told(&work, false)["body"]["subjects"], json!([subject]));
        assert_eq!(erased(&work.about).ok(), Some(Whose::Customer(subject)));
    }

    #[test]
    fn a_guest_is_named_by_the_email_until_the_orders_are_found() {
        let named = About {
            platform: Some("web".into()),
            email: Some("ada@example.com".into()),
            ..About::default()
        };
        let forgotten = named.clone().told();
        let both = ("web".to_owned(), "ada@example.com".to_owned());
        assert_eq!(guest(&named).ok(), Some(both));
        assert!(matches!(erased(&named), Ok(Whose::Guest { .. })));
        assert!(erased(&forgotten).is_err());
        let of_one = About {
            order_id: Some(Uuid::from_u128(2)),
            ..About::default()
        };
        let work = work(OperationKind::Erasure, of_one);
        assert_eq!(
            told(&work, true)["body"]["subjects"],
            json!([Uuid::from_u128(2)])
        );
        assert!(erased(&work.about).is_ok());
    }

    #[test]
    fn linked_orders_are_told_the_customer_and_nothing_else() {
        let about = About {
            platform: Some("web".into()),
            customer_id: Some("c-1".into()),
            ..About::default()
        };
        let work = work(OperationKind::GuestOrders, about);
        let order = Uuid::from_u128(2);
        assert_eq!(
            told(&work, true),
            json!({"op": "link_customer", "order_id": order, "body": {"customer_id": "c-1"}})
        );
    }
}
