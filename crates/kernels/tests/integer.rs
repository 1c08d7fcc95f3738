//! Integer kernels, on every set of instructions that the processor has, against obvious loops.

#![allow(clippy::unwrap_used)]

use bitsweep_kernels::integer::reference::Weights;
use bitsweep_kernels::{
    ActivationCodes, ActivationParameters, Activations, Codes, Granularity, IntegerWeights, KernelError,
    Width, ZeroPoints, quantize_signed, quantize_unsigned,
};
use bitsweep_vector::Instructions;
use proptest::prelude::*;

/// Numbers that look random: a product of a layer must not depend on what they are.
fn mixed(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
}

fn low_byte(value: u64) -> u8 {
    value.to_le_bytes()[0]
}

#[derive(Debug, Clone, Copy)]
enum Zero {
    Symmetric,
    Constant,
    Integer,
    Float,
}

#[derive(Debug, Clone)]
struct Case {
    rows: usize,
    shape: (usize, usize),
    width: Width,
    granularity: Granularity,
    is_signed: bool,
    zero: Zero,
    has_signed_activations: bool,
    has_extremes: bool,
    is_dynamic: bool,
    has_bias: bool,
    seed: u64,
}

/// Holds both results on every set of instructions to the reference.
fn check(case: &Case) {
    let Case { rows, shape: (outputs, inputs), width, .. } = *case;
    let mut next = mixed(case.seed);
    let greatest = u64::from(width.greatest());
    let unsigned: Vec<u8> = (0..outputs * inputs)
        .map(|_| low_byte(if case.has_extremes { (next() % 2) * greatest } else { next() % (greatest + 1) }))
        .collect();
    let signed: Vec<i8> = unsigned
        .iter()
        .map(|&code| match width {
            Width::Binary => {
                if code == 0 {
                    -1
                } else {
                    1
                }
            }
            Width::Ternary => code.cast_signed() - 1,
            _ => i8::try_from(i32::from(code) - (i32::from(width.greatest()) + 1) / 2).unwrap(),
        })
        .collect();
    let codes = if case.is_signed { Codes::Signed(&signed) } else { Codes::Unsigned(&unsigned) };
    let blocks = match case.granularity {
        Granularity::Tensor => 1,
        Granularity::Output => outputs,
        Granularity::Group(group) => outputs * inputs.div_ceil(group),
    };
    let scales: Vec<f32> = (0..blocks).map(|_| (next() % 1000) as f32 * 1e-3 - 0.3).collect();
    let first = i32::from(low_byte(next() % 256)) - 128;
    let integers: Vec<i32> = (0..blocks)
        .map(|_| if matches!(case.zero, Zero::Constant) { first } else { i32::from(low_byte(next())) - 100 })
        .collect();
    let floats: Vec<f32> = (0..blocks).map(|_| (next() % 2000) as f32 * 0.013 - 7.0).collect();
    let zero_points = match case.zero {
        _ if width == Width::Binary => ZeroPoints::Symmetric,
        Zero::Symmetric => ZeroPoints::Symmetric,
        Zero::Constant | Zero::Integer => ZeroPoints::Integer(&integers),
        Zero::Float => ZeroPoints::Float(&floats),
    };
    let bytes: Vec<u8> = (0..rows * inputs)
        .map(|_| if case.has_extremes { [0, 255, 128, 127][(next() % 4) as usize] } else { low_byte(next()) })
        .collect();
    let signed_bytes: Vec<i8> = bytes.iter().map(|code| code.cast_signed()).collect();
    let parameters: Vec<ActivationParameters> = (0..if case.is_dynamic { rows } else { 1 })
        .map(|_| {
            let zero_point = [0, 255, 128, i32::from(low_byte(next()))][(next() % 4) as usize];
            let zero_point = if case.has_signed_activations { zero_point - 128 } else { zero_point };
            ActivationParameters { scale: (next() % 1000) as f32 * 1e-4, zero_point }
        })
        .collect();
    let activation_codes = if case.has_signed_activations {
        ActivationCodes::Signed(&signed_bytes)
    } else {
        ActivationCodes::Unsigned(&bytes)
    };
    let activations = Activations::new((rows, inputs), activation_codes, &parameters).unwrap();
    let bias: Vec<f32> = (0..outputs).map(|_| (next() % 100) as f32 * 0.1 - 5.0).collect();
    let bias = case.has_bias.then_some(bias.as_slice());

    let weights =
        IntegerWeights::new((outputs, inputs), width, codes, case.granularity, &scales, zero_points).unwrap();
    let reference = Weights {
        shape: (outputs, inputs),
        width,
        codes,
        granularity: case.granularity,
        scales: &scales,
        zero_points,
    };
    let accumulators = reference.accumulators(&activations);
    let product: Vec<u32> = reference.product(&activations, bias).iter().map(|y| y.to_bits()).collect();
    for instructions in Instructions::available() {
        let mut found = vec![i32::MIN; accumulators.len()];
        weights.accumulators_with(instructions, &activations, &mut found).unwrap();
        let found: Vec<i64> = found.into_iter().map(i64::from).collect();
        assert_eq!(found, accumulators, "{instructions:?} {case:?}");
        let mut found = vec![f32::NAN; rows * outputs];
        weights.product_with(instructions, &activations, bias, &mut found).unwrap();
        let found: Vec<u32> = found.iter().map(|y| y.to_bits()).collect();
        assert_eq!(found, product, "{instructions:?} {case:?}");
        // What rayon does with memory is its own.
        if cfg!(miri) {
            continue;
        }
        let mut found = vec![f32::NAN; rows * outputs];
        weights.product_parallel(instructions, &activations, bias, &mut found).unwrap();
        let found: Vec<u32> = found.iter().map(|y| y.to_bits()).collect();
        assert_eq!(found, product, "in parallel, {instructions:?} {case:?}");
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let granularity = prop_oneof![
        Just(Granularity::Tensor),
        Just(Granularity::Output),
        (1_usize..150).prop_map(Granularity::Group),
        Just(Granularity::Group(32)),
        Just(Granularity::Group(64)),
    ];
    let zero =
        prop_oneof![Just(Zero::Symmetric), Just(Zero::Constant), Just(Zero::Integer), Just(Zero::Float)];
    // Miri takes a thousand times as long.
    let shape = if cfg!(miri) { (0_usize..20, 0_usize..50) } else { (0_usize..70, 0_usize..300) };
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let rows = prop_oneof![0_usize..4, 4_usize..if cfg!(miri) { 6 } else { 22 }];
    (rows, shape, 0..Width::ALL.len(), granularity, zero, flags, any::<u64>()).prop_map(
        |(rows, shape, width, granularity, zero, flags, seed)| Case {
            rows,
            shape,
            width: Width::ALL[width],
            granularity,
            is_signed: flags.0,
            zero,
            has_signed_activations: flags.1,
            has_extremes: flags.2,
            is_dynamic: flags.3,
            has_bias: flags.4,
            seed,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 4 } else { 400 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_set_of_instructions_computes_what_obvious_loops_compute(case in cases()) {
        check(&case);
    }
}

#[test]
fn every_width_is_right_at_its_extremes_and_at_ragged_shapes() {
    for width in Width::ALL {
        for (rows, shape) in
            [(1, (1, 1)), (1, (17, 33)), (9, (65, 65)), (3, (48, 131)), (0, (3, 3)), (2, (0, 5)), (2, (5, 0))]
        {
            for has_signed_activations in [false, true] {
                for granularity in [Granularity::Output, Granularity::Group(48)] {
                    if cfg!(miri) && (rows > 2 || shape.1 > 40) {
                        continue;
                    }
                    check(&Case {
                        rows,
                        shape,
                        width,
                        granularity,
                        is_signed: true,
                        zero: Zero::Symmetric,
                        has_signed_activations,
                        has_extremes: true,
                        is_dynamic: true,
                        has_bias: true,
                        seed: 7,
                    });
                }
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore)]
fn many_rows_pass_in_blocks() {
    for width in Width::ALL {
        // Binary weights have no zero points.
        let zero = if width == Width::Binary { Zero::Symmetric } else { Zero::Integer };
        for (granularity, zero) in [
            (Granularity::Group(32), zero),
            (Granularity::Group(96), Zero::Symmetric),
            (Granularity::Output, zero),
        ] {
            check(&Case {
                rows: 270,
                shape: (50, 700),
                width,
                granularity,
                is_signed: false,
                zero,
                has_signed_activations: false,
                has_extremes: false,
                is_dynamic: true,
                has_bias: true,
                seed: 1,
            });
        }
    }
}

#[test]
#[cfg_attr(miri, ignore)]
fn the_longest_group_does_not_overflow_and_a_longer_one_is_refused() {
    let longest = usize::try_from(i32::MAX).unwrap() / (255 * 128);
    let codes = vec![-128; longest];
    let weights = |codes: &[i8]| {
        let shape = (1, codes.len());
        IntegerWeights::new(
            shape,
            Width::Eight,
            Codes::Signed(codes),
            Granularity::Output,
            &[1.0],
            ZeroPoints::Symmetric,
        )
    };
    let packed = weights(&codes).unwrap();
    let bytes = vec![255; longest];
    let parameters = [ActivationParameters { scale: 1.0, zero_point: 0 }];
    let activations = Activations::new((1, longest), ActivationCodes::Unsigned(&bytes), &parameters).unwrap();
    for instructions in Instructions::available() {
        let mut found = [0];
        packed.accumulators_with(instructions, &activations, &mut found).unwrap();
        assert_eq!(i64::from(found[0]), -128 * 255 * i64::try_from(longest).unwrap());
    }
    let error = weights(&vec![0; longest + 1]).unwrap_err();
    assert_eq!(error, KernelError::Overflow { inputs: longest + 1, product: 255 * 128, bits: 32 });
}

#[test]
fn outputs_of_no_inputs_take_no_memory() {
    let none = Codes::Signed(&[]);
    let zeros = ZeroPoints::Symmetric;
    let weights =
        IntegerWeights::new((usize::MAX, 0), Width::Four, none, Granularity::Tensor, &[1.0], zeros).unwrap();
    assert_eq!((weights.groups(), weights.bytes()), (0, 0));
}

#[test]
fn what_does_not_fit_is_refused() {
    let new = |shape, width, codes, granularity, scales: &[f32], zeros| {
        IntegerWeights::new(shape, width, codes, granularity, scales, zeros).unwrap_err()
    };
    let output = Granularity::Output;
    let symmetric = ZeroPoints::Symmetric;
    let two = Codes::Signed(&[1, -1]);
    assert!(matches!(
        new((1, 3), Width::Four, two, output, &[1.0], symmetric),
        KernelError::Length { expected: 3, found: 2, .. }
    ));
    assert!(matches!(
        new((2, 1), Width::Four, two, output, &[1.0], symmetric),
        KernelError::Length { what: "scales", .. }
    ));
    assert!(matches!(
        new((1, 2), Width::Four, Codes::Signed(&[0, 8]), output, &[1.0], symmetric),
        KernelError::Code { position: 1, code: 8, .. }
    ));
    assert!(matches!(
        new((1, 2), Width::Binary, Codes::Signed(&[1, 0]), output, &[1.0], symmetric),
        KernelError::Code { code: 0, .. }
    ));
    assert!(matches!(
        new((1, 2), Width::Ternary, Codes::Unsigned(&[3, 0]), output, &[1.0], symmetric),
        KernelError::Code { code: 3, .. }
    ));
    assert!(matches!(
        new((1, 2), Width::Four, two, Granularity::Group(0), &[1.0], symmetric),
        KernelError::Group
    ));
    assert!(matches!(
        new((1, 2), Width::Four, two, output, &[f32::NAN], symmetric),
        KernelError::NotFinite { .. }
    ));
    assert!(matches!(
        new((1, 2), Width::Four, two, output, &[1.0], ZeroPoints::Integer(&[40_000])),
        KernelError::ZeroPoint { zero_point: 40_000, .. }
    ));
    assert!(matches!(
        new((1, 2), Width::Four, two, output, &[1.0], ZeroPoints::Float(&[f32::INFINITY])),
        KernelError::NotFinite { .. }
    ));
    assert!(matches!(
        new((1, 2), Width::Binary, two, output, &[1.0], ZeroPoints::Integer(&[0])),
        KernelError::BinaryZeroPoint
    ));
    assert!(matches!(
        new((usize::MAX, 2), Width::Four, two, output, &[1.0], symmetric),
        KernelError::Shape { .. }
    ));

    let parameters = [ActivationParameters { scale: 1.0, zero_point: 200 }];
    let error = Activations::new((1, 1), ActivationCodes::Signed(&[1]), &parameters).unwrap_err();
    assert!(matches!(error, KernelError::ZeroPoint { zero_point: 200, .. }));
    let activations = Activations::new((1, 1), ActivationCodes::Unsigned(&[1]), &parameters).unwrap();
    let weights = IntegerWeights::new((1, 2), Width::Four, two, output, &[1.0], symmetric).unwrap();
    assert!(matches!(
        weights.product(&activations, None, &mut [0.0]),
        Err(KernelError::Length { what: "inputs", .. })
    ));
    let missing = Instructions::ALL.into_iter().find(|set| !set.is_available()).unwrap();
    let activations = Activations::new((1, 2), ActivationCodes::Unsigned(&[1, 2]), &parameters).unwrap();
    assert_eq!(
        weights.product_with(missing, &activations, None, &mut [0.0]),
        Err(KernelError::Unavailable(missing))
    );
}

#[test]
fn rows_are_quantized_by_their_own_range() {
    let mut codes = [0; 3];
    let parameters = quantize_signed(&[-1.0, 0.5, 0.25], &mut codes).unwrap();
    assert_eq!((codes, parameters.scale), ([-127, 64, 32], 1.0 / 127.0));
    let mut codes = [9; 2];
    assert_eq!(
        quantize_unsigned(&[0.0, 0.0], &mut codes),
        Ok(ActivationParameters { scale: 1.0, zero_point: 0 })
    );
    assert_eq!(codes, [0, 0]);
    // A range that does not include 0 is widened to it.
    let parameters = quantize_unsigned(&[2.0, 5.1], &mut codes).unwrap();
    assert_eq!((codes, parameters.zero_point), ([100, 255], 0));
    assert!(quantize_unsigned(&[f32::MAX, f32::MIN], &mut codes).is_err());
    assert!(quantize_unsigned(&[f32::NAN, 0.0], &mut codes).is_err());
    assert!(quantize_unsigned(&[0.0], &mut codes).is_err());
}
