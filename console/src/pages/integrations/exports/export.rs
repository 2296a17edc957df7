//! `GET /console/exports/{id}`: one export: how far it is, its file and its checksum.

use super::{PAGE, path_of, told::Export};
use crate::{
    Failure, Posted, Visit,
    layout::figures,
    moment,
    pages::integrations::progress::{bar, bytes},
    session::Notice,
};
use actix_web::{HttpResponse, web::Path};
use maud::{Markup, html};
use reqwest::Method;
use uuid::Uuid;

/// The routes that end one.
const CANCEL: &str = "/v1/exports/{id}/cancel";
const DELETE: &str = "/v1/exports/{id}";

/// The page.
pub async fn handle(visit: Visit, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let export = read(&visit, *id).await?;
    let refresh = export.is_live().then(|| format!("{}/now", path_of(*id)));
    let main = html! {
        p.crumbs { a href=(PAGE.path) { (PAGE.title) } }
        div data-refresh=[refresh] data-refresh-seconds="1" { (content(&visit, &export)) }
    };
    Ok(visit.page(&export.what(), &main))
}

/// What of the page changes.
pub async fn fragment(visit: Visit, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let export = read(&visit, *id).await?;
    Ok(visit.fragment(content(&visit, &export)))
}

async fn read(visit: &Visit, id: Uuid) -> Result<Export, Failure> {
    visit.api.get(&["exports", &id.to_string()]).read().await
}

/// `GET …/file`: the file, by a link that is asked for anew each time: nobody has to
/// hold one that needs no key.
pub async fn download(visit: Visit, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let export = read(&visit, *id).await?;
    let gone = "The export has no file, or not any more";
    let link = export
        .download
        .ok_or_else(|| Failure::Form(gone.to_owned()))?;
    let mut file = visit.api.get(&["exports", &id.to_string(), "file"]);
    for (name, value) in link.parameters() {
        file = file.param(&name, value);
    }
    file.file().await
}

/// `POST …/cancel`: it is not wanted any more.
pub async fn cancel(posted: Posted, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let visit = posted.visit;
    let path = ["exports", &id.to_string(), "cancel"];
    let notice = match visit.api.command(Method::POST, &path).send().await {
        Ok(_) => Notice::done("It ends, unless it is done before."),
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(visit.see(&path_of(*id), &notice))
}

/// `POST …/delete`: nobody sees it any more.
pub async fn delete(posted: Posted, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let visit = posted.visit;
    let path = ["exports", &id.to_string()];
    match visit.api.command(Method::DELETE, &path).send().await {
        Ok(_) => Ok(visit.see(
            PAGE.path,
            &Notice::done("The export was deleted, with its file."),
        )),
        Err(failure) => {
            let notice = Notice::refused(&failure.into_refusal()?);
            Ok(visit.see(&path_of(*id), &notice))
        }
    }
}

fn content(visit: &Visit, export: &Export) -> Markup {
    let (path, live) = (path_of(export.id), export.is_live());
    html! {
        div.head data-settled[!live] {
            h1 { (export.what()) " " (export.badge()) }
            div.row {
                @if live {
                    a.button href=(path) data-manual { "Look again" }
                    @if export.cancel_requested {
                        span.hint { "It was told to end." }
                    } @else if visit.may("POST", CANCEL) {
                        (visit.form(&format!("{path}/cancel"), "row", &html! {
                            button.bad type="submit" { "Cancel" }
                        }))
                    }
                } @else {
                    @if export.download.is_some() {
                        a.button.primary href={ (path) "/file" } download { "Download" }
                    }
                    @if visit.may("DELETE", DELETE) {
                        (visit.form(&format!("{path}/delete"), "row", &html! {
                            button.bad type="submit" { "Delete" }
                        }))
                    }
                }
            }
        }
        @if live {
            section.card { (running(visit, export)) }
        }
        @if export.state == "failed" {
            div.notice.refused {
                p { "It failed: " (export.problem.as_deref().unwrap_or("unknown").replace('_', " "))
                    ". Start it again, of fewer rows if it took too long." }
            }
        }
        @if export.state == "expired" {
            div.notice.refused { p { "Its file was thrown away. Start the export again." } }
        }
        (about(visit, export))
    }
}

fn running(visit: &Visit, export: &Export) -> Markup {
    let (done, all) = match &export.progress {
        Some(progress) => (progress.rows, progress.expected_rows),
        None => (0, None),
    };
    bar(done, all, &words(visit, export))
}

fn about(visit: &Visit, export: &Export) -> Markup {
    let filters = export.filters();
    html! {
        section.card {
            h2 { "About it" }
            dl.figures {
                @if let Some(rows) = export.rows { dt { "Rows" } dd { (visit.locale.count(rows)) } }
                @if let Some(size) = export.bytes {
                    dt { "Size" } dd { (bytes(size)) " " span.quiet { "(" (visit.locale.count(size)) " bytes)" } }
                }
                @if let Some(sha256) = &export.sha256 {
                    dt { "SHA-256" }
                    dd {
                        code { (sha256) } " "
                        button.link type="button" data-scripted hidden data-copy=(sha256) { "Copy" }
                    }
                }
                dt { "As of" } dd { (moment::maybe(export.as_of)) }
                dt { "Asked for" } dd { (moment::moment(export.created_at)) " by " (visit.who(&export.created_by)) }
                dt { "Ended" } dd { (moment::maybe(export.finished_at)) }
                dt { "Kept until" } dd { (moment::maybe(export.expires_at)) }
                dt { "Id" } dd { code { (export.id.to_string()) } }
            }
            h3 { "Filters" }
            @if filters.is_empty() {
                p.quiet { "None: all rows." }
            } @else {
                (figures(&filters))
            }
            @if export.sha256.is_some() {
                p.hint { "The last record of the file is its trailer: without it, a download was cut off." }
            }
        }
    }
}

/// How far it is, in words.
pub fn words(visit: &Visit, export: &Export) -> String {
    let count = |number| visit.locale.count(number);
    match (&export.progress, export.rows, export.state.as_str()) {
        (_, Some(rows), _) => format!("{} rows", count(rows)),
        (Some(progress), None, _) => match progress.expected_rows {
            Some(all) => format!("{} of about {} rows", count(progress.rows), count(all)),
            None => format!("{} rows", count(progress.rows)),
        },
        (None, None, "pending") => "waits for a worker".to_owned(),
        (None, None, "running") => "begins".to_owned(),
        (None, None, _) => "–".to_owned(),
    }
}
