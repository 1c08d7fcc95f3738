//! Quantization per axis, on the tensors of the two-layer MLP on wine (13×100, 100, 100×3 and 3 values, `f32`).

#![allow(clippy::unwrap_used)]

use bitsweep_quant::{Errors, Scheme, SchemeSpec, optimal_clustering, quantize};
use bitsweep_random::{Generator, Stream};
use divan::{AllocProfiler, Bencher, black_box};
use ndarray::Array2;

/// Counts what is allocated beside what it measures.
#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn stream() -> Stream {
    Stream::new(Generator::Modern, 0, "benchmark").unwrap()
}

fn weights(rows: usize, columns: usize) -> Array2<f32> {
    stream().normal_matrix(rows, columns).mapv(|value| value as f32)
}

/// A scheme in TOML, with semicolons for ends of lines.
fn scheme(toml: &str) -> Scheme {
    toml::from_str::<SchemeSpec>(&toml.replace("; ", "\n")).unwrap().resolve().unwrap()
}

const SCHEMES: [&str; 15] = [
    "bits = 8",
    "bits = 8; symmetry = 'asymmetric'",
    "bits = 8; symmetry = 'asymmetric'; zero_point = 'float'",
    "bits = 1",
    "bits = 8; rounding = 'half-away'",
    "bits = 8; rounding = 'stochastic'",
    "bits = 8; granularity = 'row'",
    "bits = 8; granularity = 'column'",
    "bits = 8; granularity = { group = 8 }",
    "bits = 8; range = { percentile = 99.9 }",
    "bits = 4; range = 'mse'",
    "bits = 4; range = 'mse'; symmetry = 'asymmetric'",
    "format = 'f16'",
    "format = 'dorefa'; bits = 4",
    "format = { vq = { centroids = 16 } }",
];

#[divan::bench(args = SCHEMES)]
fn quantize_13x100(bencher: Bencher, toml: &str) {
    let (values, scheme, mut stream) = (weights(13, 100), scheme(toml), stream());
    bencher.bench_local(|| quantize(black_box(values.view()), &scheme, &mut stream).unwrap());
}

/// The codes are 16 or 32 MiB; what is allocated at most beyond them is what quantizing needs.
#[divan::bench(args = LARGE, sample_count = 3, sample_size = 1)]
fn quantize_4096x4096(bencher: Bencher, toml: &str) {
    let (values, scheme, mut stream) = (weights(4096, 4096), scheme(toml), stream());
    bencher.bench_local(|| quantize(black_box(values.view()), &scheme, &mut stream).unwrap());
}

const LARGE: [&str; 9] = [
    "bits = 8",
    "bits = 12",
    "bits = 8; granularity = 'output-channel'",
    "bits = 4; symmetry = 'asymmetric'; zero_point = 'minimum'; granularity = { group = 32 }",
    "bits = 4; range = 'kl'",
    "bits = 1",
    "format = 'nf4'",
    "format = 'q4_0'",
    "format = 'bf16'",
];

#[divan::bench(args = LARGE, sample_count = 3, sample_size = 1)]
fn reconstruct_4096x4096(bencher: Bencher, toml: &str) {
    let quantized = quantize(weights(4096, 4096).view(), &scheme(toml), &mut stream()).unwrap();
    bencher.bench_local(|| black_box(&quantized).reconstruct::<f32>());
}

#[divan::bench(args = ["bits = 8", "bits = 8; granularity = 'column'", "format = { vq = { centroids = 16 } }"])]
fn reconstruct_13x100(bencher: Bencher, toml: &str) {
    let quantized = quantize(weights(13, 100).view(), &scheme(toml), &mut stream()).unwrap();
    bencher.bench_local(|| black_box(&quantized).reconstruct::<f32>());
}

#[divan::bench]
fn product_quantize_100x16(bencher: Bencher) {
    let scheme = scheme("format = { pq = { subvectors = 4, centroids = 16 } }");
    let (values, mut stream) = (weights(100, 16), stream());
    bencher.bench_local(|| quantize(black_box(values.view()), &scheme, &mut stream).unwrap());
}

#[divan::bench(args = [16, 256], sample_count = 3, sample_size = 1)]
fn cluster_100_000_values(bencher: Bencher, clusters: usize) {
    let values = stream().normal_matrix(1, 100_000).into_raw_vec_and_offset().0;
    bencher.bench_local(|| optimal_clustering(black_box(&values), clusters));
}

/// The quantization of a sweep: four tensors, each quantized, reconstructed and measured, a thousand times.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn thousand_variants_of_four_tensors(bencher: Bencher) {
    let tensors = [weights(13, 100), weights(1, 100), weights(100, 3), weights(1, 3)];
    let schemes = [2, 4, 6, 8].map(|bits| scheme(&format!("bits = {bits}; symmetry = 'asymmetric'")));
    let mut stream = stream();
    bencher.bench_local(|| {
        let mut errors = Errors::default();
        for variant in 0..1000 {
            for tensor in &tensors {
                let quantized = quantize(tensor.view(), &schemes[variant % 4], &mut stream).unwrap();
                errors = errors.merge(Errors::measure(tensor.view(), quantized.reconstruct::<f32>().view()));
            }
        }
        errors
    });
}
