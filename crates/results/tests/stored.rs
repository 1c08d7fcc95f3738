//! Evaluations come back from their files as they were.
#![allow(clippy::unwrap_used)]

mod made;

use std::sync::Arc;

use bitsweep_results::{
    CodebookRow, EpochLoss, ErrorMeasures, Evaluated, FailureKind, FlipRow, HeldOut, HeldOutRows,
    HistogramKind, HistogramRow, LargeRows, Measures, Origin, PartPredicted, Predicted, ProductRow, Recorded,
    ResultRow, RowFailure, SensitivityRow, TensorRow, ValueRow, Variant, read_entries, read_stored,
    write_stored,
};

const ALL: Recorded = Recorded {
    flips: true,
    log_losses: true,
    sensitivity: true,
    histogram: true,
    tensors: true,
    values: true,
};

fn origin(position: usize) -> Origin {
    let unit = made::unit("u1", &Arc::new(made::task("wine", "mlp(8)")));
    let variant = if position == 0 { Variant::float(32) } else { made::variant(4, &[]) };
    made::origin(&unit, position, variant)
}

fn part(log_losses: Option<Box<[f32]>>) -> PartPredicted {
    PartPredicted { classes: Box::new([0, 65_535, 256]), log_losses }
}

/// A row of each table, with numbers that are easily lost.
fn full(position: usize) -> Evaluated {
    let origin = origin(position);
    let scores = made::scored(made::interval(0.1 + 0.2, 5e-324, 1.0));
    let measures = Measures {
        scores: Some(scores),
        error: ErrorMeasures { sqnr_db: f64::INFINITY, ..ErrorMeasures::default() },
        ..Measures::default()
    };
    let rows = |first: u32| HeldOutRows {
        rows: Box::new([first, u32::MAX, 7]),
        truth: Box::new([1, 0, 2]),
        float: Box::new([2, 0, 65_535]),
    };
    let name: Arc<str> = "W1, \"quoted\"\nand broken".into();
    Evaluated {
        row: made::row(origin.clone(), measures),
        recorded: ALL,
        ends_unit: false,
        held_out: (position == 0).then(|| HeldOut { test: rows(3), validation: Some(rows(4)) }),
        predictions: Some(Predicted {
            test: part(Some(Box::new([-0.0, f32::INFINITY, 0.1]))),
            validation: Some(part(None)),
        }),
        flips: vec![FlipRow {
            origin: origin.clone(),
            row: 9,
            truth: "a,b".into(),
            float: "".into(),
            quantized: "c".into(),
            float_margin: -0.0,
            quantized_margin: 1e-300,
        }],
        curve: vec![EpochLoss { loss_sum: 3.5, loss: 0.7 }, EpochLoss { loss_sum: 0.1, loss: 1.0 / 3.0 }],
        sensitivity: vec![SensitivityRow {
            origin: origin.clone(),
            tensor: Arc::clone(&name),
            part: bitsweep_results::ErrorPart::Clipping,
            bits: None,
            bytes: Some(u64::MAX),
            output_error: 0.0,
            macro_f1: 1.0,
            next_bytes: None,
            next_output_error: Some(f64::INFINITY),
            gain_per_byte: None,
        }],
        histogram: vec![HistogramRow {
            origin: origin.clone(),
            tensor: Arc::clone(&name),
            kind: HistogramKind::Level,
            low: -1.5,
            high: -1.5,
            count: 12,
        }],
        large: LargeRows {
            tensors: vec![TensorRow {
                origin: origin.clone(),
                tensor: Arc::clone(&name),
                block: 1,
                count: 2,
                scale: None,
                zero_point: Some(-3.0),
                sse: 0.1,
                mse: 0.2,
                max_error: 0.3,
                sqnr_db: f64::NEG_INFINITY,
            }],
            values: vec![ValueRow {
                origin: origin.clone(),
                tensor: Arc::clone(&name),
                row: 1,
                column: 2,
                value: 0.1,
                code: i64::MIN,
                reconstruction: 0.125,
                error: 0.025,
            }],
            codebooks: vec![CodebookRow {
                origin: origin.clone(),
                tensor: Arc::clone(&name),
                codebook: 0,
                centroid: 1,
                component: 2,
                value: 4.0,
            }],
            products: vec![ProductRow { origin, tensor: name, row: 0, exact: 1.0, lookup: 1.5 }],
        },
    }
}

