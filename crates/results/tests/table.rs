//! The results table as CSV, as Parquet and as JSON, and back.
#![allow(clippy::unwrap_used)]

mod made;

use std::io::Cursor;
use std::sync::Arc;

use bitsweep_results::{
    AgainstFloat, CalibrationMeasures, Choice, Choices, DatasetShape, ErrorMeasures, FailureKind, Flag, Key,
    Labels, Measures, Origin, ResultRow, ResultsError, RowFailure, Scores, Size, SizeMeasures, Task, Unit,
    Value, Variant, objects, read_parquet, write_csv, write_parquet,
};
use made::{interval, measures, scored, task};
use polars::prelude::{AnyValue, DataFrame, ParquetReader, SerReader};
use proptest::prelude::*;

fn setting(key: &str, value: &str) -> (String, Value) {
    (key.into(), Value::word(value))
}

/// A float baseline of 2,048 bytes, a quantized variant of 512 bytes in all, 256 of them payload, and one that failed.
fn rows() -> Vec<ResultRow> {
    let task = Task { settings: vec![setting("train.epochs", "50")], ..task("wine", "mlp(100)") };
    let unit = made::unit("u1", &Arc::new(task));
    let float = Measures {
        scores: Some(scored(interval(1.0, 0.9, 1.0))),
        error: ErrorMeasures { sqnr_db: f64::INFINITY, ..ErrorMeasures::default() },
        size: SizeMeasures {
            payload: 2048,
            stored: Size { codes: 2000, ..Size::default() },
            biases: 48,
            scaler: 0,
            float: 2048,
        },
        ..Measures::default()
    };
    let quantized = Measures {
        layer_bits: vec![("W1".into(), 8), ("W2".into(), 4)],
        clipped_activations: Some(0.25),
        error: ErrorMeasures { sse: 0.1, mse: 1e-7, max_error: 0.25, sqnr_db: 24.5 },
        scores: Some(Scores {
            log_loss: 0.3,
            agreement: 0.75,
            lost: 9,
            p_value: Some(0.003_906_25),
            against_float: Some(AgainstFloat {
                macro_f1_p_value: 0.004,
                kl_mean: 0.01,
                kl_standard_error: Some(0.002),
                kl_median: 0.003,
                kl_p99: 0.5,
                probability_change_rms: 0.125,
                margin_change_mean: -0.25,
                brier_change: 0.25,
                brier_change_standard_error: Some(0.125),
                calibration_change: Some(-0.5),
                calibration_change_standard_error: Some(0.0625),
            }),
            accuracy: interval(0.75, 0.5, 0.875),
            ..scored(interval(0.5, 0.25, 0.75))
        }),
        size: SizeMeasures {
            payload: 256,
            stored: Size {
                codes: 200,
                scales: 100,
                zero_points: 100,
                codebooks: 30,
                outliers: 20,
                padding: 1,
            },
            biases: 50,
            scaler: 11,
            float: 2048,
        },
        calibration: Some(CalibrationMeasures {
            rows: 64,
            codes_changed: 7,
            proxy_loss_nearest: 0.5,
            proxy_loss: 0.25,
        }),
        flags: vec![
            Flag::ZeroPointsOutsideCodes(1),
            Flag::LogitsMoved { most: f64::INFINITY, largest: f64::MIN_POSITIVE / 3.0 },
        ],
    };
    let words = [(Choice::Format, "int"), (Choice::Method, "gptq")];
    let group = Value::from_json("{\"group\":16}").unwrap();
    let variant = Variant {
        choices: made::choices(4, &words)
            .with(Choice::ActivationBits, Value::number(8))
            .with(Choice::Granularity, group),
        name: Some("my, \"own\"".into()),
        has_shared_codes: false,
    };
    let failure = RowFailure { kind: FailureKind::Quantization, reason: "no range, \"none\"".into() };
    vec![
        made::row(made::origin(&unit, 0, Variant::float(32)), float),
        made::row(made::origin(&unit, 1, variant), quantized),
        ResultRow {
            key: made::key("failed"),
            origin: made::origin(&unit, 2, made::variant(2, &words)),
            result: Err(failure),
        },
    ]
}

