//! DoReFa's and WRPN's weight functions against their formulas.

use bitsweep_quant::quantize;
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::properties::matrices;
use crate::{quantized, scheme, stream};

proptest! {
    #[test]
    fn dorefa_follows_its_formula(values in matrices(12), width in 2..=16_u32) {
        let result = quantized(&values, &scheme(&format!("format = 'dorefa'\nbits = {width}")));
        let largest = values.iter().fold(0.0, |largest, value| f64::max(largest, libm::tanh(*value).abs()));
        if largest == 0.0 {
            return Ok(());
        }
        let steps = 2.0_f64.powi(width as i32) - 1.0;
        for (value, reconstruction) in values.iter().zip(result.reconstruct::<f64>()) {
            let position = steps * (libm::tanh(*value) / (2.0 * largest) + 0.5);
            // The order of operations may differ, and the last digit decides near ties.
            let near_tie = (position.fract() - 0.5).abs() < 1e-9;
            let expected = 2.0 * (position.round() / steps) - 1.0;
            prop_assert!(near_tie || (reconstruction - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn wrpn_follows_its_formula(values in matrices(12), width in 2..=16_u32) {
        let result = quantized(&values, &scheme(&format!("format = 'wrpn'\nbits = {width}")));
        let steps = 2.0_f64.powi(width as i32 - 1) - 1.0;
        for (value, reconstruction) in values.iter().zip(result.reconstruct::<f64>()) {
            prop_assert_eq!(reconstruction, (value.clamp(-1.0, 1.0) * steps).round_ties_even() / steps);
        }
    }
}

#[test]
fn dorefa_rescales_the_weights_to_one() {
    let result = quantized(&array![[0.001_f32, -0.002, 0.002]], &scheme("format = 'dorefa'\nbits = 4"));
    assert_eq!(result.codes().to_array().row(0).to_vec(), [11, 0, 15]);
    assert_eq!(result.reconstruct::<f32>()[[0, 2]], 1.0);
    assert_eq!(result.reconstruct::<f32>()[[0, 1]], -1.0);
}

#[test]
fn one_bit_dorefa_is_sign_times_mean_magnitude() {
    let result = quantized(&array![[0.5_f64, -0.1, 0.0]], &scheme("format = 'dorefa'\nbits = 1"));
    assert_eq!(result.codes().to_array().row(0).to_vec(), [1, -1, 1]);
    for (value, sign) in result.reconstruct::<f64>().iter().zip([1.0, -1.0, 1.0]) {
        assert!((value - sign * 0.2).abs() < 1e-15);
    }
}

#[test]
fn two_bit_wrpn_is_ternary() {
    let result = quantized(&array![[3.0, 0.6, 0.5, 0.4, -0.6, -9.0]], &scheme("format = 'wrpn'\nbits = 2"));
    assert_eq!(result.reconstruct::<f64>(), array![[1.0, 1.0, 0.0, 0.0, -1.0, -1.0]]);
}

#[test]
fn stochastic_rounding_reaches_both_neighbours() {
    let values = Array2::from_elem((1, 1000), 0.5);
    let scheme = scheme("format = 'wrpn'\nbits = 2\nrounding = 'stochastic'");
    let result = quantize(values.view(), &scheme, &mut stream(0)).unwrap();
    let ones = result.codes().iter().filter(|code| *code == 1).count();
    // A fair coin: 500 ± 5 deviations of 15.8.
    assert!((421..=579).contains(&ones));
    assert!(result.codes().iter().all(|code| [0, 1].contains(&code)));
}
