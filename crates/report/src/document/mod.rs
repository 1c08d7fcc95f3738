//! What the report says, as blocks that know nothing of Markdown or HTML.

mod answer;
mod lessons;
mod reproduction;
mod results;
mod sensitivity;
mod tensors;
mod terms;

use bitsweep_results::summarize;

use crate::{Chart, Report};

/// Charts that stand beside the answer; the others follow the tables.
const BESIDE_ANSWER: usize = 2;

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

/// Plain text as a paragraph.
fn paragraph(text: impl Into<String>) -> Block {
    Block::Paragraph(vec![Span::Plain(text.into())])
}

impl Table {
    /// A table under the given headings, the first `words` columns of which hold words, the others numbers.
    fn new(words: usize, headings: &[&str], rows: Vec<Vec<String>>) -> Self {
        let align = |index: usize| if index < words { Align::Left } else { Align::Right };
        let columns = headings
            .iter()
            .enumerate()
            .map(|(index, heading)| ((*heading).to_owned(), align(index)))
            .collect();
        Self { columns, rows }
    }

    /// The same table with words in one more column.
    fn with_words_in(mut self, index: usize) -> Self {
        if let Some(column) = self.columns.get_mut(index) {
            column.1 = Align::Left;
        }
        self
    }
}

/// Everything below the title: the answer, its charts, what was learned, the tables, the other charts, terms, how to make it again.
pub(crate) fn blocks(report: &Report<'_>, charts: &[Chart]) -> Vec<Block> {
    let summary = summarize(&report.records.results, &report.pick_rule);
    let beside = charts.len().min(BESIDE_ANSWER);
    let mut blocks: Vec<Block> = report
        .description
        .split("\n\n")
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(paragraph)
        .collect();
    blocks.extend(answer::blocks(report, &summary));
    blocks.extend((0..beside).map(Block::Figure));
    blocks.extend(lessons::blocks(&summary));
    blocks.extend(results::blocks(report, &summary));
    blocks.extend(sensitivity::blocks(report, &summary));
    blocks.extend(tensors::blocks(report, &summary));
    if charts.len() > beside {
        blocks.push(Block::Heading(2, "More charts".to_owned()));
        blocks.extend((beside..charts.len()).map(Block::Figure));
    }
    blocks.extend(reproduction::compared(report));
    blocks.extend(terms::blocks(&summary));
    blocks.extend(reproduction::again(report));
    blocks
}
