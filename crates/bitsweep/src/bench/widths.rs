//! Square layers of all widths: from which one on a format is faster than `f32`.

use std::hint::black_box;

use bitsweep_kernels::KernelError;
use bitsweep_results::speed::{FormatTimes, LayerTimes};

use super::ROUNDS;
use super::layers::{Format, Layer};
use super::threads::Threads;
use super::turns::Turns;
use crate::progress::Progress;

/// The widths that are measured.
const WIDTHS: [usize; 10] = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];

/// The formats that are measured beside `f32`.
const FORMATS: [Format; 5] =
    [Format::Int8, Format::Int4, Format::Int4WeightsAlone, Format::Nf4, Format::Int2WeightsAlone];

/// The widths up to the largest.
pub(super) fn widths(largest: usize) -> impl Iterator<Item = usize> + Clone {
    WIDTHS.into_iter().filter(move |width| *width <= largest)
}

/// The times of every format and width up to the largest, of each width measured in turns: on one thread, and on all where there
/// are more.
pub(super) fn measured(
    threads: &Threads,
    largest: usize,
    progress: &Progress,
) -> Result<Vec<LayerTimes>, KernelError> {
    let counts: &[usize] = match threads.count() {
        1 => &[1],
        several => &[1, several],
    };
    // By threads, then by format, that of `f32` first, then by width.
    let mut seconds = vec![vec![Vec::new(); 1 + FORMATS.len()]; counts.len()];
    for width in widths(largest) {
        let layers =
            [Format::F32].into_iter().chain(FORMATS).map(|format| Layer::new(format, (width, width)));
        let layers: Vec<Layer> = layers.collect::<Result<_, _>>()?;
        let inputs: Vec<f32> = (0..width).map(|input| (input % 17) as f32 - 8.0).collect();
        let mut turns = Turns::default();
        for &count in counts {
            for layer in &layers {
                let (mut codes, mut results) = (vec![0; width], vec![0.0; width]);
                let (inputs, is_parallel) = (&inputs, count > 1);
                layer.product_of_numbers(inputs, &mut codes, &mut results, false)?;
                let product = move || {
                    let product = layer.product_of_numbers(inputs, &mut codes, &mut results, is_parallel);
                    black_box(product.is_ok());
                };
                match is_parallel {
                    false => turns.add(product),
                    true => turns.add_in(&threads.all, product),
                };
            }
        }
        let measured = turns.measured(ROUNDS, progress);
        let of_threads = measured.chunks(layers.len());
        for (seconds, measured) in seconds.iter_mut().flatten().zip(of_threads.flatten()) {
            seconds.push(*measured);
        }
    }
    let widths: Vec<usize> = widths(largest).collect();
    let times = counts.iter().zip(seconds).map(|(threads, seconds)| {
        let mut seconds = seconds.into_iter();
        let float = seconds.next().unwrap_or_default();
        let formats = FORMATS.iter().zip(seconds);
        let formats =
            formats.map(|(format, own)| FormatTimes::new(format.name().to_owned(), &widths, &float, own));
        LayerTimes { threads: *threads, formats: formats.collect(), widths: widths.clone(), float }
    });
    Ok(times.collect())
}
