//! Text for a reader, laid out in the columns there are: prose that wraps at words, and tables of which no row is broken
//! within its numbers.
//!
//! Widths are those of a terminal: an ideograph takes two columns, a combining mark none.

use bitsweep_results::text::one_line;
use textwrap::core::display_width;
use textwrap::{Options, WordSplitter, wrap};

/// Longer lines of prose are hard to read, however wide the terminal is.
const WIDEST_PROSE: usize = 100;

/// Columns before the rows of a table.
const INDENT: usize = 2;

/// Columns between those of a table.
const GAP: usize = 2;

/// Where labels would be cut to fewer columns than this, each has a line to itself.
const NARROWEST_LABELS: usize = 16;

/// Text as lines that end at words; all but the first begin with `hanging` spaces. A word that is too long stays whole:
/// it may be a path.
pub(crate) fn wrapped(text: &str, columns: usize, hanging: usize) -> Vec<String> {
    if display_width(text) <= columns {
        return vec![text.to_owned()];
    }
    let hanging = " ".repeat(hanging);
    let options = Options::new(columns.min(WIDEST_PROSE)).subsequent_indent(&hanging);
    let options = options.break_words(false).word_splitter(WordSplitter::NoHyphenation);
    wrap(text, options).into_iter().map(|line| line.into_owned()).collect()
}

/// Lines for a reader; text from files is shown as [`one_line`] has it.
#[derive(Debug)]
pub(crate) struct Page {
    columns: usize,
    lines: Vec<String>,
}

impl Page {
    pub(crate) fn new(columns: usize) -> Page {
        Page { columns, lines: Vec::new() }
    }

    /// An empty line, but not at the beginning.
    pub(crate) fn space(&mut self) {
        if !self.lines.is_empty() {
            self.lines.push(String::new());
        }
    }

    /// Prose that begins after `indent` spaces; its further lines hang by two.
    pub(crate) fn prose(&mut self, indent: usize, text: &str) {
        self.hanging(&" ".repeat(indent), indent + 2, text);
    }

    /// Prose behind a term, which its further lines leave alone.
    pub(crate) fn item(&mut self, term: &str, width: usize, text: &str) {
        self.hanging(&format!("{term:width$}"), width, text);
    }

    /// As [`Page::item`], in at most so many lines.
    pub(crate) fn short_item(&mut self, term: &str, width: usize, text: &str, most: usize) {
        let end = self.lines.len() + most;
        self.item(term, width, text);
        if self.lines.len() > end {
            self.lines.truncate(end);
            if let Some(last) = self.lines.last_mut() {
                let columns = self.columns.min(WIDEST_PROSE);
                while display_width(last) + 2 > columns && last.trim_end().contains(' ') {
                    last.truncate(last.trim_end().rfind(' ').unwrap_or(0));
                }
                last.push_str(" …");
            }
        }
    }

    fn hanging(&mut self, beginning: &str, hanging: usize, text: &str) {
        self.lines.extend(wrapped(&format!("{beginning}{}", one_line(text)), self.columns, hanging));
    }

    pub(crate) fn table<const N: usize>(&mut self, table: &Table<N>) {
        self.lines.extend(table.lines(self.columns));
    }

    /// The whole text.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// What a column of a table is called, and when it is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column<'a> {
    /// In one line or two.
    pub(crate) heading: &'a str,
    /// 0 is always shown; of the others those that fit, the lowest first.
    pub(crate) rank: u8,
}

/// Labels with numbers behind them. Columns without a single number are left out.
#[derive(Debug)]
pub(crate) struct Table<'a, const N: usize> {
    labels: &'a str,
    columns: [Column<'a>; N],
    rows: Vec<Row<N>>,
}

#[derive(Debug)]
enum Row<const N: usize> {
    Numbers { label: String, cells: [String; N] },
    Heading(String),
}

