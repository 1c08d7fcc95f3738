//! Random matrices over all axes, against NumPy, bit for bit.

use bitsweep_quant::{Parameters, Real, SchemeSpec};
use ndarray::Array2;
use serde::Deserialize;
use std::fmt::Debug;
use std::str::FromStr;

use crate::{numbers, quantized};

#[derive(Deserialize)]
struct Entry {
    spec: SchemeSpec,
    r#type: String,
    shape: (usize, usize),
    values: String,
    codes: String,
    reconstruction: String,
    scales: String,
    zero_points: String,
}

fn check<T: Real + FromStr<Err: Debug>>(entry: &Entry) {
    let values: Array2<T> = Array2::from_shape_vec(entry.shape, numbers(&entry.values)).unwrap();
    let result = quantized(&values, &entry.spec.resolve().unwrap());
    let Parameters::Affine(affine) = result.parameters::<T>().unwrap() else {
        panic!("no scales for {:?}", entry.spec);
    };
    assert_eq!(affine.scales, numbers::<T>(&entry.scales), "{:?}", entry.spec);
    assert_eq!(affine.zero_points, numbers::<T>(&entry.zero_points), "{:?}", entry.spec);
    let codes: Vec<i32> = result.codes().iter().collect();
    assert_eq!(codes, numbers::<i32>(&entry.codes), "{:?}", entry.spec);
    let reconstruction: Vec<T> = result.reconstruct::<T>().into_iter().collect();
    assert_eq!(reconstruction, numbers::<T>(&entry.reconstruction), "{:?}", entry.spec);
}

#[test]
fn every_axis_agrees_with_numpy_bit_for_bit() {
    let entries: Vec<Entry> = serde_json::from_str(include_str!("../golden/schemes.json")).unwrap();
    assert!(entries.len() > 100);
    for entry in &entries {
        match entry.r#type.as_str() {
            "float32" => check::<f32>(entry),
            "float64" => check::<f64>(entry),
            other => panic!("unknown type {other}"),
        }
    }
}
