//! What the store answers: `s3s-fs`, which knows no list of uploads, and takes any
//! bucket for one that is there.

use super::{ACCESS_KEY, BUCKET, SECRET_KEY, folder::Folder};
use anyhow::Result;
use async_trait::async_trait;
use s3s::{
    S3, S3Request, S3Response, S3Result,
    access::{S3Access, S3AccessContext},
    auth::SimpleAuth,
    dto, s3_error,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;

/// Uploads that a page of their list has.
const PAGE: usize = 2;

/// A store in this folder.
pub fn service(folder: &Folder) -> Result<S3Service> {
    let files = FileSystem::new(folder.root());
    let files = files.map_err(|error| anyhow::Error::msg(format!("{error:?}")))?;
    let mut service = S3ServiceBuilder::new(Store {
        files,
        folder: folder.clone(),
    });
    service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    service.set_access(OneBucket);
    Ok(service.build())
}

/// Requests that are signed, and about the bucket that there is.
struct OneBucket;

#[async_trait]
impl S3Access for OneBucket {
    async fn check(&self, request: &mut S3AccessContext<'_>) -> S3Result<()> {
        if request.credentials().is_none() {
            return Err(s3_error!(AccessDenied));
        }
        match request.s3_path().get_bucket_name() {
            Some(BUCKET) => Ok(()),
            _ => Err(s3_error!(NoSuchBucket)),
        }
    }
}

struct Store {
    files: FileSystem,
    folder: Folder,
}

macro_rules! store {
    ($($request:ident: $input:ident => $output:ident),+ $(,)?) => {
        #[async_trait]
        impl S3 for Store {
            $(async fn $request(
                &self,
                request: S3Request<dto::$input>,
            ) -> S3Result<S3Response<dto::$output>> {
                self.files.$request(request).await
            })+

            async fn list_multipart_uploads(
                &self,
                request: S3Request<dto::ListMultipartUploadsInput>,
            ) -> S3Result<S3Response<dto::ListMultipartUploadsOutput>> {
                let page = page(&self.folder, request.input);
                page.map(S3Response::new).map_err(|_| s3_error!(InternalError))
            }
        }
    };
}

store! {
    abort_multipart_upload: AbortMultipartUploadInput => AbortMultipartUploadOutput,
    complete_multipart_upload: CompleteMultipartUploadInput => CompleteMultipartUploadOutput,
    create_multipart_upload: CreateMultipartUploadInput => CreateMultipartUploadOutput,
    delete_object: DeleteObjectInput => DeleteObjectOutput,
    get_object: GetObjectInput => GetObjectOutput,
    list_objects_v2: ListObjectsV2Input => ListObjectsV2Output,
    put_object: PutObjectInput => PutObjectOutput,
    upload_part: UploadPartInput => UploadPartOutput,
}

fn page(
    folder: &Folder,
    asked: dto::ListMultipartUploadsInput,
) -> Result<dto::ListMultipartUploadsOutput> {
    let prefix = asked.prefix.unwrap_or_default();
    let after = (
        asked.key_marker.unwrap_or_default(),
        asked.upload_id_marker.unwrap_or_default(),
    );
    let mut uploads = folder.uploads()?;
    uploads.retain(|upload| {
        upload.key.starts_with(&prefix) && (&upload.key, &upload.id) > (&after.0, &after.1)
    });
    let is_truncated = uploads.len() > PAGE;
    uploads.truncate(PAGE);
    let last = uploads.last().filter(|_| is_truncated).cloned();
    let told = uploads.into_iter().map(|upload| dto::MultipartUpload {
        key: Some(upload.key),
        upload_id: Some(upload.id),
        initiated: Some(upload.begun.into()),
        ..dto::MultipartUpload::default()
    });
    Ok(dto::ListMultipartUploadsOutput {
        bucket: Some(asked.bucket),
        uploads: Some(told.collect()),
        is_truncated: Some(is_truncated),
        next_key_marker: last.as_ref().map(|upload| upload.key.clone()),
        next_upload_id_marker: last.map(|upload| upload.id),
        ..dto::ListMultipartUploadsOutput::default()
    })
}
