//! `GET /console/webhooks/{id}/deliveries/{delivery}`: one delivery, with what was sent
//! and what was answered.

use super::{
    PAGE, deliveries,
    told::{Attempt, Delivery, Endpoint, Requests},
};
use crate::{
    Failure, Visit,
    layout::{badge, raw, whole},
    moment,
};
use actix_web::{HttpResponse, web::Path};
use maud::{Markup, html};
use serde_json::Value;
use uuid::Uuid;

/// The route that sends it once more.
const RETRY: &str = "/v1/webhooks/deliveries/{id}/retry";

/// Bytes of a request that are shown: a page has 100 KB.
const MOST_RAW: usize = 24 << 10;

/// The page of a delivery.
pub fn path_of(endpoint: Uuid, delivery: Uuid) -> String {
    format!("{}/deliveries/{delivery}", super::path_of(endpoint))
}

/// A delivery with all that belongs to it.
struct Shown {
    delivery: Delivery,
    requests: Requests,
    /// None where it was deleted since.
    endpoint: Option<Endpoint>,
}

/// What is told of a delivery to this endpoint.
async fn told(
    visit: &Visit,
    endpoint: Uuid,
    delivery: Uuid,
) -> Result<(Delivery, Requests), Failure> {
    let path = ["webhooks", "deliveries", &delivery.to_string()];
    let answer = visit.api.get(&path).send().await?;
    let (delivery, requests) = (answer.read::<Delivery>()?, answer.read::<Requests>()?);
    if delivery.endpoint_id != endpoint {
        return Err(Failure::Unknown);
    }
    Ok((delivery, requests))
}

async fn read(visit: &Visit, endpoint: Uuid, delivery: Uuid) -> Result<Shown, Failure> {
    let (delivery, requests) = told(visit, endpoint, delivery).await?;
    let path = ["webhooks", "endpoints", &endpoint.to_string()];
    let found = visit.api.get(&path).read::<Endpoint>().await;
    let endpoint = match found {
        Ok(endpoint) => Some(endpoint),
        Err(failure) if is_gone(&failure) => None,
        Err(failure) => return Err(failure),
    };
    Ok(Shown {
        delivery,
        requests,
        endpoint,
    })
}

fn is_gone(failure: &Failure) -> bool {
    let code = failure
        .refusal()
        .map(|refusal| refusal.problem.code.as_str());
    code == Some("endpoint_not_found")
}

/// The page.
pub async fn handle(visit: Visit, path: Path<(Uuid, Uuid)>) -> Result<HttpResponse, Failure> {
    let (endpoint, id) = path.into_inner();
    let shown = read(&visit, endpoint, id).await?;
    let own = path_of(endpoint, id);
    let refresh = shown.delivery.is_open().then(|| format!("{own}/now"));
    let title = format!("Delivery of {}", shown.delivery.event_type);
    let main = html! {
        p.crumbs {
            a href=(PAGE.path) { (PAGE.title) } " / "
            a href=(super::path_of(endpoint)) {
                (shown.endpoint.as_ref().map_or("a deleted endpoint", |endpoint| endpoint.url.as_str()))
            }
        }
        div data-refresh=[refresh] data-refresh-seconds="2" { (content(&visit, &shown)) }
    };
    Ok(visit.page(&title, &main))
}

/// What of the page may change.
pub async fn fragment(visit: Visit, path: Path<(Uuid, Uuid)>) -> Result<HttpResponse, Failure> {
    let (endpoint, id) = path.into_inner();
    let shown = read(&visit, endpoint, id).await?;
    Ok(visit.fragment(content(&visit, &shown)))
}

/// All that each request has sent, however long it is.
pub async fn body(visit: Visit, path: Path<(Uuid, Uuid)>) -> Result<HttpResponse, Failure> {
    let (endpoint, id) = path.into_inner();
    let (_, requests) = told(&visit, endpoint, id).await?;
    let name = format!("delivery-{id}.json");
    let body = pretty(requests.body.get());
    Ok(whole("application/json", &name, body))
}

