//! Activation functions as tables.

use bitsweep_models::Activation;
use bitsweep_quant::{ActivationQuantizer, QuantizeError};
use ndarray::ArrayView2;

/// The numbers of steps between the first and the last entry that are tried, from the fewest on, until neighbours differ by one
/// code at most.
const STEPS: [u32; 3] = [255, 511, 1023];
/// Points on each side of 0 at which a function is looked at to find where its code stays the same.
const POINTS: i32 = 1 << 13;
/// Beyond this the bounded functions are what they are at infinity, to 7 digits.
const FAR: f64 = 16.0;

/// An activation function from whole numbers `v` of a step to codes: `codes[clamp(v + zero, 0, codes.len() - 1)]`.
///
/// Where the code of the function's value stays the same, towards both ends, one entry stands for all; between these ends
/// entries are evenly spaced.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What 1 stands for, before the function.
    pub step: f64,
    /// The position of 0.
    pub zero: i32,
    /// The codes.
    pub codes: Vec<i32>,
}

impl Table {
    /// The table of `activation`, whose values `next` makes codes of. `widened` makes the step that is used of the one that would
    /// do.
    ///
    /// # Errors
    /// Values that are not finite.
    pub(super) fn new(
        activation: Activation,
        next: &ActivationQuantizer,
        widened: impl Fn(f64) -> f64,
    ) -> Result<Self, QuantizeError> {
        let codes_at = |points: Vec<f64>| -> Result<Vec<i32>, QuantizeError> {
            let values: Vec<f32> = points.into_iter().map(|point| activation.apply(point) as f32).collect();
            let row = ArrayView2::from_shape((1, values.len()), &values).expect("one row of all values");
            Ok(next.quantize(row)?.codes().iter().copied().collect())
        };
        let spacing = reach(activation, next) / f64::from(POINTS);
        let points: Vec<f64> = (-POINTS..=POINTS).map(|point| f64::from(point) * spacing).collect();
        let seen = codes_at(points.clone())?;
        let differs = |end: i32| move |code: &i32| *code != end;
        let first = seen.iter().position(differs(seen[0])).map_or(POINTS as usize, |position| position - 1);
        let last = seen.iter().rposition(differs(seen[seen.len() - 1]));
        let last = last.map_or(POINTS as usize, |position| position + 1);
        let (low, high) = (points[first].min(0.0), points[last].max(0.0));
        let mut table = Self { step: 1.0, zero: 0, codes: codes_at(vec![0.0])? };
        if low == high {
            return Ok(table);
        }
        for steps in STEPS {
            let step = widened((high - low) / f64::from(steps));
            let zero = (-low / step).round();
            let entries = ((high / step).round() + zero) as i32 + 1;
            let codes = codes_at((0..entries).map(|entry| (f64::from(entry) - zero) * step).collect())?;
            table = Self { step, zero: zero as i32, codes };
            if table.codes.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 1) {
                break;
            }
        }
        Ok(table)
    }

    /// The code of a whole number.
    pub(super) fn code(&self, value: i64) -> i32 {
        let last = self.codes.len() as i64 - 1;
        self.codes[(value + i64::from(self.zero)).clamp(0, last) as usize]
    }
}

/// How far from 0 a function is looked at.
fn reach(activation: Activation, next: &ActivationQuantizer) -> f64 {
    let codes = next.scheme().codes();
    let levels = f64::from(1_u32 << codes.bits());
    let largest = next.fitted().map_or(1.0, |fitted| f64::from(fitted.scale)) * levels;
    match activation {
        Activation::Tanh | Activation::Sigmoid => FAR,
        Activation::HardSigmoid { alpha, beta } if alpha != 0.0 => {
            (1.0 + f64::from(beta).abs()) / f64::from(alpha).abs() + 1.0
        }
        Activation::HardSigmoid { .. } => FAR,
        Activation::Identity
        | Activation::Relu
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::GeluTanh
        | Activation::HardSwish
        | Activation::HardTanh { .. } => FAR.max(largest + 1.0),
    }
}
