//! Files of exports, and the links that lead to them.

use crate::problems::{link_not_valid, no_object_storage};
use infra::{
    config::Config,
    exports::{Export, ExportState, LinkError, Links, SignedLink},
    http::Problem,
    objects::{GetRange, Object, Objects},
};
use serde::Serialize;
use sqlx::PgPool;
use std::{ops::Range, time::Duration};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// After how many seconds to ask a store again that does not answer.
const AGAIN: u64 = 5;

/// Where files are, and who may read them.
pub struct Files {
    /// None where nobody has configured that.
    objects: Option<Objects>,
    links: Links,
    /// How long a link may be used.
    life: Duration,
    /// What links begin with: empty, or scheme and host.
    origin: String,
}

/// Where the file of an export is.
#[derive(Serialize, ToSchema)]
pub struct Download {
    /// A link that needs no key; relative to the API's origin, unless that is
    /// configured (`public_url`).
    #[schema(
        example = "/v1/exports/019ac1f0-7c3e-7a41-9c55-2f4d6d0c11aa/file?expires=1795842000&signature=4lOYxWcvq2Ve"
    )]
    url: String,
    /// Until when it may be used; asked for again, the export has another one.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: Option<OffsetDateTime>,
}

impl Files {
    /// As configured.
    pub fn new(config: &Config, ops: PgPool, objects: Option<Objects>) -> Self {
        Self {
            objects,
            links: Links::new(ops),
            life: Duration::from_secs(config.export_link_seconds),
            origin: config.public_url.trim_end_matches('/').to_owned(),
        }
    }

    /// A link to the file of an export, where it has one.
    pub async fn download(&self, export: &Export) -> Result<Option<Download>, Problem> {
        if export.state != ExportState::Done {
            return Ok(None);
        }
        let path = path_of(export.id);
        let link = self.links.sign(&path, self.life).await;
        let link = link.map_err(|error| Problem::database(&error))?;
        Ok(Some(Download {
            url: format!("{}{}", self.origin, link.to(&path)),
            expires_at: link.expires_at(),
        }))
    }

    /// Whether a link to the file of an export may be used.
    ///
    /// # Errors
    /// 403 where it is none of ours, or its time is over.
    pub async fn check(&self, export: Uuid, link: &SignedLink) -> Result<(), Problem> {
        let checked = self.links.check(&path_of(export), link).await;
        checked.map_err(|error| match error {
            LinkError::Database(error) => Problem::database(&error),
            error => link_not_valid(&error.to_string()),
        })
    }

    /// Opens an object, or a part of it; none where it is gone.
    ///
    /// # Errors
    /// 503 where the store does not answer.
    pub async fn open(
        &self,
        object: &str,
        part: Option<Range<u64>>,
    ) -> Result<Option<Object>, Problem> {
        let objects = self.objects.as_ref().ok_or_else(no_object_storage)?;
        let opened = objects.get(object, part.map(GetRange::Bounded)).await;
        opened.map_err(|error| Problem::unavailable(AGAIN).caused_by(&error))
    }
}

/// The path that a link is signed for.
fn path_of(export: Uuid) -> String {
    format!("/v1/exports/{export}/file")
}
