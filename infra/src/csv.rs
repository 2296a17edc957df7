//! Text in CSV (RFC 4180).
//!
//! A text that a spreadsheet would take for a formula gets an apostrophe before
//! it and stands in quotes, as OWASP advises: whoever can name a product must
//! not be able to run something on an accountant's machine.
//! <https://owasp.org/www-community/attacks/CSV_Injection>

/// The end of a record.
pub const END: &[u8] = b"\r\n";

/// Adds a text as a cell.
pub fn push_text(written: &mut Vec<u8>, text: &str) {
    let formula = text.starts_with(is_formula);
    let special = |byte| matches!(byte, b'"' | b',' | b'\r' | b'\n');
    if !formula && !text.bytes().any(special) {
        written.extend_from_slice(text.as_bytes());
        return;
    }
    written.push(b'"');
    if formula {
        written.push(b'\'');
    }
    for (at, part) in text.split('"').enumerate() {
        if at > 0 {
            written.extend_from_slice(b"\"\"");
        }
        written.extend_from_slice(part.as_bytes());
    }
    written.push(b'"');
}

/// What a formula begins with, also in the wide forms that some spreadsheets
/// take for the same.
const fn is_formula(first: char) -> bool {
    matches!(
        first,
        '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for (text, expected) in [
            ("A lamp", "A lamp"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("5\" tube", "\"5\"\" tube\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("+44 20", "\"'+44 20\""),
            ("-5", "\"'-5\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("＝1", "\"'＝1\""),
            ("a=1", "a=1"),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
        ] {
            let mut written = Vec::new();
            push_text(&mut written, text);
            assert_eq!(String::from_utf8_lossy(&written), expected, "{text}");
        }
    }
}