/// A row of a tensor experiment.
fn tensor_row() -> ResultRow {
    let unit = Unit {
        key: made::key("t"),
        task: Arc::new(Task { rng: String::new(), ..task("vector", "") }),
        seed: 0,
        fold: None,
        shape: None,
    };
    made::row(made::origin(&Arc::new(unit), 1, made::variant(8, &[])), Measures::default())
}

fn with_settings(settings: Vec<(String, Value)>) -> ResultRow {
    let mut row = tensor_row();
    let task = Arc::new(Task { settings, ..(*row.origin.unit.task).clone() });
    row.origin.unit = Arc::new(Unit { task, ..(*row.origin.unit).clone() });
    row
}

fn labels(rows: &[ResultRow]) -> Labels {
    Labels::of(rows.iter().map(|row| &*row.origin.variant))
}

fn csv(rows: &[ResultRow]) -> String {
    let mut bytes = Vec::new();
    write_csv(rows, &labels(rows), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn parquet(rows: &[ResultRow]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_parquet(rows, &labels(rows), &mut bytes).unwrap();
    bytes
}

fn table(rows: &[ResultRow]) -> DataFrame {
    ParquetReader::new(Cursor::new(parquet(rows))).finish().unwrap()
}

fn cell<'a>(table: &'a DataFrame, column: &str, row: usize) -> AnyValue<'a> {
    table.column(column).unwrap().get(row).unwrap()
}

