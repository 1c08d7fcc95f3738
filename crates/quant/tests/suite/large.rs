//! Matrices that are so large that threads share them.

use bitsweep_quant::{QuantizeError, Quantized, quantize};
use ndarray::Array2;

use crate::{scheme, stream};

/// More than two parts, of rows that no part has whole numbers of.
const SHAPE: (usize, usize) = (791, 1009);

fn values() -> Array2<f32> {
    let mut stream = stream(3);
    let mut values = stream.normal_matrix(SHAPE.0, SHAPE.1).mapv(|value| value as f32);
    // The ends lie in the first and in the last part.
    values[[0, 1]] = -7.5;
    values[[790, 1008]] = 9.25;
    values
}

fn by_threads(threads: usize, toml: &str) -> Quantized {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| quantize(values().view(), &scheme(toml), &mut stream(0)).unwrap())
}

#[test]
fn any_number_of_threads_finds_the_same() {
    for toml in [
        "bits = 8",
        "bits = 4\ngranularity = 'output-channel'\nrounding = 'stochastic'",
        "bits = 1",
        "format = 'nf4'",
        "format = 'fp8-e4m3'\nscale_format = 'none'",
        "format = 'f16'",
        "format = 'q4_1'",
        "format = 'q5_0'",
        "bits = 3\ngranularity = { group = 64 }\nrange = 'mse'",
        "bits = 11",
        "format = { vq = { centroids = 16 } }",
        "bits = 8\noutliers = { percent = 0.5 }",
        "bits = 4\nrange = { percentile = 99.5 }",
    ] {
        let (one, three) = (by_threads(1, toml), by_threads(3, toml));
        assert_eq!(one, three, "{toml}");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let reconstructed = pool.install(|| three.reconstruct::<f32>());
        assert!(one.reconstruct::<f32>().iter().zip(&reconstructed).all(|(a, b)| a.to_bits() == b.to_bits()));
        let packed = pool.install(|| three.pack());
        assert_eq!(Quantized::unpack(&packed).as_ref(), Ok(&one), "{toml}");
    }
}

#[test]
fn every_code_has_the_parameters_of_its_block() {
    for granularity in
        ["'tensor'", "'input-channel'", "'output-channel'", "{ group = 300 }", "{ rows = 400 }"]
    {
        let toml =
            format!("bits = 8\nsymmetry = 'asymmetric'\nzero_point = 'float'\ngranularity = {granularity}");
        let (values, quantized) = (values(), by_threads(3, &toml));
        let (blocks, reconstructed) = (quantized.blocks(), quantized.reconstruct::<f32>());
        for block in blocks.iter() {
            let own = || block.positions().map(|position| values.as_slice().unwrap()[position]);
            let (low, high) = (own().fold(f32::MAX, f32::min), own().fold(f32::MIN, f32::max));
            let step = f64::from(high - low) / 255.0;
            let codes: Vec<i32> = block
                .positions()
                .map(|position| quantized.codes().get(position / SHAPE.1, position % SHAPE.1).unwrap())
                .collect();
            assert_eq!(codes.iter().max().unwrap() - codes.iter().min().unwrap(), 255, "{granularity}");
            for (value, position) in own().zip(block.positions()) {
                let error = f64::from(value - reconstructed.as_slice().unwrap()[position]).abs();
                assert!(error <= 0.5001 * step, "{granularity}: {error} of {step}");
            }
        }
    }
}

#[test]
fn values_that_are_not_finite_are_found_in_every_part() {
    for place in [(0, 0), (400, 17), (790, 1008)] {
        for (toml, value) in [
            ("bits = 8", f32::NAN),
            ("format = 'nf4'", f32::INFINITY),
            ("format = 'f16'", f32::NAN),
            ("format = 'q4_1'", f32::NAN),
        ] {
            let mut values = values();
            values[place] = value;
            match quantize(values.view(), &scheme(toml), &mut stream(0)) {
                Err(QuantizeError::NotFinite { row, column, .. }) => {
                    assert_eq!((row, column), place, "{toml}")
                }
                other => panic!("{toml}: {other:?}"),
            }
        }
    }
}
