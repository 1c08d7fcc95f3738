//! The plain tables as CSV, and back.
#![allow(clippy::unwrap_used)]

mod made;

use std::sync::Arc;

use bitsweep_results::summary::{DatasetsRow, EffectRow, EffectVerdict, Verdict, VerdictRow};
use bitsweep_results::{
    Choice, ClassRow, CodebookRow, Curve, CurveRow, EpochLoss, ErrorPart, Excerpt, FlipRow, HistogramKind,
    HistogramRow, Labels, LevelRow, Measures, Origin, Origins, PredictionRow, Predictions, ProductRow,
    RecallRow, ResultRow, ResultsError, SensitivityRow, TableRow, TensorRow, ValidationPredictions, ValueRow,
    Variant, read_rows, write_header, write_rows,
};
use made::{task, unit, variant};

fn rows() -> Vec<ResultRow> {
    let unit = unit("u", &Arc::new(task("wine", "mlp(8)")));
    [Variant::float(32), variant(4, &[]), variant(2, &[])]
        .into_iter()
        .enumerate()
        .map(|(position, variant)| made::row(made::origin(&unit, position, variant), Measures::default()))
        .collect()
}

fn origin(position: usize) -> Origin {
    rows()[position].origin.clone()
}

fn labels() -> Labels {
    Labels::of(rows().iter().map(|row| &*row.origin.variant))
}

