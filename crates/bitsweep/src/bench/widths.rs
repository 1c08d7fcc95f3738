//! Square layers of all widths: from which one on a format is faster than `f32`.

use std::hint::black_box;

use bitsweep_kernels::{
    ActivationCodes, Activations, Codes, Granularity, IntegerWeights, KernelError, TableWeights, TableWidth,
    Width, ZeroPoints, quantize_signed,
};
use serde::Serialize;

use super::turns::{Seconds, Turns};

/// The widths that are measured.
const WIDTHS: [usize; 10] = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];

/// How a layer's weights and inputs are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Weights and inputs of `f32`.
    F32,
    /// Weights of 8 bits, a scale for each output; inputs become codes of 8 bits in each pass.
    Int8,
    /// Weights of 4 bits in groups of 128 inputs; inputs become codes of 8 bits in each pass.
    Int4,
    /// Weights of 4 bits in groups of 128 inputs; inputs of `f32`.
    Int4WeightsAlone,
    /// Levels of NormalFloat, 4 bits in groups of 64 inputs; inputs of `f32`.
    Nf4,
    /// Weights of 2 bits in groups of 64 inputs; inputs of `f32`.
    Int2WeightsAlone,
}

impl Format {
    const ALL: [Self; 6] =
        [Self::F32, Self::Int8, Self::Int4, Self::Int4WeightsAlone, Self::Nf4, Self::Int2WeightsAlone];

    /// In words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Int8 => "int8, inputs of 8 bits",
            Self::Int4 => "int4, inputs of 8 bits",
            Self::Int4WeightsAlone => "int4, inputs of f32",
            Self::Nf4 => "NF4, inputs of f32",
            Self::Int2WeightsAlone => "int2, inputs of f32",
        }
    }
}

/// The times of a format.
#[derive(Debug, Serialize)]
pub struct FormatTimes {
    /// The format.
    pub format: Format,
    /// The least width from which on all products of one row are shown to take less time than those of `f32`; `None` where there is
    /// none, and of `f32`.
    pub break_even: Option<usize>,
    /// Of one row, by width.
    pub widths: Vec<WidthTime>,
}

/// The time of a product of one row.
#[derive(Debug, Serialize)]
pub struct WidthTime {
    /// Inputs and outputs of the layer.
    pub width: usize,
    /// Bytes of its weights.
    pub bytes: usize,
    /// The time.
    pub seconds: Seconds,
}

/// A layer in one format.
enum Layer {
    Table(TableWeights),
    Integer(IntegerWeights),
}

