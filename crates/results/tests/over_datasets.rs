//! What variants lose over several datasets.
#![allow(clippy::unwrap_used)]

mod made;

use std::sync::Arc;

use bitsweep_results::summary::OverDatasets;
use bitsweep_results::{Labels, Measures, PickRule, ResultRow, Size, SizeMeasures, Variant, summarize};

/// A row of 32 bits (float), 8, 4 or 2, that stores in proportion to them.
fn row(dataset: &str, model: &str, bits: u32, macro_f1: f64) -> ResultRow {
    let unit = made::unit("u", &Arc::new(made::task(dataset, model)));
    let variant = if bits == 32 { Variant::float(32) } else { made::variant(bits, &[]) };
    let position = [32, 8, 4, 2].iter().position(|own| *own == bits).unwrap();
    let codes = u64::from(bits) * 100;
    let size = SizeMeasures { stored: Size { codes, ..Size::default() }, ..SizeMeasures::default() };
    let scores = Some(made::scored(made::interval(macro_f1, macro_f1 - 0.05, 1.0)));
    made::row(made::origin(&unit, position, variant), Measures { scores, size, ..Measures::default() })
}

/// 8 bit loses nothing, 4 bit 0.002, 2 bit 0.1.
fn task(dataset: &str, model: &str) -> Vec<ResultRow> {
    let scores = [(32, 0.95), (8, 0.95), (4, 0.948), (2, 0.85)];
    scores.into_iter().map(|(bits, macro_f1)| row(dataset, model, bits, macro_f1)).collect()
}

fn over(rows: &[ResultRow]) -> Option<OverDatasets> {
    summarize(&made::records(rows, 4000), &Labels::of_rows(rows), &PickRule::default()).over_datasets
}

#[test]
fn one_dataset_is_not_several() {
    assert_eq!(over(&task("wine", "mlp")), None);
    assert_eq!(over(&[task("wine", "mlp"), task("wine", "logistic")].concat()), None);
}

#[test]
fn the_smallest_variant_within_the_margin_is_found_over_the_datasets() {
    let rows = [task("wine", "mlp"), task("digits", "mlp")].concat();
    let over = over(&rows).unwrap();
    assert_eq!(over.datasets, ["wine", "digits"]);
    let labels: Vec<&str> = over.variants.iter().map(|own| own.label.text()).collect();
    assert_eq!(labels, ["2 bit", "4 bit", "8 bit"]);
    let [two, four, _] = over.variants.as_slice() else { panic!("{over:?}") };
    assert_eq!(two.size, 2.0 / 32.0);
    assert_eq!(over.smallest_within(0.95), Some(four));
    assert_eq!((four.posterior.rope, four.posterior.left), (1.0, 0.0));
    // All pairs but that of the prior's 0 with itself lie above: its weight w is below √½ with 1 - (1 - √½)² = 0.914.
    assert!((two.posterior.right - 0.9142).abs() < 0.01, "{:?}", two.posterior);
    assert!((two.mean_loss() - 0.1).abs() < 1e-3);
    let rows = over.rows();
    assert_eq!((rows[0].label.as_str(), rows[0].datasets), ("2 bit", 2));
    assert_eq!([rows[0].loses, rows[0].within, rows[0].gains].iter().sum::<f64>(), 1.0);
}

#[test]
fn the_tasks_of_a_dataset_are_one_difference() {
    let rows = [task("wine", "mlp"), task("wine", "logistic"), task("digits", "mlp")].concat();
    let own = over(&rows).unwrap();
    assert_eq!(own.datasets.len(), 2);
    assert!(own.variants.iter().all(|own| own.losses.len() == 2));
    // 8 bit is missing in one of the three tasks.
    let rest: Vec<ResultRow> =
        rows.into_iter().enumerate().filter(|(at, _)| *at != 5).map(|(_, row)| row).collect();
    let labels: Vec<String> = over(&rest).unwrap().variants.iter().map(|own| own.label.to_string()).collect();
    assert_eq!(labels, ["2 bit", "4 bit"]);
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let rows = [task("wine", "mlp"), task("digits", "mlp")].concat();
    assert_eq!(over(&rows), over(&rows));
}
