//! How near the kernels come to what the machine can do: `cargo run --release -p bitsweep-kernels --example roofline`.
//!
//! Bandwidth is that of reading 256 MiB with the widest loads there are, the peak that of products in registers. Products with
//! one row are cold: they take one matrix after another of 256 MiB. All are measured in turns, and of each the median is told.
//! Words after `--` choose the lines that have one of them in their names.

use std::hint::black_box;
use std::time::Instant;

use bitsweep_kernels::{
    ActivationCodes, ActivationParameters, Activations, ByteTables, CentroidBits, Codes, Granularity,
    IntegerWeights, KernelError, ProductCodes, QueryTables, ScanCodes, TableWeights, TableWidth, Width,
    ZeroPoints, limits,
};
use bitsweep_vector::Instructions;

const COLD: usize = 256 << 20;
const ROUNDS: usize = 9;
/// Outputs and inputs of the matrices.
const SIDE: usize = 4096;
const SCAN: &str = "PQ of 32 · 4 bits, bytes";

/// What is measured: a name, the bytes read or the operations of one call, and the call.
struct Line<'a> {
    name: String,
    work: Work,
    calls: usize,
    run: Box<dyn FnMut() + 'a>,
}

/// What one call does.
#[derive(Clone, Copy)]
enum Work {
    /// Bytes that are read.
    Bytes(usize),
    /// Multiplications with an addition.
    Products(usize),
}

