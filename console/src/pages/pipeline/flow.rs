//! The way of an event, from the log to the views: a box for each stage.

use super::{
    state::{Health, lag, rate},
    told::{Lag, LogPlace, Pipeline, Projection, Projections, RelayPlace},
};
use crate::{layout::badge, locale::Locale, moment};
use maud::{Markup, html};

/// The stages; those behind Kafka are known by the projections alone.
pub fn live(pipeline: &Pipeline, projections: Option<&Projections>, locale: &Locale) -> Markup {
    let all = projections.map(|projections| projections.data.as_slice());
    let all = all.unwrap_or_default();
    html! {
        ol.flow aria-label="From the log to the views" {
            (log(pipeline.log.as_ref(), locale))
            (relay(pipeline.relay.as_ref(), locale))
            (kafka(pipeline.relay.as_ref(), all, locale))
            @match projections {
                Some(projections) => {
                    (projected(&projections.data, locale))
                    (views(projections, locale))
                }
                None => {
                    (away("Projections", "Nobody can say how far they are."))
                    (away("Views", "Nobody can say how far they are."))
                }
            }
        }
    }
}

fn stage(title: &str, health: Health, figures: &[(&str, String)], more: &Markup) -> Markup {
    boxed(title, (health, &health.badge()), figures, more)
}

/// A stage whose state has a badge of its own.
fn boxed(
    title: &str,
    (health, state): (Health, &Markup),
    figures: &[(&str, String)],
    more: &Markup,
) -> Markup {
    html! {
        li class={ "stage " (health.class()) } {
            h2 { (title) }
            (state)
            dl.sums {
                @for (name, figure) in figures {
                    dt { (name) }
                    dd { (figure) }
                }
            }
            (more)
        }
    }
}

fn away(title: &str, what: &str) -> Markup {
    stage(title, Health::Bad, &[], &html! { p { (what) } })
}

fn log(place: Option<&LogPlace>, locale: &Locale) -> Markup {
    let Some(log) = place else {
        return away("Log", "The events database does not answer.");
    };
    let age = log.horizon_age_seconds;
    let figures = [
        (
            "Last position",
            log.position
                .map_or("none".to_owned(), |at| locale.count(at)),
        ),
        ("Rate", rate(log.per_second)),
        ("Horizon held for", super::state::duration(age)),
    ];
    let last = html! {
        @match &log.recorded_at {
            Some(at) => { p.hint { "Last event " (moment::told(at)) } }
            None => { p.hint { "No event yet." } }
        }
        @if Health::of_seconds(Some(age)) == Health::Bad {
            p { "A transaction is open and holds everything after it back: " code { "orderlog doctor" } " names it." }
        }
    };
    stage("Log", Health::of_seconds(Some(age)), &figures, &last)
}

fn relay(place: Option<&RelayPlace>, locale: &Locale) -> Markup {
    let Some(relay) = place else {
        return away(
            "Relay",
            "Kafka does not answer, so nobody knows how far it is.",
        );
    };
    let behind = Lag {
        events: relay.events,
        estimated: Some(relay.events.is_some_and(|events| events > 0)),
        seconds: relay.seconds,
    };
    let figures = [
        (
            "Published to",
            relay
                .position
                .map_or("nothing".to_owned(), |at| locale.count(at)),
        ),
        ("Rate", rate(relay.per_second)),
        ("Behind", lag(&behind, locale)),
    ];
    let platforms = html! {
        @if !relay.platforms_behind.is_empty() {
            p { "Topics that lack something: " (relay.platforms_behind.join(", ")) }
        }
    };
    stage(
        "Relay",
        Health::of_seconds(relay.seconds),
        &figures,
        &platforms,
    )
}

fn kafka(relay: Option<&RelayPlace>, projections: &[Projection], locale: &Locale) -> Markup {
    let Some(relay) = relay else {
        return away(
            "Kafka",
            "It does not answer. Orders are taken all the same.",
        );
    };
    let mut topics: Vec<(&str, i64)> = Vec::new();
    for projection in projections {
        let ends = projection.partitions.iter().filter_map(|of| of.end_offset);
        if topics.iter().all(|(topic, _)| *topic != projection.topic) {
            topics.push((projection.topic.as_str(), ends.sum::<i64>()));
        }
    }
    let topics = topics.into_iter();
    let topics = topics.map(|(topic, end)| (topic, locale.count(end)));
    // What comes in is what the relay publishes.
    let figures: Vec<(&str, String)> = [("Rate in", rate(relay.per_second))]
        .into_iter()
        .chain(topics)
        .collect();
    let hint = html! { p.hint { "Offsets of each topic, markers of transactions among them." } };
    stage("Kafka", Health::Good, &figures, &hint)
}

/// The worst of several.
fn worst(lags: impl Iterator<Item = Option<f64>>) -> Health {
    lags.map(Health::of_seconds).max().unwrap_or(Health::Bad)
}

fn projected(projections: &[Projection], locale: &Locale) -> Markup {
    let health = worst(projections.iter().map(|projection| projection.lag.seconds));
    let parked: i64 = projections.iter().map(|projection| projection.parked).sum();
    let rates = projections.iter().filter_map(|of| of.per_second);
    let applied = rates.reduce(|sum, rate| sum + rate);
    let figures = [
        ("Rate", rate(applied)),
        (
            "Projections",
            locale.count(i64::try_from(projections.len()).unwrap_or(0)),
        ),
        ("Parked", locale.count(parked)),
    ];
    let more = html! {
        @if parked > 0 { p { a href="#parked" { (badge("what is parked", "bad")) } } }
    };
    // What is parked is no lag: every other order is as new as the log.
    if parked > 0 && health == Health::Good {
        let some = badge("up to date but for some", "warm");
        return boxed("Projections", (Health::Warm, &some), &figures, &more);
    }
    stage("Projections", health, &figures, &more)
}

