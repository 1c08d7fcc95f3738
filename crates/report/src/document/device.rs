//! What the variants take on a device.

use bitsweep_results::numbers::{bytes, count, counted, fixed};
use bitsweep_results::{Comparison, DeviceBasis, DeviceRow, PickRule, VariantSummary};

use super::block::{Block, Table, paragraph};
use crate::report::Report;

/// Variants up to which a table shows all.
const MOST_ROWS: usize = 24;
/// Tasks with tables of their own.
const MOST_TASKS: usize = 6;
/// Variants that are named as no programs.
const MOST_REFUSED: usize = 4;

/// A variant with what it takes.
type Fitted<'a> = (&'a VariantSummary, &'a DeviceRow);

pub(super) fn blocks(report: &Report<'_>) -> Vec<Block> {
    let rows = &report.records.device;
    let Some(first) = rows.first() else { return Vec::new() };
    let mut blocks = vec![Block::Heading(2, format!("On the device: {}", first.target))];
    blocks.push(paragraph(basis(rows)));
    blocks.extend(limits(&report.pick_rule).map(paragraph));
    let comparisons = &report.summary.comparisons;
    for comparison in comparisons.iter().take(MOST_TASKS) {
        if comparisons.len() > 1 {
            blocks.push(Block::Heading(3, comparison.name().to_owned()));
        }
        blocks
            .extend(task(comparison, report.pick_rule.flash_bytes.or(report.pick_rule.ram_bytes).is_some()));
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
fn basis(rows: &[DeviceRow]) -> String {
    let has = |basis: DeviceBasis| rows.iter().any(|row| row.basis == Some(basis));
    let toolchain = rows.iter().find_map(|row| row.toolchain.as_deref());
    let mut text = "Each variant as a program in C that `bitsweep export --format c` writes.".to_owned();
    if let Some(toolchain) = toolchain {
        text += &format!(
            " Flash is bytes of code and constants of a program that calls the model on features, less one that does not ({toolchain}); what makes codes of features is told by itself behind it."
        );
    }
    if has(DeviceBasis::Emulated) {
        text += " RAM is the stack that predictions take and all variables, on an emulated device that gave the numbers of the harness on every row that it ran, floats within rounding; cycles or instructions are the most that one took, from features on, and behind them what encoding took of these.";
    }
    if has(DeviceBasis::Compiled) {
        text += " Where no cycles or instructions are told, the test rows did not run beside the model, and the stack is estimated from the widths of the layers.";
    }
    if has(DeviceBasis::Estimated) {
        text += " No compiler for the device was found: flash and RAM are estimates, constants and buffers as they are and code as other models have it.";
    }
    text
}

/// The limits that the pick goes by.
fn limits(rule: &PickRule) -> Option<String> {
    let limits = [(rule.flash_bytes, "flash"), (rule.ram_bytes, "RAM")];
    let limits =
        limits.into_iter().filter_map(|(limit, what)| Some(format!("{} of {what}", bytes(limit? as f64))));
    let limits: Vec<String> = limits.collect();
    (!limits.is_empty()).then(|| format!("A variant fits that takes at most {}.", limits.join(" and ")))
}

fn task(comparison: &Comparison, has_limits: bool) -> Vec<Block> {
    let all = comparison.variants.iter().filter_map(|own| Some((own, own.device.as_ref()?)));
    let (mut programs, refused): (Vec<Fitted<'_>>, Vec<Fitted<'_>>) =
        all.partition(|(_, row)| row.flash.is_some());
    programs.sort_by_key(|(_, row)| row.flash);
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
fn no_programs(refused: &[Fitted<'_>]) -> Option<String> {
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
