//! Kernels on codes of tables, on every set of instructions that the processor has, against obvious loops.

#![allow(clippy::unwrap_used)]

use bitsweep_kernels::table::reference;
use bitsweep_kernels::{Codes, Granularity, KernelError, TableWeights, TableWidth, Width, ZeroPoints};
use bitsweep_vector::Instructions;
use proptest::prelude::*;

/// Numbers that look random.
fn mixed(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
}

fn number(value: u64) -> f32 {
    (value % 4001) as f32 * 1.7e-3 - 3.4
}

fn same(found: &[f32], expected: &[f32], told: &str) {
    for (position, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.to_bits(), expected.to_bits(), "{position}: {found} {expected} {told}");
    }
}

fn granularities() -> impl Strategy<Value = Granularity> {
    prop_oneof![
        Just(Granularity::Tensor),
        Just(Granularity::Output),
        (1_usize..100).prop_map(Granularity::Group),
        Just(Granularity::Group(32)),
    ]
}

fn blocks(granularity: Granularity, (outputs, inputs): (usize, usize)) -> (usize, usize) {
    match granularity {
        Granularity::Tensor => (1, inputs.max(1)),
        Granularity::Output => (outputs, inputs.max(1)),
        Granularity::Group(group) => (outputs * inputs.div_ceil(group), group),
    }
}

fn block(granularity: Granularity, inputs: usize, output: usize, group: usize) -> usize {
    match granularity {
        Granularity::Tensor => 0,
        Granularity::Output => output,
        Granularity::Group(length) => output * inputs.div_ceil(length) + group,
    }
}

/// Holds products with codes that look random, on every set of instructions, to the reference.
fn check(
    (rows, outputs, inputs): (usize, usize, usize),
    width: TableWidth,
    table: &[f32],
    granularity: Granularity,
    has_bias: bool,
    seed: u64,
) {
    let mut next = mixed(seed ^ 1);
    let codes: Vec<u8> = (0..outputs * inputs)
        .map(|_| next().to_le_bytes()[0] & u8::try_from(width.levels() - 1).unwrap())
        .collect();
    let (count, group) = blocks(granularity, (outputs, inputs));
    let scales: Vec<f32> = (0..count).map(|_| number(next())).collect();
    let activations: Vec<f32> = (0..rows * inputs).map(|_| number(next())).collect();
    let bias: Vec<f32> = (0..outputs).map(|_| number(next())).collect();
    let bias = has_bias.then_some(bias.as_slice());
    let weights = TableWeights::new((outputs, inputs), width, &codes, table, granularity, &scales).unwrap();
    let expected = reference::product(
        (rows, outputs, inputs),
        group,
        |output, input| table[usize::from(codes[output * inputs + input])],
        |output, group| (scales[block(granularity, inputs, output, group)], None),
        &activations,
        bias,
    );
    for instructions in Instructions::available() {
        let mut found = vec![f32::NAN; rows * outputs];
        weights.product_with(instructions, rows, &activations, bias, &mut found).unwrap();
        same(&found, &expected, &format!("{instructions:?} {width:?} {granularity:?}"));
        // What rayon does with memory is its own.
        if cfg!(miri) {
            continue;
        }
        let mut found = vec![f32::NAN; rows * outputs];
        weights.product_parallel(instructions, rows, &activations, bias, &mut found).unwrap();
        same(&found, &expected, "in parallel");
    }
}

/// All numbers of a float of 8 bits, by its definition: `±2^(e - bias)·(1 + m/2^bits)`, of the exponent 0 `±2^(1 - bias)·m/2^bits`.
fn floats(mantissa_bits: i32, bias: i32) -> Vec<f32> {
    let number = |code: i32| {
        let (exponent, mantissa) = ((code & 0x7f) >> mantissa_bits, code & ((1 << mantissa_bits) - 1));
        let fraction = f64::from(mantissa) / f64::from(1 << mantissa_bits);
        let magnitude = match exponent {
            0 => fraction * 2_f64.powi(1 - bias),
            _ => (1.0 + fraction) * 2_f64.powi(exponent - bias),
        };
        (if code < 128 { magnitude } else { -magnitude }) as f32
    };
    (0..256).map(number).collect()
}

