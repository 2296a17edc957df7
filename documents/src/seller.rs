//! Who a document comes from, and how it likes its documents.

use crate::{
    fonts::{FontError, is_font},
    locale::Locale,
    paint::can_be_drawn,
    tax::Rate,
};
use std::sync::Arc;

/// Who sells on a platform, as its documents say it.
#[derive(Debug, Clone, Hash)]
pub struct Seller {
    /// Legal name.
    pub name: String,
    /// Postal address, line by line.
    pub address: Vec<String>,
    /// VAT identification number.
    pub vat_id: Option<String>,
    /// Where the company is registered, and under which number.
    pub registration: Option<String>,
    /// How it is reached: email, telephone, web; line by line.
    pub contact: Vec<String>,
    /// What stands at the end of each document: bank account, terms, thanks.
    pub footer: Vec<String>,
    /// Its logo.
    pub logo: Option<Logo>,
    /// Language, and how numbers and dates are written.
    pub locale: Locale,
    /// Size of the pages.
    pub paper: Paper,
    /// What stands before the number of an invoice; none: the slug of the
    /// order's platform and a hyphen, as each platform counts from 1.
    pub invoice_prefix: Option<String>,
    /// The rates that it charges tax at. Where they are known, a line's rate is
    /// one of them.
    pub tax_rates: Vec<Rate>,
    /// Fonts for what the embedded ones do not have, in this order.
    pub fonts: Vec<FallbackFont>,
}

/// Size of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Paper {
    /// ISO 216 A4.
    A4,
    /// US letter.
    Letter,
}

impl Paper {
    /// Width and height in points.
    pub const fn size(self) -> (f32, f32) {
        match self {
            Self::A4 => (595.28, 841.89),
            Self::Letter => (612.0, 792.0),
        }
    }
}

/// A picture that can be drawn: PNG or JPEG.
#[derive(Debug, Clone, Hash)]
pub struct Logo {
    bytes: Arc<Vec<u8>>,
    kind: LogoKind,
    width: u32,
    height: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum LogoKind {
    Png,
    Jpeg,
}

/// A picture that cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// Neither PNG nor JPEG, or damaged.
    #[error("neither a PNG nor a JPEG picture")]
    NoPicture,
    /// It would make every document heavy.
    #[error("larger than {} kB", LARGEST_LOGO / 1_000)]
    TooLarge,
    /// Decoding it would take more memory than a logo is worth.
    #[error("{width} × {height} pixels; at most {MOST_PIXELS} either way")]
    TooManyPixels {
        /// As it is.
        width: u32,
        /// As it is.
        height: u32,
    },
}

const LARGEST_LOGO: usize = 256_000;
const MOST_PIXELS: u32 = 2_000;

impl Logo {
    /// The picture of these bytes.
    ///
    /// # Errors
    /// Where it cannot be drawn, or is too large for every document to have it.
    pub fn new(bytes: Vec<u8>) -> Result<Self, LogoError> {
        if bytes.len() > LARGEST_LOGO {
            return Err(LogoError::TooLarge);
        }
        let kind = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => LogoKind::Png,
            [0xff, 0xd8, ..] => LogoKind::Jpeg,
            _ => return Err(LogoError::NoPicture),
        };
        let (bytes, (width, height)) = (Arc::new(bytes), (0, 0));
        let mut logo = Self {
            bytes,
            kind,
            width,
            height,
        };
        let image = logo.image().ok_or(LogoError::NoPicture)?;
        let (width, height) = image.size();
        (logo.width, logo.height) = (width, height);
        if width.max(height) > MOST_PIXELS {
            return Err(LogoError::TooManyPixels { width, height });
        }
        if !can_be_drawn(image) {
            return Err(LogoError::NoPicture);
        }
        Ok(logo)
    }

    /// Width through height.
    pub(crate) fn proportion(&self) -> f32 {
        let pixels = |n: u32| f32::from(u16::try_from(n.max(1)).unwrap_or(u16::MAX));
        pixels(self.width) / pixels(self.height)
    }

    pub(crate) fn image(&self) -> Option<krilla::image::Image> {
        let data = krilla::Data::from(Arc::clone(&self.bytes));
        match self.kind {
            LogoKind::Png => krilla::image::Image::from_png(data, true).ok(),
            LogoKind::Jpeg => krilla::image::Image::from_jpeg(data, true).ok(),
        }
    }
}

/// A font for what the embedded ones do not have.
#[derive(Debug, Clone, Hash)]
pub struct FallbackFont {
    pub(crate) bytes: Arc<Vec<u8>>,
}

impl FallbackFont {
    /// The font of these bytes: TrueType or OpenType, the first of a collection.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn new(bytes: Vec<u8>) -> Result<Self, FontError> {
        is_font(&bytes)?;
        Ok(Self {
            bytes: Arc::new(bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two grey pixels side by side.
    const PNG: &[u8] = &[
        0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44,
        0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0xd1,
        0x49, 0x20, 0x56, 0x00, 0x00, 0x00, 0x0b, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x60,
        0xf8, 0x0f, 0x00, 0x01, 0x02, 0x01, 0x00, 0xd1, 0x1a, 0xcb, 0x8f, 0x00, 0x00, 0x00, 0x00,
        0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
    ];

    #[test]
    fn a_logo_is_a_picture_of_a_reasonable_size() {
        let logo = Logo::new(PNG.to_vec()).expect("a picture");
        assert!((logo.proportion() - 2.0).abs() < f32::EPSILON);
        for (bytes, error) in [
            (Vec::new(), LogoError::NoPicture),
            (b"GIF89a".to_vec(), LogoError::NoPicture),
            (PNG[..20].to_vec(), LogoError::NoPicture),
            (PNG[..50].to_vec(), LogoError::NoPicture),
            (vec![0; LARGEST_LOGO + 1], LogoError::TooLarge),
        ] {
            assert_eq!(Logo::new(bytes).err(), Some(error));
        }
    }
}
