//! How long quantization of a large matrix takes, against reading and writing it.
//!
//! `cargo run --release -p bitsweep-quant --example memory_speed [SIDE] [WORDS OF A SCHEME …]`

#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use bitsweep_quant::{Scheme, SchemeSpec, quantize};
use bitsweep_random::{Generator, Stream};
use ndarray::Array2;

const SCHEMES: [&str; 20] = [
    "bits = 8",
    "bits = 8; symmetry = 'asymmetric'",
    "bits = 8; granularity = 'output-channel'",
    "bits = 8; granularity = 'input-channel'",
    "bits = 4; granularity = { group = 64 }",
    "bits = 4; symmetry = 'asymmetric'; granularity = { group = 64 }",
    "bits = 2; granularity = { group = 64 }",
    "bits = 1",
    "format = 'q4_0'",
    "format = 'q8_0'",
    "format = 'fp8-e4m3'",
    "format = 'fp8-e5m2'",
    "format = 'mxfp4'",
    "format = 'nf4'",
    "format = 'ternary'",
    "format = 'f16'",
    "format = 'bf16'",
    "bits = 8; range = { percentile = 99.9 }",
    "bits = 4; range = 'mse'",
    "format = { vq = { centroids = 16 } }",
];

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn timed(count: usize, mut work: impl FnMut()) -> f64 {
    let times = (0..count).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64() * 1e3
    });
    median(times.collect())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let side: usize = arguments.first().map_or(4096, |side| side.parse().unwrap());
    let wanted = &arguments[arguments.len().min(1)..];
    let mut stream = Stream::new(Generator::Modern, 0, "benchmark").unwrap();
    let values: Array2<f32> = stream.normal_matrix(side, side).mapv(|value| value as f32);
    let flat = values.as_slice().unwrap();
    let mut copy = vec![0.0_f32; flat.len()];
    println!(
        "read {:.1} ms",
        timed(7, || {
            let mut lanes = [0.0_f32; 64];
            flat.chunks_exact(64)
                .for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += value));
            black_box(lanes);
        })
    );
    println!("copy {:.1} ms", timed(7, || black_box(&mut copy).copy_from_slice(black_box(flat))));
    println!(
        "copy to new memory {:.1} ms",
        timed(7, || {
            black_box(black_box(flat).to_vec());
        })
    );
    for toml in SCHEMES
        .into_iter()
        .filter(|toml| wanted.is_empty() || wanted.iter().any(|word| toml.contains(word.as_str())))
    {
        let spec = toml::from_str::<SchemeSpec>(&toml.replace("; ", "\n"));
        let scheme: Scheme = match spec.map(|spec| spec.resolve()) {
            Ok(Ok(scheme)) => scheme,
            other => {
                println!("{toml}: {other:?}");
                continue;
            }
        };
        let count = if toml.contains("vq") || toml.contains("mse") { 1 } else { 5 };
        let mut quantized = None;
        let codes = timed(count, || {
            quantized = Some(quantize(black_box(values.view()), &scheme, &mut stream).unwrap())
        });
        let quantized = quantized.unwrap();
        let pack = timed(3, || {
            black_box(quantized.pack());
        });
        let back = timed(3, || {
            black_box(quantized.reconstruct::<f32>());
        });
        println!("{toml:70} quantize {codes:8.1} ms   pack {pack:6.1} ms   reconstruct {back:6.1} ms");
    }
}
