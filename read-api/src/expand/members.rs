//! Members of JSON objects, moved as they are.

use super::MOST_EVENTS;
use crate::fields::Object;

/// The object with the members of others at its end; of members of one name the
/// last one counts.
pub fn with_members(json: &str, others: &[String]) -> Result<String, serde_json::Error> {
    let objects = [json].into_iter().chain(others.iter().map(String::as_str));
    let objects = objects.map(serde_json::from_str::<Object<'_>>);
    let mut objects = objects.collect::<Result<Vec<_>, _>>()?.into_iter();
    let mut whole = objects.next().unwrap_or_default();
    for object in objects {
        whole.extend(object);
    }
    let mut text = String::with_capacity(json.len() * 2);
    whole.write(&mut text, |_, value, text| {
        text.push_str(value.get());
        Ok(true)
    })?;
    Ok(text)
}

/// `{"customer":{…}}` with what their orders came to; as it is where there is
/// no customer.
pub fn with_statistics(customer: &str, figures: &str) -> String {
    match customer.strip_suffix("}}") {
        Some(begin) => {
            let comma = if begin.ends_with('{') { "" } else { "," };
            format!("{begin}{comma}\"statistics\":{figures}}}}}")
        }
        None => customer.to_owned(),
    }
}

/// `{"events":{…}}` of what was read: up to one more than is told.
pub fn events_member(events: &[String]) -> String {
    let has_more = events.len() > MOST_EVENTS;
    let told = events[..events.len().min(MOST_EVENTS)].join(",");
    format!("{{\"events\":{{\"data\":[{told}],\"has_more\":{has_more}}}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_customer_has_no_statistics() {
        for customer in [r#"{"customer":null}"#, "{}"] {
            assert_eq!(with_statistics(customer, "[1]"), customer);
        }
        assert_eq!(
            with_statistics(r#"{"customer":{}}"#, "[1]"),
            r#"{"customer":{"statistics":[1]}}"#
        );
    }

    #[test]
    fn a_long_history_says_that_it_goes_on() {
        let events = vec!["1".to_owned(); MOST_EVENTS + 1];
        let member = events_member(&events);
        assert!(member.ends_with("1],\"has_more\":true}}"), "{member}");
        assert_eq!(member.matches('1').count(), MOST_EVENTS);
    }
}
