//! What the experiment has shown, as far as this run shows it, too.

use super::block::{Block, Span, paragraph};
use crate::report::{ComparedRow, FoundRow, Report};

/// What was changed of the experiment, and that its findings are not those of this run.
pub(super) fn changed(report: &Report<'_>) -> Option<Block> {
    if report.changes.is_empty() {
        return None;
    }
    let mut spans = vec![
        Span::Plain("This run changes the experiment ".to_owned()),
        Span::Code(report.experiment.clone()),
        Span::Plain(": ".to_owned()),
    ];
    for (index, change) in report.changes.iter().enumerate() {
        if index > 0 {
            spans.push(Span::Plain(", ".to_owned()));
        }
        spans.push(Span::Code(change.clone()));
    }
    let rest = ". The description is that of the original; what that has shown, and the numbers that it reproduces, are left out.";
    spans.push(Span::Plain(rest.to_owned()));
    Some(Block::Paragraph(spans))
}

pub(super) fn blocks(report: &Report<'_>) -> Vec<Block> {
    let (holding, others): (Vec<&FoundRow>, Vec<&FoundRow>) =
        report.findings.iter().partition(|found| found.holds());
    let mut blocks = Vec::new();
    if !holding.is_empty() {
        blocks.push(Block::Heading(2, "What was found".to_owned()));
        blocks.push(Block::List(
            holding.iter().map(|found| vec![Span::Plain(found.says.trim().to_owned())]).collect(),
        ));
    }
    if !others.is_empty() {
        blocks.push(Block::Heading(2, "What does not hold here".to_owned()));
        blocks.push(paragraph("The experiment says what follows, and this run shows otherwise:"));
        blocks.push(Block::List(others.iter().map(|found| refuted(found)).collect()));
    }
    blocks
}

/// A finding with the evidence that is against it.
fn refuted(found: &FoundRow) -> Vec<Span> {
    let against = found.evidence.iter().filter(|row| !row.agrees);
    let against = against
        .map(|ComparedRow { what, wanted, ours, .. }| format!("{what}: expected {wanted}, found {ours}"));
    vec![
        Span::Plain(format!("“{}” ", found.says.trim())),
        Span::Plain(format!("({}).", against.collect::<Vec<_>>().join("; "))),
    ]
}
