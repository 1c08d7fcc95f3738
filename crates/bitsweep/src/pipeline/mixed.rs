//! Bits chosen for each layer, by what they do on the training rows.

use std::collections::BTreeMap;

use bitsweep_models::{Layer, Linear, Model};
use bitsweep_quant::{Budget as Allowance, Candidate, Scheme, Search, allocate};
use ndarray::Axis;

use super::assignments::{Assignment, Goal, search};
use super::failed;
use super::post_training::FLOAT_BYTES;
use super::prepare::Prepared;
use super::quantize::{quantize_tensor, size_measures};
use super::training_rows::{Reading, TrainingRows};
use crate::config::{Biases, Budget, LayerName, Mixed, Objective};
use crate::failure::Failure;
use crate::plan::{Unit, Variant};

/// The schemes that were chosen.
pub(super) struct Choice {
    pub(super) layers: BTreeMap<LayerName, Scheme>,
    /// What a reader must know of the choice, one clause each.
    pub(super) flags: Vec<String>,
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
) -> Result<Choice, Failure> {
    let mut layers = Layers::new(unit, prepared, float, variant, mixed)?;
    let (choices, searched) = match mixed.budget {
        Budget::Bytes(bytes) => layers.within(bytes, mixed)?,
        // Rounded down to whole bytes.
        Budget::BitsPerWeight(bits) => {
            layers.within((float.parameters() as f64 * bits / 8.0) as u64, mixed)?
        }
        Budget::Uniform(scheme) => layers.within(layers.bytes_of(&scheme)?, mixed)?,
        Budget::MacroF1Loss(loss) => layers.in_fewest_bytes(loss)?,
        Budget::OutputError(error) => layers.by_output_error(Allowance::Loss(error))?,
    };
    let mut flags = Vec::new();
    match searched {
        Search::Exact => {}
        Search::Greedy => flags.push("bits were searched greedily, not exactly".to_owned()),
    }
    if let [first, rest @ ..] = choices.as_slice()
        && rest.iter().all(|other| other == first)
    {
        flags.push(format!("every layer was given {} bits", mixed.candidates[*first].bits()));
    }
    if let Budget::OutputError(budget) = mixed.budget {
        let whole = layers.read(&choices)?.output_error;
        if whole > budget {
            flags.push(format!(
                "all layers together have an output error of {whole:.3e} on the training rows, above the budget"
            ));
        }
    }
    let schemes = choices.iter().map(|&choice| mixed.candidates[choice]);
    let layers = schemes.enumerate().map(|(layer, scheme)| (LayerName::at(layer), scheme)).collect();
    Ok(Choice { layers, flags })
}

/// Every layer under every candidate, and the rows to try them on.
struct Layers<'u> {
    unit: &'u Unit,
    variant: &'u Variant,
    float: &'u Model,
    rows: TrainingRows<'u>,
    /// For each layer the candidates, fewest bits first, with their true bytes.
    candidates: Vec<Vec<(Linear, u64)>>,
}

