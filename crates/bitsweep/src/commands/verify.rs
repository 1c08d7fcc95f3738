//! `bitsweep verify`

use std::fs;
use std::path::Path;

use bitsweep_exchange::packed::PackedSizes;
use bitsweep_metrics::{Confusion, accuracy_interval, macro_f1_interval};
use bitsweep_models::predict;
use bitsweep_results::numbers::{bytes, counted, score};

use super::packed_rows::PackedRows;
use super::print_page;
use crate::failure::Failure;
use crate::layout::Page;
use crate::streams::page_columns;
use bitsweep_experiment::config::Diagnostic;

pub(super) fn verify(file: &Path, csv: &Path, target: &str) -> Result<(), Failure> {
    let wrong = |reason: String| Diagnostic::new(format!("`{}`: {reason}", file.display()));
    let PackedRows { packed, rows, logits } = PackedRows::read(file, csv, Some(target))?;
    let length = fs::metadata(file).map_err(|error| wrong(error.to_string()))?.len();
    let model = packed.classifier();
    let in_table =
        |reason: &str| Diagnostic::new(format!("`{}`, column `{target}`: {reason}", csv.display()));
    let labels = rows.labels(&model.classes).map_err(|error| match rows.row_of_class(&error.class) {
        Some(row) => Diagnostic::new(format!("{}, column `{target}`: {error}", rows.place_of(row))),
        None => in_table(&error.to_string()),
    })?;
    let predicted = predict(logits.view());
    let scored = labels.iter().zip(predicted).filter_map(|(label, predicted)| Some(((*label)?, predicted)));
    let (labels, predicted): (Vec<usize>, Vec<usize>) = scored.unzip();
    if labels.is_empty() {
        return Err(in_table("no row has a class").into());
    }
    let without_class = rows.count() - labels.len();
    let confusion = Confusion::new(&labels, &predicted, model.classes.len());
    let confusion = confusion.map_err(|error| Failure::Other(error.to_string()))?;

    let mut page = Page::new(page_columns());
    let (f1, accuracy) =
        (macro_f1_interval(&confusion), accuracy_interval(confusion.right(), confusion.samples()));
    let accuracy = accuracy.map_err(|error| Failure::Other(error.to_string()))?;
    page.prose(
        0,
        &format!(
            "on {}{}: macro-F1 {} (95 %: {}–{}), accuracy {} ({}–{})",
            counted(labels.len(), "row", "rows"),
            match without_class {
                0 => String::new(),
                some => format!(" ({some} more without a class)"),
            },
            score(f1.value),
            score(f1.low),
            score(f1.high),
            score(accuracy.value),
            score(accuracy.low),
            score(accuracy.high)
        ),
    );
    page.prose(0, &sizes(&packed.sizes(), length));
    let checksum = packed.checksum().map_err(|error| wrong(error.to_string()))?;
    page.prose(0, &format!("{}: whole, its checksum is {checksum}", file.display()));
    for (key, value) in &model.provenance {
        page.prose(2, &format!("{key}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    print_page(&page)
}

/// The bytes by what they are.
fn sizes(sizes: &PackedSizes, file: u64) -> String {
    let parts = [
        ("codes", sizes.coded.codes),
        ("their scales, zero points and codebooks", sizes.coded.total() - sizes.coded.codes),
        ("floats", sizes.float),
        ("inputs", sizes.input_scales + sizes.input_zero_points + sizes.clips),
        ("the scaler", sizes.scaling),
        ("columns", sizes.columns),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, own)| *own > 0)
        .map(|(name, own)| format!("{} {name}", bytes(*own as f64)))
        .collect();
    let header = file.saturating_sub(sizes.total());
    format!("{}: {}; {} header", bytes(file as f64), parts.join(", "), bytes(header as f64))
}