fn csv<R: TableRow>(rows: &[R]) -> String {
    let mut bytes = Vec::new();
    write_header::<R>(&mut bytes).unwrap();
    // In two stretches, as units come.
    let half = rows.len() / 2;
    write_rows::<R>(&rows[..half], &labels(), &mut bytes).unwrap();
    write_rows::<R>(&rows[half..], &labels(), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Writes rows, reads them back and compares; NaN prints as itself.
fn round_trip<R: TableRow + std::fmt::Debug>(rows: &[R]) -> String {
    let text = csv(rows);
    let origins = Origins::of(&self::rows());
    let read: Vec<R> = read_rows(text.as_bytes(), &origins).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(format!("{read:?}"), format!("{rows:?}"));
    text
}

fn tensor_row(scale: Option<f64>, sqnr_db: f64) -> TensorRow {
    TensorRow {
        origin: origin(1),
        tensor: "W1".into(),
        block: 3,
        count: 16,
        scale,
        zero_point: None,
        sse: 0.1,
        mse: 1e-7,
        max_error: 1.0,
        sqnr_db,
    }
}

#[test]
fn blocks_are_written_with_short_floats_and_empty_cells() {
    let short = origin(1).unit.key.short();
    let text = round_trip(&[tensor_row(Some(0.5), f64::INFINITY), tensor_row(None, f64::NAN)]);
    assert_eq!(
        text,
        format!(
            "unit,variant,label,tensor,block,count,scale,zero_point,sse,mse,max_error,sqnr_db\n\
             {short},1,4 bit,W1,3,16,0.5,,0.1,1e-7,1.0,inf\n\
             {short},1,4 bit,W1,3,16,,,0.1,1e-7,1.0,NaN\n"
        )
    );
}

#[test]
fn every_table_comes_back_as_it_was() {
    let value = |position, code| ValueRow {
        origin: origin(position),
        tensor: "a,\"b\"".into(),
        row: 0,
        column: 7,
        value: f64::NEG_INFINITY,
        code,
        reconstruction: -0.0,
        error: f64::NAN,
    };
    round_trip(&[value(1, i64::MIN), value(2, 5)]);
    let centroid = CodebookRow {
        origin: origin(2),
        tensor: "W2".into(),
        codebook: 1,
        centroid: 2,
        component: 3,
        value: 0.1,
    };
    round_trip(&[centroid]);
    round_trip(&[ProductRow { origin: origin(2), tensor: "t".into(), row: 1, exact: 1e300, lookup: 2.5 }]);
    let sensitivity = |part, bits| SensitivityRow {
        origin: origin(1),
        tensor: "all".into(),
        part,
        bits,
        bytes: bits.map(u64::from),
        output_error: 0.25,
        macro_f1: 1.0,
        next_bytes: None,
        next_output_error: Some(f64::INFINITY),
        gain_per_byte: None,
    };
    round_trip(&ErrorPart::ALL.map(|part| sensitivity(part, (part == ErrorPart::Whole).then_some(4))));
    let bar =
        |kind| HistogramRow { origin: origin(1), tensor: "W1".into(), kind, low: -1.5, high: 1.5, count: 9 };
    let text = round_trip(&HistogramKind::ALL.map(bar));
    assert!(
        text.starts_with("variant,label,tensor,kind,low,high,count\n1,4 bit,W1,float,-1.5,1.5,9\n"),
        "{text}"
    );
    round_trip(&[LevelRow { format: "int".into(), bits: 4, level: -1.0 }]);
    let effect = EffectRow {
        task: "wine · mlp(8)".into(),
        axis: Choice::BiasCorrection,
        from: "none".into(),
        to: "mean".into(),
        bits: 4,
        pairs: 1,
        units: 2,
        difference: 0.5,
        standard_error: 0.125,
        low: 0.25,
        high: 0.75,
        p_value: Some(0.5),
        holm_p_value: None,
        bh_p_value: None,
        equivalence_margin: 0.625,
        verdict: EffectVerdict::NotShown,
    };
    let text = round_trip(&[effect]);
    let cells = "wine · mlp(8),bias_correction,none,mean,4,1,2,0.5,0.125,0.25,0.75,0.5,,,0.625,not-shown\n";
    assert!(text.ends_with(cells), "{text}");
    let verdict = VerdictRow {
        task: "wine · mlp(8)".into(),
        label: "4 bit".into(),
        bytes: 12.5,
        loss: 0.5,
        standard_error: 0.25,
        upper_bound: 1.0,
        lower_bound: 0.0,
        p_value: 0.125,
        adjusted_p_value: None,
        balance: Verdict::Undecided { rows: None },
        least_memory: Verdict::Confirmed,
        rows_needed: Some(299),
        dominated_by: Some("2 bit".into()),
        front_share: Some(0.5),
    };
    let text = round_trip(&[verdict]);
    let cells = "wine · mlp(8),4 bit,12.5,0.5,0.25,1.0,0.0,0.125,,undecided,confirmed,299,2 bit,0.5\n";
    assert!(text.ends_with(cells), "{text}");
    let over = DatasetsRow {
        label: "4 bit".into(),
        datasets: 3,
        size: 0.125,
        mean_loss: -0.25,
        loses: 0.0,
        within: 0.75,
        gains: 0.25,
    };
    assert!(round_trip(&[over]).ends_with("4 bit,3,0.125,-0.25,0.0,0.75,0.25\n"));
}

#[test]
fn a_curve_has_one_row_per_epoch() {
    let losses = [(47.75, 0.375), (2.0, 0.125)].map(|(loss_sum, loss)| EpochLoss { loss_sum, loss });
    let curve = Curve { origin: origin(0), losses: losses.into() };
    let rows: Vec<CurveRow> = curve.rows().collect();
    let short = origin(0).unit.key.short();
    assert_eq!(
        round_trip(&rows),
        format!(
            "unit,variant,label,epoch,loss_sum,loss\n{short},0,float,0,47.75,0.375\n{short},0,float,1,2.0,0.125\n"
        )
    );
}

fn predictions() -> Predictions {
    let own = rows();
    let variants = [(0, [0, 1, 1]), (1, [1, 1, 1])];
    Predictions {
        unit: Arc::clone(&own[0].origin.unit),
        classes: ["no".to_owned(), "yes".to_owned(), "never".to_owned()].into(),
        rows: [4, 8, 9].into(),
        truth: [0, 0, 1].into(),
        float: [0, 1, 1].into(),
        variants: variants
            .map(|(position, classes)| (position, Arc::clone(&own[position].origin.variant), classes.into()))
            .into(),
        log_losses: Vec::new(),
        validation: None,
    }
}

#[test]
fn predictions_have_one_row_per_test_row_and_variant() {
    let rows: Vec<PredictionRow> = predictions().rows().collect();
    let short = origin(0).unit.key.short();
    let text = round_trip(&rows);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "unit,variant,label,part,row,truth,float,quantized");
    assert_eq!(lines[1], format!("{short},0,float,test,4,no,no,no"));
    assert_eq!(
        lines[4..6],
        [format!("{short},1,4 bit,test,4,no,no,yes"), format!("{short},1,4 bit,test,8,no,yes,yes")]
    );
    assert_eq!(lines.len(), 7);
}

#[test]
fn predictions_on_validation_rows_come_behind_those_on_test_rows() {
    let variant = Arc::clone(&rows()[1].origin.variant);
    let validation = ValidationPredictions {
        rows: [2].into(),
        truth: [1].into(),
        float: [1].into(),
        variants: vec![(1, variant, [0].into())],
        log_losses: Vec::new(),
    };
    let rows: Vec<PredictionRow> =
        Predictions { validation: Some(validation), ..predictions() }.rows().collect();
    let text = round_trip(&rows);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[7], format!("{},1,4 bit,validation,2,yes,yes,no", origin(0).unit.key.short()));
}

