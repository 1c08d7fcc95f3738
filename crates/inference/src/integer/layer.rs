//! One layer in whole numbers.

use bitsweep_models::Activation;
use bitsweep_quant::{
    ActivationParameters, ActivationQuantizer, Grid, IntegerError, IntegerLevels, Quantized, Requantize,
    Rescale,
};
use ndarray::{Array2, ArrayView1, ArrayView2};

use super::error::NetworkError;
use super::outputs::{Outputs, clamp};
use super::table::Table;

/// The parts of a dense layer, `y = a(x̂·Ŵ + b)`.
#[derive(Debug, Clone, Copy)]
pub struct LayerParts<'a> {
    /// `(in, out)`.
    pub weight: &'a Quantized,
    /// One per output.
    pub bias: ArrayView1<'a, f32>,
    /// What is applied to the outputs.
    pub activation: Activation,
    /// What makes codes of the inputs.
    pub inputs: ActivationQuantizer,
}

/// One layer in whole numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegerLayer {
    levels: IntegerLevels,
    bias: Vec<i32>,
    inputs: Codes,
    largest_sum: i64,
    rescale: Option<Rescale>,
    outputs: Outputs,
}

/// The codes of a layer's inputs: which there are, and what they stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Codes {
    grid: Grid,
    parameters: ActivationParameters,
}

impl Codes {
    /// Those of the inputs of the layer at a position.
    fn of(layer: usize, quantizer: &ActivationQuantizer) -> Result<Self, NetworkError> {
        let of_scheme = quantizer.scheme().codes().grid().zip(quantizer.fitted());
        let (grid, parameters) = of_scheme.ok_or(NetworkError::Dynamic { layer })?;
        Ok(Self { grid, parameters })
    }

    fn step(&self) -> f64 {
        f64::from(self.parameters.scale)
    }

    /// The code of a number on this grid continued without end.
    fn beyond_grid(&self, number: f32) -> i32 {
        // What is beyond 32 bits becomes the nearest number that is not.
        ((f64::from(number) / self.step()).round_ties_even() + f64::from(self.parameters.zero_point)) as i32
    }
}

impl LayerParts<'_> {
    /// What makes codes of the outputs: `next`, but with shifts alone, where outputs are not looked up in a table, with its step
    /// widened to a power of two times the largest of the layer's, so that the shift is exact.
    ///
    /// # Errors
    /// Weights that are no whole numbers of a step, and codes without a static scale.
    pub fn widened(
        &self,
        position: usize,
        next: ActivationQuantizer,
    ) -> Result<ActivationQuantizer, NetworkError> {
        if self.inputs.scheme().requantize() != Requantize::PowerOfTwo {
            return Ok(next);
        }
        let codes = Codes::of(position + 1, &next)?;
        if activation_limits(self.activation, codes).is_none() {
            return Ok(next);
        }
        let levels =
            IntegerLevels::of(self.weight).map_err(|error| NetworkError::Layer { layer: position, error })?;
        let unit = levels.steps().fold(0.0_f64, |most, step| most.max(*step))
            * Codes::of(position, &self.inputs)?.step();
        let scale = Rescale::widened(codes.step(), unit) as f32;
        // The lowest code stands for what it stood for, to half a step.
        let ActivationParameters { zero_point, .. } = codes.parameters;
        let below_zero = f64::from(zero_point) - f64::from(codes.grid.lowest);
        let moved =
            (below_zero * codes.step() / f64::from(scale)).round_ties_even() as i32 + codes.grid.lowest;
        let zero_point = if next.scheme().codes().zero_point().is_some() { moved } else { zero_point };
        ActivationQuantizer::restore(*next.scheme(), Some(ActivationParameters { scale, zero_point }))
            .map_err(|error| NetworkError::Inputs { layer: position + 1, error })
    }
}