#[test]
fn derived_columns_follow_from_bytes_and_scores() {
    let table = table(&rows());
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
fn what_does_not_apply_is_null() {
    let table = table(&rows());
    assert_eq!(cell(&table, "calibration_rows", 1), AnyValue::UInt64(64));
    assert_eq!(cell(&table, "codes_changed", 1), AnyValue::UInt64(7));
    assert_eq!(cell(&table, "proxy_loss_nearest", 1), AnyValue::Float64(0.5));
    assert_eq!(cell(&table, "proxy_loss", 1), AnyValue::Float64(0.25));
    assert_eq!(cell(&table, "method", 1), AnyValue::String("gptq"));
    assert_eq!(cell(&table, "granularity", 1), AnyValue::String("group 16"));
    assert_eq!(cell(&table, "activation_bits", 1), AnyValue::UInt64(8));
    assert_eq!(cell(&table, "clipped_activations", 1), AnyValue::Float64(0.25));
    assert_eq!(cell(&table, "layer_bits", 1), AnyValue::String("W1 8, W2 4"));
    assert_eq!(cell(&table, "macro_f1_p_value", 1), AnyValue::Float64(0.004));
    assert_eq!(cell(&table, "kl_standard_error", 1), AnyValue::Float64(0.002));
    assert_eq!(cell(&table, "brier", 0), AnyValue::Float64(0.05));
    for column in [
        "p_value",
        "macro_f1_p_value",
        "kl_mean",
        "margin_change_mean",
        "brier_change",
        "brier_change_standard_error",
        "calibration_change",
        "calibration_change_standard_error",
        "calibration_rows",
        "codes_changed",
        "proxy_loss",
        "method",
        "symmetry",
        "activation_bits",
        "clipped_activations",
        "layer_bits",
        "flag",
        "failure_kind",
    ] {
        assert_eq!(cell(&table, column, 0), AnyValue::Null, "{column}");
    }
}

#[test]
fn a_row_that_failed_has_a_reason_and_no_measures() {
    let table = table(&rows());
    assert_eq!(cell(&table, "failure_kind", 2), AnyValue::String("quantization"));
    assert_eq!(cell(&table, "failure", 2), AnyValue::String("no range, \"none\""));
    assert_eq!(cell(&table, "bits", 2), AnyValue::UInt64(2));
    for column in ["accuracy", "mse", "lost", "true_bytes", "bits_per_weight", "payload_bytes", "flag"] {
        assert_eq!(cell(&table, column, 2), AnyValue::Null, "{column}");
    }
}

#[test]
fn csv_has_short_floats_empty_nulls_and_quoted_text() {
    let text = csv(&rows());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(
        lines[0],
        "unit,key,dataset,train_rows,validation_rows,test_rows,seen_test_rows,features,classes,rng,seed,fold,model,\
         train.epochs,variant,\
         label,series,bits,activation_bits,transform,biases,scaler,format,symmetry,zero_point,codes,code_range,\
         granularity,scale_format,codebook_format,range,rounding,outliers,layers,allocation,budget,activations,method,\
         bias_correction,training,layer_bits,accuracy,accuracy_low,accuracy_high,macro_f1,macro_f1_low,macro_f1_high,\
         log_loss,brier,calibration_error,agreement,lost,gained,p_value,macro_f1_p_value,kl_mean,kl_standard_error,\
         kl_median,kl_p99,probability_change_rms,margin_change_mean,brier_change,\
         brier_change_standard_error,calibration_change,calibration_change_standard_error,sse,mse,max_error,sqnr_db,calibration_rows,codes_changed,\
         proxy_loss_nearest,proxy_loss,clipped_activations,bits_per_weight,payload_bytes,payload_kb,code_bytes,\
         scale_bytes,zero_point_bytes,codebook_bytes,bias_bytes,scaler_bytes,outlier_bytes,padding_bytes,true_bytes,\
         float_bytes,compression,macro_f1_per_payload_kb,macro_f1_per_kb,flag,failure_kind,failure"
    );
    let unit = rows()[0].origin.unit.key;
    let key = rows()[0].key;
    assert!(
        lines[1].starts_with(&format!(
            "{},{key},wine,142,0,36,0,13,3,numpy,42,,mlp(100),50,0,float,float,32,,,,,f32,,,",
            unit.short()
        )),
        "{}",
        lines[1]
    );
    assert!(lines[1].contains(",inf,"), "{}", lines[1]);
    assert!(lines[2].contains(",1,\"4 bit · my, \"\"own\"\"\",\"my, \"\"own\"\"\",4,8,"), "{}", lines[2]);
    assert!(lines[2].contains(",0.1,1e-7,0.25,24.5,"), "{}", lines[2]);
    assert!(lines[2].contains(",\"1 zero point lies outside the codes; high-bias"), "{}", lines[2]);
    assert!(lines[3].ends_with(",,quantization,\"no range, \"\"none\"\"\""), "{}", lines[3]);
    assert!(!text.contains('\r'));
}

#[test]
fn a_tensor_experiment_has_no_scores_and_no_ratios() {
    let table = table(&[tensor_row()]);
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
        "rng",
        "model",
    ] {
        assert_eq!(cell(&table, column, 0), AnyValue::Null, "{column}");
    }
}

#[test]
fn rows_come_back_from_parquet_as_they_were() {
    let mut all = rows();
    all.push(tensor_row());
    assert_eq!(read_parquet(&parquet(&all)).unwrap(), all);
    let read = read_parquet(&parquet(&all)).unwrap();
    assert!(Arc::ptr_eq(&read[0].origin.unit, &read[1].origin.unit), "units are shared again");
}

#[test]
fn more_rows_than_a_row_group_come_back_in_order() {
    let plain = rows();
    let many: Vec<ResultRow> = (0..20_000)
        .map(|index| {
            let row = &plain[index % 2];
            ResultRow { key: Key::new(index as u128), ..row.clone() }
        })
        .collect();
    let bytes = parquet(&many);
    assert_eq!(bytes, parquet(&many), "the same rows give the same bytes");
    assert!(read_parquet(&bytes).unwrap() == many);
    assert_eq!(csv(&many).lines().count(), 20_001);
}

#[test]
fn rows_are_small() {
    // With its share of unit and variant a row of a large sweep stays below 600 bytes.
    assert!(size_of::<ResultRow>() <= 512, "{}", size_of::<ResultRow>());
}

