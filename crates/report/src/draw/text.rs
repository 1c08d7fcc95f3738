//! Type: one family, its widths, and shortening what is too long.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef};
use bitsweep_results::text::one_line;

/// The family as written into the drawings. Readers without DejaVu Sans get Verdana, which has its widths.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// Size of the chart's title in pixels an em.
pub(crate) const TITLE: f64 = 15.0;
/// Size of subtitles and names.
pub(crate) const BODY: f64 = 12.0;
/// Size of tick labels and notes.
pub(crate) const SMALL: f64 = 11.0;

/// Width of `text` in pixels when set on one line at `size` pixels an em.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let text = one_line(text);
    static FACES: OnceLock<[Option<FontRef<'static>>; 2]> = OnceLock::new();
    let faces = FACES.get_or_init(|| {
        [dejavu::sans::regular(), dejavu::sans::bold()].map(|bytes| FontRef::try_from_slice(bytes).ok())
    });
    let em = faces[usize::from(bold)].as_ref().and_then(|face| {
        let units: f32 = text.chars().map(|symbol| face.h_advance_unscaled(face.glyph_id(symbol))).sum();
        Some(f64::from(units / face.units_per_em()?))
    });
    // The embedded faces parse; were they ever replaced by broken ones, a mean glyph of 0.6 em keeps the layout sane.
    em.unwrap_or(text.chars().count() as f64 * 0.6) * size
}

/// `text`, or as much of it as fits into `room` pixels followed by an ellipsis.
pub(crate) fn fitted(text: &str, size: f64, bold: bool, room: f64) -> String {
    let text = one_line(text);
    if width(&text, size, bold) <= room {
        return text.into_owned();
    }
    // What lies behind the first letter beyond the room is not measured again and again.
    let mut taken = 0.0;
    let mut is_beyond = |symbol: char| {
        taken += width(symbol.encode_utf8(&mut [0; 4]), size, bold);
        taken > room + size && !symbol.is_whitespace()
    };
    let most = text.chars().position(&mut is_beyond);
    let mut kept: Vec<char> = text.chars().take(most.unwrap_or(usize::MAX)).collect();
    while kept.pop().is_some() {
        let short = format!("{}…", kept.iter().collect::<String>().trim_end());
        if width(&short, size, bold) <= room {
            return short;
        }
    }
    String::new()
}

/// `text` broken between words into lines of at most `room` pixels.
pub(crate) fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, false) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_grows_with_text_size_and_weight() {
        assert!(width("8 bit", 12.0, false) < width("8 bits", 12.0, false));
        assert!(width("8 bit", 12.0, false) < width("8 bit", 12.0, true));
        assert!((width("8 bit", 24.0, false) - 2.0 * width("8 bit", 12.0, false)).abs() < 1e-9);
    }

    #[test]
    fn digits_are_as_wide_as_the_face_says() {
        // DejaVu Sans: 1303 of 2048 units for each digit.
        assert!((width("0", 2048.0, false) - 1303.0).abs() < 0.5);
    }

    #[test]
    fn shortened_text_fits_and_ends_in_an_ellipsis() {
        let short = fitted("asymmetric · group 32 · percentile 99.9", 12.0, false, 120.0);
        assert!(short.ends_with('…'));
        assert!(width(&short, 12.0, false) <= 120.0);
        assert_eq!(fitted("float", 12.0, false, 120.0), "float");
        assert_eq!(fitted("float", 12.0, false, 1.0), "");
    }

    #[test]
    fn a_text_as_long_as_a_book_is_shortened_at_once() {
        let started = std::time::Instant::now();
        let book = fitted(&"wine ".repeat(200_000), 12.0, false, 120.0);
        assert_eq!(book, fitted(&"wine ".repeat(20), 12.0, false, 120.0));
        assert!(started.elapsed().as_secs() < 5);
    }

    #[test]
    fn wrapped_text_keeps_every_word() {
        let lines = wrapped("one two three four", 12.0, 60.0);
        assert!(lines.len() > 1);
        assert_eq!(lines.join(" "), "one two three four");
    }
}
