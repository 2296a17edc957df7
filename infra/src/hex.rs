//! Bytes as people read them.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Hexadecimal digits, two a byte, small letters.
pub fn hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = halves.map(|half| char::from(DIGITS[usize::from(half)]));
    let mut text = String::with_capacity(2 * bytes.len());
    text.extend(digits);
    text
}
