//! Marks into a PDF.

use crate::{
    fonts::{Face, Faces, Run},
    layout::{Ink, Mark, Page, Style},
    seller::{Logo, Seller},
    sheet::Sheet,
};
use krilla::{
    Document,
    color::rgb,
    geom::{PathBuilder, Point, Size, Transform},
    image::Image,
    metadata::Metadata,
    num::NormalizedF32,
    page::PageSettings,
    paint::{Fill, FillRule, Stroke},
    surface::Surface,
    text::{Font, GlyphId, KrillaGlyph},
};
use std::cell::OnceCell;

/// The PDF could not be written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PaintError {
    /// A size that no page can have.
    #[error("the pages have no size")]
    Size,
    /// What the library says.
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
}

/// The PDF of these pages.
pub fn paint(
    pages: &[Page],
    sheet: &Sheet,
    seller: &Seller,
    faces: &Faces<'_>,
) -> Result<Vec<u8>, PaintError> {
    let brush = Brush::of(seller, faces);
    let (width, height) = seller.paper.size();
    let settings = PageSettings::from_wh(width, height).ok_or(PaintError::Size)?;
    let mut document = Document::new();
    document.set_metadata(metadata(sheet, seller));
    for marks in pages {
        let mut page = document.start_page_with(settings.clone());
        let mut surface = page.surface();
        for mark in marks {
            brush.mark(&mut surface, mark);
        }
        surface.finish();
        page.finish();
    }
    document
        .finish()
        .map_err(|error| PaintError::Pdf(error.to_string()))
}

/// Whether a picture can be drawn to its last pixel.
pub fn can_be_drawn(image: Image) -> bool {
    let mut document = Document::new();
    let (Some(settings), Some(size)) = (PageSettings::from_wh(9.0, 9.0), Size::from_wh(9.0, 9.0))
    else {
        return false;
    };
    let mut page = document.start_page_with(settings);
    let mut surface = page.surface();
    surface.draw_image(image, size);
    surface.finish();
    page.finish();
    document.finish().is_ok()
}

/// Without a date: the same document is the same bytes.
fn metadata(sheet: &Sheet, seller: &Seller) -> Metadata {
    Metadata::new()
        .title(format!("{} {}", sheet.title, sheet.number))
        .authors(vec![seller.name.clone()])
        .creator("Orderlog".to_owned())
        .language(seller.locale.tag().to_owned())
}

/// What marks are drawn with.
struct Brush<'a> {
    faces: &'a Faces<'a>,
    fonts: Vec<OnceCell<Option<Font>>>,
    logo: Option<Image>,
}

impl<'a> Brush<'a> {
    fn of(seller: &Seller, faces: &'a Faces<'a>) -> Self {
        Self {
            faces,
            fonts: faces.all().map(|_| OnceCell::new()).collect(),
            logo: seller.logo.as_ref().and_then(Logo::image),
        }
    }

    /// A font, which is looked through only if a letter is drawn with it.
    fn font(&self, face: usize) -> Option<Font> {
        let font = || self.faces.all().nth(face).and_then(Face::font);
        self.fonts.get(face)?.get_or_init(font).clone()
    }

    fn mark(&self, surface: &mut Surface<'_>, mark: &Mark) {
        match mark {
            Mark::Text { x, y, style, text } => self.text(surface, (*x, *y), *style, text),
            Mark::Rule { from, to, y, ink } => rule(surface, (*from, *to), *y, *ink),
            Mark::Logo {
                x,
                y,
                width,
                height,
            } => {
                let image = self.logo.clone().zip(Size::from_wh(*width, *height));
                if let Some((image, size)) = image {
                    surface.push_transform(&Transform::from_translate(*x, *y));
                    surface.draw_image(image, size);
                    surface.pop();
                }
            }
        }
    }

    fn text(&self, surface: &mut Surface<'_>, (mut x, y): (f32, f32), style: Style, text: &str) {
        surface.set_stroke(None);
        surface.set_fill(Some(fill(style.ink)));
        for run in self.faces.runs(text, style.weight) {
            let Some(font) = self.font(run.face) else {
                continue;
            };
            let glyphs = glyphs(&run);
            let at = Point::from_xy(x, y);
            surface.draw_glyphs(at, &glyphs, font, &run.text, style.size, false);
            x += run
                .glyphs
                .iter()
                .map(|glyph| glyph.advance * style.size)
                .sum::<f32>();
        }
    }
}

fn glyphs(run: &Run) -> Vec<KrillaGlyph> {
    let mut glyphs = Vec::with_capacity(run.glyphs.len());
    for glyph in &run.glyphs {
        let id = GlyphId::new(glyph.id);
        let drawn = |advance, back| {
            KrillaGlyph::new(id, advance, back, 0.0, 0.0, glyph.range.clone(), None)
        };
        glyphs.push(drawn(glyph.advance, 0.0));
        if glyph.id == 0 {
            // The box has no place in the table from glyphs to letters. One
            // letter that is two of them, one upon the other, has its text
            // beside them instead (`ActualText`).
            glyphs.push(drawn(0.0, -glyph.advance));
        }
    }
    glyphs
}

fn rule(surface: &mut Surface<'_>, (from, to): (f32, f32), y: f32, ink: Ink) {
    let mut path = PathBuilder::new();
    path.move_to(from, y);
    path.line_to(to, y);
    let Some(path) = path.finish() else {
        return;
    };
    surface.set_fill(None);
    surface.set_stroke(Some(Stroke {
        paint: colour(ink).into(),
        width: if ink == Ink::Faint { 0.5 } else { 0.8 },
        ..Stroke::default()
    }));
    surface.draw_path(&path);
}

fn fill(ink: Ink) -> Fill {
    Fill {
        paint: colour(ink).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    }
}

fn colour(ink: Ink) -> rgb::Color {
    match ink {
        Ink::Dark => rgb::Color::new(0x1a, 0x1f, 0x27),
        Ink::Grey => rgb::Color::new(0x5c, 0x65, 0x73),
        Ink::Faint => rgb::Color::new(0xd5, 0xda, 0xe0),
    }
}
