//! Bits chosen for each layer, by what they do on the training rows.

use bitsweep_results::numbers;
use std::collections::BTreeMap;

use bitsweep_models::{Layer, Linear, Model, WeightId};
use bitsweep_quant::{Budget as Allowance, Candidate, Scheme, Search, allocate};
use bitsweep_results::{FailureKind, Flag, RowFailure};
use ndarray::Axis;

use super::assignments::{Assignment, Goal, search};
use super::prepare::Prepared;
use super::quantized_model::{FLOAT_BYTES, QuantizedWeight, quantized, size_measures};
use super::stop::{At, Step, failed};
use super::training_rows::{Reading, TrainingRows};
use crate::plan::Unit;
use bitsweep_experiment::variant::{Biases, Budget, LayerName, Mixed, Objective, Variant};

/// The schemes that were chosen.
pub(super) struct Choice {
    pub(super) layers: BTreeMap<LayerName, Scheme>,
    /// What a reader must know of the choice.
    pub(super) flags: Vec<Flag>,
}

/// Chooses the bits of every layer of `float` on the training rows.
///
/// Output errors are taken to add up over the layers, each measured with all other layers float: the choice is an
/// [allocation](allocate). Macro-F1 does not add up: whole assignments are [tried](search).
pub(super) fn choose(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: &Model,
    variant: &Variant,
    mixed: &Mixed,
) -> Step<Choice> {
    let mut layers = Layers::new(unit, prepared, float, variant, mixed)?;
    let (choices, searched) = match mixed.budget {
        Budget::Bytes(_) | Budget::BitsPerWeight(_) | Budget::Uniform(_) => {
            let allowed =
                allowed_bytes(unit, float, prepared.feature_bytes(), variant, mixed, &layers.candidates)?;
            layers.within(allowed, mixed)?
        }
        Budget::MacroF1Loss(loss) => layers.in_fewest_bytes(loss)?,
        Budget::OutputError(error) => layers.by_output_error(Allowance::Loss(error))?,
    };
    let mut flags = Vec::new();
    match searched {
        Search::Exact => {}
        Search::Greedy => flags.push(Flag::GreedySearch),
    }
    if let [first, rest @ ..] = choices.as_slice()
        && rest.iter().all(|other| other == first)
    {
        flags.push(Flag::SameBitsEverywhere(mixed.candidates[*first].bits()));
    }
    if let Budget::OutputError(budget) = mixed.budget {
        let whole = layers.read(&choices)?.output_error;
        if whole > budget {
            flags.push(Flag::OutputErrorAboveBudget(whole));
        }
    }
    let schemes = choices.iter().map(|&choice| mixed.candidates[choice]);
    let layers = schemes.enumerate().map(|(layer, scheme)| (LayerName::at(layer), scheme)).collect();
    Ok(Choice { layers, flags })
}

/// For each layer the candidates, fewest bits first, with their true bytes.
type Candidates = Vec<Vec<(Linear, u64)>>;

fn candidates(unit: &Unit, float: &Model, variant: &Variant, mixed: &Mixed) -> Step<Candidates> {
    let of_layer = |position: usize| {
        let candidates = mixed.candidates.iter();
        candidates.map(|scheme| quantized_layer(unit, variant, float, position, scheme)).collect()
    };
    (0..float.layers().len()).map(of_layer).collect()
}

/// Whether a budget of bytes holds the fewest bits in every layer of a model of this shape.
///
/// # Errors
/// A sentence with the least bytes.
pub(crate) fn check_budget(
    unit: &Unit,
    shape: &Model,
    scaler: u64,
    variant: &Variant,
    mixed: &Mixed,
) -> Result<(), String> {
    let allowed = candidates(unit, shape, variant, mixed)
        .and_then(|candidates| allowed_bytes(unit, shape, scaler, variant, mixed, &candidates));
    allowed.map(|_| ()).map_err(|failure| failure.reason)
}

/// The bytes that the budget leaves for the layers beside the `scaler`'s, enough for the smallest candidate of every layer.
fn allowed_bytes(
    unit: &Unit,
    float: &Model,
    scaler: u64,
    variant: &Variant,
    mixed: &Mixed,
    candidates: &Candidates,
) -> Step<u64> {
    let bytes = match mixed.budget {
        Budget::Bytes(bytes) => bytes,
        // Rounded down to whole bytes.
        Budget::BitsPerWeight(bits) => (float.parameters() as f64 * bits / 8.0) as u64,
        Budget::Uniform(scheme) => {
            let layers = 0..float.layers().len();
            let bytes = layers.map(|position| {
                quantized_layer(unit, variant, float, position, &scheme).map(|(_, bytes)| bytes)
            });
            scaler + bytes.sum::<Step<u64>>()?
        }
        Budget::MacroF1Loss(_) | Budget::OutputError(_) => u64::MAX,
    };
    let smallest = |own: &Vec<(Linear, u64)>| own.iter().map(|(_, bytes)| *bytes).min();
    let least = scaler + candidates.iter().filter_map(smallest).sum::<u64>();
    if least > bytes {
        let reason = format!(
            "a budget of `{}`, {}, is too small: expected at least {}",
            mixed.budget,
            numbers::bytes(bytes as f64),
            numbers::bytes(least as f64)
        );
        return Err(failed(FailureKind::Allocation, reason));
    }
    Ok(bytes - scaler)
}

