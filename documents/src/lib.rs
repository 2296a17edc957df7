//! Documents of an order as PDF: invoices, credit notes, packing slips.
//!
//! ```text
//!  order document ──describe──> sheet ──layout──> pages ──paint──> PDF
//!                                (texts)           (places)        (bytes)
//! ```
//!
//! No clock, no files, no chance: the same sheet and seller are the same bytes.
//!
//! | folder | what |
//! |---|---|
//! | `describe/` | what an invoice says of an order, and the other documents |
//! | `tax.rs` | taxes per rate |
//! | `locale/` | languages, numbers, dates: tables |
//! | `layout/` | lines into pages |
//! | `fonts.rs`, `paint.rs` | letters, and the PDF itself |

mod describe;
mod fonts;
mod layout;
mod locale;
mod paint;
mod seller;
mod sheet;
mod tax;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use describe::{
    CreditNote, Invoice, NothingToPack, credit_note, credited, invoice, packing_slip,
};
pub use fonts::FontError;
pub use locale::{Locale, UnknownLocale};
pub use paint::PaintError;
pub use seller::{FallbackFont, Logo, LogoError, Paper, Seller};
pub use sheet::{Align, Cell, Column, Party, Sheet, Sum, SumWeight, Table};
pub use tax::{InvalidRate, Rate};

/// Rises whenever the same sheet would be drawn otherwise: what somebody has
/// kept of it is old then.
pub const LAYOUT: u32 = 1;

/// Whether what a seller says at the foot of each page leaves room for what the
/// page is of.
pub fn leaves_room(seller: &Seller) -> bool {
    layout::leaves_room(seller, &fonts::Faces::of(seller))
}

/// The PDF of a sheet.
///
/// # Errors
/// Where the PDF cannot be written: a fault of ours, whatever the sheet says.
pub fn render(sheet: &Sheet, seller: &Seller) -> Result<Vec<u8>, PaintError> {
    let faces = fonts::Faces::of(seller);
    let pages = layout::pages(sheet, seller, &faces);
    paint::paint(&pages, sheet, seller, &faces)
}