fn main() -> Result<(), KernelError> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let sets: Vec<Instructions> =
        Instructions::available().filter(|&set| set != Instructions::Portable).collect();
    let best = sets.last().copied().unwrap_or(Instructions::Portable);
    let codes: Vec<u8> = (0..SIDE * SIDE).map(|index| (index * 7 + index / 13).to_le_bytes()[0]).collect();
    let activations: Vec<u8> = (0..2048 * SIDE).map(|index| (index * 5).to_le_bytes()[0]).collect();
    let signed: Vec<i8> = activations.iter().map(|code| code.cast_signed()).collect();
    let parameters = [ActivationParameters { scale: 0.01, zero_point: 0 }];
    let is_chosen = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let may_be_chosen = |name: &str| words.iter().any(|word| word.starts_with(name)) || is_chosen(name);

    let forms = [
        ("int8", Width::Eight, Granularity::Output),
        ("int8 groups of 128", Width::Eight, Granularity::Group(128)),
        ("int4", Width::Four, Granularity::Output),
        ("int4 groups of 128", Width::Four, Granularity::Group(128)),
        ("int4 groups of 32", Width::Four, Granularity::Group(32)),
        ("int3", Width::Three, Granularity::Output),
        ("int2", Width::Two, Granularity::Output),
        ("int2 groups of 64", Width::Two, Granularity::Group(64)),
        ("binary", Width::Binary, Granularity::Output),
    ];
    let mut cold = Vec::new();
    for (name, width, granularity) in forms {
        if may_be_chosen(name) {
            let first = weights(width, granularity, (SIDE, SIDE), &codes)?;
            let count = COLD.div_ceil(first.bytes());
            cold.push((name, width, vec![first; count]));
        }
    }
    let mut warm = Vec::new();
    for side in [1024, 2048] {
        for (name, width) in [("int8", Width::Eight), ("int4", Width::Four)] {
            let name = format!("{name} square {side}");
            if may_be_chosen(&name) {
                warm.push((name, side, weights(width, Granularity::Output, (side, side), &codes)?));
            }
        }
    }
    let memory = limits::Memory::new(COLD);
    let rounds = 1 << 20;
    let peak = limits::multiply_bytes(best, 1)? * rounds;
    let forms = [
        ("NF4 by f32, groups of 64", TableWidth::Four, Granularity::Group(64)),
        ("MXFP4 by f32, groups of 32", TableWidth::Four, Granularity::Group(32)),
        ("FP8 by f32", TableWidth::Eight, Granularity::Output),
        ("int3 by f32, groups of 128", TableWidth::Three, Granularity::Group(128)),
        ("int2 by f32, groups of 128", TableWidth::Two, Granularity::Group(128)),
    ];
    let numbers: Vec<f32> = (0..4 * SIDE).map(|index| (index % 17) as f32 - 8.0).collect();
    let mut tables = Vec::new();
    for (name, width, granularity) in forms {
        if may_be_chosen(name) {
            let table: Vec<f32> = (0..width.levels()).map(|level| (level as f32 * 0.7).sin()).collect();
            let greatest = (width.levels() - 1).to_le_bytes()[0];
            let codes: Vec<u8> = codes.iter().map(|code| code & greatest).collect();
            let scales = vec![0.01; SIDE * groups(granularity, SIDE)];
            let first = TableWeights::new((SIDE, SIDE), width, &codes, &table, granularity, &scales)?;
            let count = COLD.div_ceil(first.bytes());
            tables.push((name, vec![first; count]));
        }
    }
    let name = "int8 by f32";
    if may_be_chosen(name) {
        let (codes, scales) = (Codes::Unsigned(&codes), vec![0.01; SIDE]);
        let zeros = ZeroPoints::Symmetric;
        let first =
            TableWeights::integer((SIDE, SIDE), Width::Eight, codes, Granularity::Output, &scales, zeros)?;
        let count = COLD.div_ceil(first.bytes());
        tables.push((name, vec![first; count]));
    }
    let mut products = Vec::new();
    for (name, bits) in
        [("PQ of 32 · 8 bits", CentroidBits::Eight), ("PQ of 32 · 4 bits", CentroidBits::Four)]
    {
        if may_be_chosen(name) {
            let greatest = (bits.centroids() - 1).to_le_bytes()[0];
            let codes: Vec<u8> =
                (0..COLD).map(|index| (index * 7 + index / 13).to_le_bytes()[0] & greatest).collect();
            let values = vec![0.5; 32 * bits.centroids()];
            let query = QueryTables::of_values(bits, 32, &values)?;
            products.push((name, ProductCodes::new((COLD / 32, 32), bits, &codes)?, query));
        }
    }
    let mut scan = None;
    if may_be_chosen(SCAN) {
        let codes: Vec<u8> =
            (0..2 * COLD).map(|index| (index * 7 + index / 13).to_le_bytes()[0] & 15).collect();
        let values: Vec<f32> = (0..32 * 16).map(|index| (index % 19) as f32).collect();
        let query = QueryTables::of_values(CentroidBits::Four, 32, &values)?;
        scan = Some((ScanCodes::new((COLD / 16, 32), &codes)?, ByteTables::new(&query)?));
    }
    let mut lines = vec![
        Line {
            name: "read".into(),
            work: Work::Bytes(COLD),
            calls: 1,
            run: Box::new(|| {
                black_box(&memory.read(best));
            }),
        },
        Line {
            name: "peak".into(),
            work: Work::Products(peak),
            calls: 1,
            run: Box::new(|| {
                black_box(&limits::multiply_bytes(best, rounds));
            }),
        },
    ];

    for (name, width, matrices) in &cold {
        for &set in &sets {
            for rows in [1, 8, 32] {
                if rows > 1 && (*width != Width::Four || set != best) {
                    continue;
                }
                let activations = Activations::new(
                    (rows, SIDE),
                    ActivationCodes::Signed(&signed[..rows * SIDE]),
                    &parameters,
                )?;
                let mut results = vec![0.0; rows * SIDE];
                let mut index = 0;
                lines.push(Line {
                    name: format!("{name}, {rows} rows, {}", set.name()),
                    work: Work::Bytes(matrices[0].bytes()),
                    calls: matrices.len(),
                    run: Box::new(move || {
                        let product = matrices[index].product_with(set, &activations, None, &mut results);
                        black_box((&product, &results));
                        index = (index + 1) % matrices.len();
                    }),
                });
            }
        }
    }
    for (name, matrices) in &tables {
        for &set in &sets {
            for rows in [1, 4] {
                if rows > 1 && set != best {
                    continue;
                }
                let mut results = vec![0.0; rows * SIDE];
                let mut index = 0;
                let numbers = &numbers[..rows * SIDE];
                lines.push(Line {
                    name: format!("{name}, {rows} rows, {}", set.name()),
                    work: Work::Bytes(matrices[0].bytes()),
                    calls: matrices.len(),
                    run: Box::new(move || {
                        let product = matrices[index].product_with(set, rows, numbers, None, &mut results);
                        black_box((&product, &results));
                        index = (index + 1) % matrices.len();
                    }),
                });
            }
        }
    }
    for (name, codes, query) in &products {
        for &set in &sets {
            let mut results = vec![0.0; codes.vectors()];
            lines.push(Line {
                name: format!("{name}, {}", set.name()),
                work: Work::Bytes(codes.bytes()),
                calls: 1,
                run: Box::new(move || {
                    let found = codes.dot_products_with(set, query, &mut results);
                    black_box((&found, &results));
                }),
            });
        }
    }
    for &set in &sets {
        if let Some((codes, tables)) = &scan {
            let mut results = vec![0; codes.vectors()];
            lines.push(Line {
                name: format!("{SCAN}, {}", set.name()),
                work: Work::Bytes(codes.bytes()),
                calls: 1,
                run: Box::new(move || {
                    let found = codes.sums_with(set, tables, &mut results);
                    black_box((&found, &results));
                }),
            });
        }
    }
    for (name, side, matrix) in &warm {
        for &set in &sets {
            let codes = ActivationCodes::Unsigned(&activations[..side * side]);
            let activations = Activations::new((*side, *side), codes, &parameters)?;
            let mut results = vec![0.0; side * side];
            lines.push(Line {
                name: format!("{name}, {}", set.name()),
                work: Work::Products(side * side * side),
                calls: 2,
                run: Box::new(move || {
                    let product = matrix.product_with(set, &activations, None, &mut results);
                    black_box((&product, &results));
                }),
            });
        }
    }
    lines.retain(|line| ["read", "peak"].contains(&line.name.as_str()) || is_chosen(&line.name));
    print(&measured(&mut lines), &lines);
    Ok(())
}

