//! The notebook's numbers beside ours, and how to make the report again.

use super::block::{Block, Span, Table, paragraph};
use crate::report::Report;

/// Lines of a configuration that is shown in full.
const MOST_LINES: usize = 80;

pub(super) fn compared(report: &Report<'_>) -> Vec<Block> {
    let rows = &report.reproduction;
    if rows.is_empty() {
        return Vec::new();
    }
    let agreeing = rows.iter().filter(|row| row.agrees).count();
    let known = match rows.iter().filter(|row| row.is_explained && row.comes_out()).count() {
        0 => ".".to_owned(),
        1 => "; 1 differs for a known reason, which its note gives.".to_owned(),
        known => format!("; {known} differ for a known reason, which their notes give."),
    };
    let cells = rows
        .iter()
        .map(|row| {
            let agrees = if row.agrees { "yes" } else { "no" };
            vec![row.what.clone(), row.wanted.clone(), row.ours.clone(), agrees.to_owned(), row.note.clone()]
        })
        .collect();
    vec![
        Block::Heading(2, "The notebook's numbers".to_owned()),
        paragraph(format!(
            "{agreeing} of {} agree at the precision that the notebook prints{known}",
            rows.len()
        )),
        Block::Table(
            Table::new(1, &["Number", "Notebook", "Ours", "Agrees", "Note"], cells)
                .with_words_in(3)
                .with_words_in(4),
        ),
    ]
}

pub(super) fn again(report: &Report<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !report.command.is_empty() {
        blocks.push(Block::Code("sh", report.command.clone()));
    }
    if !report.provenance.is_empty() {
        let rows = report.provenance.iter().map(|(name, value)| vec![name.clone(), value.clone()]).collect();
        blocks.push(Block::Table(Table::new(2, &["Made from", "Value"], rows)));
    }
    if !report.configuration.is_empty() {
        let name = if report.experiment.is_empty() { "the experiment" } else { &report.experiment };
        let lines = report.configuration.lines().count();
        let short = lines <= MOST_LINES;
        let rest =
            if short { ":".to_owned() } else { format!(" has {lines} lines; experiment.toml holds it.") };
        blocks.push(Block::Paragraph(vec![
            Span::Plain("The configuration of ".to_owned()),
            Span::Code(name.to_owned()),
            Span::Plain(rest),
        ]));
        if short {
            blocks.push(Block::Code("toml", report.configuration.clone()));
        }
    }
    if !blocks.is_empty() {
        blocks.insert(0, Block::Heading(2, "How to make this again".to_owned()));
    }
    blocks
}