impl<'u> Layers<'u> {
    fn new(
        unit: &'u Unit,
        prepared: &'u Prepared<'_>,
        float: &'u Model,
        variant: &'u Variant,
        mixed: &Mixed,
    ) -> Result<Layers<'u>, Failure> {
        let of_layer = |position: usize| {
            let candidates = mixed.candidates.iter();
            candidates.map(|scheme| quantized(unit, variant, float, position, scheme)).collect()
        };
        let candidates = (0..float.layers().len()).map(of_layer).collect::<Result<_, _>>()?;
        Ok(Layers { unit, variant, float, rows: TrainingRows::new(unit, prepared, float), candidates })
    }

    fn failed(&self, message: impl std::fmt::Display) -> Failure {
        failed(self.unit, format!("{}: {message}", self.variant.label))
    }

    /// True bytes of the model with `scheme` in every layer.
    fn bytes_of(&self, scheme: &Scheme) -> Result<u64, Failure> {
        let layers = 0..self.float.layers().len();
        let bytes = layers.map(|position| {
            quantized(self.unit, self.variant, self.float, position, scheme).map(|(_, bytes)| bytes)
        });
        bytes.sum()
    }

    /// The best by the objective in at most so many bytes.
    fn within(&mut self, bytes: u64, mixed: &Mixed) -> Result<(Assignment, Search), Failure> {
        let least: u64 = self.layer_bytes().iter().filter_map(|own| own.iter().min()).sum();
        if least > bytes {
            return Err(self.failed(format!(
                "a budget of `{}`, {bytes} bytes, is too small: expected at least {least} bytes",
                mixed.budget
            )));
        }
        match mixed.objective {
            Objective::OutputError => self.by_output_error(Allowance::Bytes(bytes)),
            Objective::MacroF1 => self.by_macro_f1(bytes),
        }
    }

    fn layer_bytes(&self) -> Vec<Vec<u64>> {
        self.candidates.iter().map(|own| own.iter().map(|(_, bytes)| *bytes).collect()).collect()
    }

    fn by_output_error(&mut self, allowance: Allowance) -> Result<(Assignment, Search), Failure> {
        let mut candidates = Vec::new();
        for (position, own) in self.candidates.iter().enumerate() {
            let mut losses = Vec::new();
            for (dense, bytes) in own {
                let mut layers = linear_layers(self.float);
                layers[position].clone_from(dense);
                let loss = read(self.unit, &mut self.rows, self.float, layers)?.output_error;
                losses.push(Candidate { bytes: *bytes, loss });
            }
            candidates.push(losses);
        }
        let allocation = allocate(&candidates, allowance).map_err(|error| self.failed(error))?;
        Ok((allocation.choices, allocation.search))
    }

    fn by_macro_f1(&mut self, bytes: u64) -> Result<(Assignment, Search), Failure> {
        let layer_bytes = self.layer_bytes();
        let goal = Goal::MacroF1 { bytes };
        let (found, searched) = search(&layer_bytes, goal, &mut |assignment| self.read(assignment))?;
        let missing = || self.failed(format!("no assignment of bits takes at most {bytes} bytes"));
        Ok((found.ok_or_else(missing)?, searched))
    }

    fn in_fewest_bytes(&mut self, loss: f64) -> Result<(Assignment, Search), Failure> {
        let layer_bytes = self.layer_bytes();
        let float = read(self.unit, &mut self.rows, self.float, linear_layers(self.float))?.macro_f1;
        let goal = Goal::Bytes { macro_f1: float - loss };
        let mut most = f64::NEG_INFINITY;
        let (found, searched) = search(&layer_bytes, goal, &mut |assignment| {
            let reading = self.read(assignment)?;
            most = most.max(reading.macro_f1);
            Ok::<_, Failure>(reading)
        })?;
        let missing = || {
            let least = float - most;
            self.failed(format!(
                "a macro-F1 loss of at most `{loss}` on the training rows was not found: expected at least {least}"
            ))
        };
        Ok((found.ok_or_else(missing)?, searched))
    }

    /// The model with an assignment's layers on the training rows.
    fn read(&mut self, assignment: &[usize]) -> Result<Reading, Failure> {
        let chosen = self.candidates.iter().zip(assignment).map(|(own, &choice)| own[choice].0.clone());
        read(self.unit, &mut self.rows, self.float, chosen.collect())
    }
}

fn linear_layers(float: &Model) -> Vec<Linear> {
    float.linear_layers().map(|(_, layer)| layer.clone()).collect()
}

fn read(
    unit: &Unit,
    rows: &mut TrainingRows<'_>,
    float: &Model,
    layers: Vec<Linear>,
) -> Result<Reading, Failure> {
    let stack = Model::new(layers, float.head()).map_err(|error| failed(unit, error))?;
    rows.read(&stack)
}

/// One layer under `scheme`, with the true bytes of its weight and its bias.
fn quantized(
    unit: &Unit,
    variant: &Variant,
    float: &Model,
    position: usize,
    scheme: &Scheme,
) -> Result<(Linear, u64), Failure> {
    let Layer::Linear(layer) = &float.layers()[position];
    let weight = quantize_tensor(unit, &LayerName::at(position).to_string(), layer.weight.view(), scheme)?;
    let mut dense = Linear { weight: weight.reconstruction.clone(), ..layer.clone() };
    let mut tensors = vec![weight];
    let kept = match variant.biases {
        Biases::Keep => layer.bias.len() as u64 * FLOAT_BYTES,
        Biases::Quantize => {
            let bias = layer.bias.view().insert_axis(Axis(0));
            let bias = quantize_tensor(unit, &format!("b{}", position + 1), bias, scheme)?;
            dense.bias = bias.reconstruction.row(0).to_owned();
            tensors.push(bias);
            0
        }
    };
    Ok((dense, size_measures(&tensors, kept, 0).total()))
}
