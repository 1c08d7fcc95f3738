//! Levels that are powers of two, or sums of a few.

/// The `2^(bits-1)` ascending magnitudes 0 and `2^-k`, `0 ≤ k ≤ 2^(bits-1)-2` (Zhou et al. 2017, INQ, §2.1).
pub(super) fn powers(bits: u32) -> Vec<f64> {
    let smallest = (1 << (bits - 1)) - 2;
    let powers = (0..=smallest).rev().map(|k| libm::scalbn(1.0, -k));
    [0.0].into_iter().chain(powers).collect()
}

/// The `2^(bits-1)` ascending magnitudes of additive powers of two (Li et al. 2020, APoT, §2.2), the largest 1.
///
/// The bits below the sign are split into terms of 2 bits, a rest of one bit being a term of its own. A magnitude is the
/// sum of one number from each term, each 0 or one of the term's three (or one) powers of two. Which powers a term
/// has is that of the authors' code, where the paper's formula leaves odd numbers of bits open: for each of three
/// rounds the next power goes to each 2-bit term in turn; the term of one bit takes its only power first in the last
/// round.
pub(super) fn sums_of_powers(bits: u32) -> Vec<f64> {
    const ROUNDS: usize = 3;
    let pairs = ((bits - 1) / 2) as usize;
    let mut terms = vec![vec![0.0]; pairs];
    let mut rest = vec![0.0];
    let mut exponent = 0;
    let mut next = || {
        exponent -= 1;
        libm::scalbn(1.0, exponent)
    };
    for round in 1..=ROUNDS {
        if round == ROUNDS && bits.is_multiple_of(2) {
            rest.push(next());
        }
        for term in &mut terms {
            term.push(next());
        }
    }
    terms.push(rest);
    let mut sums = vec![0.0];
    for term in &terms {
        sums = sums.iter().flat_map(|sum| term.iter().map(move |power| sum + power)).collect();
    }
    sums.sort_unstable_by(f64::total_cmp);
    let largest = sums.last().copied().unwrap_or(1.0);
    sums.into_iter().map(|sum| sum / largest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_bits_are_zero_and_three_powers() {
        assert_eq!(powers(3), [0.0, 0.25, 0.5, 1.0]);
        assert_eq!(sums_of_powers(3), [0.0, 0.25, 0.5, 1.0]);
    }

    #[test]
    fn four_bits_add_a_single_eighth() {
        // {0, 1/2, 1/4, 1/16} + {0, 1/8}, divided by 5/8.
        let expected = [0.0, 0.0625, 0.125, 0.1875, 0.25, 0.375, 0.5, 0.625].map(|level| level / 0.625);
        assert_eq!(sums_of_powers(4), expected);
    }

    #[test]
    fn five_bits_are_sums_of_two_powers() {
        // {0, 1/2, 1/8, 1/32} + {0, 1/4, 1/16, 1/64}.
        let levels = sums_of_powers(5);
        assert_eq!(levels.len(), 16);
        assert_eq!(levels[1], 0.015_625 / 0.75);
        assert_eq!(levels[14], 0.5625 / 0.75);
    }

    #[test]
    fn there_are_as_many_different_magnitudes_as_codes() {
        for bits in 3..=7 {
            let mut levels = sums_of_powers(bits);
            levels.dedup();
            assert_eq!(levels.len(), 1 << (bits - 1));
        }
    }
}