#[test]
fn no_rows_give_a_header_and_an_empty_parquet_file() {
    assert_eq!(csv(&[]).lines().count(), 1);
    assert_eq!(table(&[]).height(), 0);
    assert_eq!(read_parquet(&parquet(&[])).unwrap(), []);
}

#[test]
fn a_setting_that_some_tasks_lack_is_null_there() {
    let mut all = rows();
    all.push(tensor_row());
    let table = table(&all);
    assert_eq!(cell(&table, "train.epochs", 0), AnyValue::String("50"));
    assert_eq!(cell(&table, "train.epochs", 3), AnyValue::Null);
}

#[test]
fn a_setting_named_like_a_column_is_refused() {
    for name in ["seed", "choices", "failure"] {
        let rows = [with_settings(vec![setting(name, "1")])];
        let error = write_csv(&rows, &labels(&rows), &mut Vec::new());
        let error =
            if name == "choices" { write_parquet(&rows, &labels(&rows), &mut Vec::new()) } else { error };
        let error = error.unwrap_err();
        assert!(matches!(&error, ResultsError::RepeatedColumn(own) if own == name), "{error}");
    }
}

#[test]
fn a_setting_listed_twice_is_refused() {
    let rows = [with_settings(vec![setting("train.epochs", "1"), setting("train.epochs", "2")])];
    let error = write_csv(&rows, &labels(&rows), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("`train.epochs`"), "{error}");
}

#[test]
fn objects_have_what_is_not_null() {
    let rows = rows();
    let labels = labels(&rows);
    let objects: Vec<_> = objects(&rows, &labels).unwrap().collect();
    assert_eq!(objects.len(), 3);
    assert_eq!(objects[0]["sqnr_db"], "inf");
    assert_eq!(objects[1]["macro_f1"], 0.5);
    assert_eq!(objects[1]["bits"], 4);
    assert_eq!(objects[1]["granularity"], "group 16");
    assert_eq!(objects[2]["failure_kind"], "quantization");
    assert!(!objects[2].contains_key("macro_f1") && !objects[1].contains_key("choices"));
    assert_eq!(objects[1].keys().next().map(String::as_str), Some("unit"));
}

#[test]
fn what_is_no_table_is_an_error() {
    assert!(matches!(read_parquet(b"no table"), Err(ResultsError::Read(_))));
    let mut frame = table(&rows());
    let bytes = |frame: &mut DataFrame| {
        let mut bytes = Vec::new();
        polars::prelude::ParquetWriter::new(&mut bytes).finish(frame).unwrap();
        bytes
    };
    let broken = polars::prelude::Column::new("choices".into(), ["{\"bits\":\"4\"}", "[]", "{}"]);
    frame.with_column(broken).unwrap();
    let error = read_parquet(&bytes(&mut frame)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 1 of the results table: column `choices` does not hold what was written there"
    );
    assert!(read_parquet(&bytes(&mut frame.drop("unit_key").unwrap())).is_err());
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
    let rows = rows();
    assert!(write_csv(&rows, &labels(&rows), &mut Full).unwrap_err().to_string().contains("CSV"));
    assert!(write_parquet(&rows, &labels(&rows), &mut Full).unwrap_err().to_string().contains("Parquet"));
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => any::<f64>(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.1 + 0.2]),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-c]{1,3}", "\\PC{0,6}", Just("a,\"b\"\n".to_owned())]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(|word| Value::word(&word)),
        any::<u64>().prop_map(Value::number),
        (text(), any::<u32>()).prop_map(|(key, number)| Value::of(&[(key, number)]).unwrap()),
        Just(Value::from_json("{\"damp\":0.30000000000000004}").unwrap()),
    ]
}

fn choices() -> impl Strategy<Value = Choices> {
    let axis = prop::sample::select(Choice::ALL.to_vec());
    prop::collection::vec((axis, value()), 0..6).prop_map(|pairs| pairs.into_iter().collect())
}

