//! What a bucket keeps of objects that were begun and never finished: uploads in
//! parts, of processes that were killed, or that could not reach the store when they
//! took back what they had sent. No list of objects shows them, and they stay until
//! somebody ends them.

use super::{ObjectsError, error::is_missing};
use crate::clock;
use object_store::{
    ClientOptions,
    aws::AmazonS3,
    client::{HttpClient, HttpConnector as _, HttpRequest, HttpRequestBody, ReqwestConnector},
    multipart::MultipartStore as _,
    path::Path,
    signer::{Method, SignedUrlOptions, Signer as _},
};
use serde::Deserialize;
use std::{io, time::Duration};
use time::OffsetDateTime;

/// How long the signature of a request holds.
const SIGNED_FOR: Duration = Duration::from_mins(5);

/// Uploads in parts, below a prefix of a bucket.
#[derive(Debug, Clone)]
pub struct Uploads {
    store: AmazonS3,
    /// The store's own client has no such list.
    http: HttpClient,
    /// Empty, or with the slash that ends it.
    prefix: String,
}

/// A page of the list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    next_key_marker: String,
    #[serde(default)]
    next_upload_id_marker: String,
    #[serde(default, rename = "Upload")]
    uploads: Vec<Upload>,
}

/// An upload that is open.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Upload {
    key: String,
    #[serde(rename = "UploadId")]
    id: String,
    #[serde(with = "time::serde::rfc3339")]
    initiated: OffsetDateTime,
}

impl Uploads {
    /// Of this bucket.
    pub fn new(
        store: AmazonS3,
        client: &ClientOptions,
        prefix: &str,
    ) -> Result<Self, ObjectsError> {
        let prefix = match prefix {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Ok(Self {
            store,
            http: ReqwestConnector::default().connect(client)?,
            prefix,
        })
    }

    /// Ends those that were begun longer ago than `age`; how many.
    pub async fn end(&self, age: Duration) -> Result<u64, ObjectsError> {
        let before = clock::now() - age;
        let (mut ended, mut after) = (0, (String::new(), String::new()));
        while let Some(page) = self.page(&after).await? {
            for upload in page.uploads {
                if upload.initiated < before && self.end_one(&upload).await? {
                    ended += 1;
                }
            }
            if !page.is_truncated || page.next_key_marker.is_empty() {
                break;
            }
            after = (page.next_key_marker, page.next_upload_id_marker);
        }
        Ok(ended)
    }

    async fn end_one(&self, upload: &Upload) -> Result<bool, ObjectsError> {
        // One that we cannot have begun.
        let Ok(path) = Path::parse(&upload.key) else {
            return Ok(false);
        };
        match self.store.abort_multipart(&path, &upload.id).await {
            Ok(()) => Ok(true),
            // Somebody else was sooner.
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// What comes after these markers; none where the store does not list them, which
    /// some do not, or does not let us.
    async fn page(&self, after: &(String, String)) -> Result<Option<Page>, ObjectsError> {
        let mut query = vec![("uploads", ""), ("prefix", self.prefix.as_str())];
        for (name, marker) in [("key-marker", &after.0), ("upload-id-marker", &after.1)] {
            if !marker.is_empty() {
                query.push((name, marker.as_str()));
            }
        }
        let options = SignedUrlOptions::new().with_query(query);
        let bucket = Path::default();
        let signed = self
            .store
            .signed_url_opts(Method::GET, &bucket, SIGNED_FOR, &options);
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        let url = signed.await?;
        *request.uri_mut() = url.as_str().parse().map_err(io::Error::other)?;
        let answer = self.http.execute(request).await;
        let answer = answer.map_err(ObjectsError::Unanswered)?;
        let status = answer.status();
        if !status.is_success() {
            tracing::warn!(status = status.as_u16(), "objects.uploads_not_listed");
            return Ok(None);
        }
        let body = answer.into_body().bytes().await;
        let body = body.map_err(ObjectsError::Unanswered)?;
        let page = quick_xml::de::from_reader(&body[..]);
        Ok(Some(page.map_err(Box::new).map_err(ObjectsError::Answer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn read(text: &str) -> Page {
        quick_xml::de::from_str(text).expect("a page")
    }

    #[test]
    fn a_page_is_read_as_stores_send_it() {
        let page = read(
            r#"<?xml version="1.0" encoding="UTF-8"?>
            <ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
              <Bucket>bucket</Bucket><KeyMarker></KeyMarker><UploadIdMarker/>
              <NextKeyMarker>a/2</NextKeyMarker><NextUploadIdMarker>y</NextUploadIdMarker>
              <MaxUploads>2</MaxUploads><IsTruncated>true</IsTruncated>
              <Upload><Key>a/1</Key><UploadId>x</UploadId>
                <Initiator><ID>arn</ID><DisplayName>me</DisplayName></Initiator>
                <StorageClass>STANDARD</StorageClass>
                <Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload>
              <Upload><Key>a/2</Key><UploadId>y</UploadId>
                <Initiated>2026-01-02T03:04:05Z</Initiated></Upload>
            </ListMultipartUploadsResult>"#,
        );
        assert!(page.is_truncated && page.next_upload_id_marker == "y");
        let told: Vec<_> = page.uploads.iter().map(|u| (&*u.key, &*u.id)).collect();
        assert_eq!(told, [("a/1", "x"), ("a/2", "y")]);
        let begun = datetime!(2026-01-02 03:04:05 UTC);
        assert!(page.uploads.iter().all(|u| u.initiated == begun));
        let empty =
            read("<ListMultipartUploadsResult><Bucket>b</Bucket></ListMultipartUploadsResult>");
        assert!(!empty.is_truncated && empty.uploads.is_empty());
    }
}
