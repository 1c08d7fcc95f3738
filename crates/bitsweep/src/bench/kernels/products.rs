//! Products with packed weights.

use std::hint::black_box;

use bitsweep_kernels::{ByteTables, CentroidBits, KernelError, ProductCodes, QueryTables, ScanCodes};
use bitsweep_results::speed::Seconds;
use serde::Serialize;

use super::{COLD_BYTES_PER_WEIGHT, Multiplying, Peak, ROUNDS, Reading, Times, times};
use crate::bench::layers::{Format, Layer, Rows};
use crate::bench::threads::Threads;
use crate::bench::turns::Turns;
use crate::progress::Progress;

/// The formats of layers.
const FORMATS: [Format; 13] = [
    Format::F32,
    Format::Int8,
    Format::Int4,
    Format::Int4Fine,
    Format::Int3,
    Format::Int2,
    Format::Binary,
    Format::Int8WeightsAlone,
    Format::Int4WeightsAlone,
    Format::Int2WeightsAlone,
    Format::Nf4,
    Format::Mxfp4,
    Format::Fp8,
];

/// Rows of products that pass through cold weights.
const ROWS: [usize; 3] = [1, 8, 32];

/// What the sides of matrices are divided by, for products of square matrices whose weights are warm.
const SQUARES: [usize; 2] = [4, 2];

/// Bytes of each vector's codes by product quantization.
const SUBSPACES: usize = 32;

/// Sums of what tables hold for the codes of vectors, by product quantization.
#[derive(Clone, Copy)]
enum LookUps {
    /// Tables of 256 `f32`.
    Eight,
    /// Tables of 16 `f32`.
    Four,
    /// Tables of 16 bytes, codes of many vectors beside one another.
    Bytes,
}

impl LookUps {
    const ALL: [Self; 3] = [Self::Eight, Self::Four, Self::Bytes];

    fn name(self) -> &'static str {
        match self {
            Self::Eight => "PQ of 8 bits",
            Self::Four => "PQ of 4 bits",
            Self::Bytes => "PQ of 4 bits, byte tables",
        }
    }
}

/// The times of a product.
#[derive(Debug, Serialize)]
pub struct ProductTimes {
    /// How weights and inputs are held.
    pub name: &'static str,
    /// Rows, inputs and outputs; `None` of sums by product quantization.
    pub shape: Option<[usize; 3]>,
    /// Bytes of weights, inputs and outputs, each once.
    pub bytes: usize,
    /// Products of two numbers; 0 of sums by product quantization.
    pub products: usize,
    /// Whether weights come from memory: one matrix after another, of so many bytes as reading passes through.
    pub is_cold: bool,
    /// Reading as many bytes as all these matrices have, in the same turns.
    pub read: Times,
    /// Bytes that are read then.
    pub bytes_read: usize,
    /// What the machine multiplies at most, in the same turns; `None` of sums by product quantization.
    pub peak: Option<Peak>,
    /// The product by one thread.
    pub one: Seconds,
    /// The product by all; `None` where the kernel runs on one thread alone.
    pub all: Option<Seconds>,
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FORMATS.into_iter().map(Format::name).chain(LookUps::ALL.into_iter().map(LookUps::name))
}

pub(super) fn measured(
    threads: &Threads,
    names: &[&str],
    side: usize,
    progress: &Progress,
) -> Result<Vec<ProductTimes>, KernelError> {
    let mut all = Vec::new();
    for format in FORMATS.into_iter().filter(|format| names.contains(&format.name())) {
        all.extend(of_format(threads, format, side, progress)?);
    }
    for sums in LookUps::ALL.into_iter().filter(|sums| names.contains(&sums.name())) {
        all.push(of_look_ups(threads, sums, COLD_BYTES_PER_WEIGHT * side * side, progress)?);
    }
    Ok(all)
}