impl Layer {
    fn new(format: Format, width: usize) -> Result<Self, KernelError> {
        let shape = (width, width);
        // Which codes these are makes no difference to how long a product takes.
        let codes = |greatest: u8| -> Vec<u8> {
            (0..width * width).map(|place| (place * 7 + place / 13).to_le_bytes()[0] & greatest).collect()
        };
        let scales = |granularity| match granularity {
            Granularity::Group(group) => vec![0.01; width * width.div_ceil(group)],
            Granularity::Output => vec![0.01; width],
            Granularity::Tensor => vec![0.01],
        };
        let zeros = ZeroPoints::Symmetric;
        match format {
            Format::F32 => TableWeights::floats(shape, &vec![0.5; width * width]).map(Self::Table),
            Format::Int8 => {
                let (codes, granularity) = (codes(255), Granularity::Output);
                let codes = Codes::Unsigned(&codes);
                IntegerWeights::new(shape, Width::Eight, codes, granularity, &scales(granularity), zeros)
                    .map(Self::Integer)
            }
            Format::Int4 => {
                let (codes, granularity) = (codes(15), Granularity::Group(128));
                let codes = Codes::Unsigned(&codes);
                IntegerWeights::new(shape, Width::Four, codes, granularity, &scales(granularity), zeros)
                    .map(Self::Integer)
            }
            Format::Int4WeightsAlone | Format::Int2WeightsAlone => {
                let (bits, group) =
                    if format == Format::Int2WeightsAlone { (Width::Two, 64) } else { (Width::Four, 128) };
                let (codes, granularity) = (codes(bits.greatest()), Granularity::Group(group));
                let codes = Codes::Unsigned(&codes);
                TableWeights::integer(shape, bits, codes, granularity, &scales(granularity), zeros)
                    .map(Self::Table)
            }
            Format::Nf4 => {
                let (codes, granularity) = (codes(15), Granularity::Group(64));
                let table: Vec<f32> = (0..16_u8).map(|code| f32::from(code).sqrt() - 2.0).collect();
                TableWeights::new(shape, TableWidth::Four, &codes, &table, granularity, &scales(granularity))
                    .map(Self::Table)
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Table(weights) => weights.bytes(),
            Self::Integer(weights) => weights.bytes(),
        }
    }

    /// The product of one row, with what makes codes of it where these are multiplied.
    fn product(&self, inputs: &[f32], codes: &mut [i8], results: &mut [f32]) -> Result<(), KernelError> {
        match self {
            Self::Table(weights) => weights.product(1, inputs, None, results),
            Self::Integer(weights) => {
                let parameters = [quantize_signed(inputs, codes)?];
                let codes = ActivationCodes::Signed(codes);
                let activations = Activations::new((1, inputs.len()), codes, &parameters)?;
                weights.product(&activations, None, results)
            }
        }
    }
}

/// The times of every format and width up to the largest, of each width measured in turns.
pub(super) fn measured(largest: usize) -> Result<Vec<FormatTimes>, KernelError> {
    let mut formats = Format::ALL.map(|format| FormatTimes { format, break_even: None, widths: Vec::new() });
    for width in WIDTHS.into_iter().filter(|width| *width <= largest) {
        let layers = Format::ALL.map(|format| Layer::new(format, width));
        let layers: Vec<Layer> = layers.into_iter().collect::<Result<_, _>>()?;
        let inputs: Vec<f32> = (0..width).map(|input| (input % 17) as f32 - 8.0).collect();
        let mut turns = Turns::default();
        for layer in &layers {
            let (mut codes, mut results) = (vec![0; width], vec![0.0; width]);
            layer.product(&inputs, &mut codes, &mut results)?;
            let inputs = &inputs;
            turns.add(move || {
                black_box(layer.product(inputs, &mut codes, &mut results).is_ok());
            });
        }
        for ((times, layer), seconds) in formats.iter_mut().zip(&layers).zip(turns.measured()) {
            times.widths.push(WidthTime { width, bytes: layer.bytes(), seconds });
        }
    }
    let [float, others @ ..] = &mut formats;
    for times in others {
        times.break_even = break_even(&float.widths, &times.widths);
    }
    Ok(formats.into())
}

/// The least width from which on all times are shown to be below those of `f32`.
fn break_even(float: &[WidthTime], own: &[WidthTime]) -> Option<usize> {
    let pairs = float.iter().zip(own).rev();
    let faster = pairs.take_while(|(float, own)| own.seconds.is_below(&float.seconds));
    faster.last().map(|(_, own)| own.width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(times: &[(usize, f64)]) -> Vec<WidthTime> {
        let time = |&(width, median): &(usize, f64)| {
            let seconds = Seconds { median, low: 0.9 * median, high: 1.1 * median };
            WidthTime { width, bytes: width, seconds }
        };
        times.iter().map(time).collect()
    }

    #[test]
    fn a_format_is_faster_from_the_width_on_from_which_it_stays_so() {
        let float = times(&[(16, 1.0), (32, 2.0), (64, 4.0), (128, 8.0)]);
        let of = |own: &[(usize, f64)]| break_even(&float, &times(own));
        assert_eq!(of(&[(16, 0.5), (32, 3.0), (64, 2.0), (128, 4.0)]), Some(64));
        assert_eq!(of(&[(16, 0.5), (32, 1.0), (64, 2.0), (128, 4.0)]), Some(16));
        // At 128 the intervals meet.
        assert_eq!(of(&[(16, 0.5), (32, 1.0), (64, 2.0), (128, 7.5)]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn every_format_has_layers_of_every_small_width() {
        for format in Format::ALL {
            for width in [16, 32, 256] {
                let layer = Layer::new(format, width).unwrap();
                let (mut codes, mut results) = (vec![0; width], vec![f32::NAN; width]);
                layer.product(&vec![1.0; width], &mut codes, &mut results).unwrap();
                assert!(results.iter().all(|result| result.is_finite()), "{format:?}");
            }
        }
    }
}
