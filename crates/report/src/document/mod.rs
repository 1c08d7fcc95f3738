//! What the report says, as blocks that know nothing of Markdown or HTML.

mod answer;
mod block;
mod changes;
mod device;
mod failures;
mod findings;
mod lessons;
mod reproduction;
mod results;
mod sensitivity;
mod speed;
mod tensors;
mod terms;

pub(crate) use block::{Align, Block, Span, Table, spans};
pub(crate) use speed::blocks as speed_blocks;
#[cfg(test)]
pub(crate) use speed::tests::speed as speed_of_tests;

use crate::report::{Chart, Report};
use block::paragraph;

/// Charts that stand beside the answer; the others follow the tables.
const BESIDE_ANSWER: usize = 2;

/// Everything below the title: the description, what was found, the answer, what failed, the answer's charts, what the picks
/// change, what was learned, the tables, the device, machines, the other charts, terms, how to make it again.
pub(crate) fn blocks(report: &Report<'_>, charts: &[Chart]) -> Vec<Block> {
    let summary = report.summary;
    let own = charts.len().saturating_sub(report.speeds.len());
    let beside = own.min(BESIDE_ANSWER);
    let mut blocks: Vec<Block> = report
        .description
        .replace("\r\n", "\n")
        .split("\n\n")
        .map(|part| part.lines().map(str::trim).collect::<Vec<_>>().join(" "))
        .filter(|part| !part.is_empty())
        .map(paragraph)
        .collect();
    blocks.extend(findings::changed(report));
    blocks.extend(findings::blocks(report));
    blocks.extend(answer::blocks(report));
    blocks.extend(failures::blocks(summary));
    blocks.extend((0..beside).map(Block::Figure));
    blocks.extend(changes::blocks(report));
    blocks.extend(lessons::blocks(summary));
    blocks.extend(results::blocks(report));
    blocks.extend(device::blocks(report));
    for (speed, chart) in report.speeds.iter().zip(own..) {
        blocks.push(Block::Heading(2, format!("Speed on {}", speed.host.name)));
        blocks.extend(speed::blocks(speed, chart));
    }
    blocks.extend(sensitivity::blocks(report));
    blocks.extend(tensors::blocks(report));
    if own > beside {
        blocks.push(Block::Heading(2, "More charts".to_owned()));
        blocks.extend((beside..own).map(Block::Figure));
    }
    blocks.extend(reproduction::compared(report));
    blocks.extend(terms::blocks(summary));
    blocks.extend(reproduction::again(report));
    blocks
}