fn of_format(
    threads: &Threads,
    format: Format,
    side: usize,
    progress: &Progress,
) -> Result<Vec<ProductTimes>, KernelError> {
    let first = Layer::new(format, (side, side))?;
    let cold_bytes = COLD_BYTES_PER_WEIGHT * side * side;
    let bytes = first.bytes();
    let cold = vec![first; cold_bytes.div_ceil(bytes)];
    let memory = Reading::new(cold_bytes, threads.count());
    let squares: Vec<(usize, Vec<Layer>)> = SQUARES
        .into_iter()
        .map(|part| Ok((side / part, vec![Layer::new(format, (side / part, side / part))?])))
        .collect::<Result<_, KernelError>>()?;
    let of_rows = ROWS.map(|rows| (rows, side, &cold));
    let of_squares = squares.iter().map(|(side, layers)| (*side, *side, layers));
    let shapes: Vec<(usize, usize, &Vec<Layer>)> = of_rows.into_iter().chain(of_squares).collect();
    let mut turns = Turns::default();
    let reading = memory.add(threads, &mut turns);
    let multiplying = if cold[0].multiplies_bytes() { Multiplying::Bytes } else { Multiplying::Floats };
    let peaking = multiplying.add(threads, &mut turns)?;
    let mut places = Vec::new();
    for &(count, side, layers) in &shapes {
        let rows = Rows::new(count, side);
        let mut results = vec![0.0; count * side];
        layers[0].product(&rows, &mut results)?;
        places.push(threads.add(&mut turns, move || {
            for layer in layers {
                black_box((layer.product(&rows, &mut results).is_ok(), &results));
            }
        }));
    }
    let measured = turns.measured(ROUNDS, progress);
    let peak = peaking.measured(threads, &measured);
    let each = shapes.into_iter().zip(places).map(|((rows, side, layers), places)| {
        let layer = &layers[0];
        let Times { one, all } = times(&measured, places, layers.len());
        ProductTimes {
            name: format.name(),
            shape: Some([rows, side, side]),
            bytes: layer.bytes() + rows * layer.bytes_of_row((side, side)),
            products: rows * side * side,
            is_cold: layers.len() > 1,
            read: times(&measured, reading, 1),
            bytes_read: memory.bytes(),
            peak: Some(peak),
            one,
            all: Some(all),
        }
    });
    Ok(each.collect())
}

fn of_look_ups(
    threads: &Threads,
    sums: LookUps,
    cold_bytes: usize,
    progress: &Progress,
) -> Result<ProductTimes, KernelError> {
    let codes = |vectors: usize, greatest: u8| -> Vec<u8> {
        let places = 0..vectors * SUBSPACES;
        places.map(|place| (place * 7 + place / 13).to_le_bytes()[0] & greatest).collect()
    };
    let tables = |bits: CentroidBits| {
        let values: Vec<f32> = (0..SUBSPACES * bits.centroids()).map(|place| (place % 19) as f32).collect();
        QueryTables::of_values(bits, SUBSPACES, &values)
    };
    let (vectors, halves) = (cold_bytes / SUBSPACES, 2 * cold_bytes / SUBSPACES);
    match sums {
        LookUps::Eight => {
            let bits = CentroidBits::Eight;
            let codes = ProductCodes::new((vectors, SUBSPACES), bits, &codes(vectors, 255))?;
            let (tables, mut results) = (tables(bits)?, vec![0.0; vectors]);
            let call = || codes.dot_products(&tables, &mut results);
            measured_sums(threads, sums, codes.bytes() + vectors * size_of::<f32>(), call, progress)
        }
        LookUps::Four => {
            let bits = CentroidBits::Four;
            let codes = ProductCodes::new((halves, SUBSPACES), bits, &codes(halves, 15))?;
            let (tables, mut results) = (tables(bits)?, vec![0.0; halves]);
            let call = || codes.dot_products(&tables, &mut results);
            measured_sums(threads, sums, codes.bytes() + halves * size_of::<f32>(), call, progress)
        }
        LookUps::Bytes => {
            let codes = ScanCodes::new((halves, SUBSPACES), &codes(halves, 15))?;
            let tables = ByteTables::new(&tables(CentroidBits::Four)?)?;
            let mut results = vec![0; halves];
            let call = || codes.sums(&tables, &mut results);
            measured_sums(threads, sums, codes.bytes() + halves * size_of::<u16>(), call, progress)
        }
    }
}

/// Sums by one thread.
fn measured_sums(
    threads: &Threads,
    sums: LookUps,
    bytes: usize,
    mut call: impl FnMut() -> Result<(), KernelError> + Send,
    progress: &Progress,
) -> Result<ProductTimes, KernelError> {
    call()?;
    let memory = Reading::new(bytes, threads.count());
    let mut turns = Turns::default();
    let reading = memory.add(threads, &mut turns);
    let place = turns.add(|| {
        black_box(threads.one.install(&mut call).is_ok());
    });
    let measured = turns.measured(ROUNDS, progress);
    Ok(ProductTimes {
        name: sums.name(),
        shape: None,
        bytes,
        products: 0,
        is_cold: true,
        read: times(&measured, reading, 1),
        bytes_read: memory.bytes(),
        peak: None,
        one: measured[place],
        all: None,
    })
}
