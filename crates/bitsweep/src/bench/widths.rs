//! Square layers of all widths: from which one on a format is faster than `f32`.

use std::hint::black_box;

use bitsweep_kernels::KernelError;
use serde::Serialize;

use super::ROUNDS;
use super::layers::{Format, Layer};
use super::turns::{Seconds, Turns};

/// The widths that are measured.
const WIDTHS: [usize; 10] = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];

/// The formats that are measured, those of `f32` first.
const FORMATS: [Format; 6] = [
    Format::F32,
    Format::Int8,
    Format::Int4,
    Format::Int4WeightsAlone,
    Format::Nf4,
    Format::Int2WeightsAlone,
];

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

/// The times of every format and width up to the largest, of each width measured in turns.
pub(super) fn measured(largest: usize) -> Result<Vec<FormatTimes>, KernelError> {
    let mut formats = FORMATS.map(|format| FormatTimes { format, break_even: None, widths: Vec::new() });
    for width in WIDTHS.into_iter().filter(|width| *width <= largest) {
        let layers = FORMATS.map(|format| Layer::new(format, (width, width)));
        let layers: Vec<Layer> = layers.into_iter().collect::<Result<_, _>>()?;
        let inputs: Vec<f32> = (0..width).map(|input| (input % 17) as f32 - 8.0).collect();
        let mut turns = Turns::default();
        for layer in &layers {
            let (mut codes, mut results) = (vec![0; width], vec![0.0; width]);
            layer.product_of_numbers(&inputs, &mut codes, &mut results)?;
            let inputs = &inputs;
            turns.add(move || {
                black_box(layer.product_of_numbers(inputs, &mut codes, &mut results).is_ok());
            });
        }
        for ((times, layer), seconds) in formats.iter_mut().zip(&layers).zip(turns.measured(ROUNDS)) {
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
}
