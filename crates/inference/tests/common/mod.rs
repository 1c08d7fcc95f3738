//! Weights and inputs of tests.

use bitsweep_quant::{Quantized, SchemeSpec, quantize};
use bitsweep_random::{Generator, Stream};
use ndarray::Array2;

/// Numbers of the normal distribution.
pub(crate) fn normal(seed: u64, rows: usize, columns: usize) -> Array2<f32> {
    let mut stream = Stream::new(Generator::Modern, seed, "layers").unwrap();
    stream.normal_matrix(rows, columns).mapv(|value| value as f32)
}

/// `values` as a TOML text says.
pub(crate) fn quantized(values: &Array2<f32>, scheme: &str) -> Quantized {
    let scheme = toml::from_str::<SchemeSpec>(scheme).unwrap().resolve().unwrap();
    quantize(values.view(), &scheme, &mut Stream::new(Generator::Modern, 0, "quantize").unwrap()).unwrap()
}
