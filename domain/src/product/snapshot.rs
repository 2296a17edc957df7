//! What an order line takes over of its product.

use crate::{order::command::NewLine, text::Text};
use contracts::product::Product;

/// `line` with what it has a field for: its name is the product's title, where
/// the client gave none. It is a copy: what becomes of the product later does
/// not concern the order. A line has no fields for weight and tax class; they
/// count where they are asked for, in shipping quotes and where tax is reckoned,
/// and their outcome is what the order keeps. Its price: [`super::check_price`].
#[must_use]
pub fn snapshot(product: &Product, line: NewLine) -> NewLine {
    if !line.name.trim().is_empty() {
        return line;
    }
    let title = Text::try_from(product.title.as_str());
    let name = title.unwrap_or(line.name);
    NewLine { name, ..line }
}