/// Every layer under every candidate, and the rows to try them on.
struct Layers<'u> {
    float: &'u Model,
    rows: TrainingRows<'u>,
    candidates: Candidates,
}

impl<'u> Layers<'u> {
    fn new(
        unit: &Unit,
        prepared: &'u Prepared<'_>,
        float: &'u Model,
        variant: &Variant,
        mixed: &Mixed,
    ) -> Step<Layers<'u>> {
        let candidates = candidates(unit, float, variant, mixed)?;
        Ok(Layers { float, rows: TrainingRows::new(unit, prepared, float)?, candidates })
    }

    /// The best by the objective in at most so many bytes.
    fn within(&mut self, bytes: u64, mixed: &Mixed) -> Step<(Assignment, Search)> {
        match mixed.objective {
            Objective::OutputError => self.by_output_error(Allowance::Bytes(bytes)),
            Objective::MacroF1 => self.by_macro_f1(bytes),
        }
    }

    fn layer_bytes(&self) -> Vec<Vec<u64>> {
        self.candidates.iter().map(|own| own.iter().map(|(_, bytes)| *bytes).collect()).collect()
    }

    fn by_output_error(&mut self, allowance: Allowance) -> Step<(Assignment, Search)> {
        let mut candidates = Vec::new();
        for (position, own) in self.candidates.iter().enumerate() {
            let mut losses = Vec::new();
            for (dense, bytes) in own {
                let mut layers = self.float.layers().to_vec();
                layers[position] = dense.clone().into();
                let loss = read(&mut self.rows, self.float, layers)?.output_error;
                losses.push(Candidate { bytes: *bytes, loss });
            }
            candidates.push(losses);
        }
        let allocation = allocate(&candidates, allowance).at(FailureKind::Allocation)?;
        Ok((allocation.choices, allocation.search))
    }

    fn by_macro_f1(&mut self, bytes: u64) -> Step<(Assignment, Search)> {
        let layer_bytes = self.layer_bytes();
        let goal = Goal::MacroF1 { bytes };
        let (found, searched) = search(&layer_bytes, goal, &mut |assignment| self.read(assignment))?;
        let missing = || {
            failed(
                FailureKind::Allocation,
                format!("no assignment of bits takes at most {}", numbers::bytes(bytes as f64)),
            )
        };
        Ok((found.ok_or_else(missing)?, searched))
    }

    fn in_fewest_bytes(&mut self, loss: f64) -> Step<(Assignment, Search)> {
        let layer_bytes = self.layer_bytes();
        let float = self.rows.read(self.float)?.macro_f1;
        let goal = Goal::Bytes { macro_f1: float - loss };
        let mut most = f64::NEG_INFINITY;
        let (found, searched) = search(&layer_bytes, goal, &mut |assignment| {
            let reading = self.read(assignment)?;
            most = most.max(reading.macro_f1);
            Ok::<_, RowFailure>(reading)
        })?;
        let missing = || {
            let least = float - most;
            failed(
                FailureKind::Allocation,
                format!(
                    "a macro-F1 loss of at most `{loss}` on the training rows was not found: expected at least {least}"
                ),
            )
        };
        Ok((found.ok_or_else(missing)?, searched))
    }

    /// The model with an assignment's layers on the training rows.
    fn read(&mut self, assignment: &[usize]) -> Step<Reading> {
        let chosen =
            self.candidates.iter().zip(assignment).map(|(own, &choice)| own[choice].0.clone().into());
        read(&mut self.rows, self.float, chosen.collect())
    }
}

fn read(rows: &mut TrainingRows<'_>, float: &Model, layers: Vec<Layer>) -> Step<Reading> {
    rows.read(&Model::new(layers, float.head()).at(FailureKind::Allocation)?)
}

/// One layer under `scheme`, with the true bytes of its weight and its bias.
fn quantized_layer(
    unit: &Unit,
    variant: &Variant,
    float: &Model,
    position: usize,
    scheme: &Scheme,
) -> Step<(Linear, u64)> {
    let Layer::Linear(layer) = &float.layers()[position];
    let id = WeightId::Weight(position);
    let weight = quantized(unit, &id, layer.weight.view(), scheme)?;
    let mut changed = Linear { weight: weight.reconstruct(), ..layer.clone() };
    let mut weights = vec![QuantizedWeight { name: id, quantized: weight }];
    let kept = match variant.biases {
        Biases::Keep => layer.bias.len() as u64 * FLOAT_BYTES,
        Biases::Quantize => {
            let id = WeightId::Bias(position);
            let bias = layer.bias.view().insert_axis(Axis(0));
            let quantized = quantized(unit, &id, bias, scheme)?;
            changed.bias = quantized.reconstruct().row(0).to_owned();
            weights.push(QuantizedWeight { name: id, quantized });
            0
        }
    };
    Ok((changed, size_measures(&weights, kept, 0).total()))
}
