//! What was stored of each tensor: scales and zero points, and for small tensors every code.

use bitsweep_results::numbers::{counted, significant};
use bitsweep_results::{Key, Origin, ValueRow};

use super::block::{Block, Table, paragraph};
use crate::report::Report;
use crate::values::of_small_tensors;

/// Rows up to which a table stands in the report.
const MOST_ROWS: usize = 48;
/// Rows up to which the table of scales and zero points stands open.
const MOST_OPEN_ROWS: usize = 16;
/// Variants side by side in a table of codes.
const MOST_VARIANTS: usize = 4;
/// Tensors whose codes are listed.
const MOST_TENSORS: usize = 6;
/// Significant digits of parameters: as many as an f32 has.
const PARAMETER_DIGITS: usize = 8;

pub(super) fn blocks(report: &Report<'_>) -> Vec<Block> {
    let summary = report.summary;
    let mut blocks = parameters(report);
    if !summary.comparisons.iter().any(|comparison| comparison.has_scores()) {
        blocks.extend(codes(report));
        blocks.extend(codebooks(report));
        blocks.extend(products(report));
    }
    blocks
}

/// A number in full where that is short, else with the digits of an f32.
fn parameter(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| {
        let exact = format!("{value}");
        if exact.len() <= PARAMETER_DIGITS { exact } else { significant(value, PARAMETER_DIGITS) }
    })
}

/// Six significant digits without the zeros at their end: `73.01`, `-0.5`.
fn compact(value: f64) -> String {
    let text = significant(value, 6);
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// What the variant that a row is of is called.
fn label(report: &Report<'_>, origin: &Origin) -> String {
    report.summary.labels.get(&origin.variant).to_string()
}

fn parameters(report: &Report<'_>) -> Vec<Block> {
    let tensors = &report.records.tensors;
    if tensors.total == 0 {
        return Vec::new();
    }
    let heading = Block::Heading(2, "Scales and zero points".to_owned());
    if tensors.total > MOST_ROWS {
        return vec![
            heading,
            paragraph(format!(
                "tensors.csv lists {} with their scales, zero points and errors.",
                counted(tensors.total, "block", "blocks")
            )),
        ];
    }
    let rows = tensors.rows.iter().map(|row| {
        vec![
            label(report, &row.origin),
            row.tensor.to_string(),
            row.block.to_string(),
            row.count.to_string(),
            parameter(row.scale),
            parameter(row.zero_point),
            significant(row.mse, 4),
            significant(row.max_error, 4),
        ]
    });
    let headings = ["Variant", "Tensor", "Block", "Values", "Scale", "Zero point", "MSE", "Largest error"];
    let table = Block::Table(Table::new(2, &headings, rows.collect()));
    if tensors.total > MOST_OPEN_ROWS {
        let title = counted(tensors.total, "block", "blocks");
        vec![heading, Block::Folded(title, vec![table])]
    } else {
        vec![heading, table]
    }
}

/// One table per small tensor: its values, and each variant's codes and reconstructions.
fn codes(report: &Report<'_>) -> Vec<Block> {
    let columns = of_small_tensors(&report.records.values, MOST_ROWS);
    let mut tensors: Vec<((Key, Key), &str)> = Vec::new();
    for first in columns.iter().filter_map(|rows| rows.first()) {
        let tensor = (first.origin.unit.keys(), &*first.tensor);
        if !tensors.contains(&tensor) {
            tensors.push(tensor);
        }
    }
    let mut blocks = Vec::new();
    for (unit, tensor) in tensors.into_iter().take(MOST_TENSORS) {
        let is_own = |first: &ValueRow| first.origin.unit.keys() == unit && *first.tensor == *tensor;
        let own: Vec<&[ValueRow]> =
            columns.iter().filter(|rows| rows.first().is_some_and(is_own)).copied().collect();
        for group in own.chunks(MOST_VARIANTS) {
            blocks.push(code_table(report, group));
        }
    }
    if blocks.is_empty() && report.records.values.total == 0 {
        return Vec::new();
    }
    blocks.insert(0, Block::Heading(2, "Codes and reconstructions".to_owned()));
    blocks.push(paragraph("values.csv has every value, code and reconstruction."));
    blocks
}

fn code_table(report: &Report<'_>, variants: &[&[ValueRow]]) -> Block {
    let mut headings = vec!["Row".to_owned(), "Column".to_owned(), "Value".to_owned()];
    for first in variants.iter().filter_map(|rows| rows.first()) {
        let label = label(report, &first.origin);
        headings.extend([format!("{label}, code"), format!("{label}, reconstruction")]);
    }
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let longest = variants.iter().map(|rows| rows.len()).max().unwrap_or(0);
    let rows = (0..longest)
        .map(|index| {
            let value = variants.iter().find_map(|rows| rows.get(index));
            let mut row = value.map_or_else(
                || vec![String::new(); 3],
                |value| vec![value.row.to_string(), value.column.to_string(), compact(value.value)],
            );
            for rows in variants {
                match rows.get(index) {
                    Some(value) => row.extend([value.code.to_string(), compact(value.reconstruction)]),
                    None => row.extend([String::new(), String::new()]),
                }
            }
            row
        })
        .collect();
    Block::Table(Table::new(0, &headings, rows))
}

fn codebooks(report: &Report<'_>) -> Vec<Block> {
    let codebooks = &report.records.codebooks;
    if codebooks.total == 0 || codebooks.total > MOST_ROWS {
        return Vec::new();
    }
    let rows = codebooks
        .rows
        .iter()
        .map(|row| {
            vec![
                label(report, &row.origin),
                row.tensor.to_string(),
                row.codebook.to_string(),
                row.centroid.to_string(),
                row.component.to_string(),
                compact(row.value),
            ]
        })
        .collect();
    let headings = ["Variant", "Tensor", "Codebook", "Centroid", "Component", "Value"];
    vec![Block::Heading(2, "Codebooks".to_owned()), Block::Table(Table::new(2, &headings, rows))]
}

fn products(report: &Report<'_>) -> Vec<Block> {
    let products = &report.records.products;
    if products.total == 0 || products.total > MOST_ROWS {
        return Vec::new();
    }
    let rows = products
        .rows
        .iter()
        .map(|row| {
            vec![
                label(report, &row.origin),
                row.tensor.to_string(),
                row.row.to_string(),
                compact(row.exact),
                compact(row.lookup),
                significant(row.lookup - row.exact, 3),
            ]
        })
        .collect();
    let headings = ["Variant", "Tensor", "Row", "With float values", "By look-up", "Difference"];
    vec![Block::Heading(2, "Dot products".to_owned()), Block::Table(Table::new(2, &headings, rows))]
}
