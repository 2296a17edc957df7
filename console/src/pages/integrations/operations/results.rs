//! Results of an operation: those of lines that failed on the page, all of them to be
//! downloaded.

use super::{
    path_of,
    told::{LineResult, Operation},
};
use crate::{
    Failure, Fields, Visit,
    layout::{Part, empty, missing, table_box},
    locale::Locale,
};
use actix_web::{
    HttpResponse,
    http::header::{CONTENT_DISPOSITION, HeaderValue},
    web::{Path, Query},
};
use maud::{Markup, html};
use uuid::Uuid;

/// Results on a page.
const SHOWN: i64 = 100;

/// The first results of lines that failed.
pub type Failed = Part<Vec<LineResult>>;

/// The first results of lines that failed, once there are any.
///
/// # Errors
/// There is no page to show; see [`Failure::of_part`].
pub async fn failed(visit: &Visit, operation: &Operation) -> Result<Failed, Failure> {
    let some = operation.progress.failed.min(SHOWN);
    if operation.is_live() || some == 0 {
        return Ok(Part::Told(Vec::new()));
    }
    let path = ["operations", &operation.id.to_string(), "results"];
    let results = visit
        .api
        .get(&path)
        .param("outcome", "failed")
        .param("limit", some);
    match results.send().await {
        Ok(answer) => Ok(Part::Told(read(answer.body()))),
        // Nobody can say why any more, and the page says how many.
        Err(Failure::Refused(refusal)) if refusal.problem.status == 404 => {
            Ok(Part::Told(Vec::new()))
        }
        Err(failure) => Part::of(Err(failure)),
    }
}

/// The results of an answer; its trailer is none.
fn read(text: &[u8]) -> Vec<LineResult> {
    let lines = text.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}

/// `GET …/results.ndjson`: all of them, or those of one `outcome`, as the API has them.
///
/// # Errors
/// The API is away, or has refused.
pub async fn download(
    visit: Visit,
    id: Path<Uuid>,
    asked: Query<Vec<(String, String)>>,
) -> Result<HttpResponse, Failure> {
    let asked = Fields::new(asked.into_inner());
    let path = ["operations", &id.to_string(), "results"];
    let results = visit.api.get(&path);
    let mut file = results
        .optional("outcome", asked.one("outcome"))
        .file()
        .await?;
    save_as(&mut file, &format!("results-{id}.ndjson"));
    Ok(file)
}

/// Has browsers keep an answer as a file of this name.
pub fn save_as(answer: &mut HttpResponse, name: &str) {
    let told = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    if let Ok(told) = told {
        answer.headers_mut().insert(CONTENT_DISPOSITION, told);
    }
}

/// What is shown of them, and links to the rest.
pub fn section(locale: &Locale, operation: &Operation, failed: &Failed) -> Markup {
    let path = path_of(operation.id);
    let all = operation.progress.failed;
    html! {
        section.card {
            div.head {
                h2 { "What failed" }
                @if !operation.is_live() && operation.progress.done > 0 {
                    div.row {
                        @if all > 0 {
                            a.button.primary href={ (path) "/failed.csv" } { "Download errors (CSV)" }
                            a.button href={ (path) "/results.ndjson?outcome=failed" } { "Errors (NDJSON)" }
                        }
                        a.button href={ (path) "/results.ndjson" } { "All results (NDJSON)" }
                    }
                }
            }
            @if operation.is_live() {
                p.quiet { (locale.count(all)) " until now. Which they are is shown when it has ended." }
            } @else if all == 0 {
                (empty("Nothing failed.", &next(operation)))
            } @else {
                @match failed {
                    Part::Told(results) => {
                        (table(results))
                        @if all > SHOWN {
                            p.hint {
                                "The first " (locale.count(SHOWN)) " of "
                                (locale.count(all)) ": the download has all of them."
                            }
                        }
                    }
                    Part::Missing(failure) => {
                        p { (locale.count(all)) " lines failed." }
                        (missing(failure))
                    }
                }
                p.hint {
                    "Mend these lines and upload the file again, as a whole: what is there stays as it is."
                }
            }
        }
    }
}

fn next(operation: &Operation) -> Markup {
    html! {
        @if operation.dry_run {
            "It was a dry run: upload the file again without it, and it is stored."
        } @else {
            "Each line has its result."
        }
    }
}

fn table(failed: &[LineResult]) -> Markup {
    table_box(
        "What failed",
        &html! {
            table.cards {
                thead { tr { th { "Line" } th { "What" } th { "Problem" } th { "Why" } } }
                tbody {
                    @for result in failed {
                        tr data-entry {
                            td.nowrap data-label="Line" { (result.lines()) }
                            td data-label="What" { (what(result)) }
                            @match &result.problem {
                                Some(problem) => {
                                    td data-label="Problem" { code { (problem.named()) } }
                                    td data-label="Why" { (problem.sentence()) }
                                }
                                None => {
                                    td data-label="Problem" { (result.status) }
                                    td data-label="Why" { span.none { "–" } }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn what(result: &LineResult) -> Markup {
    let about = result.about().unwrap_or("–");
    html! {
        @match result.order_id {
            Some(id) => { a href={ "/console/orders/" (id.to_string()) } { (about) } }
            None => { (about) }
        }
        @if let Some(op) = &result.op { div.quiet { (op.replace('_', " ")) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::integrations::operations::told::tests::operation;
    use actix_web::test::TestRequest;

    #[test]
    fn the_trailer_is_no_result() {
        let text = b"{\"line\":7,\"status\":422,\"problem\":{\"code\":\"x\",\"title\":\"<b>X</b>\"}}\n\
            {\"trailer\":{\"lines\":9,\"succeeded\":8,\"replayed\":0,\"failed\":1,\"dry_run\":false}}\n";
        let failed = read(text);
        assert_eq!(failed.len(), 1);
        let shown = table(&failed).into_string();
        assert!(shown.contains("&lt;b&gt;X&lt;/b&gt;"), "{shown}");
    }

    #[test]
    fn results_that_cannot_be_had_are_told_to_be_missing() {
        let operation = operation(&serde_json::json!({"state": "succeeded", "phase": "finished"}));
        let missing = Part::Missing(Failure::Unreadable(String::new()));
        let locale = Locale::of(&TestRequest::default().to_http_request());
        let shown = section(&locale, &operation, &missing).into_string();
        assert!(shown.contains("20 lines failed."), "{shown}");
        assert!(shown.contains("cannot read"), "{shown}");
        assert!(shown.contains("/failed.csv"), "{shown}");
    }
}
