//! What every crate above relies on when it draws from a `Stream`.

#![allow(clippy::unwrap_used)]

use bitsweep_random::{Generator, LegacyRandom, SeedError, Stream};
use proptest::prelude::*;

const GENERATORS: [Generator; 2] = [Generator::Numpy, Generator::Modern];

fn words(generator: Generator, seed: u64, stage: &str) -> Vec<u64> {
    let mut stream = Stream::new(generator, seed, stage).unwrap();
    (0..8).map(|_| stream.next_u64()).collect()
}

#[test]
fn stages_and_seeds_have_streams_of_their_own() {
    for generator in GENERATORS {
        assert_eq!(words(generator, 3, "shuffle"), words(generator, 3, "shuffle"));
        assert_ne!(words(generator, 3, "shuffle"), words(generator, 3, "rounding"));
        assert_ne!(words(generator, 3, "shuffle"), words(generator, 4, "shuffle"));
        assert_ne!(words(generator, 3, "shuffle"), words(generator, 3, "init"));
    }
}

#[test]
fn numpys_split_and_init_both_start_from_the_seed_itself() {
    let mut legacy = LegacyRandom::new(9);
    let expected: Vec<u64> = (0..8).map(|_| legacy.next_u64()).collect();
    assert_eq!(words(Generator::Numpy, 9, "split"), expected);
    assert_eq!(words(Generator::Numpy, 9, "init"), expected);
}

#[test]
fn numpy_streams_draw_what_the_legacy_generator_draws() {
    let mut stream = Stream::new(Generator::Numpy, 5, "init").unwrap();
    let mut legacy = LegacyRandom::new(5);
    let matrix = stream.normal_matrix(3, 5);
    for value in &matrix {
        assert_eq!(*value, legacy.standard_normal());
    }
    assert_eq!(stream.normal(), legacy.standard_normal());
    assert_eq!(stream.uniform(), legacy.random_sample());
    assert_eq!(stream.permutation(50), legacy.permutation(50));
    assert_eq!(stream.below(10) as u64, legacy.bounded(9));
    assert_eq!(stream.choice_without_replacement(20, 4), legacy.choice_without_replacement(20, 4));
}

#[test]
fn a_matrix_is_drawn_row_by_row() {
    for generator in GENERATORS {
        let mut by_value = Stream::new(generator, 5, "init").unwrap();
        let matrix = by_value.clone().normal_matrix(4, 3);
        assert_eq!(matrix.dim(), (4, 3));
        for row in matrix.rows() {
            for value in row {
                assert_eq!(*value, by_value.normal());
            }
        }
    }
}

/// Holds the recipe itself in place: another context string, key order or number of rounds changes every result.
#[test]
fn the_modern_stream_is_chacha8_keyed_by_seed_and_stage() {
    use ndarray_rand::rand::{RngCore, SeedableRng};
    let mut material = 77u64.to_le_bytes().to_vec();
    material.extend_from_slice(b"shuffle");
    let key = blake3::derive_key(
        "bitsweep random stream, version 1: seed as u64 little-endian, stage name",
        &material,
    );
    let mut chacha = rand_chacha::ChaCha8Rng::from_seed(key);
    let expected: Vec<u64> = (0..8).map(|_| chacha.next_u64()).collect();
    assert_eq!(words(Generator::Modern, 77, "shuffle"), expected);
}

#[test]
fn normal_values_have_mean_zero_and_deviation_one() {
    for generator in GENERATORS {
        let mut stream = Stream::new(generator, 1, "init").unwrap();
        let n = 200_000.0;
        let values = stream.normal_matrix(200_000, 1);
        let mean = values.sum() / n;
        let variance = values.fold(0.0, |sum, v| sum + v * v) / n - mean * mean;
        let beyond_two = values.iter().filter(|v| v.abs() > 2.0).count() as f64 / n;
        // Five standard errors: 1/√n, √(2/n) and √(p(1-p)/n) with p = 0.0455.
        assert!(mean.abs() < 0.0112, "{generator}: mean {mean}");
        assert!((variance - 1.0).abs() < 0.0159, "{generator}: variance {variance}");
        assert!((beyond_two - 0.0455).abs() < 0.0024, "{generator}: beyond two {beyond_two}");
    }
}

#[test]
fn bounded_integers_are_equally_likely() {
    for generator in GENERATORS {
        let mut stream = Stream::new(generator, 2, "rounding").unwrap();
        let mut counts = [0u32; 6];
        for _ in 0..60_000 {
            counts[stream.below(6)] += 1;
        }
        // Chi-squared with 5 degrees of freedom: above 25.7 with probability 1e-4.
        let chi_squared: f64 = counts.iter().map(|&c| (f64::from(c) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi_squared < 25.7, "{generator}: {counts:?}");
    }
}

#[test]
fn the_numpy_generator_takes_32_bits_of_seed() {
    assert!(Stream::new(Generator::Numpy, u64::from(u32::MAX), "split").is_ok());
    assert!(Stream::new(Generator::Modern, u64::MAX, "split").is_ok());
    let error = Stream::new(Generator::Numpy, 1 << 32, "split").unwrap_err();
    assert_eq!(error, SeedError::TooLargeForNumpy(1 << 32));
    assert_eq!(
        error.to_string(),
        "seed `4294967296` is too large for the `numpy` generator: expected a number from 0 to 4294967295"
    );
}

#[test]
fn generators_have_one_name_in_files_and_tables() {
    for generator in GENERATORS {
        let text = serde_json::to_string(&generator).unwrap();
        assert_eq!(text, format!("\"{generator}\""));
        assert_eq!(serde_json::from_str::<Generator>(&text).unwrap(), generator);
    }
    assert_eq!(Generator::default(), Generator::Modern);
    assert!(serde_json::from_str::<Generator>("\"pcg\"").is_err());
}

#[test]
fn streams_can_move_to_another_thread() {
    fn assert_send<T: Send + Clone>() {}
    assert_send::<Stream>();
}

fn any_generator() -> impl Strategy<Value = Generator> {
    prop_oneof![Just(Generator::Numpy), Just(Generator::Modern)]
}

proptest! {
    #[test]
    fn uniform_values_lie_in_the_half_open_unit_interval(
        generator in any_generator(), seed in 0..=u64::from(u32::MAX), stage in "[a-z]{1,8}",
    ) {
        let mut stream = Stream::new(generator, seed, &stage).unwrap();
        for _ in 0..100 {
            prop_assert!((0.0..1.0).contains(&stream.uniform()));
        }
    }

    #[test]
    fn integers_stay_below_their_bound(generator in any_generator(), seed in any::<u32>(), n in 1..=usize::MAX) {
        let mut stream = Stream::new(generator, u64::from(seed), "rounding").unwrap();
        for _ in 0..20 {
            prop_assert!(stream.below(n) < n);
        }
    }

    #[test]
    fn resamples_count_draws(generator in any_generator(), seed in any::<u32>(), n in 0usize..300) {
        let mut stream = Stream::new(generator, u64::from(seed), "selection").unwrap();
        let mut counts = vec![0; n];
        let mut same = stream.clone();
        (0..n).for_each(|_| counts[same.below(n)] += 1);
        prop_assert_eq!(stream.resample(n), counts);
    }

    #[test]
    fn permutations_hold_each_index_once(generator in any_generator(), seed in any::<u32>(), n in 0usize..300) {
        let mut stream = Stream::new(generator, u64::from(seed), "split").unwrap();
        let mut order = stream.permutation(n);
        order.sort_unstable();
        prop_assert!(order.into_iter().eq(0..n));
    }
}
