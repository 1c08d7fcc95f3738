//! Tests of the public interface: properties, golden numbers, refusals and degenerate input.

#![allow(clippy::unwrap_used)]

mod activation_refusals;
mod activations;
mod allocation;
mod calibration;
mod calibration_refusals;
mod canonical;
mod clipping;
mod codebook_properties;
mod codebooks;
mod combinations;
mod corrections;
mod degenerate;
mod dtypes;
mod estimators;
mod format_properties;
mod format_refusals;
mod formats;
mod golden;
mod integer_products;
mod kl_range;
mod large;
mod notebooks;
mod number_formats;
mod outliers;
mod packing;
mod properties;
mod range_search;
mod reference;
mod refusals;
mod stored_parameters;
mod transforms;
mod weight_functions;

use std::fmt::Debug;
use std::str::FromStr;

use bitsweep_quant::{Bits, Quantized, Real, Scheme, SchemeSpec, quantize};
use bitsweep_random::{Generator, Stream};
use ndarray::Array2;

fn stream(seed: u64) -> Stream {
    Stream::new(Generator::Modern, seed, "test").unwrap()
}

fn bits(bits: u32) -> Bits {
    Bits::new(bits).unwrap()
}

/// The scheme that a TOML text spells.
fn scheme(toml: &str) -> Scheme {
    toml::from_str::<SchemeSpec>(toml).unwrap().resolve().unwrap()
}

fn quantized<T: Real>(values: &Array2<T>, scheme: &Scheme) -> Quantized {
    quantize(values.view(), scheme, &mut stream(0)).unwrap()
}

/// Numbers separated by white space.
fn numbers<T: FromStr<Err: Debug>>(text: &str) -> Vec<T> {
    text.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

fn matrix<T: FromStr<Err: Debug>>(rows: usize, columns: usize, text: &str) -> Array2<T> {
    Array2::from_shape_vec((rows, columns), numbers(text)).unwrap()
}

/// Asserts that every value prints as the expected number, to the digits given.
#[track_caller]
fn assert_prints<T: Real>(values: impl IntoIterator<Item = T>, expected: &str) {
    let values: Vec<f64> = values.into_iter().map(Real::to_f64).collect();
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(values.len(), expected.len());
    for (value, expected) in values.into_iter().zip(expected) {
        let decimals = expected.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let unit = 10_f64.powi(-i32::try_from(decimals).unwrap());
        let difference = (value - expected.parse::<f64>().unwrap()).abs();
        assert!(difference <= 0.5 * unit * (1.0 + 1e-6), "{value} does not print as {expected}");
    }
}
