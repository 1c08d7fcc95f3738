//! Invented models whose real losses are known.

use std::sync::Arc;

use bitsweep_random::{Generator, SeedError, Stream};
use bitsweep_results::{
    Choice, Choices, Confusion, DatasetShape, ErrorMeasures, Interval, Key, Measures, Origin, Predictions,
    Records, ResultRow, Scores, Size, SizeMeasures, Task, Unit, Value, Variant,
};

/// Rows of a population: what a model scores on them is its real score.
const POPULATION: usize = 8_000;
/// Bytes of the float model.
const FLOAT_BYTES: u64 = 3_200;

/// A kind of task.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    /// The share of each class.
    pub(crate) shares: &'static [f64],
    /// How far the logit of the true class lies above the others, in deviations of the noise.
    pub(crate) signal: f64,
    /// The noise that a variant of 1 bit adds to the logits; a bit more halves it.
    pub(crate) noise: f64,
}

/// Models that tell classes apart by noisy logits, and variants that add noise to them, on a population of rows.
pub(crate) struct World {
    classes: usize,
    truth: Vec<u16>,
    /// For each unit the classes predicted by float, then by each variant.
    units: Vec<Vec<Vec<u16>>>,
}

/// The variants: bits and scheme, of which each next one has 7/10 of the noise of the one before and takes 10 % more bytes.
fn variants() -> impl Iterator<Item = (u32, u32)> {
    (1..=8).rev().flat_map(|bits| (0..3).map(move |scheme| (bits, scheme)))
}

fn bytes(bits: u32, scheme: u32) -> u64 {
    100 * u64::from(bits) + 10 * u64::from(bits) * u64::from(scheme)
}

impl World {
    /// Units have a signal in common and, where there are several, a fifth of the variance of their noise for themselves.
    pub(crate) fn new(setting: &Setting, units: usize, seed: u64) -> Result<Self, SeedError> {
        let mut stream = Stream::new(Generator::Modern, seed, &format!("world {}", setting.name))?;
        let classes = setting.shares.len();
        let truth: Vec<u16> = (0..POPULATION).map(|_| drawn(setting.shares, stream.uniform())).collect();
        let own_share: f64 = if units > 1 { 0.2 } else { 0.0 };
        let common = normals(&mut stream, POPULATION * classes);
        let units = (0..units).map(|_| {
            let own = normals(&mut stream, POPULATION * classes);
            let mut logits: Vec<f64> = common
                .iter()
                .zip(&own)
                .map(|(common, own)| (1.0 - own_share).sqrt() * common + own_share.sqrt() * own)
                .collect();
            for (row, class) in truth.iter().enumerate() {
                logits[row * classes + usize::from(*class)] += setting.signal;
            }
            let mut predicted = vec![predictions(&logits, classes)];
            for (bits, scheme) in variants() {
                let deviation =
                    setting.noise * 0.5_f64.powi(bits as i32 - 1) * [1.0, 0.7, 0.49][scheme as usize];
                let noise = normals(&mut stream, POPULATION * classes);
                let noisy: Vec<f64> =
                    logits.iter().zip(noise).map(|(logit, noise)| logit + deviation * noise).collect();
                predicted.push(predictions(&noisy, classes));
            }
            predicted
        });
        let units = units.collect();
        Ok(Self { classes, truth, units })
    }

    /// The mean loss of macro-F1 of the variant at `position` over the units and the whole population.
    pub(crate) fn real_loss(&self, position: usize) -> f64 {
        let all: Vec<usize> = (0..POPULATION).collect();
        let losses = self
            .units
            .iter()
            .map(|unit| self.macro_f1(&unit[0], &all) - self.macro_f1(&unit[position], &all));
        losses.sum::<f64>() / self.units.len() as f64
    }

    /// The bytes of the smallest variant whose real loss is within the margin.
    pub(crate) fn oracle_bytes(&self, margin: f64) -> u64 {
        let fits = variants().enumerate().filter(|(index, _)| self.real_loss(index + 1) <= margin);
        fits.map(|(_, (bits, scheme))| bytes(bits, scheme)).min().unwrap_or(FLOAT_BYTES)
    }

