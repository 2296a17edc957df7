//! Files that are the same for everybody, with or without a key.

use super::etag::none_match;
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, ETAG, HeaderName, VARY},
    web::Bytes,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// A file, and the strong tag of its content. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PublicFile {
    content_type: String,
    content: Bytes,
    etag: String,
    /// Seconds for which nobody has to ask again.
    max_age: u32,
}

impl PublicFile {
    /// Of this content, which is hashed here, once.
    pub fn new(content_type: impl Into<String>, content: impl Into<Bytes>, max_age: u32) -> Self {
        let content = content.into();
        let hash = Sha256::digest(&content);
        Self {
            etag: format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..16])),
            content_type: content_type.into(),
            content,
            max_age,
        }
    }

    /// What tells this content from any other: 22 characters that stand in a URL as
    /// they are.
    pub fn hash(&self) -> &str {
        self.etag.trim_matches('"')
    }

    /// 304 where the client has it already, otherwise 200; with `more` headers.
    pub fn answer(&self, request: &HttpRequest, more: &[(HeaderName, &str)]) -> HttpResponse {
        let unchanged = none_match(request, &self.etag);
        let mut response = if unchanged {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        let caching = format!("public, max-age={}", self.max_age);
        response
            .insert_header((ETAG, self.etag.as_str()))
            .insert_header((CACHE_CONTROL, caching))
            .insert_header((VARY, "Accept-Encoding"));
        for (name, value) in more {
            response.insert_header((name.clone(), *value));
        }
        if unchanged {
            return response.finish();
        }
        response
            .content_type(self.content_type.as_str())
            .body(self.content.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{http::header::IF_NONE_MATCH, test::TestRequest};

    #[test]
    fn a_file_is_sent_once_until_it_changes() {
        let file = |text: &'static str| PublicFile::new("text/plain", text, 60);
        let answer = |file: &PublicFile, tag: &str| {
            let request = TestRequest::default().insert_header((IF_NONE_MATCH, tag));
            file.answer(&request.to_http_request(), &[]).status()
        };
        let (one, other) = (file("one"), file("other"));
        assert_eq!(answer(&one, &one.etag), 304);
        assert_eq!(answer(&one, &file("one").etag), 304, "wherever it is from");
        assert_eq!(answer(&other, &one.etag), 200);
    }
}
