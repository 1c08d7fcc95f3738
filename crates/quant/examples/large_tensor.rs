//! How long it takes to quantize a large matrix, to pack its codes and to make values of them again, on one core, in
//! milliseconds: one JSON object per scheme, medians.
//!
//! `cargo run --release -p bitsweep-quant --example large_tensor [SIDE] [SCHEME …]`, a scheme in TOML with semicolons for ends
//! of lines. The first object is reading the matrix, and copying it to new memory. `benches/peers/quantization.py` runs it
//! beside other tools.

#![allow(clippy::unwrap_used)]

use std::env;
use std::hint::black_box;
use std::time::Instant;

use bitsweep_quant::{Scheme, SchemeSpec, quantize};
use bitsweep_random::{Generator, Stream};
use ndarray::Array2;

const SIDE: usize = 4096;

const SCHEMES: [&str; 16] = [
    "bits = 8",
    "bits = 8; symmetry = 'asymmetric'",
    "bits = 8; granularity = 'output-channel'",
    "bits = 4; granularity = { group = 64 }",
    "bits = 1",
    "format = 'fp8-e4m3'",
    "format = 'mxfp4'",
    "format = 'nf4'",
    "format = { ternary = 'absmean' }",
    "format = 'f16'",
    "format = 'bf16'",
    "format = 'q4_0'",
    "format = 'q8_0'",
    "bits = 8; range = { percentile = 99.9 }",
    "bits = 4; range = 'mse'",
    "format = { vq = { centroids = 16 } }",
];

/// Runs of each piece of work, and for how many seconds at most.
const RUNS: usize = 5;
const SECONDS: f64 = 4.0;

/// The median of a few runs, in milliseconds.
fn milliseconds(mut work: impl FnMut()) -> f64 {
    let begin = Instant::now();
    let mut times = Vec::new();
    while times.len() < RUNS && (times.is_empty() || begin.elapsed().as_secs_f64() < SECONDS) {
        let start = Instant::now();
        work();
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let side = arguments.first().map_or(SIDE, |side| side.parse().unwrap());
    let mut schemes: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    if schemes.is_empty() {
        schemes.extend(SCHEMES);
    }
    let mut stream = Stream::new(Generator::Modern, 0, "large tensor").unwrap();
    let values: Array2<f32> = stream.normal_matrix(side, side).mapv(|value| value as f32);
    let flat = values.as_slice().unwrap();
    let read = milliseconds(|| {
        let mut sums = [0.0; 64];
        for chunk in flat.chunks(sums.len()) {
            sums.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += value);
        }
        black_box(sums);
    });
    let copy = milliseconds(|| {
        black_box(black_box(flat).to_vec());
    });
    println!("{}", serde_json::json!({ "side": side, "read": read, "copy": copy }));
    for toml in schemes {
        let spec: SchemeSpec = toml::from_str(&toml.replace("; ", "\n")).unwrap();
        let scheme: Scheme = spec.resolve().unwrap();
        let mut made = None;
        let codes = milliseconds(|| {
            made = Some(quantize(black_box(values.view()), &scheme, &mut stream).unwrap());
        });
        let quantized = made.unwrap();
        let pack = milliseconds(|| {
            black_box(quantized.pack());
        });
        let reconstruct = milliseconds(|| {
            black_box(quantized.reconstruct::<f32>());
        });
        let times = serde_json::json!({ "scheme": toml, "quantize": codes, "pack": pack, "reconstruct": reconstruct });
        println!("{times}");
    }
}
