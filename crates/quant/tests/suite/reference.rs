//! A slow and obvious quantizer; the fast one must agree with it bit for bit.

use bitsweep_quant::{Bits, CodeRange, Codes, Granularity, Grid, Parameters, Rounding, Symmetry, ZeroPoint};
use bitsweep_quant::{Format, Scheme, quantize};
use ndarray::Array2;
use proptest::prelude::*;

use crate::properties::{matrices, nearest_schemes};
use crate::stream;

/// Scale and zero point of one block, by the table of conventions.
fn parameters(block: &[f32], scheme: &Scheme) -> (f32, f32) {
    let Format::Integer { bits, codes, code_range } = scheme.format else {
        panic!("an integer scheme");
    };
    let Grid { lowest, highest } = Grid::new(bits, codes, code_range);
    let low = block.iter().copied().fold(f32::INFINITY, f32::min);
    let high = block.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let top = low.abs().max(high.abs());
    let levels = (highest - lowest) as f32;
    match (scheme.symmetry, code_range) {
        (Symmetry::Symmetric, CodeRange::Narrow) => (top / highest as f32, 0.0),
        (Symmetry::Symmetric, CodeRange::Full) => (2.0 * top / levels, 0.0),
        (Symmetry::Symmetric, CodeRange::Covering) => {
            let covering = |low: f32, high: f32| (low / lowest as f32).max(high / highest as f32);
            let (positive, negative) = (covering(low, high), covering(-high, -low));
            (if negative < positive { -negative } else { positive }, 0.0)
        }
        (Symmetry::Asymmetric(ZeroPoint::Minimum), _) => panic!("no zero point"),
        (Symmetry::Asymmetric(ZeroPoint::Float), _) => {
            let scale = (high - low) / levels;
            (scale, lowest as f32 - low / scale)
        }
        (Symmetry::Asymmetric(ZeroPoint::Integer), _) => {
            let scale = (high - low) / levels;
            (scale, (f64::from((-low / scale).round_ties_even()) + f64::from(lowest)) as f32)
        }
    }
}

fn group_of(row: usize, column: usize, shape: (usize, usize), granularity: Granularity) -> (usize, usize) {
    match granularity {
        Granularity::Tensor => (0, 0),
        Granularity::InputChannel => (row, 0),
        Granularity::Rows(count) => (row / count.get() as usize, 0),
        Granularity::OutputChannel => (0, column),
        Granularity::Group(size) if shape.0 == 1 => (0, column / size.get() as usize),
        Granularity::Group(size) => (row / size.get() as usize, column),
    }
}

proptest! {
    #[test]
    fn fast_and_slow_quantizer_agree_bit_for_bit(values in matrices(40), scheme in nearest_schemes()) {
        let values: Array2<f32> = values.mapv(|value| value as f32);
        let Some(grid) = scheme.grid() else { return Ok(()) };
        let Ok(result) = quantize(values.view(), &scheme, &mut stream(0)) else {
            return Err(TestCaseError::reject("a zero point beyond 32 bits"));
        };
        let Parameters::Affine(affine) = result.parameters::<f32>().unwrap() else { panic!("no scales") };
        let reconstruction = result.reconstruct::<f32>();
        for ((row, column), &value) in values.indexed_iter() {
            let mine = group_of(row, column, values.dim(), scheme.granularity);
            let block: Vec<f32> = values
                .indexed_iter()
                .filter(|((row, column), _)| group_of(*row, *column, values.dim(), scheme.granularity) == mine)
                .map(|(_, value)| *value)
                .collect();
            if block.iter().all(|other| *other == block[0]) {
                prop_assert_eq!(reconstruction[[row, column]], value);
                continue;
            }
            let (scale, zero_point) = parameters(&block, &scheme);
            let index = result.blocks().index_of(row, column);
            prop_assert_eq!((affine.scales[index], affine.zero_points[index]), (scale, zero_point));
            let position = value / scale + zero_point;
            let rounded = if scheme.rounding == Rounding::NearestEven { position.round_ties_even() } else { position.round() };
            let code = rounded.clamp(grid.lowest as f32, grid.highest as f32) as i32;
            prop_assert_eq!(result.codes().get(row, column).unwrap(), code);
            prop_assert_eq!(reconstruction[[row, column]], scale * (code as f32 - zero_point));
        }
    }

    #[test]
    fn one_bit_symmetric_is_sign_times_mean_magnitude(values in matrices(40), rows in any::<bool>()) {
        let granularity = if rows { Granularity::InputChannel } else { Granularity::OutputChannel };
        let scheme = Scheme {
            granularity,
            ..bitsweep_quant::presets::symmetric_narrow(Bits::LEAST)
        };
        let result = quantize(values.view(), &scheme, &mut stream(0)).unwrap();
        let reconstruction = result.reconstruct::<f64>();
        for ((row, column), value) in values.indexed_iter() {
            let block = if rows { values.row(row) } else { values.column(column) };
            let mean = block.iter().map(|value| value.abs()).sum::<f64>() / block.len() as f64;
            let expected = if *value >= 0.0 { mean } else { -mean };
            prop_assert!((reconstruction[[row, column]] - expected).abs() <= 1e-12 * mean);
            prop_assert_eq!(result.codes().get(row, column).unwrap(), if *value >= 0.0 { 1 } else { -1 });
        }
    }
}

#[test]
fn grids_have_the_codes_of_their_convention() {
    let grid = |bits, codes, code_range| {
        let Grid { lowest, highest } = Grid::new(Bits::new(bits).unwrap(), codes, code_range);
        (lowest, highest)
    };
    assert_eq!(grid(8, Codes::Signed, CodeRange::Full), (-128, 127));
    assert_eq!(grid(8, Codes::Signed, CodeRange::Covering), (-128, 127));
    assert_eq!(grid(8, Codes::Signed, CodeRange::Narrow), (-127, 127));
    assert_eq!(grid(8, Codes::Unsigned, CodeRange::Full), (0, 255));
    assert_eq!(grid(8, Codes::Unsigned, CodeRange::Narrow), (1, 255));
    assert_eq!(grid(1, Codes::Signed, CodeRange::Full), (-1, 0));
    assert_eq!(grid(16, Codes::Signed, CodeRange::Full), (-32_768, 32_767));
}
