//! Look-ups in tables that registers hold, which no loop becomes by itself.

use std::iter::zip;

use pulp::Arch;
#[cfg(target_arch = "x86_64")]
use pulp::{NullaryFnOnce, x86::V3};

use crate::arch;

/// Numbers that a register has of a table.
#[cfg(target_arch = "x86_64")]
const LANES: usize = 8;

/// Writes the number of `table` that the low four bits of each of `codes` count to; as many as there are of both.
///
/// ```
/// let table = std::array::from_fn(|code| code as f32 * 0.5);
/// let mut values = [0.0; 3];
/// bitsweep_vector::look_up(&table, &[1, 15, -1], &mut values);
/// assert_eq!(values, [0.5, 7.5, 7.5]);
/// ```
pub fn look_up(table: &[f32; 16], codes: &[i32], values: &mut [f32]) {
    match arch() {
        #[cfg(target_arch = "x86_64")]
        Arch::V3(set) => set.vectorize(LookUp { set, table, codes, values }),
        _ => one_by_one(table, codes, values),
    }
}

fn one_by_one(table: &[f32; 16], codes: &[i32], values: &mut [f32]) {
    for (value, code) in zip(values, codes) {
        *value = table[(code & 15) as usize];
    }
}

#[cfg(target_arch = "x86_64")]
struct LookUp<'a> {
    set: V3,
    table: &'a [f32; 16],
    codes: &'a [i32],
    values: &'a mut [f32],
}

#[cfg(target_arch = "x86_64")]
impl NullaryFnOnce for LookUp<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        use pulp::bytemuck::cast;

        let Self { set, table, codes, values } = self;
        let halves: &[[f32; LANES]] = table.as_chunks().0;
        let (low, high) = (cast(halves[0]), cast(halves[1]));
        let ((codes, last_codes), (values, last_values)) =
            (codes.as_chunks::<LANES>(), values.as_chunks_mut::<LANES>());
        for (values, codes) in zip(values, codes) {
            let codes = cast(*codes);
            let of_low = set.avx2._mm256_permutevar8x32_ps(low, codes);
            let of_high = set.avx2._mm256_permutevar8x32_ps(high, codes);
            // Which half is said by the highest bit of each number.
            let half = cast(set.avx2._mm256_slli_epi32::<28>(codes));
            *values = cast(set.avx._mm256_blendv_ps(of_low, of_high, half));
        }
        one_by_one(table, last_codes, last_values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_at_every_place_and_of_any_number() {
        let table = std::array::from_fn(|code| (code as f32).sqrt() - 2.0);
        for count in 0..50 {
            for first in 0..16 {
                let codes: Vec<i32> = (0..count).map(|place| first - 8 + place * 7).collect();
                let mut values = vec![f32::NAN; codes.len()];
                look_up(&table, &codes, &mut values);
                let expected: Vec<f32> =
                    codes.iter().map(|code| table[code.rem_euclid(16) as usize]).collect();
                assert_eq!(values, expected);
            }
        }
    }
}
