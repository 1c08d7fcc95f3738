//! The KL range against a transcription of TensorRT's calibration, and what it promises beyond.

use bitsweep_quant::{Parameters, Quantized};
use ndarray::Array2;
use proptest::prelude::*;
use serde::Deserialize;

use crate::{quantized, scheme};

#[derive(Deserialize)]
struct Case {
    name: String,
    count: usize,
    knee: f64,
    bits: u32,
    symmetric: u32,
    asymmetric: u32,
}

impl Case {
    /// The formula of `golden/make_kl.py`.
    fn values(&self) -> Array2<f64> {
        Array2::from_shape_fn((1, self.count), |(_, index)| {
            let u = ((index * 7919 % self.count) as f64 + 0.5) / self.count as f64;
            let v = u + u - 1.0;
            match self.name.as_str() {
                "two tails" => v / (self.knee - v.abs()),
                "one tail" => v / (self.knee - v),
                "rectified" => v.max(0.0) / (self.knee - v),
                "greys" => (u * (self.knee + 1.0)).floor() / self.knee,
                other => panic!("unknown name {other}"),
            }
        })
    }
}

/// Scale and zero point of the only block.
fn parameters(result: &Quantized) -> (f64, f64) {
    let Parameters::Affine(affine) = result.parameters::<f64>().unwrap() else { panic!("no scales") };
    (affine.scales[0], affine.zero_points[0])
}

#[test]
fn thresholds_agree_with_tensorrts_algorithm() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../golden/kl.json")).unwrap();
    assert_eq!(cases.len(), 28);
    for case in &cases {
        let values = case.values();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let threshold = |bins: u32| high.max(-low) * f64::from(bins) / 2048.0;
        let what = format!("{} {} {} at {} bits", case.name, case.count, case.knee, case.bits);

        let text = format!("bits = {}\nrange = 'kl'", case.bits);
        let (scale, _) = parameters(&quantized(&values, &scheme(&text)));
        let highest = f64::from((1 << (case.bits - 1)) - 1);
        let found = scale * highest;
        assert!((found / threshold(case.symmetric) - 1.0).abs() < 1e-12, "{what}: {found}");

        let text = format!("{text}\nsymmetry = 'asymmetric'\nzero_point = 'float'\ncodes = 'unsigned'");
        let (scale, zero_point) = parameters(&quantized(&values, &scheme(&text)));
        let steps = f64::from((1 << case.bits) - 1);
        let (found_low, found_high) = (-scale * zero_point, scale * (steps - zero_point));
        let threshold = threshold(case.asymmetric);
        let (low, high) = (low.max(-threshold), high.min(threshold));
        let error = (found_low - low).abs() + (found_high - high).abs();
        assert!(error < 1e-12 * threshold, "{what}: {found_low} to {found_high}");
    }
}

#[test]
fn zeros_do_not_move_the_threshold() {
    let case =
        Case { name: "two tails".into(), count: 4000, knee: 1.02, bits: 4, symmetric: 0, asymmetric: 0 };
    let values = case.values();
    let many_zeros =
        Array2::from_shape_fn(
            (1, 40_000),
            |(_, column)| {
                if column < 4000 { values[[0, column]] } else { 0.0 }
            },
        );
    let scheme = scheme("bits = 4\nrange = 'kl'");
    let without = parameters(&quantized(&values, &scheme));
    assert_eq!(parameters(&quantized(&many_zeros, &scheme)), without);
    // And it clips, or this would say nothing.
    assert!(without.0 * 7.0 < 0.5 * values.iter().copied().fold(0.0, f64::max));
}

proptest! {
    #[test]
    fn a_kl_range_lies_within_the_min_max_range(
        values in prop::collection::vec(-1e3..1e3_f64, 2..300), width in 2..=8_u32,
    ) {
        let values = Array2::from_shape_vec((1, values.len()), values).unwrap();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let text = format!("bits = {width}\nrange = 'kl'");
        let (scale, _) = parameters(&quantized(&values, &scheme(&text)));
        let threshold = scale * f64::from((1 << (width - 1)) - 1);
        // Candidates start at a sixteenth of the largest magnitude.
        prop_assert!(threshold <= high.max(-low) * (1.0 + 1e-12));
        prop_assert!(threshold >= high.max(-low) / 16.0 * (1.0 - 1e-12));

        let text = format!("{text}\nsymmetry = 'asymmetric'\nzero_point = 'float'\ncodes = 'unsigned'");
        let (scale, zero_point) = parameters(&quantized(&values, &scheme(&text)));
        let steps = f64::from((1 << width) - 1);
        let noise = 1e-12 * (high - low);
        prop_assert!(-scale * zero_point >= low - noise);
        prop_assert!(scale * (steps - zero_point) <= high + noise);
    }
}
