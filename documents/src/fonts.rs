//! Letters: which font has them, and how wide they are.
//!
//! Noto Sans (`fonts/`, SIL Open Font License) is embedded in two weights, cut
//! down to what needs no shaping: Latin with Vietnamese, Greek, Cyrillic,
//! punctuation and signs of currencies. A seller may add fonts for other
//! scripts. What no font has, and what would be wrong without shaping or from
//! left to right, is a box: visible, and the text is still in the PDF to be
//! searched and copied.

use crate::seller::{FallbackFont, Seller};
use krilla::{Data, text::Font};
use skrifa::{
    FontRef, GlyphId, MetadataProvider as _,
    charmap::Charmap,
    instance::{LocationRef, Size},
    metrics::GlyphMetrics,
};
use std::{
    ops::{Range, RangeInclusive},
    sync::Arc,
};
use unicode_normalization::UnicodeNormalization as _;

const REGULAR: &[u8] = include_bytes!("../fonts/NotoSans-Regular.ttf");
const STRONG: &[u8] = include_bytes!("../fonts/NotoSans-SemiBold.ttf");

/// How strong letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Strong,
}

/// A file that is no font that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a TrueType nor an OpenType font")]
pub struct FontError;

/// Whether these bytes are a font.
pub fn is_font(bytes: &[u8]) -> Result<(), FontError> {
    let face = Face::of(bytes, bytes.to_vec().into());
    face.and_then(|face| face.font())
        .map_or(Err(FontError), |_| Ok(()))
}

/// The fonts of a document.
pub struct Faces<'a> {
    regular: Option<Face<'a>>,
    strong: Option<Face<'a>>,
    fallback: Vec<Face<'a>>,
}

/// One font.
pub struct Face<'a> {
    data: Data,
    charmap: Charmap<'a>,
    metrics: GlyphMetrics<'a>,
    units: f32,
}

/// Letters of one font, side by side.
#[derive(Debug, Clone)]
pub struct Run {
    /// Which font, by [`Faces::all`].
    pub face: usize,
    /// The text.
    pub text: String,
    /// Its glyphs.
    pub glyphs: Vec<Glyph>,
}

/// One letter.
#[derive(Debug, Clone)]
pub struct Glyph {
    /// Its number in the font; 0 is the box.
    pub id: u32,
    /// Its width at a size of 1.
    pub advance: f32,
    /// Where it stands in the text of its run.
    pub range: Range<usize>,
}

/// Letters that change with their neighbours or run from right to left, which
/// nobody here takes care of: boxes say so, scrambled letters would not.
const SHAPED: [RangeInclusive<char>; 7] = [
    '\u{590}'..='\u{8ff}',
    '\u{900}'..='\u{109f}',
    '\u{1780}'..='\u{18af}',
    '\u{1a20}'..='\u{1aaf}',
    '\u{fb1d}'..='\u{fdff}',
    '\u{fe70}'..='\u{fefe}',
    '\u{10800}'..='\u{11fff}',
];

impl<'a> Face<'a> {
    fn of(bytes: &'a [u8], data: Data) -> Option<Self> {
        let font = FontRef::from_index(bytes, 0).ok()?;
        let (size, location) = (Size::unscaled(), LocationRef::default());
        let units = font.metrics(size, location).units_per_em;
        Some(Self {
            data,
            charmap: font.charmap(),
            metrics: font.glyph_metrics(size, location),
            units: f32::from(units.max(1)),
        })
    }

    /// Itself, to be drawn with.
    pub fn font(&self) -> Option<Font> {
        Font::new(self.data.clone(), 0)
    }

    fn glyph(&self, c: char) -> Option<GlyphId> {
        self.charmap
            .map(c)
            .filter(|glyph| *glyph != GlyphId::NOTDEF)
    }

    fn advance(&self, glyph: GlyphId) -> f32 {
        self.metrics.advance_width(glyph).unwrap_or_default() / self.units
    }
}

impl<'a> Faces<'a> {
    /// The embedded fonts, then those of the seller.
    pub fn of(seller: &'a Seller) -> Self {
        let of_file =
            |font: &'a FallbackFont| Face::of(&font.bytes, Arc::clone(&font.bytes).into());
        let fallback = seller.fonts.iter().filter_map(of_file);
        Self {
            regular: Face::of(REGULAR, REGULAR.into()),
            strong: Face::of(STRONG, STRONG.into()),
            fallback: fallback.collect(),
        }
    }

