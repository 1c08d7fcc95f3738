//! What the variants take on a device.

use bitsweep_results::numbers::{count, counted, fixed};
use bitsweep_results::summary::OnDevice;
use bitsweep_results::{Comparison, DeviceBasis, DeviceRow};

use super::block::{Block, Table, paragraph};
use crate::report::Report;

/// Variants up to which a table shows all.
const MOST_ROWS: usize = 24;
/// Tasks with tables of their own.
const MOST_TASKS: usize = 6;
/// Variants that are named as no programs.
const MOST_REFUSED: usize = 4;

pub(super) fn blocks(report: &Report<'_>) -> Vec<Block> {
    let rows = &report.records.device;
    let Some(first) = rows.first() else { return Vec::new() };
    let mut blocks = vec![Block::Heading(2, format!("On the device: {}", first.target))];
    blocks.push(paragraph(basis(report)));
    let limits = report.pick_rule.device_limits();
    let has_limits = limits.is_some();
    blocks.extend(limits.map(|limits| paragraph(format!("A variant fits that takes at most {limits}."))));
    let comparisons = &report.summary.comparisons;
    for comparison in comparisons.iter().take(MOST_TASKS) {
        if comparisons.len() > 1 {
            blocks.push(Block::Heading(3, comparison.name().to_owned()));
        }
        blocks.extend(task(comparison, has_limits));
    }
    if comparisons.len() > MOST_TASKS {
        blocks.push(paragraph(format!(
            "The first {MOST_TASKS} of {} tasks; device.csv has all.",
            comparisons.len()
        )));
    }
    blocks
}

/// What the numbers rest on.
fn basis(report: &Report<'_>) -> String {
    let rows = &report.records.device;
    let has = |basis: DeviceBasis| rows.iter().any(|row| row.basis == Some(basis));
    let mut text =
        "Each variant as a program in C, from features on; encoding is what makes codes of them.".to_owned();
    if report.summary.comparisons.iter().any(|comparison| comparison.units > 1) {
        text += " The programs have the weights of the first unit, macro-F1 is the mean over all.";
    }
    if let Some(toolchain) = rows.iter().find_map(|row| row.toolchain.as_deref()) {
        text += &format!(
            " Flash is bytes of code and constants of a program that calls the model, less one that does not ({toolchain})."
        );
    }
    if has(DeviceBasis::Emulated) {
        text += " RAM is bytes of stack and variables, without the arrays of features and codes that a program holds, on an emulated device, which ran the first test rows and had the numbers that were measured, floats within rounding.";
    }
    let has_steps = |row: &DeviceRow| row.cycles.or(row.instructions).is_some();
    if rows.iter().any(has_steps) {
        text += " Cycles or instructions are the most that one row took.";
    }
    if has(DeviceBasis::Compiled) {
        text += " Where no test row could be run, RAM is an estimate.";
    }
    if has(DeviceBasis::Estimated) {
        text += " No compiler for the device was found: flash and RAM are estimates, of constants and buffers as they are and of code as other models have it.";
    }
    text
}

fn task(comparison: &Comparison, has_limits: bool) -> Vec<Block> {
    let (programs, refused) = comparison.programs();
    let number = programs.len();
    let has_cycles = programs.iter().any(|(_, row)| row.cycles.is_some());
    let speed = if has_cycles { "Cycles" } else { "Instructions" };
    let shown = programs.into_iter().take(MOST_ROWS).map(|(variant, row)| {
        let whole = |number: Option<u64>| number.map_or_else(String::new, |number| count(number as f64));
        let score = variant.scores.as_ref().map_or_else(String::new, |scores| fixed(scores.macro_f1.mean, 4));
        let fits = has_limits.then(|| if row.fits { "yes" } else { "no" }.to_owned());
        let (steps, encode_steps) = match has_cycles {
            true => (row.cycles, row.encode_cycles),
            false => (row.instructions, row.encode_instructions),
        };
        let numbers = [
            score,
            whole(row.flash),
            whole(row.encode_flash),
            whole(row.ram),
            whole(steps),
            whole(encode_steps),
        ];
        [variant.label.to_string()].into_iter().chain(fits).chain(numbers).collect()
    });
    let shown: Vec<Vec<String>> = shown.collect();
    let mut blocks = Vec::new();
    if !shown.is_empty() {
        let fits = has_limits.then_some("Fits");
        let words = ["Variant"].into_iter().chain(fits);
        let headings: Vec<&str> =
            words.chain(["Macro-F1", "Flash", "Encoding", "RAM", speed, "Encoding"]).collect();
        blocks.push(Block::Table(Table::new(1 + usize::from(has_limits), &headings, shown)));
    }
    if number > MOST_ROWS {
        blocks.push(paragraph(format!("The {MOST_ROWS} smallest of {number}; device.csv has all.")));
    }
    blocks.extend(no_programs(&refused).map(paragraph));
    blocks
}

/// Which variants are no programs, and why.
fn no_programs(refused: &[OnDevice<'_>]) -> Option<String> {
    let named = refused
        .iter()
        .take(MOST_REFUSED)
        .filter_map(|(variant, row)| Some(format!("{}: {}", variant.label, row.refused.as_ref()?)));
    let named: Vec<String> = named.collect();
    let more = refused.len().saturating_sub(MOST_REFUSED);
    let rest = if more > 0 {
        format!("; {} in device.csv", counted(more, "other", "others"))
    } else {
        String::new()
    };
    (!named.is_empty()).then(|| format!("No programs: {}{rest}.", named.join("; ")))
}
