//! An error of configuration, shown at its place in the source.

use std::fmt;
use std::ops::Range;

use bitsweep_datasets::nearest;
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
    place: Option<Place>,
    help: Option<String>,
}

/// A stretch of one line of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) source: String,
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
    pub(super) excerpt: String,
    /// In characters, at least 1.
    pub(super) width: usize,
}

impl Place {
    /// The place of `span` (in bytes) within `text`, the whole of the source called `source`.
    pub(super) fn new(source: &str, text: &str, span: Range<usize>) -> Place {
        let start = floor_char_boundary(text, span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let end = floor_char_boundary(text, span.end).clamp(start, line_end);
        Place {
            source: source.to_owned(),
            line: text[..line_start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            excerpt: text[line_start..line_end].trim_end().to_owned(),
            width: text[start..end].chars().count().max(1),
        }
    }
}

fn floor_char_boundary(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

impl Diagnostic {
    /// An error without a place of its own.
    pub fn new(message: impl Into<String>) -> Diagnostic {
        Diagnostic { message: message.into(), place: None, help: None }
    }

    pub(super) fn at(mut self, place: Place) -> Diagnostic {
        self.place = Some(place);
        self
    }

    /// Adds the fix, as a clause: `did you mean …?`.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Adds `did you mean …?` when one of `names` is close to `wrong`.
    pub fn nearest<'n>(self, wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Diagnostic {
        match nearest(wrong, names) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// What serde said, with the nearest of the names it lists.
    pub(super) fn from_serde(message: &str) -> Diagnostic {
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let diagnostic = Diagnostic::new(message);
        match quoted.split_first() {
            Some((wrong, names)) if message.starts_with("unknown ") => {
                diagnostic.nearest(wrong, names.iter().copied())
            }
            _ => diagnostic,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", one_line(&self.message))?;
        let gutter = self.place.as_ref().map_or(1, |place| place.line.to_string().len());
        if let Some(Place { source, line, column, excerpt, width }) = &self.place {
            // A tab becomes one space; escapes are wider than what they stand for.
            let excerpt = excerpt.replace('\t', " ");
            let shown = |from: usize, length: usize| -> usize {
                let stretch: String = excerpt.chars().skip(from).take(length).collect();
                one_line(&stretch).chars().count()
            };
            let (space, carets) =
                (" ".repeat(shown(0, column - 1)), "^".repeat(shown(column - 1, *width).max(1)));
            let (source, excerpt) = (one_line(source), one_line(&excerpt));
            write!(formatter, "\n{:gutter$}--> {source}:{line}:{column}", "")?;
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
    fn a_place_counts_lines_and_columns_in_characters() {
        let text = "a = 1\nµ = \"é\" # é\nlast";
        let place = Place::new("x.toml", text, text.find("\"é\"").unwrap()..text.find(" #").unwrap());
        assert_eq!((place.line, place.column, place.width), (2, 5, 3));
        assert_eq!(place.excerpt, "µ = \"é\" # é");
    }

    #[test]
    fn a_place_past_the_end_is_the_end() {
        let place = Place::new("x.toml", "a = ", 4..9);
        assert_eq!((place.line, place.column, place.width), (1, 5, 1));
    }
}
