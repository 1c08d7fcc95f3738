//! Whole models: load, one row, few rows, all test rows.

use std::hint::black_box;

use bitsweep_exchange::packed::PackedModel;
use bitsweep_inference::kernels::{KernelLayer, outputs};
use bitsweep_models::predict;
use ndarray::{Array2, Axis};
use serde::Serialize;

use super::ROUNDS;
use super::turns::{Seconds, Turns};
use crate::evaluate::{Packed, pack};
use crate::export::Chosen;
use crate::failure::Failure;
use crate::unit_store::UnitStore;

/// Rows that are predicted at once, beside all.
const BATCHES: [usize; 2] = [1, 32];

/// The times of one model.
#[derive(Debug, Serialize)]
pub struct ModelTimes {
    /// The unit.
    pub unit: String,
    /// The variant's label.
    pub variant: String,
    /// Bytes of the packed file's numbers, as tables count them; `None` of a variant that cannot be made.
    pub bytes: Option<u64>,
    /// From the bytes of a file to layers that kernels multiply.
    pub load: Option<Seconds>,
    /// Bytes of weights in the layout of the kernels.
    pub kernel_bytes: Option<usize>,
    /// Why no kernel multiplies its packed weights, or why there are none.
    pub without_kernel: Option<String>,
    /// Test rows for which the kernels name another class than the harness does, which for weights beside inputs of `f32` sums
    /// in another order.
    pub other_classes: Option<usize>,
    /// By how many rows are predicted at once.
    pub batches: Vec<BatchTimes>,
}

/// The times of so many rows.
#[derive(Debug, Serialize)]
pub struct BatchTimes {
    /// How many.
    pub rows: usize,
    /// With weights of `f32`.
    pub float: Option<Seconds>,
    /// With packed weights; `None` of the float model, and where there is no kernel.
    pub packed: Option<Seconds>,
}

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
pub(super) fn measured(subjects: &[Subject]) -> Vec<ModelTimes> {
    let mut turns = Turns::default();
    let places: Vec<Places> = subjects.iter().map(|subject| Places::new(subject, &mut turns)).collect();
    let seconds = turns.measured(ROUNDS);
    let at = |place: Option<usize>| place.map(|place| seconds[place]);
    let all = subjects.iter().zip(places);
    let times = all.map(|(subject, places)| ModelTimes {
        unit: subject.unit.clone(),
        variant: subject.variant.clone(),
        bytes: subject.bytes,
        load: at(places.load),
        kernel_bytes: subject.packed.as_ref().ok().map(|layers| layers.iter().map(KernelLayer::bytes).sum()),
        without_kernel: subject.packed.as_ref().err().cloned(),
        other_classes: subject.other_classes,
        batches: places
            .batches
            .into_iter()
            .map(|(rows, float, packed)| BatchTimes { rows, float: at(float), packed: at(packed) })
            .collect(),
    });
    times.collect()
}

/// Where the times of a model are among those that are measured.
struct Places {
    load: Option<usize>,
    /// Rows, with weights of `f32`, packed.
    batches: Vec<(usize, Option<usize>, Option<usize>)>,
}

impl Places {
    fn new<'s>(subject: &'s Subject, turns: &mut Turns<'s>) -> Self {
        let mut product = |layers: Option<&'s Vec<KernelLayer>>, rows: usize| {
            let (layers, inputs) = (layers?, subject.inputs.slice_axis(Axis(0), (..rows).into()));
            Some(turns.add(move || {
                black_box(outputs(layers, inputs).is_ok());
            }))
        };
        let (float, packed) = (subject.float.as_ref().ok(), subject.packed.as_ref().ok());
        let packed_alone = packed.filter(|_| !subject.is_float);
        let batches = batches(subject.inputs.nrows())
            .map(|rows| (rows, product(float, rows), product(packed_alone, rows)))
            .collect();
        let load = packed.map(|_| turns.add(|| load(&subject.file)));
        Self { load, batches }
    }
}

/// From bytes to layers.
fn load(file: &[u8]) {
    black_box(PackedModel::from_bytes(file).is_ok_and(|model| model.kernel_layers().is_ok()));
}

/// One row, few, and all, where these are more.
fn batches(all: usize) -> impl Iterator<Item = usize> {
    BATCHES.into_iter().filter(move |rows| *rows < all).chain((all > 0).then_some(all))
}
