//! Layers without a model: formats, and products with them.

use bitsweep_kernels::{
    ActivationCodes, ActivationParameters, Activations, Codes, Granularity, IntegerWeights, KernelError,
    TableWeights, TableWidth, Width, ZeroPoints, quantize_signed,
};
use bitsweep_vector::Instructions;

/// How a layer's weights and inputs are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Weights and inputs of `f32`.
    F32,
    /// Weights of 8 bits, a scale for each output; codes of 8 bits for inputs.
    Int8,
    /// Weights of 4 bits in groups of 128 inputs; codes of 8 bits for inputs.
    Int4,
    /// Weights of 4 bits in groups of 32 inputs; codes of 8 bits for inputs.
    Int4Fine,
    /// Weights of 3 bits in groups of 128 inputs; codes of 8 bits for inputs.
    Int3,
    /// Weights of 2 bits in groups of 64 inputs; codes of 8 bits for inputs.
    Int2,
    /// Weights of 1 bit, a scale for each output; codes of 8 bits for inputs.
    Binary,
    /// Weights of 8 bits, a scale for each output; inputs of `f32`.
    Int8WeightsAlone,
    /// Weights of 4 bits in groups of 128 inputs; inputs of `f32`.
    Int4WeightsAlone,
    /// Weights of 2 bits in groups of 64 inputs; inputs of `f32`.
    Int2WeightsAlone,
    /// Levels of NormalFloat, 4 bits in groups of 64 inputs; inputs of `f32`.
    Nf4,
    /// Floats of 4 bits in groups of 32 inputs; inputs of `f32`.
    Mxfp4,
    /// Floats of 8 bits, a scale for each output; inputs of `f32`.
    Fp8,
}

impl Format {
    /// In words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Int8 => "int8, inputs of 8 bits",
            Self::Int4 => "int4, inputs of 8 bits",
            Self::Int4Fine => "int4 by 32, inputs of 8 bits",
            Self::Int3 => "int3, inputs of 8 bits",
            Self::Int2 => "int2, inputs of 8 bits",
            Self::Binary => "binary, inputs of 8 bits",
            Self::Int8WeightsAlone => "int8, inputs of f32",
            Self::Int4WeightsAlone => "int4, inputs of f32",
            Self::Int2WeightsAlone => "int2, inputs of f32",
            Self::Nf4 => "NF4, inputs of f32",
            Self::Mxfp4 => "MXFP4, inputs of f32",
            Self::Fp8 => "FP8, inputs of f32",
        }
    }
}

/// A layer in one format.
#[derive(Clone)]
pub(super) enum Layer {
    Table(TableWeights),
    Integer(IntegerWeights),
}

impl Layer {
    /// A layer of `shape`, `(outputs, inputs)`.
    pub(super) fn new(format: Format, shape: (usize, usize)) -> Result<Self, KernelError> {
        match format {
            Format::F32 => TableWeights::floats(shape, &vec![0.5; shape.0 * shape.1]).map(Self::Table),
            Format::Int8 => integer(shape, Width::Eight, Granularity::Output),
            Format::Int4 => integer(shape, Width::Four, Granularity::Group(128)),
            Format::Int4Fine => integer(shape, Width::Four, Granularity::Group(32)),
            Format::Int3 => integer(shape, Width::Three, Granularity::Group(128)),
            Format::Int2 => integer(shape, Width::Two, Granularity::Group(64)),
            Format::Binary => integer(shape, Width::Binary, Granularity::Output),
            Format::Int8WeightsAlone => weights_alone(shape, Width::Eight, Granularity::Output),
            Format::Int4WeightsAlone => weights_alone(shape, Width::Four, Granularity::Group(128)),
            Format::Int2WeightsAlone => weights_alone(shape, Width::Two, Granularity::Group(64)),
            Format::Nf4 => levels_of_four_bits(shape, Granularity::Group(64)),
            Format::Mxfp4 => levels_of_four_bits(shape, Granularity::Group(32)),
            Format::Fp8 => fp8(shape),
        }
    }

    /// Of its weights.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Table(weights) => weights.bytes(),
            Self::Integer(weights) => weights.bytes(),
        }
    }

    /// The product of one row of numbers, with what makes codes of it where these are multiplied; by this thread, or by those of
    /// rayon's pool.
    pub(super) fn product_of_numbers(
        &self,
        inputs: &[f32],
        codes: &mut [i8],
        results: &mut [f32],
        is_parallel: bool,
    ) -> Result<(), KernelError> {
        let best = Instructions::best();
        match self {
            Self::Table(weights) if is_parallel => weights.product_parallel(best, 1, inputs, None, results),
            Self::Table(weights) => weights.product(1, inputs, None, results),
            Self::Integer(weights) => {
                let parameters = [quantize_signed(inputs, codes)?];
                let codes = ActivationCodes::Signed(codes);
                let activations = Activations::new((1, inputs.len()), codes, &parameters)?;
                match is_parallel {
                    true => weights.product_parallel(best, &activations, None, results),
                    false => weights.product(&activations, None, results),
                }
            }
        }
    }

    /// The product of rows whose codes are made, by the threads of rayon's pool.
    pub(super) fn product(&self, rows: &Rows, results: &mut [f32]) -> Result<(), KernelError> {
        let instructions = Instructions::best();
        match self {
            Self::Table(weights) => {
                weights.product_parallel(instructions, rows.count, &rows.numbers, None, results)
            }
            Self::Integer(weights) => {
                let shape = (rows.count, rows.codes.len() / rows.count);
                let parameters = [ActivationParameters { scale: 0.01, zero_point: 0 }];
                let activations = Activations::new(shape, ActivationCodes::Signed(&rows.codes), &parameters)?;
                weights.product_parallel(instructions, &activations, None, results)
            }
        }
    }

    /// Whether codes of weights are multiplied with codes of inputs.
    pub(super) fn multiplies_bytes(&self) -> bool {
        matches!(self, Self::Integer(_))
    }

    /// Of one row with its results, as [`product`](Self::product) reads it.
    pub(super) fn bytes_of_row(&self, (outputs, inputs): (usize, usize)) -> usize {
        let each = match self {
            Self::Table(_) => size_of::<f32>(),
            Self::Integer(_) => 1,
        };
        inputs * each + outputs * size_of::<f32>()
    }
}

