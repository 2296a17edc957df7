//! Colours as plotters writes them. `assets/charts.css` names the same, and a test
//! holds one against the other.

use plotters::style::RGBColor;

/// What the picture is about.
pub const FIGURES: RGBColor = RGBColor(0x25, 0x63, 0xEB);
/// What that is compared with.
pub const BEFORE: RGBColor = RGBColor(0xF5, 0x9E, 0x0B);
/// Lines to measure by.
pub const LINES: RGBColor = RGBColor(0xE2, 0xE8, 0xF0);
/// Words.
pub const WORDS: RGBColor = RGBColor(0x47, 0x55, 0x69);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_knows_every_colour() {
        let sheet = include_str!("../assets/charts.css");
        for RGBColor(red, green, blue) in [FIGURES, BEFORE, LINES, WORDS] {
            let written = format!("\"#{red:02X}{green:02X}{blue:02X}\"");
            assert!(sheet.contains(&written), "{written}");
        }
    }
}