fn flag() -> impl Strategy<Value = Flag> {
    prop_oneof![
        any::<u64>().prop_map(Flag::ZeroPointsOutsideCodes),
        (number(), number()).prop_map(|(most, largest)| Flag::LogitsMoved { most, largest }),
        number().prop_map(Flag::OutputErrorAboveBudget),
        any::<u32>().prop_map(Flag::SameBitsEverywhere),
        (any::<usize>(), prop::collection::vec(".*", 0..3))
            .prop_map(|(count, first)| Flag::UntestedClasses { count, first }),
        (any::<usize>(), prop::collection::vec(".*", 0..3))
            .prop_map(|(count, first)| Flag::UntrainedClasses { count, first }),
        (any::<u64>(), number(), number())
            .prop_map(|(count, wanted, stored)| { Flag::ParametersFarFromWanted { count, wanted, stored } }),
        (any::<u64>(), number()).prop_map(|(count, largest)| Flag::ValuesSaturated { count, largest }),
        any::<u64>().prop_map(Flag::ValuesUnderflowed),
        prop::sample::select(vec![
            Flag::Exact,
            Flag::GreedySearch,
            Flag::InputsClipped,
            Flag::TrainingChangedNoCode
        ]),
    ]
}

fn some_measures() -> impl Strategy<Value = Measures> {
    let scores = (prop::array::uniform18(number()), any::<[u32; 2]>(), any::<[bool; 4]>()).prop_map(
        |(n, [lost, gained], has)| Scores {
            accuracy: interval(n[0], n[1], n[2]),
            macro_f1: interval(n[3], n[4], n[5]),
            log_loss: n[6],
            agreement: n[7],
            lost: lost as usize,
            gained: gained as usize,
            p_value: has[0].then_some(n[8]),
            brier: n[9],
            calibration_error: has[1].then_some(n[10]),
            against_float: has[2].then_some(AgainstFloat {
                macro_f1_p_value: n[11],
                kl_mean: n[12],
                kl_standard_error: has[3].then_some(n[13]),
                kl_median: n[14],
                kl_p99: n[15],
                probability_change_rms: n[16],
                margin_change_mean: n[17],
                brier_change: 0.25,
                brier_change_standard_error: Some(0.125),
                calibration_change: Some(-0.5),
                calibration_change_standard_error: Some(0.0625),
            }),
        },
    );
    let error = prop::array::uniform4(number()).prop_map(|[sse, mse, max_error, sqnr_db]| ErrorMeasures {
        sse,
        mse,
        max_error,
        sqnr_db,
    });
    let calibration = (any::<[u32; 2]>(), number(), number()).prop_map(|([rows, changed], nearest, loss)| {
        CalibrationMeasures {
            rows: rows as usize,
            codes_changed: changed as usize,
            proxy_loss_nearest: nearest,
            proxy_loss: loss,
        }
    });
    let size = any::<[u32; 10]>().prop_map(|n| {
        let n = n.map(u64::from);
        SizeMeasures {
            payload: n[0],
            stored: Size {
                codes: n[1],
                scales: n[2],
                zero_points: n[3],
                codebooks: n[4],
                outliers: n[5],
                padding: n[6],
            },
            biases: n[7],
            scaler: n[8],
            float: n[9],
        }
    });
    let layer_bits = prop::collection::vec((text(), any::<u32>()), 0..3);
    let flags = prop::collection::vec(flag(), 0..3);
    let optional = (prop::option::of(scores), prop::option::of(calibration), prop::option::of(number()));
    (layer_bits, optional, error, size, flags).prop_map(
        |(layer_bits, (scores, calibration, clipped_activations), error, size, flags)| Measures {
            layer_bits,
            scores,
            error,
            calibration,
            clipped_activations,
            size,
            flags,
        },
    )
}