fn views(projections: &Projections, locale: &Locale) -> Markup {
    let orders = projections
        .data
        .iter()
        .find(|projection| projection.name == "orders");
    let behind = orders.map_or_else(Lag::default, |orders| orders.lag);
    let replicas = projections.replicas.iter();
    let health = worst(
        replicas
            .clone()
            .map(|replica| replica.lag.seconds)
            .chain([behind.seconds]),
    );
    let written = orders.and_then(|orders| orders.per_second);
    let mut figures = vec![
        ("Orders, rate", rate(written)),
        ("Orders, lag", lag(&behind, locale)),
    ];
    for replica in replicas {
        let told = if replica.answers {
            lag(&replica.lag, locale)
        } else {
            "does not answer".to_owned()
        };
        figures.push((replica.server.as_str(), told));
    }
    stage("Views", health, &figures, &html! {})
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn shown(pipeline: serde_json::Value, projections: serde_json::Value) -> String {
        let pipeline = serde_json::from_value(pipeline).expect("a pipeline");
        let projections = serde_json::from_value(projections).expect("projections");
        let locale = Locale::of(&TestRequest::default().to_http_request());
        live(&pipeline, Some(&projections), &locale).into_string()
    }

    #[test]
    fn what_does_not_answer_is_said_and_the_rest_is_shown() {
        let html = shown(
            serde_json::json!({"log": null, "relay": null}),
            serde_json::json!({"data": [], "replicas": []}),
        );
        assert!(
            html.contains("The events database does not answer."),
            "{html}"
        );
        assert!(html.contains("Orders are taken all the same."), "{html}");
        assert_eq!(html.matches("class=\"stage bad\"").count(), 5, "{html}");
    }

    #[test]
    fn the_log_and_the_relay_are_shown_without_the_projections() {
        let pipeline = serde_json::json!({
            "log": {"epoch": 1, "position": 7, "recorded_at": null, "per_second": 3.5,
                "horizon_age_seconds": 0.0},
            "relay": {"epoch": 1, "position": 7, "events": 0, "seconds": 0.0,
                "per_second": 2.5, "platforms_behind": []},
        });
        let pipeline = serde_json::from_value(pipeline).expect("a pipeline");
        let locale = Locale::of(&TestRequest::default().to_http_request());
        let html = live(&pipeline, None, &locale).into_string();
        assert_eq!(html.matches("class=\"stage good\"").count(), 3, "{html}");
        assert_eq!(html.matches("how far they are").count(), 2, "{html}");
        // Of the relay, and of Kafka, into which it publishes.
        assert_eq!(html.matches("2.5/s").count(), 2, "{html}");
    }

    #[test]
    fn each_stage_has_its_figures() {
        let example: serde_json::Value = serde_json::json!({
            "log": {"epoch": 1, "position": 52_340, "recorded_at": "2026-11-26T17:14:18Z",
                "per_second": 12.44, "horizon_age_seconds": 0.0},
            "relay": {"epoch": 1, "position": 52_338, "events": 2, "seconds": 0.01,
                "per_second": 12.2, "platforms_behind": ["web"]},
        });
        let projection = serde_json::json!({"name": "orders", "topic": "orders.events.v1",
            "build": 3, "version": 4, "epoch": 1, "built_at": "2026-11-26T17:14:18Z",
            "events": 40, "estimated": true, "seconds": 7.5, "per_second": 9.75, "parked": 1,
            "rebuild": null, "partitions": [{"partition": 0, "next_offset": 5, "end_offset": 9,
                "position": "x", "updated_at": "2026-11-26T17:14:18Z", "events": 40,
                "estimated": true, "seconds": 7.5}]});
        let html = shown(
            example,
            serde_json::json!({"data": [projection], "replicas": []}),
        );
        for told in [
            "52,340",
            "12/s",
            "2 events, 0.0 s",
            "9.8/s",
            "≈ 40 events, 7.5 s",
            "web",
        ] {
            assert!(html.contains(told), "{told}: {html}");
        }
        assert_eq!(html.matches("class=\"stage warm\"").count(), 2, "{html}");
    }

    #[test]
    fn what_is_parked_makes_no_projection_late() {
        let shown = |parked: i64, seconds: f64| {
            let projection = serde_json::json!({"name": "orders", "topic": "orders.events.v1",
                "build": 3, "version": 4, "epoch": 1, "built_at": "2026-11-26T17:14:18Z",
                "events": 0, "estimated": false, "seconds": seconds, "per_second": 0.0,
                "parked": parked, "rebuild": null, "partitions": []});
            let projection: Projection = serde_json::from_value(projection).expect("a projection");
            let locale = Locale::of(&TestRequest::default().to_http_request());
            projected(&[projection], &locale).into_string()
        };
        let parked = shown(1, 0.0);
        assert!(parked.contains("up to date but for some"), "{parked}");
        assert!(parked.contains("class=\"stage warm\""), "{parked}");
        assert!(!parked.contains(">behind<"), "{parked}");
        assert!(shown(1, 7.5).contains(">behind<"));
        assert!(shown(0, 0.0).contains(">up to date<"));
    }
}
