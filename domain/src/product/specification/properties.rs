//! What holds of any commands.

use super::{key, price};
use crate::product::{
    ChangeProduct, NewPrice, PriceKey, Product, ProductCommand, ProductEvent, SaveProduct, decide,
    evolve,
};
use contracts::product::Dimensions;
use proptest::prelude::*;
use serde_json::{Value, json};

/// One of the right ones; seldom one of the wrong ones, so that most commands
/// are taken.
fn mostly<T: Clone + std::fmt::Debug + 'static>(
    right: &[T],
    wrong: &[T],
) -> impl Strategy<Value = T> + Clone + use<T> {
    prop_oneof![
        30 => prop::sample::select(right.to_vec()),
        1 => prop::sample::select(wrong.to_vec()),
    ]
}

fn place() -> impl Strategy<Value = PriceKey> + Clone {
    let platform = prop::option::of(prop::sample::select(vec!["web", "shop"]));
    let currency = prop::sample::select(vec!["EUR", "JPY"]);
    (platform, currency).prop_map(|(platform, currency)| key(platform, currency))
}

/// Some of them negative.
fn new_price() -> impl Strategy<Value = NewPrice> + Clone {
    let amount = mostly(&["1", "1.0", "0.125", "2.50"], &["-1"]);
    (place(), amount).prop_map(|(key, amount)| NewPrice {
        key,
        ..price(None, "EUR", amount)
    })
}

fn prices() -> impl Strategy<Value = Vec<NewPrice>> {
    prop::collection::vec(new_price(), 0..3)
}

/// A product named `A`, seldom `B`; some of its members may be wrong.
fn save() -> impl Strategy<Value = SaveProduct> {
    let dimensions = (mostly(&[1, 2], &[0]), 1..3_i64);
    let dimensions = dimensions.prop_map(|(length_mm, width_mm)| Dimensions {
        length_mm,
        width_mm,
        height_mm: 1,
    });
    let parts = (
        mostly(&["A"], &["B"]),
        "[a-c]{1,2}",
        prop::option::of(mostly(&[0, 1, 2], &[-1])),
        prop::option::of(dimensions),
        prop::option::of(prop::sample::select(vec!["reduced", "zero"])),
        any::<bool>(),
        prop::option::of(prices()),
    );
    parts.prop_map(|parts| SaveProduct {
        sku: parts.0.try_into().expect("valid"),
        title: parts.1.try_into().expect("valid"),
        weight_grams: parts.2,
        dimensions: parts.3,
        tax_class: parts.4.map(|class| class.try_into().expect("valid")),
        requires_shipping: parts.5,
        prices: parts.6,
    })
}

/// Some members of such a product.
fn change() -> impl Strategy<Value = ChangeProduct> {
    (save(), any::<u8>()).prop_map(|(all, named)| {
        let named = |bit: u32| named & (1 << bit) != 0;
        ChangeProduct {
            title: named(0).then_some(all.title),
            weight_grams: named(1).then_some(all.weight_grams),
            dimensions: named(2).then_some(all.dimensions),
            tax_class: named(3).then_some(all.tax_class),
            requires_shipping: named(4).then_some(all.requires_shipping),
            prices: all.prices.filter(|_| named(5)),
        }
    })
}

fn command() -> impl Strategy<Value = ProductCommand> {
    use ProductCommand::{Archive, Restore};
    prop_oneof![
        3 => save().prop_map(Into::into),
        3 => change().prop_map(Into::into),
        2 => new_price().prop_map(ProductCommand::SetPrice),
        1 => place().prop_map(ProductCommand::RemovePrice),
        1 => prop::sample::select(vec![Archive, Restore]),
    ]
}

/// The product after a command, and its event; as it was, where the command is
/// refused.
fn step(product: &Product, command: ProductCommand) -> (Product, Option<ProductEvent>) {
    let events = decide(product, command).unwrap_or_default();
    assert!(events.len() <= 1, "its last event could not say all");
    let event = events.into_iter().next();
    let next = event.iter().fold(product.clone(), evolve);
    (next, event)
}

