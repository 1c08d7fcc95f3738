//! From values to packed codes, and back.

use std::hint::black_box;

use bitsweep_quant::{Quantized, quantize};
use bitsweep_random::Stream;
use ndarray::Array2;
use serde::Serialize;

use super::{ROUNDS, Times, scheme, stream, times};
use crate::bench::threads::Threads;
use crate::bench::turns::Turns;
use crate::failure::Failure;
use crate::progress::Progress;

/// What is measured: names, and the schemes in TOML.
const SCHEMES: [(&str, &str); 16] = [
    ("quantize int8", "bits = 8"),
    ("quantize int8 asymmetric", "bits = 8\nsymmetry = 'asymmetric'"),
    ("quantize int8 per channel", "bits = 8\ngranularity = 'output-channel'"),
    ("quantize int4 by 64", "bits = 4\ngranularity = { group = 64 }"),
    ("quantize binary", "bits = 1"),
    ("quantize ternary", "format = { ternary = 'absmean' }"),
    ("quantize FP8 E4M3", "format = 'fp8-e4m3'"),
    ("quantize MXFP4", "format = 'mxfp4'"),
    ("quantize NF4", "format = 'nf4'"),
    ("quantize f16", "format = 'f16'"),
    ("quantize bf16", "format = 'bf16'"),
    ("quantize Q4_0", "format = 'q4_0'"),
    ("quantize Q8_0", "format = 'q8_0'"),
    ("quantize int8 percentile", "bits = 8\nrange = { percentile = 99.9 }"),
    ("quantize int4 MSE", "bits = 4\nrange = 'mse'"),
    ("quantize codebook of 16", "format = { vq = { centroids = 16 } }"),
];

/// The times of a scheme, of normal values.
#[derive(Debug, Serialize)]
pub struct SchemeTimes {
    /// What it is called.
    pub name: &'static str,
    /// The scheme in TOML.
    pub scheme: &'static str,
    /// Bytes of the packed codes and parameters.
    pub bytes: usize,
    /// From values to packed codes, with the range or the codebook found.
    pub quantize: Times,
    /// From codes that are not packed to values.
    pub reconstruct: Times,
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SCHEMES.into_iter().map(|(name, _)| name)
}

pub(super) fn measured(
    threads: &Threads,
    names: &[&str],
    side: usize,
    progress: &Progress,
) -> Result<Vec<SchemeTimes>, Failure> {
    let asked = || SCHEMES.into_iter().filter(|(name, _)| names.contains(name));
    if asked().next().is_none() {
        return Ok(Vec::new());
    }
    let failed = |error: &dyn std::fmt::Display| Failure::Other(error.to_string());
    let stream = stream()?;
    let values: Array2<f32> = stream.clone().normal_matrix(side, side).mapv(|value| value as f32);
    let each = asked().map(|(name, toml)| {
        let scheme = scheme(toml)?;
        let quantized = |mut stream: Stream| quantize(black_box(values.view()), &scheme, &mut stream);
        let codes: Quantized = quantized(stream.clone()).map_err(|error| failed(&error))?;
        let mut turns = Turns::default();
        let quantizing = threads.add(&mut turns, || {
            drop(black_box(quantized(stream.clone()).map(Quantized::into_packed)));
        });
        let reconstructing = threads.add(&mut turns, || drop(black_box(codes.reconstruct::<f32>())));
        let measured = turns.measured(ROUNDS, progress);
        Ok(SchemeTimes {
            name,
            scheme: toml,
            bytes: codes.size().total() as usize,
            quantize: times(&measured, quantizing, 1),
            reconstruct: times(&measured, reconstructing, 1),
        })
    });
    each.collect()
}
