//! One that is parked, with the records that wait.

use super::{ORDERS, One, again, list_path, path};
use crate::{
    Failure, Visit, moment,
    pages::pipeline::told::{Parked, Record},
};
use actix_web::{HttpResponse, web::Query};
use maud::{Markup, html};

const DISCARD: &str = "/v1/admin/parked/{id}/discard";
/// What the id of a record begins with that names no order.
const OF_RECORDS: &str = "record-";

/// Whether nobody can say what it is for.
fn names_nothing(parked: &Parked) -> bool {
    parked.id.starts_with(OF_RECORDS)
}

/// One of them, with the records that wait.
pub async fn show(visit: Visit, one: Query<One>) -> Result<HttpResponse, Failure> {
    let parked: Parked = visit
        .api
        .get(&["admin", "parked", &one.id])
        .param("projection", &one.projection)
        .read()
        .await?;
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
        (records(&parked.records))
        (discard(&visit, &parked))
    };
    Ok(visit.page("Parked", &main))
}

fn records(records: &[Record]) -> Markup {
    html! {
        h2 { "Records that wait" }
        @for record in records {
            details.card {
                summary {
                    "Partition " (record.partition) ", offset " (record.offset)
                    @if let Some(version) = record.version { ", version " (version) }
                }
                dl.figures {
                    @for (name, value) in &record.headers {
                        dt { (name) }
                        dd { (value.as_deref().unwrap_or("none")) }
                    }
                }
                pre tabindex="0" { code { (record.value.as_deref().unwrap_or("no value")) } }
            }
        }
    }
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