    /// Every font.
    pub fn all(&self) -> impl Iterator<Item = &Face<'a>> {
        [&self.regular, &self.strong]
            .into_iter()
            .flatten()
            .chain(&self.fallback)
    }

    /// A text as it is drawn in one line.
    pub fn runs(&self, text: &str, weight: Weight) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for c in printable(text) {
            let (face, id, advance) = self.letter(c, weight);
            if runs.last().is_none_or(|run| run.face != face) {
                let (text, glyphs) = (String::new(), Vec::new());
                runs.push(Run { face, text, glyphs });
            }
            if let Some(run) = runs.last_mut() {
                let from = run.text.len();
                run.text.push(c);
                let range = from..run.text.len();
                run.glyphs.push(Glyph { id, advance, range });
            }
        }
        runs
    }

    /// How wide a text is in one line.
    pub fn width(&self, text: &str, weight: Weight, size: f32) -> f32 {
        printable(text)
            .map(|c| self.letter(c, weight).2 * size)
            .sum()
    }

    /// The first font that has a letter, the letter there, and its width.
    fn letter(&self, c: char, weight: Weight) -> (usize, u32, f32) {
        let preferred = match weight {
            Weight::Regular => 0,
            Weight::Strong => 1,
        };
        let shaped = SHAPED.iter().any(|range| range.contains(&c));
        let faces = self.all().enumerate();
        let faces = faces.filter(|(face, _)| !shaped && (*face == preferred || *face > 1));
        let mut found = faces.filter_map(|(face, font)| Some((face, font, font.glyph(c)?)));
        if let Some((face, font, glyph)) = found.next() {
            return (face, glyph.to_u32(), font.advance(glyph));
        }
        let font = self.all().nth(preferred);
        let advance = font.map_or(0.0, |font| font.advance(GlyphId::NOTDEF));
        (preferred, GlyphId::NOTDEF.to_u32(), advance)
    }
}

/// What there is to be drawn of a text: composed letters, spaces for whatever
/// moves the pen elsewhere, nothing for what only says how to draw.
fn printable(text: &str) -> impl Iterator<Item = char> {
    let invisible = |c: &char| {
        matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
    };
    let space = |c: char| match c {
        '\u{2028}' | '\u{2029}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    text.nfc().map(space).filter(move |c| !invisible(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn boxes(text: &str) -> usize {
        let seller = samples::seller();
        let runs = Faces::of(&seller).runs(text, Weight::Strong);
        runs.iter()
            .flat_map(|run| &run.glyphs)
            .filter(|glyph| glyph.id == 0)
            .count()
    }

    #[test]
    fn both_embedded_fonts_can_be_read() {
        let seller = samples::seller();
        assert_eq!(Faces::of(&seller).all().count(), 2);
        assert_eq!(is_font(b"no font"), Err(FontError));
        assert!(is_font(REGULAR).is_ok());
    }

    #[test]
    fn european_and_vietnamese_names_have_all_their_letters() {
        for name in [
            "Zażółć gęślą jaźń",
            "Příliš žluťoučký kůň",
            "Ξεσκεπάζω τὴν ψυχοφθόρα βδελυγμία",
            "Съешь ещё этих мягких французских булок",
            "Ґанок їжака є, Љубав ђака",
            "Nguyễn Thị Minh Khai, Đường Trần Phú",
            "Árvíztűrő tükörfúrógép, İstanbul ığüşöç, Æþð",
            "“€ £ ¥ ₹ ₽ ₺ ₴ ₫ ₩ ₪”–—…№ ×",
        ] {
            assert_eq!(boxes(name), 0, "{name}");
        }
        // As two code points each, as some keyboards send them.
        assert_eq!(boxes("e\u{301}o\u{302}\u{301}"), 0);
    }

    #[test]
    fn what_no_font_has_is_a_box_each_and_what_is_invisible_is_nothing() {
        assert_eq!(boxes("山田太郎"), 4);
        assert_eq!(boxes("שלום"), 4);
        assert_eq!(boxes("مرحبا"), 5);
        assert_eq!(boxes("A\u{200b}\u{feff}B\tC\n"), 0);
    }

    #[test]
    fn digits_are_of_one_width_so_that_figures_stand_below_each_other() {
        let seller = samples::seller();
        let faces = Faces::of(&seller);
        for weight in [Weight::Regular, Weight::Strong] {
            let zero = faces.width("0", weight, 10.0);
            assert!(('1'..='9').all(|digit| {
                let width = faces.width(&digit.to_string(), weight, 10.0);
                (width - zero).abs() < f32::EPSILON
            }));
        }
    }
}