#[test]
fn floats_of_eight_bits_are_multiplied_as_obvious_loops_multiply_them() {
    // E4M3, E5M2, E3M4 and E2M5; and E4M3 as a table of sorted levels, with one that is no such float, and with the least alone.
    let mut tables = vec![floats(3, 7), floats(2, 15), floats(4, 3), floats(5, 1)];
    let mut sorted = floats(3, 7);
    sorted.sort_by(f32::total_cmp);
    let mut other = floats(3, 7);
    other[17] = 0.3;
    let least = floats(3, 7).into_iter().map(|level| if level.abs() < 0.01 { level } else { 0.0 }).collect();
    tables.extend([sorted, other, least]);
    let shapes = if cfg!(miri) { &[(1, 3, 9)][..] } else { &[(1, 20, 300), (5, 33, 70)] };
    for table in &tables {
        for (seed, &shape) in (0..).zip(shapes) {
            check(shape, TableWidth::Eight, table, Granularity::Output, false, seed);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore)]
fn many_rows_pass_in_blocks() {
    for width in TableWidth::ALL {
        let table: Vec<f32> = (0..width.levels()).map(|level| number(level as u64 * 977)).collect();
        for granularity in [Granularity::Output, Granularity::Group(48), Granularity::Group(250)] {
            check((200, 35, 450), width, &table, granularity, true, 3);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 3 } else { 200 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn codes_of_tables_are_multiplied_as_obvious_loops_multiply_them(
        (rows, outputs, inputs) in if cfg!(miri) { (0_usize..3, 0_usize..20, 0_usize..40) } else { (0_usize..7, 0_usize..40, 0_usize..150) },
        width in 0..TableWidth::ALL.len(),
        granularity in granularities(),
        has_bias in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let width = TableWidth::ALL[width];
        let mut next = mixed(seed);
        let table: Vec<f32> = (0..width.levels()).map(|_| number(next())).collect();
        check((rows, outputs, inputs), width, &table, granularity, has_bias, seed);
    }

    #[test]
    fn floats_are_multiplied_as_obvious_loops_multiply_them(
        (rows, outputs, inputs) in if cfg!(miri) { (0_usize..3, 0_usize..20, 0_usize..40) } else { (0_usize..7, 0_usize..40, 0_usize..150) },
        seed in any::<u64>(),
    ) {
        let mut next = mixed(seed);
        let values: Vec<f32> = (0..outputs * inputs).map(|_| number(next())).collect();
        let activations: Vec<f32> = (0..rows * inputs).map(|_| number(next())).collect();
        let bias: Vec<f32> = (0..outputs).map(|_| number(next())).collect();
        let weights = TableWeights::floats((outputs, inputs), &values).unwrap();
        let level = |output, input| values[output * inputs + input];
        let expected = reference::product(
            (rows, outputs, inputs),
            inputs.max(1),
            level,
            |_, _| (1.0, None),
            &activations,
            Some(&bias),
        );
        for instructions in Instructions::available() {
            let mut found = vec![f32::NAN; rows * outputs];
            weights.product_with(instructions, rows, &activations, Some(&bias), &mut found).unwrap();
            same(&found, &expected, &format!("{instructions:?}"));
        }
    }

    #[test]
    fn whole_codes_are_multiplied_as_obvious_loops_multiply_them(
        (rows, outputs, inputs) in if cfg!(miri) { (0_usize..3, 0_usize..20, 0_usize..40) } else { (0_usize..7, 0_usize..40, 0_usize..150) },
        width in 0..Width::ALL.len(),
        granularity in granularities(),
        kind in 0..4,
        is_signed in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let width = Width::ALL[width];
        let kind = if width == Width::Binary { 0 } else { kind };
        let mut next = mixed(seed);
        let unsigned: Vec<u8> =
            (0..outputs * inputs).map(|_| (next() % (u64::from(width.greatest()) + 1)).to_le_bytes()[0]).collect();
        let middle = match width {
            Width::Eight => 128,
            Width::Four => 8,
            Width::Three => 4,
            Width::Two => 2,
            Width::Ternary | Width::Binary => 1,
        };
        let factor = if width == Width::Binary { 2 } else { 1 };
        let level = |code: u8| i32::from(code) * factor - middle;
        let signed: Vec<i8> = unsigned.iter().map(|&code| i8::try_from(level(code)).unwrap()).collect();
        let (count, group) = blocks(granularity, (outputs, inputs));
        let scales: Vec<f32> = (0..count).map(|_| number(next())).collect();
        let integers: Vec<i32> = (0..count).map(|_| if kind == 1 { 3 } else { i32::from(next().to_le_bytes()[0]) - 99 }).collect();
        let floats: Vec<f32> = (0..count).map(|_| number(next())).collect();
        let zero_points = match kind {
            0 => ZeroPoints::Symmetric,
            1 | 2 => ZeroPoints::Integer(&integers),
            _ => ZeroPoints::Float(&floats),
        };
        // Where all zero points are the same, levels are what codes are above them.
        let zeros: Option<Vec<f32>> = match kind {
            0 => None,
            1 | 2 => Some(integers.iter().map(|&zero| zero as f32).collect()),
            _ => Some(floats.clone()),
        };
        let common = zeros.as_ref().and_then(|zeros| zeros.iter().all(|zero| *zero == zeros[0]).then(|| zeros.first().copied())).flatten();
        let activations: Vec<f32> = (0..rows * inputs).map(|_| number(next())).collect();
        let codes = if is_signed { Codes::Signed(&signed) } else { Codes::Unsigned(&unsigned) };
        let weights = TableWeights::integer((outputs, inputs), width, codes, granularity, &scales, zero_points).unwrap();
        let code_of = |position: usize| {
            let code = unsigned[position];
            match zero_points {
                ZeroPoints::Symmetric => level(code) as f32,
                _ if is_signed => level(code) as f32,
                _ => f32::from(code),
            }
        };
        let expected = reference::product(
            (rows, outputs, inputs),
            group,
            |output, input| {
                let position = output * inputs + input;
                match common {
                    // One subtraction, of the unsigned code.
                    Some(zero) if is_signed => f32::from(unsigned[position]) - (zero + middle as f32),
                    Some(zero) => f32::from(unsigned[position]) - zero,
                    None => code_of(position),
                }
            },
            |output, group| {
                let block = block(granularity, inputs, output, group);
                (scales[block], if common.is_some() { None } else { zeros.as_ref().map(|zeros| zeros[block]) })
            },
            &activations,
            None,
        );
        for instructions in Instructions::available() {
            let mut found = vec![f32::NAN; rows * outputs];
            weights.product_with(instructions, rows, &activations, None, &mut found).unwrap();
            same(&found, &expected, &format!("{instructions:?} {width:?} {granularity:?} {kind}"));
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let new = |codes: &[u8], table: &[f32], scales: &[f32]| {
        TableWeights::new((1, 2), TableWidth::Two, codes, table, Granularity::Output, scales).unwrap_err()
    };
    let table = [0.0, 1.0, 2.0, 3.0];
    assert!(matches!(new(&[0], &table, &[1.0]), KernelError::Length { what: "codes", .. }));
    assert!(matches!(new(&[0, 4], &table, &[1.0]), KernelError::Code { position: 1, code: 4, .. }));
    assert!(matches!(new(&[0, 1], &table[..3], &[1.0]), KernelError::Length { what: "levels", .. }));
    assert!(matches!(
        new(&[0, 1], &[0.0, 1.0, 2.0, f32::NAN], &[1.0]),
        KernelError::NotFinite { what: "level", .. }
    ));
    assert!(matches!(new(&[0, 1], &table, &[]), KernelError::Length { what: "scales", .. }));
    let integer = |zero_points: ZeroPoints<'_>| {
        let codes = Codes::Signed(&[1, -1]);
        TableWeights::integer((1, 2), Width::Binary, codes, Granularity::Output, &[1.0], zero_points)
            .unwrap_err()
    };
    assert!(matches!(integer(ZeroPoints::Float(&[1.0])), KernelError::BinaryZeroPoint));
    assert!(matches!(integer(ZeroPoints::Integer(&[1, 1])), KernelError::Length { what: "zero points", .. }));
    let weights =
        TableWeights::new((1, 2), TableWidth::Two, &[0, 1], &table, Granularity::Output, &[1.0]).unwrap();
    assert!(weights.product(1, &[1.0], None, &mut [0.0]).is_err());
    assert!(weights.product(1, &[1.0, 2.0], Some(&[]), &mut [0.0]).is_err());
    assert!(weights.product(1, &[1.0, 2.0], None, &mut []).is_err());
}