    /// What an experiment with so many test rows records. A single unit has its own test rows; several draw theirs, a quarter
    /// each, from four times as many rows of one dataset.
    pub(crate) fn records(&self, test_rows: usize, seed: u64) -> Result<Records, SeedError> {
        let mut stream = Stream::new(Generator::Modern, seed, "test rows")?;
        let mut dataset = stream.permutation(POPULATION);
        dataset.truncate(if self.units.len() > 1 { 4 * test_rows } else { test_rows });
        let task = Arc::new(Task {
            key: Key::new(u128::from(seed)),
            dataset: "invented".to_owned(),
            model: "model".to_owned(),
            rng: "modern".to_owned(),
            settings: Vec::new(),
        });
        let names: Vec<String> = (0..self.classes).map(|class| class.to_string()).collect();
        let mut records = Records::default();
        for (number, predicted) in self.units.iter().enumerate() {
            let chosen: Vec<usize> = stream
                .permutation(dataset.len())
                .into_iter()
                .take(test_rows)
                .map(|row| dataset[row])
                .collect();
            let shape = DatasetShape {
                train_rows: 3 * test_rows,
                test_rows,
                validation_rows: 0,
                seen_rows: 0,
                features: 1,
                classes: self.classes,
            };
            let unit = Arc::new(Unit {
                key: Key::new(u128::from(seed) << 32 | number as u128),
                task: Arc::clone(&task),
                seed: number as u64,
                fold: None,
                shape: Some(shape),
            });
            let of = |classes: &[u16]| chosen.iter().map(|row| classes[*row]).collect::<Box<[u16]>>();
            let mut own = Predictions {
                unit: Arc::clone(&unit),
                classes: names.clone().into(),
                rows: chosen.iter().map(|row| *row as u32).collect(),
                truth: of(&self.truth),
                float: of(&predicted[0]),
                variants: Vec::new(),
                log_losses: Vec::new(),
                validation: None,
            };
            for (position, classes) in predicted.iter().enumerate() {
                let (variant, bytes) = variant(position);
                let variant = Arc::new(variant);
                own.variants.push((position, Arc::clone(&variant), of(classes)));
                let macro_f1 = self.macro_f1(classes, &chosen);
                let origin = Origin { unit: Arc::clone(&unit), variant, position };
                let key = Key::new(u128::from(seed) << 64 | (number as u128) << 32 | position as u128);
                records.results.push(ResultRow { key, origin, result: Ok(measures(macro_f1, bytes)) });
            }
            records.predictions.push(own);
        }
        Ok(records)
    }

    fn macro_f1(&self, predicted: &[u16], rows: &[usize]) -> f64 {
        let truth: Vec<usize> = rows.iter().map(|row| self.truth[*row].into()).collect();
        let predicted: Vec<usize> = rows.iter().map(|row| predicted[*row].into()).collect();
        Confusion::new(&truth, &predicted, self.classes).map_or(f64::NAN, |confusion| confusion.macro_f1())
    }
}

fn drawn(shares: &[f64], uniform: f64) -> u16 {
    let mut below = 0.0;
    let found = shares.iter().position(|share| {
        below += share;
        uniform < below
    });
    found.unwrap_or(shares.len() - 1) as u16
}

fn normals(stream: &mut Stream, count: usize) -> Vec<f64> {
    (0..count).map(|_| stream.normal()).collect()
}

fn predictions(logits: &[f64], classes: usize) -> Vec<u16> {
    let largest = |row: &[f64]| (0..classes).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0) as u16;
    logits.chunks_exact(classes).map(largest).collect()
}

/// The variant at a position with its bytes; 0 is float.
fn variant(position: usize) -> (Variant, u64) {
    match position.checked_sub(1).and_then(|index| variants().nth(index)) {
        None => (Variant::float(32), FLOAT_BYTES),
        Some((bits, scheme)) => {
            let choices = Choices::default()
                .with(Choice::Bits, Value::number(bits.into()))
                .with(Choice::Format, Value::word("int"))
                .with(Choice::Range, Value::word(&format!("scheme {scheme}")));
            (Variant { choices, name: None, has_shared_codes: false }, bytes(bits, scheme))
        }
    }
}

fn measures(macro_f1: f64, bytes: u64) -> Measures {
    let score = Interval { value: macro_f1, low: 0.0, high: 1.0 };
    Measures {
        scores: Some(Scores {
            accuracy: score,
            macro_f1: score,
            log_loss: 0.0,
            brier: 0.0,
            calibration_error: None,
            agreement: 1.0,
            lost: 0,
            gained: 0,
            p_value: None,
            against_float: None,
        }),
        error: ErrorMeasures { sse: 1.0 / bytes as f64, ..ErrorMeasures::default() },
        size: SizeMeasures {
            stored: Size { codes: bytes, ..Size::default() },
            float: FLOAT_BYTES,
            ..SizeMeasures::default()
        },
        ..Measures::default()
    }
}
