//! What the picks change: the classes that lose recall, and the first test rows whose class is another.

use bitsweep_results::numbers::{count, counted, fixed, p_value, supported_decimals};
use bitsweep_results::summary::ClassLoss;
use bitsweep_results::{Comparison, FlipRow, Goal, VariantSummary};

use super::block::{Block, Span, Table, paragraph};
use crate::report::Report;

/// Tasks whose picks are looked at.
const MOST_TASKS: usize = 4;
/// Classes named in a sentence.
const MOST_NAMED: usize = 6;
/// Classes of one pick in the table.
const MOST_CLASSES: usize = 20;

/// A pick with what it loses of each class, and the first rows that it changes.
struct Pick<'a> {
    variant: &'a VariantSummary,
    losses: Vec<ClassLoss>,
    flips: Vec<&'a FlipRow>,
}

pub(super) fn blocks(report: &Report<'_>) -> Vec<Block> {
    let scored = report.summary.comparisons.iter().filter(|comparison| comparison.has_scores());
    let mut blocks = Vec::new();
    for comparison in scored.take(MOST_TASKS) {
        let picks = picks(report, comparison);
        if picks.is_empty() {
            continue;
        }
        if report.summary.comparisons.len() > 1 {
            blocks.push(Block::Heading(3, comparison.name().to_owned()));
        }
        blocks.push(Block::List(picks.iter().map(sentence).collect()));
        blocks.extend(losing(&picks, comparison.units > 1));
        blocks.extend(flipped(&picks, comparison));
    }
    if !blocks.is_empty() {
        blocks.insert(0, Block::Heading(2, "What the picks change".to_owned()));
    }
    blocks
}

/// The picks for balance and least memory, the same one once, where their predictions are known.
fn picks<'a>(report: &'a Report<'_>, comparison: &'a Comparison) -> Vec<Pick<'a>> {
    let mut positions: Vec<usize> = Vec::new();
    for goal in [Goal::Balance, Goal::LeastMemory] {
        let picked = comparison.picks.as_ref().and_then(|picks| picks.variant(goal));
        positions.extend(picked.filter(|own| !positions.contains(own) && comparison.float != Some(*own)));
    }
    let pick = |position: usize| {
        let losses = comparison.class_losses(report.records, position);
        let variant = &comparison.variants[position];
        let is_own = |flip: &&FlipRow| {
            comparison.has(&flip.origin) && flip.origin.variant.choices == variant.origin.variant.choices
        };
        let flips = report.records.flips.iter().filter(is_own).take(FlipRow::MOST).collect();
        (!losses.is_empty()).then_some(Pick { variant, losses, flips })
    };
    positions.into_iter().filter_map(pick).collect()
}

/// The loss with its interval, as far as its digits are known.
fn loss(class: &ClassLoss) -> (String, String) {
    let interval = &class.loss;
    let decimals = supported_decimals((interval.high - interval.low) / (2.0 * 1.96));
    let ends = format!("[{}, {}]", fixed(interval.low, decimals), fixed(interval.high, decimals));
    (fixed(interval.value, decimals), ends)
}

fn sentence(pick: &Pick<'_>) -> Vec<Span> {
    let mut shown: Vec<&ClassLoss> = pick.losses.iter().filter(|class| class.is_shown()).collect();
    shown.sort_by(|a, b| b.loss.value.total_cmp(&a.loss.value));
    let mut spans = vec![Span::Strong(pick.variant.label.to_string())];
    if shown.is_empty() {
        spans.push(Span::Plain(format!(
            ": no class of {} is shown to lose recall.",
            count(pick.losses.len() as f64)
        )));
        return spans;
    }
    for (index, class) in shown.iter().take(MOST_NAMED).enumerate() {
        let (loss, ends) = loss(class);
        spans.push(Span::Plain(if index == 0 { ": class " } else { "; class " }.to_owned()));
        spans.push(Span::Code(class.class.clone()));
        spans.push(Span::Plain(format!(" loses {loss} of recall {ends}")));
    }
    let more = shown.len().saturating_sub(MOST_NAMED);
    let rest = if more > 0 {
        format!("; {} lose recall.", counted(more, "more class", "more classes"))
    } else {
        ".".to_owned()
    };
    spans.push(Span::Plain(rest));
    spans
}

/// The classes that each pick has less recall of than float.
fn losing(picks: &[Pick<'_>], is_repeated: bool) -> Option<Block> {
    let rows = picks.iter().flat_map(|pick| {
        let losing = pick.losses.iter().filter(|class| class.loss.value > 0.0).take(MOST_CLASSES);
        losing.map(|class| {
            let (loss, ends) = loss(class);
            vec![
                pick.variant.label.to_string(),
                class.class.clone(),
                count(class.support as f64),
                fixed(class.float_recall, 3),
                fixed(class.recall, 3),
                loss,
                ends,
                p_value(class.adjusted_p),
            ]
        })
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let headings =
        ["Pick", "Class", "Test rows", "Recall of float", "Recall", "Loss", "95 % interval", "p (Holm)"];
    (!rows.is_empty()).then(|| {
        let table = Block::Table(Table::new(2, &headings, rows));
        let how = paragraph(if is_repeated {
            "Means over the runs. Each interval is of its class alone, over rows and runs; p is corrected by Holm for all classes of the pick."
        } else {
            "Each interval is of its class alone (Tango); p is the exact McNemar test's, corrected by Holm for all classes of the pick."
        });
        Block::Folded("Classes with less recall on the test rows".to_owned(), vec![how, table])
    })
}

/// The first test rows whose class each pick changes.
fn flipped(picks: &[Pick<'_>], comparison: &Comparison) -> Option<Block> {
    let repeated = comparison.units > 1;
    let mut headings = vec!["Pick"];
    if repeated {
        headings.push("Run");
    }
    headings.extend(["Truth", "Float", "Pick's class", "Row", "Margin of float", "Margin of the pick"]);
    let rows = picks.iter().flat_map(|pick| {
        pick.flips.iter().map(|flip| {
            let mut row = vec![pick.variant.label.to_string()];
            if repeated {
                row.push(flip.origin.unit.run());
            }
            row.extend([&flip.truth, &flip.float, &flip.quantized].map(|class| class.to_string()));
            row.push(count(f64::from(flip.row)));
            row.extend([flip.float_margin, flip.quantized_margin].map(|margin| fixed(margin, 3)));
            row
        })
    });
    let rows: Vec<Vec<String>> = rows.collect();
    (!rows.is_empty()).then(|| {
        let table = Block::Table(Table::new(headings.len() - 3, &headings, rows));
        Block::Folded("The first test rows whose class changes".to_owned(), vec![table])
    })
}
