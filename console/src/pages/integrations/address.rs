//! Addresses of pages.

use url::form_urlencoded::Serializer;

/// A path with those of these parameters that have a value.
pub fn address(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            query.append_pair(name, value);
        }
    }
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_what_was_chosen_and_nothing_else() {
        let parameters = [
            ("state", Some("failed")),
            ("order", None),
            ("event_type", Some("")),
            ("cursor", Some("a&b=")),
        ];
        let path = "/console/webhooks";
        let chosen = address(path, &parameters);
        assert_eq!(chosen, "/console/webhooks?state=failed&cursor=a%26b%3D");
        assert_eq!(address(path, &[("order", None)]), path);
    }
}