impl IntegerLayer {
    /// The layer at a position, whose outputs are the inputs of `next`, or logits.
    pub(super) fn new(
        position: usize,
        parts: &LayerParts<'_>,
        next: Option<&ActivationQuantizer>,
    ) -> Result<Self, NetworkError> {
        let of_layer = |error: IntegerError| NetworkError::Layer { layer: position, error };
        let requantize = parts.inputs.scheme().requantize();
        let inputs = Codes::of(position, &parts.inputs)?;
        let levels = IntegerLevels::of(parts.weight).map_err(of_layer)?;
        let bias = bias(position, parts.bias, &levels, inputs)?;
        let bounds = bounds(&levels, &bias, inputs).map_err(of_layer)?;
        let sums = Sums { units: levels.steps().mapv(|step| step * inputs.step()), bounds, requantize };
        let (rescale, outputs) = match next {
            None if parts.activation != Activation::Identity => {
                return Err(NetworkError::LastActivation { activation: parts.activation });
            }
            None => {
                let (rescale, step) = sums.as_logits().map_err(of_layer)?;
                (rescale, Outputs::Logits { step })
            }
            Some(next) => {
                let codes = Codes::of(position + 1, next)?;
                let (rescale, outputs) = match activation_limits(parts.activation, codes) {
                    Some(activation) => {
                        let rescale = sums.rescaled(codes.step()).map_err(of_layer)?;
                        let negative = match parts.activation {
                            Activation::LeakyRelu { slope } if slope != 0.0 => {
                                let falling = sums.falling(codes, slope)?;
                                falling.check(sums.bounds.view()).map_err(of_layer)?;
                                Some(falling)
                            }
                            _ => None,
                        };
                        let zero_point = codes.parameters.zero_point;
                        (rescale, Outputs::Codes { zero_point, activation, grid: codes.grid, negative })
                    }
                    None => {
                        let table = Table::new(parts.activation, next, |step| sums.widened(step));
                        let table = table.map_err(|error| NetworkError::inputs(position + 1, error))?;
                        (sums.rescaled(table.step).map_err(of_layer)?, Outputs::Table(table))
                    }
                };
                (Some(rescale), outputs)
            }
        };
        let largest_sum = sums.bounds.iter().copied().max().unwrap_or(0);
        Ok(Self { levels, bias, inputs, largest_sum, rescale, outputs })
    }