#[test]
fn classes_have_the_scores_of_their_confusion() {
    let rows = predictions().class_rows().unwrap();
    let own: Vec<(&str, f64, f64, usize)> =
        rows.iter().map(|row| (&*row.class, row.precision, row.recall, row.support)).collect();
    assert_eq!(
        own,
        [
            ("no", 1.0, 0.5, 2),
            ("yes", 0.5, 1.0, 1),
            ("never", 0.0, 0.0, 0),
            ("no", 0.0, 0.0, 2),
            ("yes", 1.0 / 3.0, 1.0, 1),
            ("never", 0.0, 0.0, 0)
        ]
    );
    round_trip::<ClassRow>(&rows);
    assert_eq!(predictions().confusion(1).unwrap().unwrap().count(0, 1), 2);
    assert!(predictions().confusion(2).is_none());
    let none = Predictions { classes: ["no".to_owned()].into(), ..predictions() };
    assert!(none.class_rows().is_err());
    assert_eq!(&*none.rows().last().unwrap().truth, "1");
}

#[test]
fn recalls_compare_each_variant_with_float_class_by_class() {
    let rows = predictions().recall_rows().unwrap();
    let own: Vec<(&str, usize, usize, usize, Option<f64>)> =
        rows.iter().map(|row| (&*row.class, row.support, row.lost, row.gained, row.difference)).collect();
    // Float has one of two right and loses it; of the class without test rows nothing is said.
    assert_eq!(own, [("no", 2, 1, 0, Some(0.5)), ("yes", 1, 0, 0, Some(0.0)), ("never", 0, 0, 0, None)]);
    assert_eq!((rows[0].float_recall, rows[0].recall), (Some(0.5), Some(0.0)));
    assert_eq!(
        (rows[0].p_value, rows[0].adjusted_p_value, rows[2].adjusted_p_value),
        (Some(1.0), Some(1.0), None)
    );
    assert!(rows[0].low < Some(0.0) && rows[0].high > Some(0.5) && rows[0].high <= Some(1.0));
    let text = round_trip::<RecallRow>(&rows);
    assert!(
        text.starts_with(
            "unit,variant,label,class,support,float_recall,recall,lost,gained,difference,low,high,p_value,adjusted_p_value\n"
        ),
        "{text}"
    );
    assert!(text.ends_with(",1,4 bit,never,0,,,0,0,,,,,\n"), "{text}");
}

#[test]
fn p_values_of_recalls_are_corrected_for_the_classes_of_a_variant() {
    let variant = Arc::clone(&rows()[1].origin.variant);
    let truth: Vec<u16> = (0..16).map(|row| row / 8).collect();
    let lost = |row: &u16| if *row == 0 { 2 } else { 1 };
    let many = Predictions {
        rows: (0..16).collect(),
        truth: truth.clone().into(),
        float: truth.clone().into(),
        variants: vec![(1, variant, truth.iter().map(lost).collect())],
        ..predictions()
    };
    let rows = many.recall_rows().unwrap();
    // Eight losses without a gain: 2/2⁸, and twice that among two classes with test rows.
    assert_eq!((rows[0].p_value, rows[0].adjusted_p_value), (Some(1.0 / 128.0), Some(1.0 / 64.0)));
    assert_eq!((rows[1].p_value, rows[1].adjusted_p_value), (Some(1.0), Some(1.0)));
}

#[test]
fn flips_round_trip() {
    let flip = FlipRow {
        origin: origin(1),
        row: 17,
        truth: "no".into(),
        float: "no".into(),
        quantized: "yes".into(),
        float_margin: 0.125,
        quantized_margin: 0.5,
    };
    let text = round_trip(&[flip]);
    assert!(
        text.starts_with("unit,variant,label,row,truth,float,quantized,float_margin,quantized_margin\n"),
        "{text}"
    );
    assert!(text.ends_with(",1,4 bit,17,no,no,yes,0.125,0.5\n"), "{text}");
}

#[test]
fn what_was_not_written_here_is_refused_with_its_place() {
    let origins = Origins::of(&rows());
    let read = |text: &str| -> Result<Vec<TensorRow>, ResultsError> {
        read_rows(text.as_bytes(), &origins)?.collect()
    };
    let text = csv(&[tensor_row(None, 1.0)]);
    assert!(matches!(read("unit,variant\n"), Err(ResultsError::Columns { table: "tensors", .. })));
    let error = read(&text.replace(",W1,3,", ",W1,three,")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2 of `tensors.csv`: column `block` has `three`, expected a whole number"
    );
    let error = read(&text.replace(",1,4 bit,", ",9,4 bit,")).unwrap_err();
    let unit = origin(0).unit.key.short();
    assert_eq!(
        error.to_string(),
        format!("line 2 of `tensors.csv`: the results table has no variant `9` of unit `{unit}`")
    );
    assert!(matches!(read(&format!("{text}\"x\n")), Err(ResultsError::Rows(_))));
}

#[test]
fn an_excerpt_keeps_the_first_rows_and_counts_all() {
    let mut excerpt = Excerpt::default();
    excerpt.extend(0..Excerpt::<usize>::MOST + 5);
    assert_eq!((excerpt.rows.len(), excerpt.total), (4_096, 4_101));
}
