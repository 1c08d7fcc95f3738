//! The pieces of a report, which know nothing of Markdown or HTML.

/// A piece of the report.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    /// A heading below the title; 2 for a section, 3 within it.
    Heading(u8, String),
    /// Running text.
    Paragraph(Vec<Span>),
    /// Points in no order.
    List(Vec<Vec<Span>>),
    /// A table.
    Table(Table),
    /// Text set as it is, in a language for colouring.
    Code(&'static str, String),
    /// A chart, by its position.
    Figure(usize),
    /// What is shown only to who asks for it, under the title that stands for it; no heading within.
    Folded(String, Vec<Block>),
}

/// A run of text in one style.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Span {
    Plain(String),
    Strong(String),
    Code(String),
}

/// Rows under headings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<(String, Align)>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Words stand left, numbers right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Text as a paragraph, what stands between backticks as code.
pub(super) fn paragraph(text: impl Into<String>) -> Block {
    Block::Paragraph(spans(text))
}

/// Plain text, and code where backticks are around it.
pub(crate) fn spans(text: impl Into<String>) -> Vec<Span> {
    let text = text.into();
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return vec![Span::Plain(text)];
    }
    let span = |(index, part): (usize, &&str)| match index % 2 {
        0 => Span::Plain((*part).to_owned()),
        _ => Span::Code((*part).to_owned()),
    };
    let is_something = |span: &Span| !matches!(span, Span::Plain(plain) if plain.is_empty());
    parts.iter().enumerate().map(span).filter(is_something).collect()
}

impl Table {
    /// A table under the given headings, the first `words` columns of which hold words, the others numbers.
    pub(super) fn new(words: usize, headings: &[&str], rows: Vec<Vec<String>>) -> Self {
        let align = |index: usize| if index < words { Align::Left } else { Align::Right };
        let columns = headings
            .iter()
            .enumerate()
            .map(|(index, heading)| ((*heading).to_owned(), align(index)))
            .collect();
        Self { columns, rows }
    }

    /// The same table with words in one more column.
    pub(super) fn with_words_in(mut self, index: usize) -> Self {
        if let Some(column) = self.columns.get_mut(index) {
            column.1 = Align::Left;
        }
        self
    }
}
