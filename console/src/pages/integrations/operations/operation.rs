//! `GET /console/operations/{id}`: one operation, how far it is and what failed.

use super::{
    PAGE, path_of,
    results::{self, Failed},
    told::Operation,
};
use crate::{
    Failure, Posted, Visit, moment,
    pages::integrations::progress::{bar, seconds},
    session::Notice,
};
use actix_web::{HttpResponse, web::Path};
use maud::{Markup, html};
use reqwest::Method;
use uuid::Uuid;

/// The route that ends one.
const CANCEL: &str = "/v1/operations/{id}/cancel";

/// The page.
pub async fn handle(visit: Visit, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let (operation, failed) = read(&visit, *id).await?;
    let path = path_of(*id);
    let refresh = operation.is_live().then(|| format!("{path}/now"));
    let main = html! {
        p.crumbs { a href=(PAGE.path) { (PAGE.title) } }
        div data-refresh=[refresh] data-refresh-seconds="1" {
            (content(&visit, &operation, &failed))
        }
    };
    Ok(visit.page(&operation.what(), &main))
}

/// What of the page changes.
pub async fn fragment(visit: Visit, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let (operation, failed) = read(&visit, *id).await?;
    Ok(visit.fragment(content(&visit, &operation, &failed)))
}

/// `POST …/cancel`: no further line is carried out.
pub async fn cancel(posted: Posted, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let visit = posted.visit;
    let path = ["operations", &id.to_string(), "cancel"];
    let notice = match visit.api.command(Method::POST, &path).send().await {
        Ok(_) => Notice::done("It ends. What was carried out stays so."),
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(visit.see(&path_of(*id), &notice))
}

async fn read(visit: &Visit, id: Uuid) -> Result<(Operation, Failed), Failure> {
    let path = ["operations", &id.to_string()];
    let operation: Operation = visit.api.get(&path).read().await?;
    let failed = results::failed(visit, &operation).await?;
    Ok((operation, failed))
}

fn content(visit: &Visit, operation: &Operation, failed: &Failed) -> Markup {
    let (path, live) = (path_of(operation.id), operation.is_live());
    html! {
        div.head data-settled[!live] {
            h1 { (operation.what()) " " (operation.badge()) }
            @if live {
                div.row {
                    a.button href=(path) data-manual { "Look again" }
                    @if operation.cancel_requested {
                        span.hint { "It was told to end." }
                    } @else if operation.kind != "erasure" && visit.may("POST", CANCEL) {
                        (visit.form(&format!("{path}/cancel"), "row", &html! {
                            button.bad type="submit" { "Cancel" }
                        }))
                    }
                }
            }
        }
        @if live {
            section.card {
                (bar(operation.progress.done, operation.progress.lines, &words(visit, operation)))
            }
        }
        @if let Some(error) = &operation.error {
            div.notice.refused {
                p { strong { (error.code.replace('_', " ")) } ": " (error.detail) }
                @if error.code == "invalid_file" {
                    p { "Nothing was stored. Mend the file or the mapping, and upload it again." }
                }
            }
        }
        div.columns {
            div { (results::section(&visit.locale, operation, failed)) }
            (about(visit, operation))
        }
    }
}

fn about(visit: &Visit, operation: &Operation) -> Markup {
    let progress = &operation.progress;
    let count = |number| visit.locale.count(number);
    html! {
        section.card {
            h2 { "About it" }
            dl.figures {
                dt { "Lines" } dd { (progress.lines.map_or_else(|| "not counted yet".to_owned(), count)) }
                dt { "Succeeded" } dd { (count(progress.succeeded)) }
                @if progress.replayed > 0 { dt { "of these before" } dd { (count(progress.replayed)) } }
                dt { "Failed" } dd { (count(progress.failed)) }
                @if let Some(invalid) = progress.invalid { dt { "Cannot be read" } dd { (count(invalid)) } }
                dt { "Invalid lines" } dd {
                    @if operation.on_invalid == "reject" { "reject all" } @else { "are left out" }
                }
                @if let Some(import) = &operation.import {
                    @if let Some(platform) = &import.platform { dt { "Channel" } dd { (platform) } }
                }
                dt { "Asked for" } dd { (moment::moment(operation.created_at)) }
                dt { "Begun" } dd { (moment::maybe(operation.started_at)) }
                dt { "Ended" } dd { (moment::maybe(operation.finished_at)) }
                dt { "Kept until" } dd { (moment::maybe(operation.expires_at)) }
                dt { "Id" } dd { code { (operation.id.to_string()) } }
            }
            @if let Some(mapping) = operation.import.as_ref().and_then(|import| import.mapping.as_deref()) {
                details { summary { "Mapping" } pre.body tabindex="0" { (mapping) } }
            }
        }
    }
}

/// How far it is, in words.
pub fn words(visit: &Visit, operation: &Operation) -> String {
    let progress = &operation.progress;
    let count = |number| visit.locale.count(number);
    let done = match (progress.lines, operation.phase.as_str()) {
        (_, "waiting") => return "waits for a worker".to_owned(),
        (None, "validating") => return "reads the file".to_owned(),
        (None, _) => count(progress.done),
        (Some(lines), _) => format!("{} of {}", count(progress.done), count(lines)),
    };
    let Some(left) = progress.seconds_left.filter(|_| operation.is_live()) else {
        return done;
    };
    let rate = progress.lines_per_second.unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "shown to people")]
    let rate = count(rate as i64);
    format!("{done}, {rate} a second, about {} left", seconds(left))
}
