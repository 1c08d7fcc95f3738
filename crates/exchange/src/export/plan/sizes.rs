//! Bytes that a plan takes on a device, but for its code.

use bitsweep_device::{Arithmetic, Encoding, Parts};
use bitsweep_inference::integer::{CountCodes, FeatureCodes, Positions};

use super::integer::Integer;
use super::layer::{Finish, LayerPlan};
use super::network::NetworkPlan;
use super::rescaling::{PerOutput, Rescaling};
use super::the_same::the_same;
use super::weights::{Meaning, WeightCodes};

impl NetworkPlan {
    /// What it is made of on a device, with what makes codes of these features.
    pub(in crate::export) fn parts(&self, features: &FeatureCodes) -> Parts {
        let constants: usize = self.layers.iter().map(LayerPlan::constant_bytes).sum();
        let codes: usize = self.buffers().into_iter().flatten().sum();
        let buffers = codes * self.codes.bytes() + self.outputs() * Integer::I32.bytes();
        let arithmetic = self.layers.iter().map(LayerPlan::arithmetic).max();
        Parts {
            constants: constants as u64,
            largest_array: self.layers.iter().map(|layer| layer.weights.bytes()).max().unwrap_or(0) as u64,
            encoding: encoding(features),
            buffers: buffers as u64,
            layers: self.layers.len() as u64,
            arithmetic: arithmetic.unwrap_or(Arithmetic::Shifts),
            calls_library: false,
        }
    }
}

impl LayerPlan {
    fn arithmetic(&self) -> Arithmetic {
        let (rescaling, falling) = self.finish.rescalings();
        let all = rescaling.into_iter().chain(falling).map(|rescaling| match rescaling {
            Rescaling::Shift { .. } => Arithmetic::Shifts,
            Rescaling::Product { multipliers: PerOutput::Same(_), shifts: PerOutput::Same(_) } => {
                Arithmetic::OneMultiplier
            }
            Rescaling::Product { .. } => Arithmetic::Multipliers,
            Rescaling::Groups { .. } => Arithmetic::Groups,
        });
        all.max().unwrap_or(Arithmetic::Shifts)
    }

    fn constant_bytes(&self) -> usize {
        let meaning = match &self.weights {
            WeightCodes::Levels(_) | WeightCodes::Packed { meaning: Meaning::Offset(_), .. } => 0,
            WeightCodes::Packed { meaning: Meaning::Offsets(numbers) | Meaning::Table(numbers), .. } => {
                array(numbers)
            }
        };
        let table = match &self.finish {
            Finish::Table { codes, .. } => array(codes),
            Finish::Sums | Finish::Logits(_) | Finish::Codes { .. } => 0,
        };
        let (rescaling, falling) = self.finish.rescalings();
        let rescalings: usize = rescaling.into_iter().chain(falling).map(Rescaling::constant_bytes).sum();
        self.weights.bytes() + meaning + array(self.biases.values()) + table + rescalings
    }
}

impl WeightCodes {
    /// Bytes of the weights themselves.
    fn bytes(&self) -> usize {
        match self {
            Self::Levels(levels) => array(levels),
            Self::Packed { bytes, .. } => bytes.len(),
        }
    }
}

impl Rescaling {
    fn constant_bytes(&self) -> usize {
        match self {
            Self::Shift { shifts } => shifts.constant_bytes(),
            Self::Product { multipliers, shifts } => multipliers.constant_bytes() + shifts.constant_bytes(),
            Self::Groups { multipliers, shifts } => array(multipliers) + shifts.constant_bytes(),
        }
    }
}

impl PerOutput {
    fn constant_bytes(&self) -> usize {
        match self {
            Self::Same(_) => 0,
            Self::Each(numbers) => array(numbers),
        }
    }
}

fn encoding(features: &FeatureCodes) -> Encoding {
    match features.positions() {
        Positions::Float { means, divisors, .. } => {
            let different = [means, divisors].into_iter().filter(|numbers| the_same(numbers).is_none());
            Encoding::Floats(different.map(|numbers| (numbers.len() * size_of::<f32>()) as u64).sum())
        }
        Positions::Integer(all) => {
            let unsigned = |of: fn(&CountCodes) -> u32| {
                let numbers: Vec<u32> = all.iter().map(of).collect();
                let bits = u32::BITS - numbers.iter().fold(0, |all, number| all | number).leading_zeros();
                let bytes = bits.div_ceil(8).max(1).next_power_of_two() as usize;
                if the_same(&numbers).is_some() { 0 } else { numbers.len() * bytes }
            };
            let first: Vec<i32> = all.iter().map(|own| own.first).collect();
            let first = if the_same(&first).is_some() { 0 } else { array(&first) };
            let others: [fn(&CountCodes) -> u32; 4] =
                [|own| own.coarse, |own| own.last, |own| own.multiplier, |own| own.offset];
            Encoding::Integers((first + others.into_iter().map(unsigned).sum::<usize>()) as u64)
        }
    }
}

/// Bytes of an array of the narrowest type.
fn array(numbers: &[i32]) -> usize {
    numbers.len() * Integer::holding(numbers.iter().copied()).bytes()
}
