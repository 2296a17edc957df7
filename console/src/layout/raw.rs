//! Texts as they are. They may be of any length, and a page is not.

use maud::{Markup, html};

/// The beginning of a text, of so many bytes at most, and where all of it is.
pub fn raw(text: &str, most: usize, whole: &str) -> Markup {
    let beginning = beginning(text, most);
    html! {
        pre.body tabindex="0" { (beginning) }
        @if beginning.len() < text.len() {
            p.hint { "This is its beginning. " a href=(whole) { "All of it" } }
        }
    }
}

/// As many letters as so many bytes have.
pub fn beginning(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_letters_and_leads_to_the_whole() {
        let shown = raw("<é>é", 4, "/whole").into_string();
        assert!(shown.contains(">&lt;é&gt;</pre>"), "{shown}");
        assert!(shown.contains("href=\"/whole\""), "{shown}");
        assert_eq!(beginning("éé", 3), "é");
        assert_eq!(beginning("éé", 0), "");
        let whole = raw("é", 2, "/whole").into_string();
        assert!(!whole.contains("/whole"), "{whole}");
    }
}
