//! Codes of features that are whole numbers, against the formula in `f64`.

#![allow(clippy::unwrap_used)]

use bitsweep_inference::integer::{CountCodes, FeatureCodes, NetworkError, Positions};
use bitsweep_quant::{ActivationParameters, ActivationQuantizer, ActivationSpec};
use ndarray::{Array2, array};
use proptest::prelude::*;

fn features(
    bits: u32,
    symmetry: &str,
    (mean, scale): (f32, f32),
    (step, zero_point): (f32, i32),
) -> Result<FeatureCodes, NetworkError> {
    let spec = format!(
        "bits = {bits}\nmode = 'static'\nsymmetry = '{symmetry}'\nrequantize = 'fixed-point'\nfeatures = 'integer'"
    );
    let scheme = toml::from_str::<ActivationSpec>(&spec).unwrap().resolve().unwrap();
    let fitted = ActivationParameters { scale: step, zero_point };
    let quantizer = ActivationQuantizer::restore(scheme, Some(fitted)).unwrap();
    FeatureCodes::new(vec![mean], &[scale], &quantizer)
}

/// The code of one feature.
fn code(features: &FeatureCodes, x: i32) -> i32 {
    features.encode(array![[f64::from(x)]].view()).unwrap().0[[0, 0]]
}

proptest! {
    #[test]
    fn codes_are_those_of_the_formula(
        (bits, is_symmetric) in (2_u32..=8, any::<bool>()),
        (mean, scale) in (-60_000.0_f32..60_000.0, 0.01_f32..70_000.0),
        share in 0.0_f64..1.0,
        step in 0.001_f32..0.2,
        positions in prop::collection::vec(-0.2_f64..1.2, 40),
    ) {
        let (lowest, highest) = match is_symmetric {
            true => (1 - (1 << (bits - 1)), (1 << (bits - 1)) - 1),
            false => (0, (1 << bits) - 1),
        };
        let zero_point = if is_symmetric { 0 } else { (share * f64::from(highest)).round() as i32 };
        let symmetry = if is_symmetric { "symmetric" } else { "asymmetric" };
        let own = features(bits, symmetry, (mean, scale), (step, zero_point)).unwrap();
        let divisor = f64::from(scale) * f64::from(step);
        let mut before = (i64::MIN, lowest);
        let span = f64::from(highest - lowest + 1);
        let mut all: Vec<i32> = positions
            .iter()
            .map(|position| {
                let on_grid = f64::from(lowest) - 0.5 + position * span;
                (f64::from(mean) + divisor * (on_grid - f64::from(zero_point))).round() as i32
            })
            .collect();
        all.extend([i32::MIN, -1, 0, 1, i32::MAX]);
        all.sort_unstable();
        for x in all {
            let position = (f64::from(x) - f64::from(mean)) / divisor + f64::from(zero_point);
            // Codes within 0.01 of the position, halves up.
            let near = |by: f64| (position + by + 0.5).floor().clamp(f64::from(lowest), f64::from(highest)) as i32;
            let found = code(&own, x);
            prop_assert!((near(-0.01)..=near(0.01)).contains(&found), "{x}: {found}, position {position}");
            prop_assert!(i64::from(x) >= before.0 && found >= before.1, "{x}: {found} after {}", before.1);
            before = (i64::from(x), found);
        }
    }
}

#[test]
fn counts_of_ten_bits_have_exact_constants() {
    // d = 8·0.5 = 4 and z = 3: the code of 8 is round((8 - 100) / 4) + 3 = -20, and 86 is the first that is not clipped.
    let own = features(8, "asymmetric", (100.0, 8.0), (0.5, 3)).unwrap();
    let expected = CountCodes { first: 86, coarse: 0, last: 1023, multiplier: 1 << 22, offset: 0 };
    assert_eq!(own.positions(), &Positions::Integer(vec![expected]));
    assert_eq!(own.shift(), 24);
    let codes = [8, 85, 89, 90, 100, 101, 102, 1109, 1110, 2000].map(|x| code(&own, x));
    assert_eq!(codes, [0, 0, 0, 1, 3, 3, 4, 255, 255, 255]);
}

#[test]
fn fractions_and_negative_divisors_are_refused() {
    let own = features(8, "asymmetric", (0.0, 1.0), (0.5, 0)).unwrap();
    let rows: Array2<f64> = array![[1.0], [0.5]];
    let refused = own.encode(rows.view());
    assert_eq!(refused, Err(NetworkError::Fraction { row: 1, feature: 0, value: 0.5 }));
    let refused = own.encode(array![[3e9]].view());
    assert_eq!(refused, Err(NetworkError::Fraction { row: 0, feature: 0, value: 3e9 }));
    let step = f64::from(-2.0_f32 * 0.5);
    let refused = features(8, "asymmetric", (0.0, -2.0), (0.5, 0));
    assert_eq!(refused, Err(NetworkError::Step { feature: 0, step }));
}
