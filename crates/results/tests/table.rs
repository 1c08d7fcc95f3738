//! The results table as CSV and Parquet.
#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use bitsweep_results::{
    CalibrationMeasures, DatasetShape, ErrorMeasures, Interval, ResultRow, ResultsError, Scores,
    SizeMeasures, table, write_csv, write_parquet,
};
use polars::prelude::{AnyValue, DataFrame, ParquetReader, SerReader};

fn interval(value: f64, low: f64, high: f64) -> Interval {
    Interval { value, low, high }
}

/// A float baseline of 2,048 bytes and a quantized variant of 512 bytes in all, 256 of them payload.
fn rows() -> Vec<ResultRow> {
    let float = ResultRow {
        unit: "u1".into(),
        dataset: "wine".into(),
        shape: Some(DatasetShape { train_rows: 142, test_rows: 36, seen_rows: 0, features: 13, classes: 3 }),
        rng: "numpy".into(),
        seed: 42,
        model: "mlp(100)".into(),
        unit_axes: vec![("train.epochs".into(), "50".into())],
        label: "float".into(),
        axes: vec![("format", "f32".into())],
        bits: 32,
        error: ErrorMeasures { sqnr_db: f64::INFINITY, ..ErrorMeasures::default() },
        scores: Some(Scores {
            accuracy: interval(1.0, 0.9, 1.0),
            macro_f1: interval(1.0, 0.9, 1.0),
            log_loss: 0.1,
            agreement: 1.0,
            lost: 0,
            gained: 0,
            p_value: 1.0,
        }),
        size: SizeMeasures { payload: 2048, codes: 2000, biases: 48, float: 2048, ..SizeMeasures::default() },
        ..ResultRow::default()
    };
    let quantized = ResultRow {
        variant: 1,
        label: "4 bit, \"row\"".into(),
        series: "asymmetric".into(),
        axes: vec![("format", "int".into()), ("method", "gptq".into()), ("symmetry", String::new())],
        bits: 4,
        activation_bits: Some(8),
        clipped_activations: Some(0.25),
        error: ErrorMeasures { sse: 0.1, mse: 1e-7, max_error: 0.25, sqnr_db: 24.5 },
        scores: Some(Scores {
            accuracy: interval(0.75, 0.5, 0.875),
            macro_f1: interval(0.5, 0.25, 0.75),
            log_loss: 0.3,
            agreement: 0.75,
            lost: 9,
            gained: 0,
            p_value: 0.003_906_25,
        }),
        size: SizeMeasures {
            payload: 256,
            codes: 200,
            scales: 100,
            zero_points: 100,
            codebooks: 30,
            biases: 61,
            outliers: 20,
            padding: 1,
            float: 2048,
        },
        calibration: Some(CalibrationMeasures {
            rows: 64,
            codes_changed: 7,
            proxy_loss_nearest: 0.5,
            proxy_loss: 0.25,
        }),
        flag: "zero point outside the codes".into(),
        ..float.clone()
    };
    vec![float, quantized]
}

fn tensor_row() -> ResultRow {
    ResultRow {
        unit: "t".into(),
        dataset: "vector".into(),
        label: "8 bit".into(),
        variant: 1,
        bits: 8,
        ..ResultRow::default()
    }
}

fn csv(table: &DataFrame) -> String {
    let mut bytes = Vec::new();
    write_csv(table, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn parquet(table: &DataFrame) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_parquet(table, &mut bytes).unwrap();
    bytes
}

fn cell<'a>(table: &'a DataFrame, column: &str, row: usize) -> AnyValue<'a> {
    table.column(column).unwrap().get(row).unwrap()
}

#[test]
fn derived_columns_follow_from_bytes_and_scores() {
    let table = table(&rows()).unwrap();
    assert_eq!(cell(&table, "true_bytes", 1), AnyValue::UInt64(512));
    assert_eq!(cell(&table, "compression", 1), AnyValue::Float64(4.0));
    // 512 of 2,048 bytes at 32 bits a weight.
    assert_eq!(cell(&table, "bits_per_weight", 1), AnyValue::Float64(8.0));
    assert_eq!(cell(&table, "bits_per_weight", 0), AnyValue::Float64(32.0));
    // 0.5 over half a kilobyte, and over a quarter.
    assert_eq!(cell(&table, "macro_f1_per_kb", 1), AnyValue::Float64(1.0));
    assert_eq!(cell(&table, "macro_f1_per_payload_kb", 1), AnyValue::Float64(2.0));
    assert_eq!(cell(&table, "train.epochs", 1), AnyValue::String("50"));
}

#[test]
fn what_calibration_achieved_is_null_without_it() {
    let table = table(&rows()).unwrap();
    assert_eq!(cell(&table, "calibration_rows", 1), AnyValue::UInt64(64));
    assert_eq!(cell(&table, "codes_changed", 1), AnyValue::UInt64(7));
    assert_eq!(cell(&table, "proxy_loss_nearest", 1), AnyValue::Float64(0.5));
    assert_eq!(cell(&table, "proxy_loss", 1), AnyValue::Float64(0.25));
    for column in ["calibration_rows", "codes_changed", "proxy_loss"] {
        assert_eq!(cell(&table, column, 0), AnyValue::Null);
    }
}

