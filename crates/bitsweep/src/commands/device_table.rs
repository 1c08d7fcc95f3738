//! What variants take on a device, for a reader.

use bitsweep_results::numbers::{count, fixed};
use bitsweep_results::summary::Explanation;
use bitsweep_results::{Comparison, DeviceRow, Goal, PickRule, VariantSummary};

use crate::layout::{Column, Page, Table};

/// A comparison with more variants shows the smallest ones.
const MOST_ROWS: usize = 24;

/// What each variant of a task takes, the smallest last.
pub(super) fn comparison(comparison: &Comparison, rule: &PickRule, page: &mut Page) {
    let (mut programs, refused) = comparison.programs();
    let number = programs.len();
    programs.truncate(MOST_ROWS);
    if let Some((_, first)) = programs.first().or(refused.first()) {
        let toolchain = first.toolchain.as_deref().unwrap_or("no compiler: estimates");
        page.prose(0, &format!("{} on {}: {toolchain}", comparison.name(), first.target));
    }
    if !programs.is_empty() {
        page.table(&table(comparison, &programs, rule));
    }
    if number > MOST_ROWS {
        page.prose(
            0,
            &format!("(the {MOST_ROWS} smallest of {number} variants; device.csv of a run has all)"),
        );
    }
    for (variant, row) in &refused {
        let reason = row.refused.as_deref().unwrap_or_default();
        page.prose(0, &format!("{}: no program: {reason}", variant.label));
    }
}

/// What is picked for the device, and why.
pub(super) fn pick(comparison: &Comparison, rule: &PickRule, page: &mut Page) {
    if let Some(Explanation { headline, choice, reasons, .. }) = comparison.explain(Goal::Device, rule) {
        page.prose(0, &format!("device: {choice}: {headline}"));
        reasons.iter().for_each(|reason| page.prose(2, reason));
    }
}

/// The smallest last, near the pick.
fn table(
    comparison: &Comparison,
    programs: &[(&VariantSummary, &DeviceRow)],
    rule: &PickRule,
) -> Table<'static, 9> {
    let columns = [
        ("macro-F1", 0),
        ("flash", 0),
        ("of it\nencoding", 1),
        ("RAM", 0),
        ("cycles", 0),
        ("of them\nencoding", 2),
        ("instructions", 0),
        ("of them\nencoding", 2),
        ("fits", 0),
    ];
    let mut table = Table::new("variant", columns.map(|(heading, rank)| Column { heading, rank }));
    let whole = |number: Option<u64>| number.map_or_else(String::new, |number| count(number as f64));
    let has_limits = rule.device_limits().is_some();
    for (variant, row) in programs.iter().rev() {
        let score = variant.scores.as_ref().map_or_else(String::new, |scores| fixed(scores.macro_f1.mean, 4));
        let fits = if row.fits { "yes" } else { "no" };
        let cells = [
            score,
            whole(row.flash),
            whole(row.encode_flash),
            whole(row.ram),
            whole(row.cycles),
            whole(row.encode_cycles),
            whole(row.instructions),
            whole(row.encode_instructions),
            if has_limits { fits.to_owned() } else { String::new() },
        ];
        table.row(&comparison.label_with_runs(variant), cells);
    }
    table
}