fn some_row() -> impl Strategy<Value = ResultRow> {
    let settings = prop::collection::btree_map("s\\.[a-c]", value(), 0..3);
    let task =
        (any::<u128>(), text(), text(), text(), settings).prop_map(|(key, dataset, model, rng, settings)| {
            Task { key: Key::new(key), dataset, model, rng, settings: settings.into_iter().rev().collect() }
        });
    let shape = any::<[u32; 6]>().prop_map(|n| {
        let n = n.map(|count| count as usize);
        let [train_rows, validation_rows, test_rows, seen_rows, features, classes] = n;
        DatasetShape { train_rows, validation_rows, test_rows, seen_rows, features, classes }
    });
    let fold = prop::option::of(any::<u32>().prop_map(|fold| fold as usize));
    let unit = (any::<u128>(), task, any::<u64>(), fold, prop::option::of(shape)).prop_map(
        |(key, task, seed, fold, shape)| Unit { key: Key::new(key), task: Arc::new(task), seed, fold, shape },
    );
    let variant = (choices(), prop::option::of(text()), any::<bool>())
        .prop_map(|(choices, name, has_shared_codes)| Variant { choices, name, has_shared_codes });
    let failure = (prop::sample::select(FailureKind::ALL.to_vec()), text())
        .prop_map(|(kind, reason)| RowFailure { kind, reason });
    let result = prop_oneof![some_measures().prop_map(Ok), failure.prop_map(Err)];
    (any::<u128>(), unit, variant, any::<u32>(), result).prop_map(|(key, unit, variant, position, result)| {
        let (unit, variant) = (Arc::new(unit), Arc::new(variant));
        ResultRow {
            key: Key::new(key),
            origin: Origin { unit, variant, position: position as usize },
            result,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_rows_come_back_from_parquet_as_they_were(rows in prop::collection::vec(some_row(), 0..5)) {
        let read = read_parquet(&parquet(&rows)).unwrap();
        // NaN equals nothing, and prints as itself.
        prop_assert_eq!(format!("{read:?}"), format!("{rows:?}"));
    }
}

#[test]
fn a_flag_keeps_every_digit() {
    let mut rows = rows();
    let flags =
        vec![Flag::OutputErrorAboveBudget(0.1 + 0.2), Flag::LogitsMoved { most: 1e-300, largest: -0.0 }];
    measures(&mut rows[0]).flags.clone_from(&flags);
    assert_eq!(read_parquet(&parquet(&rows)).unwrap()[0].measures().unwrap().flags, flags);
}

#[test]
fn the_majority_class_has_scores_alone_and_comes_back_from_parquet() {
    let mut rows = rows();
    let measured = Measures {
        scores: Some(scored(interval(0.25, 0.125, 0.5))),
        error: ErrorMeasures::UNDEFINED,
        flags: vec![
            Flag::NoBetterThanMajority { macro_f1: 0.25 },
            Flag::LossGrew { first: 0.5, last: f64::INFINITY },
        ],
        ..Measures::default()
    };
    rows.push(made::row(made::origin(&rows[0].origin.unit, 3, Variant::majority()), measured.clone()));
    let table = table(&rows);
    for column in ["bits", "sse", "mse", "max_error", "sqnr_db", "bits_per_weight", "compression"] {
        assert_eq!(cell(&table, column, 3), AnyValue::Null, "{column}");
    }
    for column in ["true_bytes", "code_bytes", "scaler_bytes"] {
        assert_eq!(cell(&table, column, 3), AnyValue::UInt64(0), "{column}");
    }
    assert_eq!(cell(&table, "label", 3), AnyValue::String("majority class"));
    assert_eq!(cell(&table, "macro_f1", 3), AnyValue::Float64(0.25));
    let mut bytes = Vec::new();
    write_parquet(&rows, &Labels::of_rows(&rows), &mut bytes).unwrap();
    let read = read_parquet(&bytes).unwrap().remove(3);
    assert!(read.origin.is_majority() && read.origin.is_baseline() && !read.origin.is_float());
    let read = read.result.unwrap();
    assert!(read.error.sse.is_nan() && read.error.sqnr_db.is_nan());
    assert_eq!(
        Measures { error: ErrorMeasures::default(), ..read },
        Measures { error: ErrorMeasures::default(), ..measured }
    );
}
