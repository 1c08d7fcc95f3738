//! Look-ups of product-quantized codes, on every set of instructions that the processor has, against obvious loops.

#![allow(clippy::unwrap_used)]

use bitsweep_kernels::product_quantization::reference;
use bitsweep_kernels::{ByteTables, CentroidBits, KernelError, ProductCodes, QueryTables, ScanCodes};
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

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 3 } else { 100 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn look_ups_are_added_as_obvious_loops_add_them(
        (vectors, subspaces) in if cfg!(miri) { (0_usize..20, 0_usize..6) } else { (0_usize..200, 0_usize..40) },
        has_eight in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let bits = if has_eight { CentroidBits::Eight } else { CentroidBits::Four };
        let mut next = mixed(seed);
        let values: Vec<f32> =
            (0..subspaces * bits.centroids()).map(|_| (next() % 4001) as f32 * 1.7e-3 - 3.4).collect();
        let codes: Vec<u8> =
            (0..vectors * subspaces).map(|_| next().to_le_bytes()[0] & u8::try_from(bits.centroids() - 1).unwrap()).collect();
        let tables = QueryTables::of_values(bits, subspaces, &values).unwrap();
        let packed = ProductCodes::new((vectors, subspaces), bits, &codes).unwrap();
        let expected: Vec<u32> =
            reference::dot_products((vectors, subspaces), &codes, &tables).iter().map(|y| y.to_bits()).collect();
        for instructions in Instructions::available() {
            let mut found = vec![f32::NAN; vectors];
            packed.dot_products_with(instructions, &tables, &mut found).unwrap();
            let found: Vec<u32> = found.iter().map(|y| y.to_bits()).collect();
            prop_assert_eq!(&found, &expected, "{:?}", instructions);
        }
        if !has_eight {
            let bytes = ByteTables::new(&tables).unwrap();
            let packed = ScanCodes::new((vectors, subspaces), &codes).unwrap();
            let expected = reference::sums((vectors, subspaces), &codes, &bytes);
            for instructions in Instructions::available() {
                let mut found = vec![u16::MAX; vectors];
                packed.sums_with(instructions, &bytes, &mut found).unwrap();
                let found: Vec<u32> = found.into_iter().map(u32::from).collect();
                prop_assert_eq!(&found, &expected, "{:?}", instructions);
            }
            // A byte is within half a step of its entry.
            let exact = reference::dot_products((vectors, subspaces), &codes, &tables);
            let step = bytes.dot_product(1) - bytes.dot_product(0);
            for (exact, sum) in exact.iter().zip(&expected) {
                let error = (exact - bytes.dot_product(u16::try_from(*sum).unwrap())).abs();
                prop_assert!(error <= step * (0.51 * subspaces as f32 + 0.01) + 1e-3, "{} {}", error, step);
            }
        }
    }
}

#[test]
fn the_greatest_sums_are_within_sixteen_bits() {
    let most = ByteTables::MOST_SUBSPACES;
    let mut values = vec![0.0; most * 16];
    values.iter_mut().skip(15).step_by(16).for_each(|value| *value = 7.0);
    let tables =
        ByteTables::new(&QueryTables::of_values(CentroidBits::Four, most, &values).unwrap()).unwrap();
    let packed = ScanCodes::new((1, most), &vec![15; most]).unwrap();
    for instructions in Instructions::available() {
        let mut found = [0];
        packed.sums_with(instructions, &tables, &mut found).unwrap();
        assert_eq!(found, [u16::MAX]);
    }
    let values = vec![0.0; (most + 1) * 16];
    let tables = QueryTables::of_values(CentroidBits::Four, most + 1, &values).unwrap();
    assert!(matches!(ByteTables::new(&tables), Err(KernelError::Overflow { bits: 16, .. })));
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(matches!(ScanCodes::new((1, 2), &[0, 16]), Err(KernelError::Code { position: 1, code: 16, .. })));
    assert!(matches!(
        ProductCodes::new((1, 2), CentroidBits::Four, &[16, 0]),
        Err(KernelError::Code { code: 16, .. })
    ));
    assert!(ProductCodes::new((1, 2), CentroidBits::Four, &[0]).is_err());
    assert!(QueryTables::new(CentroidBits::Four, 2, &[1.0, 2.0, 3.0], &[0.0; 48]).is_err());
    assert!(QueryTables::new(CentroidBits::Four, 0, &[], &[]).is_ok());
    assert!(QueryTables::of_values(CentroidBits::Four, 1, &[f32::NAN; 16]).is_err());
    let eight = QueryTables::of_values(CentroidBits::Eight, 1, &[0.0; 256]).unwrap();
    assert!(ByteTables::new(&eight).is_err());
    let codes = ProductCodes::new((1, 1), CentroidBits::Four, &[3]).unwrap();
    assert!(codes.dot_products(&eight, &mut [0.0]).is_err());
    let four = QueryTables::of_values(CentroidBits::Four, 1, &[0.5; 16]).unwrap();
    assert!(codes.dot_products(&four, &mut [0.0, 0.0]).is_err());
}
