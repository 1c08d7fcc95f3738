//! An error of configuration, shown at its place in the source.

use std::fmt;
use std::ops::Range;

use bitsweep_datasets::{excerpt, nearest};
use bitsweep_results::text::one_line;

/// What is wrong, where it stands, and the fix.
///
/// ```text
/// unknown field `epoch`, expected one of `epochs`, `batch_size`
///  --> mine.toml:14:1
///    |
/// 14 | epoch = 50
///    | ^^^^^
///    = help: did you mean `epochs`?
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    message: String,
    place: Option<Box<Place>>,
    help: Option<String>,
}

/// A stretch of one line of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    source: String,
    /// From 1.
    line: usize,
    /// In characters, from 1.
    column: usize,
    /// The line; of a long one what is around the stretch.
    excerpt: String,
    /// Characters of the excerpt before the stretch.
    indent: usize,
    /// In characters, at least 1.
    width: usize,
}

impl Place {
    /// Characters that are shown of a long line on either side of where a stretch begins.
    const AROUND: usize = 80;

    /// The place of `span` (in bytes) within `text`, which is line `line` of the source called `source`.
    pub(super) fn new(source: &str, line: usize, text: &str, span: Range<usize>) -> Place {
        let text = text.trim_end();
        let start = floor_char_boundary(text, span.start);
        let end = floor_char_boundary(text, span.end);
        let (before, from) = (&text[..start], &text[start..]);
        let column = before.chars().count() + 1;
        let cut = (column - 1).saturating_sub(Self::AROUND);
        let mut excerpt: String = before.chars().skip(cut).collect();
        if cut > 0 {
            excerpt.insert(0, '…');
        }
        let indent = excerpt.chars().count();
        excerpt.extend(from.chars().take(Self::AROUND));
        if from.chars().nth(Self::AROUND).is_some() {
            excerpt.push('…');
        }
        let width = text[start..end].chars().take(Self::AROUND).count().max(1);
        Place { source: source.to_owned(), line, column, excerpt, indent, width }
    }
}

fn floor_char_boundary(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { source, line, column, .. } = self;
        write!(formatter, "{source}:{line}:{column}")
    }
}

impl Diagnostic {
    /// An error without a place of its own; of long texts that it quotes the beginning is shown.
    pub fn new(message: impl AsRef<str>) -> Diagnostic {
        Diagnostic { message: shortened(message.as_ref()), place: None, help: None }
    }

    /// What is wrong, without its place and the fix.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn at(mut self, place: Place) -> Diagnostic {
        self.place = Some(Box::new(place));
        self
    }

    /// Adds the fix, as a clause: `did you mean …?`.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Adds the fix where there is none.
    pub fn or_help(self, help: &str) -> Diagnostic {
        Diagnostic { help: self.help.or_else(|| Some(help.to_owned())), ..self }
    }

    /// Adds `did you mean …?` when one of `names` is close to `wrong`.
    pub fn nearest<'n>(self, wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Diagnostic {
        match nearest(wrong, names) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }
}

/// The message with the beginning of each long text that it quotes, in backticks or, outside of them, in quotation marks.
fn shortened(message: &str) -> String {
    /// Longer texts are no names, but slips.
    const LONGEST: usize = 200;
    /// Whatever else is long.
    const MOST: usize = 8_000;
    let quoted = |text: &str, mark: char, outside: &dyn Fn(&str) -> String| -> String {
        let parts = text.split(mark).enumerate().map(|(position, part)| match position % 2 {
            1 if part.chars().nth(LONGEST).is_some() => excerpt(part),
            1 => part.to_owned(),
            _ => outside(part),
        });
        parts.collect::<Vec<_>>().join(&mark.to_string())
    };
    let short = quoted(message, '`', &|outside| quoted(outside, '"', &str::to_owned));
    match short.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &short[..end]),
        None => short,
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", one_line(&self.message))?;
        let gutter = self.place.as_ref().map_or(1, |place| place.line.to_string().len());
        if let Some(place) = &self.place {
            let Place { line, excerpt, indent, width, .. } = place.as_ref();
            // A tab becomes one space; escapes are wider than what they stand for.
            let excerpt = excerpt.replace('\t', " ");
            let shown = |from: usize, length: usize| -> usize {
                let stretch: String = excerpt.chars().skip(from).take(length).collect();
                one_line(&stretch).chars().count()
            };
            let (space, carets) = (" ".repeat(shown(0, *indent)), "^".repeat(shown(*indent, *width).max(1)));
            let (place, excerpt) = (one_line(&place.to_string()).into_owned(), one_line(&excerpt));
            write!(formatter, "\n{:gutter$}--> {place}", "")?;
            write!(formatter, "\n{:gutter$} |\n{line} | {excerpt}\n{:gutter$} | {space}{carets}", "", "")?;
        }
        if let Some(help) = &self.help {
            write!(formatter, "\n{:gutter$} = help: {}", "", one_line(help))?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_columns_in_characters() {
        let text = "µ = \"é\" # é";
        let place = Place::new("x.toml", 2, text, text.find("\"é\"").unwrap()..text.find(" #").unwrap());
        assert_eq!(place.to_string(), "x.toml:2:5");
        assert_eq!((place.indent, place.width, place.excerpt.as_str()), (4, 3, text));
    }

    #[test]
    fn a_place_past_the_end_is_the_end() {
        let place = Place::new("x.toml", 1, "a = ", 4..9);
        assert_eq!((place.column, place.width), (4, 1));
    }

    #[test]
    fn of_a_long_line_the_place_is_shown() {
        let text = format!("{}here{}", "a".repeat(1_000_000), "b".repeat(1_000_000));
        let place = Place::new("x.toml", 1, &text, 1_000_000..2_000_000);
        assert_eq!(place.to_string(), "x.toml:1:1000001");
        assert_eq!(place.excerpt, format!("…{}here{}…", "a".repeat(80), "b".repeat(76)));
        assert_eq!((place.indent, place.width), (81, 80));
    }

    #[test]
    fn of_a_long_quoted_text_the_beginning_is_shown() {
        let long = Diagnostic::new(format!("unknown key `{}`, expected one of `a`", "x".repeat(5_000_000)));
        assert_eq!(long.message(), format!("unknown key `{}…`, expected one of `a`", "x".repeat(60)));
        let long = Diagnostic::new(format!("found the text \"{}\", expected `a`", "x".repeat(5_000_000)));
        assert_eq!(long.message(), format!("found the text \"{}…\", expected `a`", "x".repeat(60)));
        let long = Diagnostic::new(format!("found the text \"``{}\"", "x".repeat(5_000_000)));
        assert_eq!(long.message().chars().count(), 8_001);
    }
}