    /// The numbers of inputs and of outputs.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.levels.shape()
    }

    /// The weights.
    #[must_use]
    pub const fn levels(&self) -> &IntegerLevels {
        &self.levels
    }

    /// The biases, in units of the accumulators of the first group.
    #[must_use]
    pub fn bias(&self) -> &[i32] {
        &self.bias
    }

    /// The codes that inputs have.
    #[must_use]
    pub const fn input_grid(&self) -> Grid {
        self.inputs.grid
    }

    /// The code of an input that is 0.
    #[must_use]
    pub const fn input_zero_point(&self) -> i32 {
        self.inputs.parameters.zero_point
    }

    /// What makes whole numbers of another step of the accumulators; `None` where they are logits as they are.
    #[must_use]
    pub const fn rescale(&self) -> Option<&Rescale> {
        self.rescale.as_ref()
    }

    /// What becomes of the rescaled sums.
    #[must_use]
    pub const fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// The largest magnitude that an accumulator may have, whatever codes the inputs have.
    #[must_use]
    pub const fn largest_sum(&self) -> i64 {
        self.largest_sum
    }

    /// The accumulators of a row of codes, `(groups, out)`.
    fn accumulate(&self, codes: ArrayView1<'_, i32>, accumulators: &mut Array2<i64>) {
        accumulators.fill(0);
        for (sum, bias) in accumulators.row_mut(0).iter_mut().zip(&self.bias) {
            *sum = i64::from(*bias);
        }
        for (row, (&code, levels)) in codes.iter().zip(self.levels.levels().outer_iter()).enumerate() {
            let steps = i64::from(code - self.inputs.parameters.zero_point);
            let sums = accumulators.row_mut(row / self.levels.rows_per_step());
            for (sum, &level) in sums.into_iter().zip(levels) {
                *sum += steps * i64::from(level);
            }
        }
    }

    /// The rescaled sums of rows of codes, codes or logits; and how many codes were clipped.
    pub(super) fn outputs_of(&self, codes: ArrayView2<'_, i32>) -> (Array2<i32>, usize) {
        let mut accumulators = Array2::zeros(self.levels.steps().dim());
        let mut outputs = Array2::zeros((codes.nrows(), self.shape().1));
        let mut clipped = 0;
        for (codes, mut outputs) in codes.outer_iter().zip(outputs.outer_iter_mut()) {
            self.accumulate(codes, &mut accumulators);
            for (output, value) in outputs.iter_mut().enumerate() {
                let sums = accumulators.column(output);
                let scaled = |rescale: Option<&Rescale>| match rescale {
                    Some(rescale) => rescale.apply(output, sums.iter().copied()),
                    None => sums[0],
                };
                let sum = scaled(self.rescale.as_ref());
                *value = match &self.outputs {
                    Outputs::Codes { zero_point, activation, grid, negative } => {
                        let sum = match negative {
                            Some(negative) if sum < 0 => scaled(Some(negative)),
                            Some(_) | None => sum,
                        };
                        let activated = clamp(sum + i64::from(*zero_point), *activation);
                        let code = clamp(i64::from(activated), *grid);
                        clipped += usize::from(code != activated);
                        code
                    }
                    Outputs::Table(table) => table.code(sum),
                    // Within 32 bits, as `Sums::as_logits` has seen to.
                    Outputs::Logits { step: _ } => sum as i32,
                };
            }
        }
        (outputs, clipped)
    }
}

/// The accumulators of a layer.
struct Sums {
    /// What 1 of each stands for, `(groups, out)`.
    units: Array2<f64>,
    /// The largest magnitude of each, `(groups, out)`.
    bounds: Array2<i64>,
    requantize: Requantize,
}

impl Sums {
    fn ratios(&self, step: f64) -> Array2<f64> {
        self.units.mapv(|unit| unit / step)
    }

    /// What makes whole numbers of `step` of them.
    fn rescaled(&self, step: f64) -> Result<Rescale, IntegerError> {
        let rescale = Rescale::new(self.ratios(step).view(), self.requantize)?;
        rescale.check(self.bounds.view())?;
        Ok(rescale)
    }

    /// LeakyReLU's of negative sums.
    fn falling(&self, codes: Codes, slope: f32) -> Result<Rescale, NetworkError> {
        let ratios = self.ratios(codes.step() / f64::from(slope));
        Rescale::new(ratios.view(), self.requantize).map_err(|_| NetworkError::Slope { slope })
    }

    /// The smallest step not below `step` with which rescaling is what it should be.
    fn widened(&self, step: f64) -> f64 {
        match self.requantize {
            Requantize::PowerOfTwo => Rescale::widened(step, largest(&self.units)),
            Requantize::Float | Requantize::FixedPoint => step,
        }
    }

    /// What makes logits of them, and their step: none where all have one unit. Otherwise the step is that of the coarsest unit
    /// divided by 2⁸, or more where 32 bits would not hold the sums; with shifts alone, that of the finest. It is above 0.
    fn as_logits(&self) -> Result<(Option<Rescale>, f64), IntegerError> {
        /// The binary places of logits, of the coarsest accumulator.
        const PLACES: f64 = 256.0;
        let first = self.units.first().copied().unwrap_or(1.0);
        // Scales of weights may be negative; the class is that of the largest logit.
        if self.units.nrows() <= 1 && first > 0.0 && self.units.iter().all(|unit| *unit == first) {
            return Ok((None, first));
        }
        let mut step = match self.requantize {
            Requantize::PowerOfTwo => self.units.fold(f64::INFINITY, |least, unit| least.min(unit.abs())),
            Requantize::Float | Requantize::FixedPoint => largest(&self.units) / PLACES,
        };
        let most = |step: f64| {
            let scaled = self.bounds.mapv(|bound| bound as f64) * self.ratios(step).mapv(f64::abs);
            scaled.columns().into_iter().map(|column| column.sum()).fold(0.0, f64::max)
        };
        while most(step) >= f64::from(1 << 30) - 1.0 {
            step *= 2.0;
        }
        Ok((Some(self.rescaled(step)?), step))
    }
}