impl<'a, const N: usize> Table<'a, N> {
    pub(crate) fn new(labels: &'a str, columns: [Column<'a>; N]) -> Self {
        Self { labels, columns, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, label: &str, cells: [String; N]) {
        self.rows.push(Row::Numbers { label: one_line(label).into_owned(), cells });
    }

    /// A line over the rows that follow.
    pub(crate) fn heading(&mut self, text: &str) {
        self.rows.push(Row::Heading(one_line(text).into_owned()));
    }

    /// The rows that have numbers.
    fn numbers(&self) -> impl Iterator<Item = (&String, &[String; N])> {
        self.rows.iter().filter_map(|row| match row {
            Row::Numbers { label, cells } => Some((label, cells)),
            Row::Heading(_) => None,
        })
    }

    /// What the column takes; 0 of one without numbers.
    fn width(&self, column: usize) -> usize {
        let cells = self.numbers().map(|(_, cells)| display_width(&cells[column])).max().unwrap_or(0);
        let heading = self.columns[column].heading.lines().map(display_width).max();
        if cells == 0 { 0 } else { cells.max(heading.unwrap_or(0)) }
    }

    fn lines(&self, columns: usize) -> Vec<String> {
        let widths: [usize; N] = std::array::from_fn(|column| self.width(column));
        let labels =
            self.numbers().map(|(label, _)| display_width(label)).chain([display_width(self.labels)]).max();
        let labels = labels.unwrap_or(0);
        let mut ranked: Vec<usize> = (0..N).filter(|column| widths[*column] > 0).collect();
        ranked.sort_by_key(|column| self.columns[*column].rank);
        let mut shown: Vec<usize> = Vec::new();
        let mut numbers = 0;
        for column in ranked {
            let width = GAP + widths[column];
            if self.columns[column].rank == 0 || INDENT + labels + numbers + width <= columns {
                shown.push(column);
                numbers += width;
            }
        }
        shown.sort_unstable();
        let room = columns.saturating_sub(INDENT + numbers);
        let labels = if room < NARROWEST_LABELS.min(labels) { 0 } else { labels.min(room) };
        // Without labels before them, numbers need no gap before the first.
        let gap = if labels == 0 && numbers > columns { 1 } else { GAP };
        let line = |label: &str, cells: &dyn Fn(usize) -> String| {
            let padding = " ".repeat(labels.saturating_sub(display_width(label)));
            let mut line = format!("{}{label}{padding}", " ".repeat(INDENT));
            for &column in &shown {
                let cell = cells(column);
                let gap = if labels == 0 && Some(&column) == shown.first() { 0 } else { gap };
                line += &" ".repeat(gap + widths[column] - display_width(&cell));
                line += &cell;
            }
            line.truncate(line.trim_end().len());
            line
        };
        let heading = |from_last: usize| {
            move |column: usize| {
                let lines: Vec<&str> = self.columns[column].heading.lines().collect();
                let place = lines.len().checked_sub(from_last);
                place.map_or_else(String::new, |place| lines[place].to_owned())
            }
        };
        let mut lines = Vec::new();
        if shown.iter().any(|column| self.columns[*column].heading.contains('\n')) {
            lines.push(line("", &heading(2)));
        }
        lines.push(line(if labels == 0 { "" } else { self.labels }, &heading(1)));
        for row in &self.rows {
            match row {
                Row::Heading(text) => {
                    let indent = text.len() - text.trim_start().len();
                    lines.extend(wrapped(text, columns, indent + INDENT));
                }
                Row::Numbers { label, cells } => {
                    let cells = |column: usize| cells[column].clone();
                    if display_width(label) > labels {
                        let label = format!("{}{label}", " ".repeat(INDENT));
                        lines.extend(wrapped(&label, columns, 2 * INDENT));
                        lines.push(line("", &cells));
                    } else {
                        lines.push(line(label, &cells));
                    }
                }
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column<'_>; 3] = [
        Column { heading: "score", rank: 0 },
        Column { heading: "squared\nerror", rank: 1 },
        Column { heading: "verdict", rank: 0 },
    ];

    fn shown(columns: usize) -> String {
        let mut table = Table::new("variant", COLUMNS);
        table.row("float", ["1.0000", "", ""].map(str::to_owned));
        table.row("4 bit · a long name of a variant", ["0.9", "12.5", "undecided"].map(str::to_owned));
        let mut page = Page::new(columns);
        page.table(&table);
        page.text()
    }

    #[test]
    fn a_table_shows_what_fits_and_breaks_no_row_within_its_numbers() {
        insta::assert_snapshot!([shown(80), shown(56), shown(44), shown(30)].join("\n"), @r"
                                                    squared
          variant                            score    error    verdict
          float                             1.0000
          4 bit · a long name of a variant     0.9     12.5  undecided

          variant                            score    verdict
          float                             1.0000
          4 bit · a long name of a variant     0.9  undecided

          variant                   score    verdict
          float                    1.0000
          4 bit · a long name of a variant
                                      0.9  undecided

           score    verdict
          float
          1.0000
          4 bit · a long name of a
            variant
             0.9  undecided
        ");
    }

    #[test]
    fn no_line_is_wider_than_the_page() {
        for columns in 20..100 {
            for line in shown(columns).lines() {
                assert!(display_width(line) <= columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn widths_are_those_of_a_terminal() {
        let mut table = Table::new("", [Column { heading: "n", rank: 0 }]);
        table.row("東京", ["1".to_owned()]);
        table.row("e\u{301}te", ["2".to_owned()]);
        let mut page = Page::new(80);
        page.table(&table);
        assert_eq!(page.text(), "        n\n  東京  1\n  e\u{301}te   2\n");
    }

    #[test]
    fn a_column_without_numbers_is_left_out() {
        let mut table = Table::new("a", COLUMNS);
        table.row("x", ["1", "", ""].map(str::to_owned));
        let mut page = Page::new(80);
        page.table(&table);
        assert_eq!(page.text(), "  a  score\n  x      1\n");
    }

    #[test]
    fn prose_wraps_at_words_and_leaves_long_ones_whole() {
        let mut page = Page::new(20);
        page.prose(2, "some words of a post-training note in /a/very/long/path/of/a/file");
        assert_eq!(
            page.text(),
            "  some words of a\n    post-training\n    note in\n    /a/very/long/path/of/a/file\n"
        );
    }

    #[test]
    fn a_short_item_says_where_it_is_cut() {
        let mut page = Page::new(20);
        page.short_item("axes", 6, "one, two, three, four, five, six, seven", 2);
        assert_eq!(page.text(), "axes  one, two,\n      three, four, …\n");
    }
}
