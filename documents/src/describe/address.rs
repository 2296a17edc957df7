//! Addresses, as an envelope has them.

use contracts::order::Address;

/// An address, line by line.
pub fn lines(address: &Address) -> Vec<String> {
    let country = address.country.clone().filter(|country| country != "ZZ");
    let who = [&address.company, &address.name];
    let street = [&address.line1, &address.line2];
    let lines = who.into_iter().chain(street).flatten().cloned();
    let lines = lines.chain(place(address)).chain(country);
    lines.filter(|line| !line.trim().is_empty()).collect()
}

/// Where it is, in the order of its country: the postal code behind the city
/// where English is spoken, before it nearly everywhere else.
fn place(address: &Address) -> Vec<String> {
    let [city, region, code] = [&address.city, &address.region, &address.postal_code]
        .map(|part| part.as_deref().unwrap_or_default().trim());
    match address.country.as_deref() {
        Some("US") => vec![joined(&[city, &joined(&[region, code], " ")], ", ")],
        Some("AU" | "CA" | "NZ") => vec![joined(&[city, region, code], " ")],
        Some("GB" | "IE") => [city, region, code].map(str::to_owned).into(),
        _ => vec![joined(&[code, city], " "), region.to_owned()],
    }
}

/// The parts that there are.
fn joined(parts: &[&str], between: &str) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts.copied().collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_postal_code_stands_where_its_country_has_it() {
        for (country, region, code, expected) in [
            ("US", "CA", "94043", vec!["Ada", "Town, CA 94043", "US"]),
            ("US", "", "", vec!["Ada", "Town", "US"]),
            ("CA", "ON", "M5V 2T6", vec!["Ada", "Town ON M5V 2T6", "CA"]),
            ("GB", "", "E2 8DA", vec!["Ada", "Town", "E2 8DA", "GB"]),
            ("DE", "", "10997", vec!["Ada", "10997 Town", "DE"]),
            ("ZZ", "Far", "", vec!["Ada", "Town", "Far"]),
        ] {
            let address = json!({
                "name": "Ada", "city": "Town", "region": region,
                "postal_code": code, "country": country,
            });
            let address = serde_json::from_value(address).expect("an address");
            assert_eq!(lines(&address), expected, "{country}");
        }
    }
}