fn failed(position: usize) -> Evaluated {
    let failure = RowFailure { kind: FailureKind::Quantization, reason: "too\nlarge".to_owned() };
    let row = ResultRow { result: Err(failure), ..made::row(origin(position), Measures::default()) };
    Evaluated { ends_unit: true, ..Evaluated::new(row, Recorded::default()) }
}

fn read(bytes: &[u8], all: &[&Evaluated]) -> Vec<Evaluated> {
    let origin_of = |key| all.iter().find(|own| own.row.key == key).unwrap().row.origin.clone();
    let rows = read_stored(bytes).unwrap().into_iter();
    rows.map(|row| {
        let origin = origin_of(row.key);
        assert_eq!(row.shape, origin.unit.shape);
        row.evaluated(origin).unwrap()
    })
    .collect()
}

#[test]
fn evaluations_come_back_as_they_were() {
    let (float, variant, failed) = (full(0), full(1), failed(2));
    let mut all = [&float, &variant, &failed];
    let bytes = write_stored(&all).unwrap();
    let mut read = read(&bytes, &all);
    all.sort_by_key(|own| own.row.key);
    read.sort_by_key(|own| own.row.key);
    assert_eq!(read.iter().collect::<Vec<_>>(), all);
    // `==` has no eye for the sign of a zero.
    let signs = |own: &Evaluated| {
        own.predictions.as_ref().map(|own| own.test.log_losses.as_ref().unwrap()[0].is_sign_negative())
    };
    assert_eq!(read.iter().filter_map(signs).collect::<Vec<_>>(), [true, true]);
    assert!(read.iter().flat_map(|own| &own.flips).all(|flip| flip.float_margin.is_sign_negative()));
}

#[test]
fn the_bytes_do_not_depend_on_order_names_and_positions() {
    let (one, other) = (full(0), failed(2));
    let bytes = write_stored(&[&one, &other]).unwrap();
    assert_eq!(write_stored(&[&other, &one]).unwrap(), bytes);
    let mut renamed = one.clone();
    let unit = Arc::make_mut(&mut renamed.row.origin.unit);
    Arc::make_mut(&mut unit.task).dataset = "another".to_owned();
    renamed.row.origin.position = 5;
    renamed.row.origin.variant = Arc::new(made::variant(3, &[]));
    assert_eq!(write_stored(&[&renamed, &other]).unwrap(), bytes);
}

#[test]
fn entries_tell_what_is_there() {
    let (one, other) = (full(0), failed(2));
    let mut found: Vec<_> = read_entries(&write_stored(&[&one, &other]).unwrap())
        .unwrap()
        .into_iter()
        .map(|entry| (entry.key, entry.recorded, entry.ends_unit, entry.is_failure))
        .collect();
    let mut expected = [(one.row.key, ALL, false, false), (other.row.key, Recorded::default(), true, true)];
    found.sort_by_key(|own| own.0);
    expected.sort_by_key(|own| own.0);
    assert_eq!(found, expected);
}

#[test]
fn less_is_left_where_less_was_asked_for() {
    let wanted = Recorded { flips: true, ..Recorded::default() };
    let reduced = full(1).reduced_to(wanted);
    assert_eq!(reduced.recorded, wanted);
    assert_eq!((reduced.flips.len(), reduced.sensitivity.len(), reduced.histogram.len()), (1, 0, 0));
    assert_eq!((reduced.large.tensors.len(), reduced.large.values.len()), (0, 0));
    assert_eq!((reduced.large.codebooks.len(), reduced.large.products.len()), (1, 1));
    assert_eq!(reduced.predictions.unwrap().test.log_losses, None);
    assert!(ALL.covers(wanted) && !wanted.covers(ALL) && wanted.covers(wanted));
    assert_eq!(ALL.shared(wanted), wanted);
}

#[test]
fn what_is_no_file_of_evaluations_is_an_error() {
    let bytes = write_stored(&[&full(0)]).unwrap();
    for length in [0, 4, bytes.len() / 2, bytes.len() - 1] {
        assert!(read_stored(&bytes[..length]).is_err() && read_entries(&bytes[..length]).is_err());
    }
    let mut table = Vec::new();
    bitsweep_results::write_parquet(
        &[full(0).row],
        &bitsweep_results::Labels::of([&Variant::float(32)]),
        &mut table,
    )
    .unwrap();
    assert!(read_stored(&table).is_err());
}
