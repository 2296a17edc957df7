//! Bytes as people read them.

use std::fmt::Write as _;

/// Hexadecimal digits, two a byte, small letters.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // A text takes everything.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