/// The groups of an output.
fn groups(granularity: Granularity, inputs: usize) -> usize {
    match granularity {
        Granularity::Group(group) => inputs.div_ceil(group),
        Granularity::Tensor | Granularity::Output => 1,
    }
}

fn weights(
    width: Width,
    granularity: Granularity,
    (outputs, inputs): (usize, usize),
    codes: &[u8],
) -> Result<IntegerWeights, KernelError> {
    let codes: Vec<u8> = codes[..outputs * inputs].iter().map(|code| code & width.greatest()).collect();
    let scales = vec![0.01; outputs * groups(granularity, inputs)];
    let codes = Codes::Unsigned(&codes);
    IntegerWeights::new((outputs, inputs), width, codes, granularity, &scales, ZeroPoints::Symmetric)
}

/// The median of the seconds of a call of each, in turns.
fn measured(lines: &mut [Line<'_>]) -> Vec<f64> {
    let mut seconds = vec![Vec::new(); lines.len()];
    for round in 0..=ROUNDS {
        for (line, seconds) in lines.iter_mut().zip(&mut seconds) {
            for _ in 0..line.calls {
                let start = Instant::now();
                (line.run)();
                // The first round warms up.
                if round > 0 {
                    seconds.push(start.elapsed().as_secs_f64());
                }
            }
        }
    }
    let medians = seconds.into_iter().map(|mut seconds| {
        seconds.sort_by(f64::total_cmp);
        seconds[seconds.len() / 2]
    });
    medians.collect()
}

/// The table: what is read is a share of the bandwidth, what is multiplied of the peak.
fn print(medians: &[f64], lines: &[Line<'_>]) {
    let rate = |index: usize| match lines[index].work {
        Work::Bytes(count) | Work::Products(count) => count as f64 / medians[index] / 1e9,
    };
    println!("| | ms | GB/s | billions of products a second | share |");
    println!("|---|---|---|---|---|");
    for (index, line) in lines.iter().enumerate() {
        let (name, milliseconds) = (&line.name, medians[index] * 1e3);
        match line.work {
            Work::Bytes(_) => {
                println!(
                    "| {name} | {milliseconds:.3} | {:.2} | | {:.2} |",
                    rate(index),
                    rate(index) / rate(0)
                );
            }
            Work::Products(_) => {
                println!(
                    "| {name} | {milliseconds:.3} | | {:.1} | {:.2} |",
                    rate(index),
                    rate(index) / rate(1)
                );
            }
        }
    }
}