/// The members of a change but for its prices, onto a document.
fn merged(mut document: Value, change: &ChangeProduct) -> Value {
    let members = document.as_object_mut().expect("an object");
    let mut put = |name: &str, value: Option<Value>| match value {
        None => {}
        Some(Value::Null) => {
            members.remove(name);
        }
        Some(value) => {
            members.insert(name.to_owned(), value);
        }
    };
    put("title", change.title.as_ref().map(|v| json!(v)));
    put("weight_grams", change.weight_grams.map(|v| json!(v)));
    put("dimensions", change.dimensions.map(|v| json!(v)));
    put("tax_class", change.tax_class.as_ref().map(|v| json!(v)));
    put(
        "requires_shipping",
        change.requires_shipping.map(|v| json!(v)),
    );
    document
}

proptest! {
    #[test]
    fn a_command_given_twice_is_given_once(
        commands in prop::collection::vec(command(), 0..12),
        last in command(),
    ) {
        let product = commands.into_iter().fold(Product::default(), |p, c| step(&p, c).0);
        let first = decide(&product, last.clone());
        let (next, _) = step(&product, last.clone());
        let second = decide(&next, last);
        match first {
            Ok(_) => prop_assert_eq!(second, Ok(Vec::new())),
            Err(refused) => prop_assert_eq!(second, Err(refused)),
        }
    }

    #[test]
    fn the_last_event_says_all_and_what_is_stored_reads_back(
        commands in prop::collection::vec(command(), 0..12),
    ) {
        let mut product = Product::default();
        for command in commands {
            let before = product.clone();
            let (next, event) = step(&product, command);
            product = next;
            let Some(event) = event else {
                prop_assert_eq!(&product, &before);
                continue;
            };
            prop_assert_ne!(&product, &before, "an event is a change");
            prop_assert_eq!(&evolve(Product::default(), &event), &product);
            let stored = serde_json::to_string(&event).expect("JSON");
            let read = ProductEvent::decode((event.name(), "1", &stored));
            prop_assert_eq!(read.expect("readable"), event);
            let kept = serde_json::to_string(&product).expect("JSON");
            prop_assert_eq!(&serde_json::from_str::<Product>(&kept).expect("readable"), &product);
            let keys: Vec<_> = product.there().expect("there").prices.iter()
                .map(|price| (price.platform.clone(), price.currency.clone()))
                .collect();
            prop_assert!(keys.is_sorted_by(|a, b| a < b), "each price once, in order");
        }
    }

    #[test]
    fn a_changed_product_reads_as_its_patch_merged_into_it(save in save(), change in change()) {
        let (product, _) = step(&Product::default(), save.into());
        prop_assume!(product.now.is_some());
        let without_prices = ChangeProduct { prices: None, ..change };
        let (next, _) = step(&product, without_prices.clone().into());
        prop_assume!(decide(&product, without_prices.clone().into()).is_ok());
        let before = serde_json::to_value(product.now).expect("JSON");
        let now = serde_json::to_value(next.now).expect("JSON");
        prop_assert_eq!(now, merged(before, &without_prices));
    }

    /// Prices one by one come to the same as prices at once.
    #[test]
    fn a_price_list_is_the_sum_of_its_prices(save in save(), new in prices()) {
        let (product, _) = step(&Product::default(), save.into());
        prop_assume!(product.now.is_some());
        let cleared = ChangeProduct { prices: Some(Vec::new()), ..ChangeProduct::default() };
        let at_once = ChangeProduct { prices: Some(new.clone()), ..ChangeProduct::default() };
        prop_assume!(decide(&product, at_once.clone().into()).is_ok());
        let (at_once, _) = step(&product, at_once.into());
        let one_by_one = new.into_iter().map(ProductCommand::SetPrice);
        let commands = [cleared.into()].into_iter().chain(one_by_one);
        let one_by_one = commands.fold(product, |p, c| step(&p, c).0);
        prop_assert_eq!(one_by_one, at_once);
    }
}
