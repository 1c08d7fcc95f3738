//! `LegacyRandom` against NumPy 2.2.4; the numbers come from `tests/golden/make.py`.

#![allow(clippy::unwrap_used)]

use bitsweep_random::LegacyRandom;
use serde_json::Value;

fn golden() -> Vec<(u32, Value)> {
    let text = include_str!("golden/legacy.json");
    let cases: Vec<Value> = serde_json::from_str(text).unwrap();
    assert_eq!(cases.len(), 5);
    cases.into_iter().map(|case| (u32::try_from(case["seed"].as_u64().unwrap()).unwrap(), case)).collect()
}

/// The 64-bit FNV-1a hash, as in the script.
fn fnv1a(bytes: impl IntoIterator<Item = u8>) -> String {
    let hash = bytes
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}

fn double(value: &Value) -> f64 {
    f64::from_bits(u64::from_str_radix(value.as_str().unwrap(), 16).unwrap())
}

fn indices(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
}

fn assert_permutation(random: &mut LegacyRandom, expected: &Value) {
    let n = expected["n"].as_u64().unwrap() as usize;
    let order = random.permutation(n);
    match expected.get("order") {
        Some(list) => assert_eq!(order, indices(list)),
        None => {
            let bytes = order.iter().flat_map(|&i| u32::try_from(i).unwrap().to_le_bytes());
            assert_eq!(fnv1a(bytes), expected["hash"], "permutation({n})");
        }
    }
}

#[test]
fn words_are_numpys() {
    for (seed, case) in golden() {
        let mut random = LegacyRandom::new(seed);
        let words: Vec<u32> = (0..2000).map(|_| random.next_u32()).collect();
        let first: Vec<u32> = serde_json::from_value(case["words"].clone()).unwrap();
        assert_eq!(words[..20], first);
        assert_eq!(fnv1a(words.iter().flat_map(|word| word.to_le_bytes())), case["words_hash"]);
    }
}

#[test]
fn uniform_values_are_numpys() {
    for (seed, case) in golden() {
        let mut random = LegacyRandom::new(seed);
        for expected in case["uniform"].as_array().unwrap() {
            assert_eq!(random.random_sample(), double(expected));
        }
    }
}

#[test]
fn normal_values_are_numpys_with_a_correctly_rounded_logarithm() {
    for (seed, case) in golden() {
        let mut random = LegacyRandom::new(seed);
        let bytes = (0..10_000).flat_map(|_| random.standard_normal().to_le_bytes());
        assert_eq!(fnv1a(bytes), case["normal_reference_hash"]);
    }
}

#[test]
fn a_million_normal_values_rounded_to_f32_are_numpys() {
    for (seed, case) in golden() {
        let mut random = LegacyRandom::new(seed);
        let bytes = (0..200_000).flat_map(|_| (random.standard_normal() as f32).to_le_bytes());
        assert_eq!(fnv1a(bytes), case["normal_f32_hash"]);
    }
}

#[test]
fn permutations_are_numpys() {
    for (seed, case) in golden() {
        for expected in case["permutations_each"].as_array().unwrap() {
            assert_permutation(&mut LegacyRandom::new(seed), expected);
        }
        let mut random = LegacyRandom::new(seed);
        for expected in case["permutations_in_a_row"].as_array().unwrap() {
            assert_permutation(&mut random, expected);
        }
    }
}

#[test]
fn bounded_integers_are_numpys() {
    for (seed, case) in golden() {
        for range in case["randint"].as_array().unwrap() {
            let mut random = LegacyRandom::new(seed);
            let (low, high) = (range["low"].as_i64().unwrap(), range["high"].as_i64().unwrap());
            for expected in range["values"].as_array().unwrap() {
                assert_eq!(random.randint(low, high), expected.as_i64(), "randint({low}, {high})");
            }
        }
    }
}

#[test]
fn an_empty_range_has_no_integer() {
    let mut random = LegacyRandom::new(0);
    assert_eq!(random.randint(3, 3), None);
    assert_eq!(random.randint(4, 3), None);
}

#[test]
fn choice_without_replacement_is_numpys() {
    for (seed, case) in golden() {
        assert_eq!(LegacyRandom::new(seed).choice_without_replacement(17, 6), indices(&case["choice"]));
    }
}

#[test]
fn the_cached_normal_survives_other_draws() {
    for (seed, case) in golden() {
        let mut random = LegacyRandom::new(seed);
        let expected = case["mixed"].as_array().unwrap();
        assert_eq!(random.standard_normal(), double(&expected[0]));
        assert_eq!(random.randint(0, 100), expected[1].as_i64());
        assert_eq!(random.random_sample(), double(&expected[2]));
        assert_eq!(random.standard_normal(), double(&expected[3]));
        assert_eq!(random.permutation(6), indices(&expected[4]));
        assert_eq!(random.standard_normal(), double(&expected[5]));
    }
}
