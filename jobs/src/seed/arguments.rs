//! What decides a shop, all of it.

use super::SeedError;
use time::Date;
use uuid::Uuid;

/// Most orders: numbers of orders have seven digits.
pub const MOST_ORDERS: u64 = 9_999_999;
/// Most days that orders are spread over.
pub const MOST_DAYS: u32 = 3_650;
/// Most products.
const MOST_PRODUCTS: u64 = 99_999;
/// Of the names of sets.
const SETS: Uuid = Uuid::from_u128(0x6f72_6465_726c_6f67_8001_7365_6564_0001);

/// What decides a shop: two that are equal make the same lines, byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arguments {
    /// Orders, those of the last days among them.
    pub orders: u64,
    /// Products in the catalogue.
    pub products: u64,
    /// Customers with an account; some never order.
    pub customers: u64,
    /// Which of all shops that could be.
    pub seed: u64,
    /// The first day on which nothing happens any more.
    pub until: Date,
    /// Over how many days before it orders are spread.
    pub days: u32,
}

impl Arguments {
    /// A shop of so many orders until then, and all else in proportion.
    pub fn of(orders: u64, until: Date) -> Self {
        Self {
            orders,
            products: (orders / 20).clamp(40, 5_000),
            customers: (orders / 3).max(1),
            seed: 1,
            until,
            days: u32::try_from(orders / 2).map_or(730, |days| days.clamp(60, 730)),
        }
    }

    /// The name of what these arguments make, six characters: part of the ids of
    /// its orders, so that another shop's orders come beside them and are not
    /// taken for the same.
    pub fn set(&self) -> String {
        const SIGNS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let Self {
            orders,
            products,
            customers,
            seed,
            until,
            days,
        } = self;
        let told = format!("{orders} {products} {customers} {seed} {until} {days}");
        let name = Uuid::new_v5(&SETS, told.as_bytes());
        let signs = name.as_bytes().iter().take(6);
        signs
            .map(|byte| char::from(SIGNS[usize::from(byte % 32)]))
            .collect()
    }

    /// Orders of the last days, which are carried out step by step: some in a
    /// hundred, a few dozen at least where there are so many.
    pub const fn lived(&self) -> u64 {
        let some = self.orders * 3 / 100;
        let some = if some < 48 { 48 } else { some };
        if some < self.orders / 2 {
            some
        } else {
            self.orders / 2
        }
    }

    /// Refuses what makes no shop.
    pub(super) fn check(&self) -> Result<(), SeedError> {
        let wrong = if !(1..=MOST_ORDERS).contains(&self.orders) {
            "there are 1 to 9,999,999 orders"
        } else if !(1..=MOST_PRODUCTS).contains(&self.products) {
            "there are 1 to 99,999 products"
        } else if !(1..=MOST_ORDERS).contains(&self.customers) {
            "there are 1 to 9,999,999 customers"
        } else if !(1..=MOST_DAYS).contains(&self.days) {
            "orders are spread over 1 to 3,650 days"
        } else if !(1980..=9_000).contains(&self.until.year()) {
            "orders end in a year from 1980 to 9000"
        } else {
            return Ok(());
        };
        Err(SeedError::Arguments(wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn other_arguments_are_another_set() {
        let one = Arguments::of(300, date!(2026 - 03 - 01));
        assert_eq!(one.set(), Arguments::of(300, date!(2026 - 03 - 01)).set());
        let later = Arguments::of(300, date!(2026 - 03 - 02));
        let other = Arguments { seed: 2, ..one };
        assert!(one.set() != later.set() && one.set() != other.set());
        assert_eq!(one.set().len(), 6);
    }

    #[test]
    fn some_orders_are_lived_through_and_never_most() {
        let lived = |orders| Arguments::of(orders, date!(2026 - 03 - 01)).lived();
        assert_eq!(
            [lived(1), lived(60), lived(300), lived(1_000_000)],
            [0, 30, 48, 30_000]
        );
    }

    #[test]
    fn what_makes_no_shop_is_refused() {
        let good = Arguments::of(1, date!(2026 - 03 - 01));
        assert!(good.check().is_ok());
        for wrong in [
            Arguments { orders: 0, ..good },
            Arguments { days: 0, ..good },
            Arguments {
                products: 100_000,
                ..good
            },
            Arguments {
                customers: 0,
                ..good
            },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