/// At least one row of inputs, as numbers and as codes.
#[derive(Clone)]
pub(super) struct Rows {
    count: usize,
    numbers: Vec<f32>,
    codes: Vec<i8>,
}

impl Rows {
    pub(super) fn new(count: usize, inputs: usize) -> Self {
        let places = 0..count * inputs;
        Self {
            count,
            numbers: places.clone().map(|place| (place % 17) as f32 - 8.0).collect(),
            codes: places.map(|place| (place * 5).to_le_bytes()[0].cast_signed()).collect(),
        }
    }
}

/// Which codes these are makes no difference to how long a product takes.
fn codes((outputs, inputs): (usize, usize), greatest: u8) -> Vec<u8> {
    (0..outputs * inputs).map(|place| (place * 7 + place / 13).to_le_bytes()[0] & greatest).collect()
}

fn scales((outputs, inputs): (usize, usize), granularity: Granularity) -> Vec<f32> {
    match granularity {
        Granularity::Group(group) => vec![0.01; outputs * inputs.div_ceil(group)],
        Granularity::Output => vec![0.01; outputs],
        Granularity::Tensor => vec![0.01],
    }
}

fn integer(shape: (usize, usize), width: Width, granularity: Granularity) -> Result<Layer, KernelError> {
    let (codes, scales) = (codes(shape, width.greatest()), scales(shape, granularity));
    let codes = Codes::Unsigned(&codes);
    IntegerWeights::new(shape, width, codes, granularity, &scales, ZeroPoints::Symmetric).map(Layer::Integer)
}

fn weights_alone(
    shape: (usize, usize),
    width: Width,
    granularity: Granularity,
) -> Result<Layer, KernelError> {
    let (codes, scales) = (codes(shape, width.greatest()), scales(shape, granularity));
    let codes = Codes::Unsigned(&codes);
    TableWeights::integer(shape, width, codes, granularity, &scales, ZeroPoints::Symmetric).map(Layer::Table)
}

fn levels_of_four_bits(shape: (usize, usize), granularity: Granularity) -> Result<Layer, KernelError> {
    let table: [f32; 16] = std::array::from_fn(|code| (code as f32).sqrt() - 2.0);
    let scales = scales(shape, granularity);
    TableWeights::new(shape, TableWidth::Four, &codes(shape, 15), &table, granularity, &scales)
        .map(Layer::Table)
}

/// Numbers of E4M3, with 0 for those that are none.
fn fp8(shape: (usize, usize)) -> Result<Layer, KernelError> {
    let table: [f32; 256] = std::array::from_fn(|code| {
        let sign = if code < 128 { 1.0 } else { -1.0 };
        let (exponent, mantissa) = ((code >> 3) % 16, (code % 8) as f32 / 8.0);
        match (exponent, code % 8) {
            (15, 7) => 0.0,
            (0, _) => sign * mantissa / 64.0,
            _ => sign * (1.0 + mantissa) * (1 << exponent) as f32 / 128.0,
        }
    });
    let (granularity, codes) = (Granularity::Output, codes(shape, 255));
    TableWeights::new(shape, TableWidth::Eight, &codes, &table, granularity, &scales(shape, granularity))
        .map(Layer::Table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_layers_of_every_small_shape() {
        use Format::*;
        let all = [
            F32,
            Int8,
            Int4,
            Int4Fine,
            Int3,
            Int2,
            Binary,
            Int8WeightsAlone,
            Int4WeightsAlone,
            Int2WeightsAlone,
            Nf4,
            Mxfp4,
            Fp8,
        ];
        for format in all {
            for shape in [(16, 16), (32, 16), (16, 256)] {
                let layer = Layer::new(format, shape).unwrap();
                let (mut codes, mut results) = (vec![0; shape.1], vec![f32::NAN; shape.0]);
                for is_parallel in [false, true] {
                    let inputs = vec![1.0; shape.1];
                    layer.product_of_numbers(&inputs, &mut codes, &mut results, is_parallel).unwrap();
                    assert!(results.iter().all(|result| result.is_finite()), "{format:?}");
                    results.fill(f32::NAN);
                }
                let mut results = vec![f32::NAN; 3 * shape.0];
                layer.product(&Rows::new(3, shape.1), &mut results).unwrap();
                assert!(results.iter().all(|result| result.is_finite()), "{format:?}");
            }
        }
    }
}
