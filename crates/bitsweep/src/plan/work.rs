//! A plan in pieces, and which of them are a shard's.

use std::ops::Range;
use std::sync::Arc;

use bitsweep_quant::{CalibrationMethod, Range as ValueRange};
use bitsweep_store::split;

use super::{Plan, PlannedVariant, Unit};
use bitsweep_experiment::subject::{Subject, TrainedModel};

/// Pieces of a shard: with so many, all shards are about equally long.
const PIECES_OF_A_SHARD: u64 = 4;

/// Some of the variants of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Position of the unit in the plan.
    pub unit: usize,
    /// Positions among the unit's variants.
    pub variants: Range<usize>,
    /// Whether the float model and the majority class are of it, too.
    pub baselines: bool,
}

/// One of several shares of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which one, counted from 1.
    pub number: usize,
    /// Of how many.
    pub of: usize,
}

impl Plan {
    /// Everything, unit by unit.
    pub fn work(&self) -> Vec<Piece> {
        let piece =
            |(unit, own): (usize, &Unit)| Piece { unit, variants: 0..own.variants.len(), baselines: true };
        self.units.iter().enumerate().map(piece).collect()
    }

    /// The part of a shard.
    pub fn work_of(&self, shard: Shard) -> Vec<Piece> {
        self.shards(shard.of).into_iter().nth(shard.number - 1).unwrap_or_default()
    }

    /// The parts of all of so many shards: by keys and costs, so that neither names nor the order of the file matter.
    pub fn shards(&self, of: usize) -> Vec<Vec<Piece>> {
        let units: Vec<Costs> = self.units.iter().map(Costs::of).collect();
        let total = units.iter().fold(0, |total: u64, costs| total.saturating_add(costs.all()));
        let wanted = total / (of as u64).saturating_mul(PIECES_OF_A_SHARD).max(1);
        let mut pieces = Vec::new();
        let mut costs = Vec::new();
        for (unit, (own, cost)) in self.units.iter().zip(&units).enumerate() {
            for (number, variants) in cost.parts(wanted).into_iter().enumerate() {
                let key = own.key.hash().wrapping_add(number as u128);
                costs.push((key, cost.of_part(&variants)));
                pieces.push(Piece { unit, variants, baselines: number == 0 });
            }
        }
        let mut shards = vec![Vec::new(); of];
        for (piece, shard) in pieces.into_iter().zip(split(&costs, of)) {
            shards[shard].push(piece);
        }
        shards
    }
}

/// What a unit costs, in multiplications, roughly: enough to deal units out evenly.
struct Costs {
    /// The float model, which every part of the unit needs.
    model: u64,
    variants: Vec<u64>,
}

impl Costs {
    fn of(unit: &Unit) -> Self {
        let (rows, parameters) = match unit.rows() {
            None => (0, 1),
            Some(dataset) => {
                let widths = unit.widths(dataset.columns.len(), dataset.classes());
                let weights = widths.windows(2).map(|pair| pair[0] as u64 * pair[1] as u64);
                (dataset.rows() as u64, weights.sum::<u64>().max(1))
            }
        };
        let pass = rows.saturating_mul(parameters);
        let model = match &unit.spec.subject {
            Subject::Trained(trained) => pass.saturating_mul(passes(&trained.model)),
            Subject::Given(_) | Subject::Tensor(_) => 0,
        };
        let variant = |planned: &Arc<PlannedVariant>| of_variant(unit, planned, pass, parameters);
        Self { model, variants: unit.variants.iter().map(variant).collect() }
    }

    fn all(&self) -> u64 {
        self.variants.iter().fold(self.model, |sum, cost| sum.saturating_add(*cost))
    }

    fn of_part(&self, part: &Range<usize>) -> u64 {
        self.variants[part.clone()].iter().fold(self.model, |sum, cost| sum.saturating_add(*cost))
    }

    /// The variants in parts of about `wanted`, and of no less than the float model costs, which each part makes again.
    fn parts(&self, wanted: u64) -> Vec<Range<usize>> {
        let wanted = wanted.max(self.model).max(1);
        let mut parts = Vec::new();
        let (mut first, mut sum) = (0, 0_u64);
        for (position, cost) in self.variants.iter().enumerate() {
            if sum.saturating_add(*cost) > wanted && position > first {
                parts.push(first..position);
                (first, sum) = (position, 0);
            }
            sum = sum.saturating_add(*cost);
        }
        parts.push(first..self.variants.len());
        parts
    }
}

/// How often a training goes over its rows, forwards and backwards.
fn passes(model: &TrainedModel) -> u64 {
    /// L-BFGS and Newton's method, as measured on digits.
    const OF_A_SOLVER: u64 = 300;
    match model.training() {
        Some(training) => 3 * training.epochs as u64,
        None => OF_A_SOLVER,
    }
}

fn of_variant(unit: &Unit, planned: &PlannedVariant, pass: u64, parameters: u64) -> u64 {
    /// Tries of a range that is searched for.
    const TRIES: u64 = 100;
    let variant = &planned.variant;
    let tries = match variant.scheme.range {
        ValueRange::MinMax | ValueRange::Percentile(_) => 1,
        ValueRange::Mse | ValueRange::Kl | ValueRange::OutputMse => TRIES,
    };
    let passes = match variant.calibration.method {
        CalibrationMethod::Nearest | CalibrationMethod::Hqq(_) => 1,
        CalibrationMethod::Gptq(_) | CalibrationMethod::Greedy | CalibrationMethod::LearnedScale(_) => 20,
        CalibrationMethod::AdaRound(_) => 500,
    };
    let trained = match (&unit.spec.subject, &variant.training) {
        (Subject::Trained(trained), Some(_)) => self::passes(&trained.model),
        _ => 0,
    };
    let candidates = variant.mixed.as_ref().map_or(1, |mixed| mixed.candidates.len().max(1) as u64);
    let cost = pass.saturating_mul(passes + trained).saturating_add(parameters.saturating_mul(20 * tries));
    cost.saturating_mul(candidates).max(1)
}
