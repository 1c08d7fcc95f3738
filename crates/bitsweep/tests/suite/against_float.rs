//! What is said of a variant beside the float model.

use bitsweep_results::{FlipRow, Records, ResultRow};

use crate::harness::{experiment, run, scores};

/// A network on half of wine as the test rows, its weights in so many bits.
fn quantized(bits: &str) -> Records {
    let quantize = format!("[quantize.weights]\nbits = {bits}\n");
    run(&experiment(&quantize).replace("test = 0.2", "test = 0.5")).unwrap()
}

fn rows_changed(row: &ResultRow) -> f64 {
    let rows = row.origin.unit.shape.as_ref().unwrap().test_rows;
    (1.0 - scores(row).agreement) * rows as f64
}

#[test]
fn float_is_not_compared_with_itself() {
    let records = quantized("8");
    let float = scores(&records.results[0]);
    assert_eq!((float.p_value, float.against_float), (None, None));
    assert!(float.brier > 0.0 && float.calibration_error.is_some());
    let variant = scores(&records.results[1]);
    assert!(variant.p_value.is_some() && variant.against_float.is_some());
    assert!(records.flips.iter().all(|flip| flip.origin.position > 0));
}

#[test]
fn the_p_value_of_macro_f1_does_not_depend_on_other_variants() {
    let (alone, among_others) = (quantized("1"), quantized("[3, 1, 2]"));
    let (own, same) = (&alone.results[1], &among_others.results[2]);
    assert_eq!(own.key, same.key);
    // Random exchanges, not all of them.
    assert!(rows_changed(own) > 16.5, "{}", rows_changed(own));
    assert_eq!(scores(own), scores(same));
    let p = scores(own).against_float.unwrap().macro_f1_p_value;
    assert!((1.0 / 10_001.0..1.0).contains(&p), "{p}");
}

#[test]
fn recalls_add_up_to_what_a_variant_loses_and_gains() {
    let records = quantized("[1, 2]");
    let recalls = records.predictions[0].recall_rows().unwrap();
    assert_eq!(recalls.len(), 2 * 3);
    for row in &records.results[1..] {
        let own = || recalls.iter().filter(|recall| recall.origin.position == row.origin.position);
        let scores = scores(row);
        assert_eq!(own().map(|recall| recall.lost).sum::<usize>(), scores.lost);
        assert_eq!(own().map(|recall| recall.gained).sum::<usize>(), scores.gained);
        for recall in own() {
            let difference = recall.float_recall.unwrap() - recall.recall.unwrap();
            assert!((recall.difference.unwrap() - difference).abs() < 1e-15);
            assert!(recall.low <= recall.difference && recall.difference <= recall.high);
            assert!(recall.p_value <= recall.adjusted_p_value);
        }
    }
}

#[test]
fn flips_are_the_first_rows_whose_class_changes() {
    let records = quantized("[1, 8]");
    let changed = |position: usize| {
        let rows = records.predictions[0].rows();
        rows.filter(move |row| row.origin.position == position && row.float != row.quantized)
    };
    for position in [1, 2] {
        let flips: Vec<&FlipRow> =
            records.flips.iter().filter(|flip| flip.origin.position == position).collect();
        assert_eq!(flips.len(), changed(position).count().min(FlipRow::MOST));
        for (flip, row) in flips.into_iter().zip(changed(position)) {
            assert_eq!(
                (flip.row, &flip.truth, &flip.float, &flip.quantized),
                (row.row, &row.truth, &row.float, &row.quantized)
            );
            assert!((0.0..=1.0).contains(&flip.float_margin) && (0.0..=1.0).contains(&flip.quantized_margin));
        }
    }
    assert!(changed(1).count() > FlipRow::MOST);
}
