//! Rows made by hand.
#![allow(dead_code, unreachable_pub)]

use std::sync::Arc;

use bitsweep_results::{
    Choice, Choices, DatasetShape, Interval, Key, Measures, Origin, Predictions, Records, ResultRow, Scores,
    Task, Unit, Value, Variant,
};

pub const SHAPE: DatasetShape = DatasetShape {
    train_rows: 142,
    validation_rows: 0,
    test_rows: 36,
    seen_rows: 0,
    features: 13,
    classes: 3,
};

/// A key of its own for each text (FNV-1a).
pub fn key(text: &str) -> Key {
    let hash = text.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    Key::new(hash)
}

pub fn task(dataset: &str, model: &str) -> Task {
    Task {
        key: key(&format!("{dataset} {model}")),
        dataset: dataset.into(),
        model: model.into(),
        rng: "numpy".into(),
        settings: Vec::new(),
    }
}

/// A unit called by `name`, of `task`.
pub fn unit(name: &str, task: &Arc<Task>) -> Arc<Unit> {
    let key = key(&format!("{name} {}", task.key));
    Arc::new(Unit { key, task: Arc::clone(task), seed: 42, fold: None, shape: Some(SHAPE) })
}

pub fn choices(bits: u32, words: &[(Choice, &str)]) -> Choices {
    let start = Choices::default().with(Choice::Bits, Value::number(bits.into()));
    words.iter().fold(start, |choices, (axis, word)| choices.with(*axis, Value::word(word)))
}

pub fn variant(bits: u32, words: &[(Choice, &str)]) -> Variant {
    Variant { choices: choices(bits, words), name: None, has_shared_codes: false }
}

pub fn origin(unit: &Arc<Unit>, position: usize, variant: Variant) -> Origin {
    Origin { unit: Arc::clone(unit), variant: Arc::new(variant), position }
}

pub fn row(origin: Origin, measures: Measures) -> ResultRow {
    let key = key(&format!("{} {}", origin.unit.key, origin.position));
    ResultRow { key, origin, result: Ok(measures) }
}

pub fn interval(value: f64, low: f64, high: f64) -> Interval {
    Interval { value, low, high }
}

/// Scores of which macro-F1 alone matters.
pub fn scored(macro_f1: Interval) -> Scores {
    Scores {
        accuracy: macro_f1,
        macro_f1,
        log_loss: 0.1,
        brier: 0.05,
        calibration_error: Some(0.02),
        agreement: 1.0,
        lost: 0,
        gained: 0,
        p_value: None,
        against_float: None,
    }
}

/// The measures of a row that has some.
pub fn measures(row: &mut ResultRow) -> &mut Measures {
    row.result.as_mut().expect("the row has measures")
}

/// The rows with predictions of two classes on so many test rows of which as many are wrong as their macro-F1 says: the first
/// of each class. Units share their test rows.
pub fn records(rows: &[ResultRow], test_rows: u16) -> Records {
    let truth: Box<[u16]> = (0..test_rows).map(|row| row % 2).collect();
    let predicted = |macro_f1: f64| -> Box<[u16]> {
        let wrong = ((1.0 - macro_f1) * f64::from(test_rows) / 2.0).round() as u16 * 2;
        (0..test_rows).map(|row| if row < wrong { 1 - row % 2 } else { row % 2 }).collect()
    };
    let mut predictions: Vec<Predictions> = Vec::new();
    for row in rows {
        let Some(scores) = row.measures().and_then(|measures| measures.scores.as_ref()) else { continue };
        let Origin { unit, variant, position } = &row.origin;
        let classes = predicted(scores.macro_f1.value);
        if !predictions.iter().any(|own| own.unit.keys() == unit.keys()) {
            predictions.push(Predictions {
                unit: Arc::clone(unit),
                classes: ["no".to_owned(), "yes".to_owned()].into(),
                rows: (0..test_rows).map(u32::from).collect(),
                truth: truth.clone(),
                float: classes.clone(),
                variants: Vec::new(),
                log_losses: Vec::new(),
                validation: None,
            });
        }
        let own = predictions.iter_mut().find(|own| own.unit.keys() == unit.keys());
        own.expect("it is there").variants.push((*position, Arc::clone(variant), classes));
    }
    Records { results: rows.to_vec(), predictions, ..Records::default() }
}
