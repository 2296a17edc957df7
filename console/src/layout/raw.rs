//! Texts as they are. They may be of any length, and a page is not.

use actix_web::{HttpResponse, http::header::CONTENT_DISPOSITION};
use maud::{Markup, html};

/// All of a text, as a file: what a browser makes of it otherwise is no page of ours.
pub fn whole(kind: &'static str, name: &str, text: String) -> HttpResponse {
    let disposition = format!("attachment; filename=\"{name}\"");
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((CONTENT_DISPOSITION, disposition))
        .body(text)
}

/// The beginning of a text, of so many bytes at most, and where all of it is.
pub fn raw(text: &str, most: usize, whole: &str) -> Markup {
    let beginning = beginning(text, most);
    html! {
        pre.body tabindex="0" { (beginning) }
        @if beginning.len() < text.len() {
            p.hint { "This is its beginning. " a href=(whole) download { "All of it" } }
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
