//! Whole models: load, one row, few rows, all test rows.

use std::hint::black_box;

use bitsweep_exchange::packed::PackedModel;
use bitsweep_inference::kernels::{KernelLayer, outputs};
use bitsweep_models::predict;
use bitsweep_results::speed::{BatchTimes, ModelTimes};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::ROUNDS;
use super::threads::Threads;
use super::turns::Turns;
use crate::evaluate::{Packed, pack};
use crate::export::Chosen;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::unit_store::UnitStore;

/// Rows that are predicted at once, beside all.
const BATCHES: [usize; 2] = [1, 32];

/// A model that is to be measured.
pub(super) struct Subject {
    unit: String,
    variant: String,
    is_float: bool,
    bytes: Option<u64>,
    file: Vec<u8>,
    /// Scaled features of the test rows.
    inputs: Array2<f32>,
    float: Result<Vec<KernelLayer>, String>,
    packed: Result<Vec<KernelLayer>, String>,
    other_classes: Option<usize>,
}

/// The models of a unit.
pub(super) fn subjects(chosen: &[Chosen<'_>], store: Option<&UnitStore>) -> Result<Vec<Subject>, Failure> {
    let Some((plan, position)) = chosen.first().map(Chosen::place) else { return Ok(Vec::new()) };
    let variants = chosen.iter().map(|own| (own.variant(), own.provenance()));
    let Packed { models, test_features } = pack(plan, position, store, variants)?;
    let mut subjects = Vec::new();
    for (own, model) in chosen.iter().zip(models) {
        let (unit, variant) = (plan.units[position].describe(), own.label().to_owned());
        let model = match model {
            Ok(model) => model,
            Err(failure) => {
                let reason = failure.to_string();
                subjects.push(Subject {
                    unit,
                    variant,
                    is_float: own.variant().is_none(),
                    bytes: None,
                    file: Vec::new(),
                    inputs: Array2::zeros((test_features.nrows(), 0)),
                    float: Err(reason.clone()),
                    packed: Err(reason),
                    other_classes: None,
                });
                continue;
            }
        };
        let failed = |reason: &dyn std::fmt::Display| {
            Failure::Other(format!("{} cannot be measured: {reason}", own.describe()))
        };
        let predictor = model.predictor().map_err(|error| failed(&error))?;
        let inputs = predictor.inputs(test_features.view()).map_err(|error| failed(&error))?;
        let packed = model.kernel_layers().map_err(|error| error.to_string());
        let other_classes = match &packed {
            Err(_) => None,
            Ok(layers) => {
                let expected = predictor.predict(test_features.view()).map_err(|error| failed(&error))?;
                let found = outputs(layers, inputs.view()).map_err(|error| failed(&error))?;
                let model = model.model().map_err(|error| failed(&error))?;
                let found = predict(model.logits_of_outputs(found).mapv(f64::from).view());
                Some(found.iter().zip(&expected).filter(|(found, expected)| found != expected).count())
            }
        };
        subjects.push(Subject {
            unit,
            variant,
            is_float: own.variant().is_none(),
            bytes: Some(model.sizes().total()),
            file: model.to_bytes().map_err(|error| failed(&error))?,
            float: model.float_layers().map_err(|error| error.to_string()),
            inputs,
            packed,
            other_classes,
        });
    }
    Ok(subjects)
}

/// The times of all, measured in turns.
pub(super) fn measured(subjects: &[Subject], threads: &Threads, progress: &Progress) -> Vec<ModelTimes> {
    let mut turns = Turns::default();
    let places: Vec<Places> =
        subjects.iter().map(|subject| Places::new(subject, threads, &mut turns)).collect();
    let seconds = turns.measured(ROUNDS, progress);
    let at = |place: Option<usize>| place.map(|place| seconds[place]);
    let all = subjects.iter().zip(places);
    let times = all.map(|(subject, places)| ModelTimes {
        unit: subject.unit.clone(),
        variant: subject.variant.clone(),
        is_float: subject.is_float,
        bytes: subject.bytes,
        load: at(places.load),
        kernel_bytes: subject.packed.as_ref().ok().map(|layers| layers.iter().map(KernelLayer::bytes).sum()),
        without_kernel: subject.packed.as_ref().err().cloned(),
        other_classes: subject.other_classes,
        batches: places
            .batches
            .into_iter()
            .map(|(Batch { rows, threads }, float, packed)| BatchTimes {
                rows,
                threads,
                float: at(float),
                packed: at(packed),
            })
            .collect(),
    });
    times.collect()
}

/// Where the times of a model are among those that are measured.
struct Places {
    load: Option<usize>,
    /// With weights of `f32`, packed.
    batches: Vec<(Batch, Option<usize>, Option<usize>)>,
}

/// Rows that so many threads share.
#[derive(Clone, Copy)]
struct Batch {
    rows: usize,
    threads: usize,
}

impl Places {
    fn new<'s>(subject: &'s Subject, threads: &'s Threads, turns: &mut Turns<'s>) -> Self {
        let mut product = |layers: Option<&'s Vec<KernelLayer>>, batch: Batch| {
            let (layers, inputs) = (layers?, subject.inputs.slice_axis(Axis(0), (..batch.rows).into()));
            Some(match batch.threads {
                1 => turns.add(move || {
                    black_box(outputs(layers, inputs).is_ok());
                }),
                _ => turns.add_in(&threads.all, move || outputs_in_parts(layers, inputs, batch.threads)),
            })
        };
        let (float, packed) = (subject.float.as_ref().ok(), subject.packed.as_ref().ok());
        let packed_alone = packed.filter(|_| !subject.is_float);
        let batches = batches(subject.inputs.nrows(), threads.count())
            .map(|batch| (batch, product(float, batch), product(packed_alone, batch)))
            .collect();
        let load = packed.map(|_| turns.add(|| load(&subject.file)));
        Self { load, batches }
    }
}

/// The outputs of rows that the threads of rayon's pool share.
fn outputs_in_parts(layers: &[KernelLayer], inputs: ArrayView2<'_, f32>, threads: usize) {
    let rows = inputs.nrows();
    let part = rows.div_ceil(threads).max(1);
    (0..rows.div_ceil(part)).into_par_iter().for_each(|place| {
        let own = inputs.slice_axis(Axis(0), (place * part..rows.min((place + 1) * part)).into());
        black_box(outputs(layers, own).is_ok());
    });
}

/// From bytes to layers.
fn load(file: &[u8]) {
    black_box(PackedModel::from_bytes(file).is_ok_and(|model| model.kernel_layers().is_ok()));
}

/// One row, few, and all, where these are more; on one thread, and where there are several, rows also on all.
fn batches(all: usize, threads: usize) -> impl Iterator<Item = Batch> {
    let rows = BATCHES.into_iter().filter(move |rows| *rows < all).chain((all > 0).then_some(all));
    rows.flat_map(move |rows| {
        let shared = (threads > 1 && rows > 1).then_some(Batch { rows, threads });
        std::iter::once(Batch { rows, threads: 1 }).chain(shared)
    })
}
