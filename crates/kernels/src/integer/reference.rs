//! The same numbers by obvious loops, from codes as they were given.

use super::activations::{ActivationCodes, Activations};
use super::weights::{Codes, Granularity, ZeroPoints};
use super::width::Width;

/// Weights as [`IntegerWeights::new`](super::IntegerWeights::new) takes them, which has checked them.
#[derive(Debug, Clone, Copy)]
pub struct Weights<'a> {
    /// Outputs and inputs.
    pub shape: (usize, usize),
    /// Of the codes.
    pub width: Width,
    /// `(outputs, inputs)`.
    pub codes: Codes<'a>,
    /// Which inputs share a scale.
    pub granularity: Granularity,
    /// One a block.
    pub scales: &'a [f32],
    /// One a block.
    pub zero_points: ZeroPoints<'a>,
}

impl Weights<'_> {
    fn group(&self) -> usize {
        match self.granularity {
            Granularity::Tensor | Granularity::Output => self.shape.1.max(1),
            Granularity::Group(group) => group,
        }
    }

    fn groups(&self) -> usize {
        self.shape.1.div_ceil(self.group())
    }

    fn block(&self, output: usize, group: usize) -> usize {
        match self.granularity {
            Granularity::Tensor => 0,
            Granularity::Output => output,
            Granularity::Group(_) => output * self.groups() + group,
        }
    }

    /// The level of a code, less its whole zero point.
    fn level(&self, output: usize, input: usize) -> i64 {
        let position = output * self.shape.1 + input;
        let (code, middle) = match self.codes {
            Codes::Signed(codes) => (i64::from(codes[position]), 0),
            Codes::Unsigned(codes) => {
                let code = i64::from(codes[position]);
                match self.width {
                    Width::Eight => (code, 128),
                    Width::Four => (code, 8),
                    Width::Three => (code, 4),
                    Width::Two => (code, 2),
                    Width::Ternary => (code, 1),
                    Width::Binary => (2 * code, 1),
                }
            }
        };
        match self.zero_points {
            ZeroPoints::Symmetric => code - middle,
            ZeroPoints::Integer(zeros) => code - i64::from(zeros[self.block(output, input / self.group())]),
            ZeroPoints::Float(_) => code,
        }
    }

    /// What [`IntegerWeights::accumulators`](super::IntegerWeights::accumulators) leaves.
    #[must_use]
    pub fn accumulators(&self, activations: &Activations<'_>) -> Vec<i64> {
        let (outputs, inputs) = self.shape;
        let mut accumulators = vec![0; activations.rows * outputs * self.groups()];
        for row in 0..activations.rows {
            for output in 0..outputs {
                for input in 0..inputs {
                    let place = (row * outputs + output) * self.groups() + input / self.group();
                    accumulators[place] += steps(activations, row, input) * self.level(output, input);
                }
            }
        }
        accumulators
    }

    /// What [`IntegerWeights::product`](super::IntegerWeights::product) leaves.
    #[must_use]
    pub fn product(&self, activations: &Activations<'_>, bias: Option<&[f32]>) -> Vec<f32> {
        let (outputs, inputs) = self.shape;
        let accumulators = self.accumulators(activations);
        let mut results = Vec::new();
        for row in 0..activations.rows {
            let scale = activations.parameters(row).scale;
            for output in 0..outputs {
                let mut sum = 0.0_f32;
                for group in 0..self.groups() {
                    let block = self.block(output, group);
                    let mut level = accumulators[(row * outputs + output) * self.groups() + group] as f32;
                    if let ZeroPoints::Float(zeros) = self.zero_points {
                        let members = group * self.group()..inputs.min((group + 1) * self.group());
                        let steps: i64 = members.map(|input| steps(activations, row, input)).sum();
                        level -= zeros[block] * steps as f32;
                    }
                    sum += level * (scale * self.scales[block]);
                }
                results.push(bias.map_or(sum, |bias| sum + bias[output]));
            }
        }
        results
    }
}

/// An activation less its zero point.
fn steps(activations: &Activations<'_>, row: usize, input: usize) -> i64 {
    let position = row * activations.inputs + input;
    let code = match activations.codes {
        ActivationCodes::Unsigned(codes) => i64::from(codes[position]),
        ActivationCodes::Signed(codes) => i64::from(codes[position]),
    };
    code - i64::from(activations.parameters(row).zero_point)
}
