//! Texts into lines.

use super::Style;
use crate::fonts::Faces;

/// The lines of a text where none may be wider than `width`. Lines end at
/// spaces, within a word after what joins its parts, and anywhere where a part
/// is wider than a line.
pub fn wrap(faces: &Faces<'_>, text: &str, style: Style, width: f32) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0.0;
    for part in parts(text) {
        let wide = faces.width(part.trim_end(), style.weight, style.size);
        if used + wide > width && used > 0.0 {
            lines.push(String::new());
            used = 0.0;
        }
        if used + wide > width {
            used = broken(faces, part, (style, width), &mut lines);
            continue;
        }
        push(&mut lines, part);
        used += faces.width(part, style.weight, style.size);
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

/// Puts a part that is wider than a line into lines, letter by letter; how much
/// of the last one it takes.
fn broken(
    faces: &Faces<'_>,
    part: &str,
    (style, width): (Style, f32),
    lines: &mut Vec<String>,
) -> f32 {
    let mut used = 0.0;
    let mut letter = [0; 4];
    for c in part.chars() {
        let text = c.encode_utf8(&mut letter);
        let wide = faces.width(text, style.weight, style.size);
        if used + wide > width && used > 0.0 && !c.is_whitespace() {
            lines.push(String::new());
            used = 0.0;
        }
        push(lines, text);
        used += wide;
    }
    used
}

fn push(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

/// What a text may be broken between: each part with the spaces after it.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let ends =
        |c: char| c == ' ' || c.is_control() || matches!(c, '-' | '/' | '_' | ',' | ';' | '@');
    text.split_inclusive(ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn wrapped(text: &str, width: f32) -> Vec<String> {
        let seller = samples::seller();
        wrap(&Faces::of(&seller), text, Style::BODY, width)
    }

    #[test]
    fn no_line_is_wider_than_there_is_room_and_nothing_is_lost() {
        let seller = samples::seller();
        let faces = Faces::of(&seller);
        let long = "x".repeat(300);
        for text in [
            "",
            "a",
            "two words",
            "SKU-2026/03_RED-XL",
            &long,
            "a b  c   d",
        ] {
            for width in [12.0, 40.0, 90.0] {
                let lines = wrapped(text, width);
                let style = Style::BODY;
                for line in &lines {
                    assert!(
                        faces.width(line, style.weight, style.size) <= width,
                        "{line:?}"
                    );
                }
                let joined: String = lines.concat();
                let without = |text: &str| text.replace(' ', "");
                assert_eq!(without(&joined), without(text));
            }
        }
    }

    #[test]
    fn lines_end_where_a_reader_would_end_them() {
        assert_eq!(
            wrapped("a lamp for the desk", 50.0),
            ["a lamp for", "the desk"]
        );
        assert_eq!(
            wrapped("LAMP-4711-GREEN", 50.0),
            ["LAMP-", "4711-", "GREEN"]
        );
    }
}
