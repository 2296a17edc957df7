//! Who orders. Nobody of them exists: their mail goes to domains that are kept
//! for examples (RFC 2606).

use super::{Country, Platform, Shop};
use crate::seed::{
    SeedError,
    draw::{Draw, Of},
};
use contracts::order::{Address, Customer};
use domain::shipping::Destination;

/// Domains of their addresses.
const DOMAINS: [&str; 3] = ["example.com", "example.org", "example.net"];

/// Somebody who orders.
pub struct Person<'a> {
    /// Where.
    pub platform: &'a Platform,
    /// Where they live.
    pub country: &'a Country,
    /// As an order has them; guests have no id.
    pub customer: Customer,
    /// Where they live.
    pub address: Address,
}

impl<'a> Person<'a> {
    /// Customer number `index`: the same person in each of their orders.
    pub fn customer(shop: &'a Shop, seed: u64, index: u64) -> Result<Self, SeedError> {
        let mut draw = Draw::new(seed, Of::Customer, index);
        let id = format!("c{seed}-{:06}", index + 1);
        Self::drawn(shop, Some(id), index, &mut draw)
    }

    /// Somebody without an account.
    pub fn guest(shop: &'a Shop, order: u64, draw: &mut Draw) -> Result<Self, SeedError> {
        Self::drawn(shop, None, order, draw)
    }

    fn drawn(
        shop: &'a Shop,
        id: Option<String>,
        number: u64,
        draw: &mut Draw,
    ) -> Result<Self, SeedError> {
        let platforms = &shop.platforms;
        let platform = &platforms[draw.weighted(platforms.iter().map(|p| p.share))];
        let sells_to = &platform.sells_to;
        let (code, _) = &sells_to[draw.weighted(sells_to.iter().map(|(_, share)| *share))];
        let country = shop.world.country(code)?;
        let (first, last) = shop.world.name(country, draw);
        let name = format!("{first} {last}");
        let domain = draw.of(&DOMAINS);
        let local = format!("{}.{}", plain(first), plain(last));
        let guest = if id.is_none() { "guest." } else { "" };
        let place = country.place(draw);
        Ok(Self {
            platform,
            country,
            customer: Customer {
                id,
                name: Some(name.clone()),
                email: Some(format!("{guest}{local}{}@{domain}", number + 1)),
            },
            address: Address {
                name: Some(name),
                line1: Some(place.line1),
                city: Some(place.city),
                region: place.region,
                postal_code: place.postal_code,
                country: Some(country.code.code().to_owned()),
                ..Address::default()
            },
        })
    }

    /// Where their parcels go, as shipping looks at it.
    pub fn destination(&self) -> Destination {
        let (region, postal) = (&self.address.region, &self.address.postal_code);
        Destination::new(
            self.country.code.clone(),
            region.as_deref(),
            postal.as_deref(),
        )
    }
}

/// A name as it stands in an address of mail: small letters without marks.
fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for sign in name.chars().flat_map(char::to_lowercase) {
        match sign {
            'ä' => plain.push_str("ae"),
            'ö' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'ß' => plain.push_str("ss"),
            'à' | 'â' => plain.push('a'),
            'é' | 'è' | 'ê' => plain.push('e'),
            'ò' => plain.push('o'),
            sign if sign.is_ascii_alphanumeric() => plain.push(sign),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_the_same_person_in_each_order() {
        let shop = Shop::new(40).expect("a shop");
        let told = |index| {
            let person = Person::customer(&shop, 1, index).expect("a person");
            format!("{:?} {:?}", person.customer, person.address)
        };
        assert_eq!(told(3), told(3));
        assert_ne!(told(3), told(4));
    }

    #[test]
    fn everybody_can_be_written_to_and_nobody_is_real() {
        let shop = Shop::new(40).expect("a shop");
        for index in 0..2_000 {
            let person = Person::customer(&shop, 1, index).expect("a person");
            let email = person.customer.email.expect("an address");
            let (local, domain) = email.split_once('@').expect("an address");
            assert!(DOMAINS.contains(&domain), "{email}");
            assert!(
                local.is_ascii() && !local.starts_with('.') && !local.contains(".."),
                "{email}"
            );
        }
    }
}