#[test]
fn an_axis_that_a_row_lacks_or_leaves_empty_is_null() {
    let table = table(&rows()).unwrap();
    assert_eq!(cell(&table, "method", 1), AnyValue::String("gptq"));
    assert_eq!(cell(&table, "method", 0), AnyValue::Null);
    assert_eq!(cell(&table, "symmetry", 1), AnyValue::Null);
}

#[test]
fn activations_have_bits_and_a_share_of_clipped_ones_unless_they_stay_float() {
    let table = table(&rows()).unwrap();
    assert_eq!(cell(&table, "activation_bits", 1), AnyValue::UInt64(8));
    assert_eq!(cell(&table, "clipped_activations", 1), AnyValue::Float64(0.25));
    for column in ["activation_bits", "clipped_activations"] {
        assert_eq!(cell(&table, column, 0), AnyValue::Null);
    }
}

#[test]
fn csv_has_short_floats_empty_nulls_and_quoted_text() {
    let text = csv(&table(&rows()).unwrap());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with(
        "unit,dataset,train_rows,test_rows,seen_test_rows,features,classes,rng,seed,model,train.epochs,variant,label,"
    ));
    assert!(lines[0].ends_with(",macro_f1_per_kb,flag"));
    assert!(
        lines[1].starts_with("u1,wine,142,36,0,13,3,numpy,42,mlp(100),50,0,float,,32,,f32,,,"),
        "{}",
        lines[1]
    );
    assert!(lines[1].contains(",inf,"), "{}", lines[1]);
    assert!(lines[2].contains(",\"4 bit, \"\"row\"\"\",asymmetric,"), "{}", lines[2]);
    assert!(lines[2].contains(",0.1,1e-7,0.25,24.5,"), "{}", lines[2]);
    assert!(lines[2].ends_with(",zero point outside the codes"));
    assert!(!text.contains('\r'));
}

#[test]
fn a_tensor_experiment_has_no_scores_and_no_ratios() {
    let table = table(&[tensor_row()]).unwrap();
    for column in [
        "accuracy",
        "macro_f1_low",
        "lost",
        "p_value",
        "train_rows",
        "bits_per_weight",
        "compression",
        "macro_f1_per_kb",
        "flag",
    ] {
        assert_eq!(cell(&table, column, 0), AnyValue::Null, "{column}");
    }
}

#[test]
fn parquet_reads_back_equal() {
    let mut all = rows();
    all.push(ResultRow {
        error: ErrorMeasures { sse: f64::NAN, ..ErrorMeasures::default() },
        ..tensor_row()
    });
    let table = table(&all).unwrap();
    let back = ParquetReader::new(Cursor::new(parquet(&table))).finish().unwrap();
    assert!(table.equals_missing(&back));
    assert_eq!(table.dtypes(), back.dtypes());
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let many: Vec<ResultRow> = (0..500)
        .flat_map(|seed| {
            rows().into_iter().map(move |row| ResultRow { unit: format!("u{seed}"), seed, ..row })
        })
        .collect();
    let (first, second) = (table(&many).unwrap(), table(&many).unwrap());
    assert_eq!(csv(&first), csv(&second));
    assert_eq!(parquet(&first), parquet(&second));
}

#[test]
fn no_rows_give_a_header_and_an_empty_parquet_file() {
    let table = table(&[]).unwrap();
    assert_eq!(csv(&table).lines().count(), 1);
    assert_eq!(ParquetReader::new(Cursor::new(parquet(&table))).finish().unwrap().height(), 0);
}

#[test]
fn a_unit_axis_that_some_rows_lack_is_null_there() {
    let mut all = rows();
    all.push(tensor_row());
    let table = table(&all).unwrap();
    assert_eq!(cell(&table, "train.epochs", 0), AnyValue::String("50"));
    assert_eq!(cell(&table, "train.epochs", 2), AnyValue::Null);
}

#[test]
fn a_unit_axis_named_like_a_column_is_refused() {
    let row = ResultRow { unit_axes: vec![("seed".into(), "1".into())], ..tensor_row() };
    let error = table(&[row]).unwrap_err();
    assert!(matches!(&error, ResultsError::RepeatedColumn(name) if name == "seed"), "{error}");
}

#[test]
fn a_unit_axis_listed_twice_is_refused() {
    let twice = vec![("train.epochs".into(), "1".into()), ("train.epochs".into(), "2".into())];
    let error = table(&[ResultRow { unit_axes: twice, ..tensor_row() }]).unwrap_err();
    assert!(error.to_string().contains("`train.epochs`"), "{error}");
}

/// Accepts nothing.
struct Full;

impl std::io::Write for Full {
    fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("no space"))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_refusing_writer_is_an_error_that_names_the_format() {
    let table = table(&rows()).unwrap();
    assert!(write_csv(&table, &mut Full).unwrap_err().to_string().contains("CSV"));
    assert!(write_parquet(&table, &mut Full).unwrap_err().to_string().contains("Parquet"));
    assert!(bitsweep_results::write_rows(&[("a", 1)], &mut Full).is_err());
}
