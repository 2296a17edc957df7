//! The files of the console: one stylesheet, one module, one icon. Their URLs tell their
//! content, so that browsers keep them for ever.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::CACHE_CONTROL,
    web::{self, ServiceConfig},
};
use infra::http::PublicFile;
use std::sync::LazyLock;

/// A year: what stands in a URL with its hash never changes.
const AGE: u32 = 31_536_000;
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A file, and where it is.
pub struct Asset {
    url: String,
    file: PublicFile,
}

/// Those that pages name.
pub struct Assets {
    style: Asset,
    module: Asset,
    icon: Asset,
}

/// All of the style: that of every page, then those of charts and of the pipeline.
const STYLE: &str = concat!(
    include_str!("console.css"),
    include_str!("charts.css"),
    include_str!("pipeline.css"),
);

/// Of this program, and so the same for everybody.
static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    style: asset("css", "text/css; charset=utf-8", STYLE),
    module: asset(
        "js",
        "text/javascript; charset=utf-8",
        include_str!("console.js"),
    ),
    icon: asset("svg", "image/svg+xml", include_str!("icon.svg")),
});

fn asset(extension: &str, kind: &str, content: &'static str) -> Asset {
    let file = PublicFile::new(kind, content, AGE);
    let url = format!("/console/assets/console.{}.{extension}", file.hash());
    Asset { url, file }
}

/// URL of the stylesheet.
pub fn style() -> &'static str {
    &ASSETS.style.url
}

/// URL of the module.
pub fn module() -> &'static str {
    &ASSETS.module.url
}

/// URL of the icon.
pub fn icon() -> &'static str {
    &ASSETS.icon.url
}

/// Mounts them, for everybody.
pub fn routes(config: &mut ServiceConfig) {
    config.route("/assets/{name}", web::get().to(handle));
}

async fn handle(request: HttpRequest) -> HttpResponse {
    let all = [&ASSETS.style, &ASSETS.module, &ASSETS.icon];
    match all.into_iter().find(|asset| asset.url == request.path()) {
        Some(asset) => asset.file.answer(&request, &[(CACHE_CONTROL, FOR_EVER)]),
        // A page of another release names another file.
        None => HttpResponse::NotFound()
            .content_type("text/plain; charset=utf-8")
            .body("There is no such file: reload the page.\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[actix_web::test]
    async fn a_file_is_kept_for_ever_and_another_one_is_not_there() {
        let answer = async |path: &str| {
            let request = TestRequest::with_uri(path).to_http_request();
            handle(request).await
        };
        let style = answer(style()).await;
        assert_eq!(style.status(), 200);
        assert_eq!(
            style.headers().get(CACHE_CONTROL).expect("caching"),
            FOR_EVER
        );
        assert_eq!(answer("/console/assets/console.0.css").await.status(), 404);
    }

    /// The policy forbids it anyway: what is inline would not work.
    #[test]
    fn files_fetch_nothing_from_elsewhere() {
        for text in [STYLE, include_str!("console.js")] {
            assert!(!text.contains("http://") && !text.contains("https://"));
        }
    }
}
