//! The text of a PDF, taken out of it again as readers do. For tests: of what
//! `documents` writes, whose fonts all have two bytes a letter and a table to
//! Unicode (`ToUnicode`, ISO 32000-1 §9.10.3) that lopdf's own parser refuses.

use anyhow::Context as _;
use lopdf::{Dictionary, Document, Object, content::Content, decode_text_string};
use std::collections::HashMap;

/// Letters by their codes.
type Letters = HashMap<Vec<u8>, String>;

/// The text of each page, in the order in which it was drawn.
///
/// # Errors
/// Where that is no PDF, or has a letter that stands for nothing.
pub fn pages(pdf: &[u8]) -> anyhow::Result<Vec<String>> {
    let document = Document::load_mem(pdf)?;
    let pages = document.get_pages().into_values();
    pages.map(|page| text(&document, page)).collect()
}

/// Letters by the tables of their fonts, but where a text is said to stand for
/// them (`ActualText`, ISO 32000-1 §14.9.4).
fn text(document: &Document, page: (u32, u16)) -> anyhow::Result<String> {
    let fonts = document.get_page_fonts(page)?;
    let content = Content::decode(&document.get_page_content(page)?)?;
    let (mut text, mut font, mut is_told) = (String::new(), Letters::new(), false);
    for operation in &content.operations {
        let operands = &operation.operands;
        match operation.operator.as_str() {
            "Tf" => {
                let name = operands.first().context("a font")?.as_name()?;
                font = letters(document, fonts.get(name).context("a font")?)?;
            }
            "BDC" => {
                let properties = operands.get(1).context("properties")?.as_dict()?;
                text.push_str(&decode_text_string(properties.get(b"ActualText")?)?);
                is_told = true;
            }
            "EMC" => is_told = false,
            "Tj" | "TJ" if !is_told => {
                for code in operands.iter().flat_map(shown).flat_map(|s| s.chunks(2)) {
                    text.push_str(font.get(code).context("a letter that stands for nothing")?);
                }
            }
            _ => {}
        }
    }
    Ok(text)
}

/// The table of a font: between `beginbfchar` and `endbfchar`, a code and its
/// text in UTF-16 on each line.
fn letters(document: &Document, font: &Dictionary) -> anyhow::Result<Letters> {
    let table = font.get_deref(b"ToUnicode", document)?.as_stream()?;
    let table = String::from_utf8(table.get_plain_content()?)?;
    let mut letters = Letters::new();
    for section in table.split("beginbfchar").skip(1) {
        let section = section.split("endbfchar").next().unwrap_or_default();
        for line in section.lines().filter(|line| line.starts_with('<')) {
            let (code, text) = line.split_once(' ').context("a code and its text")?;
            let units: Vec<_> = bytes(text)?
                .chunks_exact(2)
                .map(|unit| u16::from_be_bytes([unit[0], unit[1]]))
                .collect();
            letters.insert(bytes(code)?, String::from_utf16(&units)?);
        }
    }
    Ok(letters)
}

/// The bytes of `<00A3>`.
fn bytes(hex: &str) -> anyhow::Result<Vec<u8>> {
    let digits = hex.trim().trim_start_matches('<').trim_end_matches('>');
    let byte = |at| {
        Ok(u8::from_str_radix(
            digits.get(at..at + 2).context("a byte")?,
            16,
        )?)
    };
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// What is shown, without the distances in between.
fn shown(operand: &Object) -> Vec<&[u8]> {
    match operand {
        Object::Array(parts) => parts.iter().flat_map(shown).collect(),
        text => text.as_str().into_iter().collect(),
    }
}
