//! A flame graph as SVG: a box for each frame, as wide as its share of the
//! samples, above the one that called it. Its full name and share are shown where
//! the pointer rests. Nothing in it runs.

use super::fold::Frame;
use std::fmt::Write as _;

const WIDTH: f64 = 1_400.0;
const MARGIN: f64 = 10.0;
const HEAD: f64 = 40.0;
const ROW: f64 = 17.0;
/// Of a letter, in the font of the boxes.
const LETTER: f64 = 6.7;
/// Narrower boxes are left out.
const NARROWEST: f64 = 0.4;

/// A box with its place, before it is known how high the picture is.
struct Rect<'a> {
    name: &'a str,
    count: u64,
    x: f64,
    width: f64,
    depth: u32,
}

/// The picture of `all`, with a title.
pub fn drawn(title: &str, all: &Frame) -> String {
    let mut boxes = Vec::new();
    put(&mut boxes, all, MARGIN, per_sample(all), 0);
    let deepest = boxes.iter().map(|one| one.depth).max().unwrap_or_default();
    let height = HEAD + f64::from(deepest + 1) * ROW + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"monospace\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"{MARGIN}\" y=\"24\" font-family=\"sans-serif\" font-size=\"18\">{}</text>\n",
        escaped(title)
    );
    for one in &boxes {
        let y = height - MARGIN - f64::from(one.depth + 1) * ROW;
        // Writing into a string does not fail.
        let _ = one.draw(&mut svg, y, all.count);
    }
    svg + "</svg>\n"
}

#[expect(clippy::cast_precision_loss, reason = "some thousands of samples")]
fn per_sample(all: &Frame) -> f64 {
    (WIDTH - 2.0 * MARGIN) / all.count.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "some thousands of samples")]
fn put<'a>(boxes: &mut Vec<Rect<'a>>, frame: &'a Frame, mut x: f64, each: f64, depth: u32) {
    for (name, called) in &frame.calls {
        let (count, width) = (called.count, called.count as f64 * each);
        if width >= NARROWEST {
            boxes.push(Rect {
                name,
                count,
                x,
                width,
                depth,
            });
            put(boxes, called, x, each, depth + 1);
        }
        x += width;
    }
}

impl Rect<'_> {
    #[expect(clippy::cast_precision_loss, reason = "some thousands of samples")]
    fn draw(&self, svg: &mut String, y: f64, all: u64) -> std::fmt::Result {
        let percent = self.count as f64 * 100.0 / all.max(1) as f64;
        let Self { name, x, width, .. } = self;
        write!(
            svg,
            "<g><title>{} ({percent:.1} %, {} samples)</title>\
             <rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
            escaped(name),
            self.count,
            ROW - 1.0,
            colour(name)
        )?;
        let shown = shown(name, *width);
        if !shown.is_empty() {
            let (x, y) = (x + 3.0, y + 12.0);
            write!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
                escaped(&shown)
            )?;
        }
        writeln!(svg, "</g>")
    }
}

/// As much of a name as fits: the end of its path, for all begin alike.
fn shown(name: &str, width: f64) -> String {
    let room = letters(width);
    let length = name.chars().count();
    if length <= room {
        return name.to_owned();
    }
    if room < 4 {
        return String::new();
    }
    let end: String = name.chars().skip(length - (room - 1)).collect();
    format!("…{end}")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a width in letters, of some hundreds at most"
)]
fn letters(width: f64) -> usize {
    ((width - 6.0).max(0.0) / LETTER) as usize
}

/// The same for all functions of a crate; light, for the text is black.
fn colour(name: &str) -> String {
    let krate = name
        .trim_start_matches('<')
        .split("::")
        .next()
        .unwrap_or(name);
    let hash = krate.bytes().fold(5_381_u32, |hash, byte| {
        hash.wrapping_mul(33) ^ u32::from(byte)
    });
    format!("hsl({}, 70%, {}%)", hash % 360, 72 + hash / 360 % 12)
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{super::fold::folded, *};

    #[test]
    fn a_box_is_as_wide_as_its_share_and_names_are_no_markup() {
        let all = folded("w\n\t1 a<b>\n\nw\n\t1 c\n\n");
        let svg = drawn("a & b", &all);
        assert!(svg.contains("a &amp; b"));
        assert!(svg.contains("a&lt;b&gt; (50.0 %, 1 samples)"));
        assert_eq!(svg.matches("width=\"690.0\"").count(), 2);
        assert_eq!(svg.matches("width=\"1380.0\"").count(), 1);
    }

    #[test]
    fn a_name_is_cut_at_its_beginning() {
        assert_eq!(shown("infra::relay::send", 1_000.0), "infra::relay::send");
        assert_eq!(shown("infra::relay::send", 8.0), "");
        assert!(shown("infra::relay::send", 70.0).ends_with("::send"));
    }
}