fn largest(units: &Array2<f64>) -> f64 {
    units.fold(0.0, |largest, unit| largest.max(unit.abs()))
}

/// The biases in units of the accumulators of the first group.
fn bias(
    position: usize,
    bias: ArrayView1<'_, f32>,
    levels: &IntegerLevels,
    inputs: Codes,
) -> Result<Vec<i32>, NetworkError> {
    let outputs = levels.shape().1;
    if bias.len() != outputs {
        return Err(NetworkError::Width { expected: outputs, found: bias.len() });
    }
    let whole = |(output, bias): (usize, &f32)| {
        let steps = (f64::from(*bias) / (inputs.step() * levels.steps()[[0, output]])).round();
        match steps.abs() <= f64::from(i32::MAX) {
            true => Ok(steps as i32),
            false => Err(NetworkError::Bias { layer: position, output, steps }),
        }
    };
    bias.iter().enumerate().map(whole).collect()
}

/// The largest magnitude of each accumulator, `(groups, out)`, whatever codes the inputs have, and while inputs are added.
///
/// # Errors
/// One that 32 bits do not hold.
fn bounds(levels: &IntegerLevels, bias: &[i32], inputs: Codes) -> Result<Array2<i64>, IntegerError> {
    let zero_point = inputs.parameters.zero_point;
    let ends = [inputs.grid.lowest, inputs.grid.highest].map(|code| i64::from(code) - i64::from(zero_point));
    let mut low = Array2::<i64>::zeros(levels.steps().dim());
    let mut high = low.clone();
    for ((row, output), &level) in levels.levels().indexed_iter() {
        let products = ends.map(|end| end * i64::from(level));
        let group = [row / levels.rows_per_step(), output];
        // The zero point is a code: 0 is among the products.
        low[group] += products[0].min(products[1]);
        high[group] += products[0].max(products[1]);
    }
    for (output, bias) in bias.iter().enumerate() {
        low[[0, output]] += i64::from(*bias);
        high[[0, output]] += i64::from(*bias);
    }
    let mut bounds = high;
    bounds.zip_mut_with(&low, |high, low| *high = (*high).abs().max(low.abs()));
    let beyond = bounds.indexed_iter().find(|(_, bound)| **bound > i64::from(i32::MAX));
    match beyond {
        Some(((_, output), bound)) => Err(IntegerError::Accumulator { output, bound: *bound as f64 }),
        None => Ok(bounds),
    }
}

/// The codes that an activation gives that only limits its argument, or has a slope for negative ones; `None` of others.
fn activation_limits(activation: Activation, codes: Codes) -> Option<Grid> {
    let all = Grid { lowest: i32::MIN, highest: i32::MAX };
    let positive = Grid { lowest: codes.parameters.zero_point, ..all };
    match activation {
        Activation::Identity => Some(all),
        Activation::Relu => Some(positive),
        Activation::LeakyRelu { slope } if slope > 0.0 => Some(all),
        Activation::LeakyRelu { slope: 0.0 } => Some(positive),
        Activation::HardTanh { min, max } => {
            Some(Grid { lowest: codes.beyond_grid(min), highest: codes.beyond_grid(max) })
        }
        Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::Gelu
        | Activation::GeluTanh
        | Activation::HardSigmoid { .. }
        | Activation::HardSwish => None,
    }
}