fn content(visit: &Visit, shown: &Shown) -> Markup {
    let delivery = &shown.delivery;
    let own = path_of(delivery.endpoint_id, delivery.id);
    let can_retry = shown.endpoint.is_some() && visit.may("POST", RETRY);
    html! {
        div.head data-settled[!delivery.is_open()] {
            h1 { (delivery.event_type) " " (delivery.badge()) }
            div.row {
                @if delivery.is_open() {
                    a.button href=(own) data-manual { "Look again" }
                }
                @if let Some(called) = delivery.retry().filter(|_| can_retry) {
                    (visit.form(&format!("{own}/retry"), "row", &html! {
                        button.primary type="submit" { (called) }
                    }))
                }
            }
        }
        div.columns {
            div {
                (request(shown))
                (attempts(visit, &shown.requests.requests))
            }
            section.card {
                h2 { "About it" }
                dl.figures {
                    dt { "Order" } dd { (deliveries::order(delivery)) }
                    dt { "Made" } dd { (moment::moment(delivery.created_at)) }
                    dt { "Due" } dd { (moment::maybe(delivery.due_at)) }
                    dt { "Ended" } dd { (moment::maybe(delivery.finished_at)) }
                    dt { "Failed attempts" } dd { (visit.locale.count(delivery.attempts)) }
                    @if let Some(error) = &delivery.last_error {
                        dt { "Last error" } dd { (error) }
                    }
                    dt { "Id" } dd { code { (delivery.id.to_string()) } }
                }
            }
        }
    }
}

/// What each attempt sends.
fn request(shown: &Shown) -> Markup {
    let url = shown
        .endpoint
        .as_ref()
        .map(|endpoint| endpoint.url.as_str());
    html! {
        section.card {
            h2 { "Request" }
            p { code { "POST " (url.unwrap_or("the URL of an endpoint that was deleted")) } }
            dl.figures {
                dt { "content-type" } dd { code { "application/json" } }
                dt { "webhook-id" } dd { code { (shown.delivery.message_id) } }
                dt { "webhook-timestamp" } dd { span.quiet { "when the attempt begins" } }
                dt { "webhook-signature" } dd { span.quiet { "by the endpoint's secret, kept nowhere" } }
            }
            @let own = path_of(shown.delivery.endpoint_id, shown.delivery.id);
            (raw(&pretty(shown.requests.body.get()), MOST_RAW, &format!("{own}/body")))
        }
    }
}

fn attempts(visit: &Visit, attempts: &[Attempt]) -> Markup {
    html! {
        section.card {
            h2 { "Attempts" }
            @if attempts.is_empty() {
                p.quiet { "None yet." }
            } @else {
                ol.timeline {
                    @for attempt in attempts.iter().rev() {
                        li {
                            p.what {
                                (status(attempt)) " " (moment::moment(attempt.at))
                                " " span.quiet { (visit.locale.count(attempt.duration_ms)) " ms" }
                            }
                            @if let Some(error) = &attempt.error { p { (error) } }
                            @match attempt.answer.as_deref().filter(|answer| !answer.is_empty()) {
                                Some(answer) => { pre.body tabindex="0" { (pretty(answer)) } }
                                None => { p.quiet { "The answer had no body." } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn status(attempt: &Attempt) -> Markup {
    match attempt.status {
        Some(status @ 200..300) => badge(&status.to_string(), "good"),
        Some(status) => badge(&status.to_string(), "bad"),
        None => badge("no answer", "bad"),
    }
}

/// JSON with a member a line; other texts as they are.
fn pretty(text: &str) -> String {
    let value = serde_json::from_str::<Value>(text);
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value));
    pretty.unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_set_out_and_other_texts_stay() {
        assert_eq!(pretty("{\"a\":[1]}"), "{\n  \"a\": [\n    1\n  ]\n}");
        assert_eq!(pretty("<h1>no</h1>"), "<h1>no</h1>");
    }

    #[test]
    fn an_answer_is_told_by_its_status() {
        let attempt = |status| Attempt {
            at: time::OffsetDateTime::UNIX_EPOCH,
            duration_ms: 1,
            status,
            error: None,
            answer: None,
        };
        assert!(status(&attempt(Some(204))).into_string().contains("good"));
        assert!(status(&attempt(Some(301))).into_string().contains("bad"));
        assert!(status(&attempt(None)).into_string().contains("no answer"));
    }
}
