//! Text from files as a reader may see it: nothing in it moves the cursor, turns the reading direction or hides.
//!
//! Headers, cells, keys, names and paths may hold any character. Whoever shows them, on a terminal, in Markdown, HTML or
//! a drawing, shows them through these functions. Tables for machines keep the characters as they are.

use std::borrow::Cow;

/// Text on one line; what a reader could not see is written as Rust's escapes: `\u{1b}[31m`, `\n`.
///
/// ```
/// use bitsweep_results::text::one_line;
///
/// assert_eq!(one_line("two\nlines \u{202e}and back"), r"two\nlines \u{202e}and back");
/// ```
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_unseen, as_in_rust)
}

/// Text on its own lines, tabs as they are; the rest as [`one_line`] has it.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") {
        return Cow::Owned(lines(&text.replace("\r\n", "\n")).into_owned());
    }
    escaped(text, |symbol| is_unseen(symbol) && !matches!(symbol, '\n' | '\t'), as_in_rust)
}

/// A text of JSON with the escapes of JSON for what a reader could not see, so that it still reads back the same.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    // Outside of its strings JSON is ASCII, and within them line ends are escaped already.
    let is_hidden = |symbol| is_unseen(symbol) && symbol != '\n';
    escaped(text, is_hidden, |out, symbol| {
        symbol.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
    })
}

/// The text with what is hidden written by `write`.
fn escaped(text: &str, is_hidden: impl Fn(char) -> bool, write: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(&is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for symbol in text.chars() {
        if is_hidden(symbol) {
            write(&mut out, symbol);
        } else {
            out.push(symbol);
        }
    }
    Cow::Owned(out)
}

/// As Rust writes it in a literal.
fn as_in_rust(out: &mut String, symbol: char) {
    out.extend(symbol.escape_default());
}

/// Whether a character has no glyph of its own, or changes how its neighbours are shown: controls (Cc), separators of
/// lines and paragraphs (Zl, Zp), formatting characters without a glyph (Cf), fillers, and noncharacters, which XML
/// forbids.
///
/// Source: Unicode 16.0, `DerivedGeneralCategory.txt`, and `Default_Ignorable_Code_Point` of `DerivedCoreProperties.txt`
/// without variation selectors, which belong to the emoji before them.
fn is_unseen(symbol: char) -> bool {
    symbol.is_control()
        || matches!(symbol,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}'
            | '\u{fdd0}'..='\u{fdef}')
        || u32::from(symbol) & 0xfffe == 0xfffe
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_stays_as_it_is() {
        for text in ["", "grün · 8 bit ≤ 3", "東京", "ﷲ שלום", "e\u{301}", "☺\u{fe0f}", r#""a" \ `b` 'c'"#]
        {
            assert!(matches!(one_line(text), Cow::Borrowed(same) if same == text));
            assert!(matches!(json(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn lines_keep_their_ends_and_tabs_and_nothing_else() {
        assert_eq!(lines("a\n\tb\r\nc\rd\u{7f}"), "a\n\tb\nc\\rd\\u{7f}");
        assert_eq!(one_line("a\n\tb\r\0"), r"a\n\tb\r\u{0}");
    }

    #[test]
    fn an_escaped_text_is_not_escaped_again() {
        let once = one_line("\u{1b}[31m\n\u{2066}").into_owned();
        assert_eq!(one_line(&once), once);
    }

    #[test]
    fn json_reads_back_the_same() {
        let text = "\u{9b}31m \u{7f}\u{202e}\u{e0041}\n\\ \"";
        let written = serde_json::to_string(text).unwrap();
        let shown = json(&written);
        assert!(shown.is_ascii(), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
