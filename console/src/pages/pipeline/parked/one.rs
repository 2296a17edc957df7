//! One that is parked, with the records that wait.

use super::{ORDERS, One, again, list_path, path};
use crate::{
    Failure, Visit,
    layout::{self, beginning, raw},
    moment,
    pages::pipeline::told::{Parked, Record},
};
use actix_web::{HttpResponse, web::Query};
use maud::{Markup, html};
use serde::Deserialize;

const DISCARD: &str = "/v1/admin/parked/{id}/discard";
/// Records that are set out; the others are named. A page has 100 KB.
const MOST: usize = 10;
/// Bytes of a record's value that are shown.
const MOST_RAW: usize = 2 << 10;
/// Bytes of a record's header that are shown.
const MOST_HEADER: usize = 200;
/// What the id of a record begins with that names no order.
const OF_RECORDS: &str = "record-";

/// Whether nobody can say what it is for.
fn names_nothing(parked: &Parked) -> bool {
    parked.id.starts_with(OF_RECORDS)
}

async fn read(visit: &Visit, projection: &str, id: &str) -> Result<Parked, Failure> {
    let parked = visit.api.get(&["admin", "parked", id]);
    parked.param("projection", projection).read().await
}

/// One of them, with the records that wait.
pub async fn show(visit: Visit, one: Query<One>) -> Result<HttpResponse, Failure> {
    let parked = read(&visit, &one.projection, &one.id).await?;
    let is_order = parked.projection == ORDERS && !names_nothing(&parked);
    let main = html! {
        p { a href=(list_path(&parked.projection, None)) { "← Parked in " (parked.projection) } }
        h1 { "Parked: " code { (parked.id) } }
        div.card {
            p { (parked.reason) }
            dl.figures {
                dt { "Since" } dd { (moment::told(&parked.since)) }
                dt { "Served meanwhile" }
                dd {
                    @if parked.version == 0 { "nothing" }
                    @else { "version " (parked.version) }
                }
                dt { "Records that wait" } dd { (visit.locale.count(parked.waiting)) }
                dt { "Tries in vain" }
                dd {
                    (parked.attempts)
                    @if let Some(at) = &parked.attempted_at { ", the last " (moment::told(at)) }
                }
            }
            @if is_order && parked.version > 0 {
                p { a href={ "/console/orders/" (parked.id) } { "The order as it is served" } }
            }
            (again(&visit, &parked))
        }
        (records(&parked))
        (discard(&visit, &parked))
    };
    Ok(visit.page("Parked", &main))
}

fn records(parked: &Parked) -> Markup {
    html! {
        h2 { "Records that wait" }
        @for record in parked.records.iter().take(MOST) {
            details.card {
                summary { (place(record)) }
                dl.figures {
                    @for (name, value) in &record.headers {
                        dt { (name) }
                        dd { (value.as_deref().map_or("none", |value| beginning(value, MOST_HEADER))) }
                    }
                }
                (raw(record.value.as_deref().unwrap_or("no value"), MOST_RAW, &whole(parked, record)))
            }
        }
        @if parked.records.len() > MOST {
            ul.card {
                @for record in parked.records.iter().skip(MOST) {
                    li { a href=(whole(parked, record)) download { (place(record)) } }
                }
            }
        }
    }
}

/// Where a record stands in its topic.
fn place(record: &Record) -> Markup {
    html! {
        "Partition " (record.partition) ", offset " (record.offset)
        @if let Some(version) = record.version { ", version " (version) }
    }
}

/// Where all of a record is.
fn whole(parked: &Parked, record: &Record) -> String {
    let (partition, offset) = (record.partition, record.offset);
    let record = path(parked, "record");
    format!("{record}&partition={partition}&offset={offset}")
}

/// Which record of one that is parked.
#[derive(Debug, Clone, Deserialize)]
pub struct Which {
    projection: String,
    id: String,
    partition: i32,
    offset: i64,
}

/// The value of a record, however long it is.
pub async fn record(visit: Visit, which: Query<Which>) -> Result<HttpResponse, Failure> {
    let parked = read(&visit, &which.projection, &which.id).await?;
    let at = (which.partition, which.offset);
    let mut records = parked.records.into_iter();
    let record = records.find(|record| (record.partition, record.offset) == at);
    let value = record.ok_or(Failure::Unknown)?.value;
    let name = format!("record-{}-{}.txt", which.partition, which.offset);
    let value = value.unwrap_or_default();
    Ok(layout::whole("text/plain; charset=utf-8", &name, value))
}

/// Of a record that names no order: letting it go.
fn discard(visit: &Visit, parked: &Parked) -> Markup {
    let fields = html! {
        div.field {
            label for="reason" { "Why it is nobody's" }
            input #reason type="text" name="reason" required maxlength="1000";
        }
        button.bad type="submit" { "Discard the record" }
    };
    html! {
        @if names_nothing(parked) && visit.may("POST", DISCARD) {
            details.action.card {
                summary { "Discard" }
                p { "Of a record that names no order nobody can say what it is for. Where it is nobody's, this lets it go; who said so and why is kept." }
                (visit.form(&path(parked, "discard"), "", &fields))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_hundred_records_of_any_length_leave_a_page_small() {
        let value = format!("{{{}}}", "\"line\":1,".repeat(10_000));
        let records: Vec<_> = (0..100)
            .map(|offset| {
                json!({"partition": 3, "offset": offset, "version": 2, "value": value,
                    "headers": {"ce_type": "order.placed", "ce_other": "x".repeat(9_000)}})
            })
            .collect();
        let parked = json!({"projection": "orders", "id": "a&b", "partition": 3, "version": 1,
            "reason": "no", "parked_at": "2026-01-31T00:00:00Z", "waiting": 100, "attempts": 0,
            "attempted_at": null, "redrive_requested_at": null, "records": records});
        let parked: Parked = serde_json::from_value(parked).expect("one");
        let shown = super::records(&parked).into_string();
        assert!(shown.len() < 80 << 10, "{} bytes", shown.len());
        for offset in [0, 99] {
            let whole = format!("id=a%26b&amp;partition=3&amp;offset={offset}\"");
            assert!(shown.contains(&whole), "{offset}: {shown}");
        }
    }
}
