//! The nearest of ascending levels, of many values.

use super::by_block::{EncodePiece, encode_by_block, encode_one_by_one};
use crate::number::Real;
use crate::tensor::{Blocks, CodeMatrix, PerBlock};

/// Up to so many levels comparing with every threshold is faster than searching.
const COMPARED: usize = 64;

/// Values that are compared with a threshold before the next threshold.
const AT_A_TIME: usize = 64;

/// Where numbers of a type begin to have the next level.
pub(super) struct Thresholds<T> {
    /// The least number that has the next level, and what its code is more by.
    steps: Vec<(T, i32)>,
    /// The code of each level, at least one.
    codes: Vec<i32>,
    /// The code of 0 and that of -0, where these are two.
    zeros: Option<[i32; 2]>,
}

impl<T: Real> Thresholds<T> {
    /// Those of ascending `levels` with these `codes`. `is_above(i, w)` says whether a number between the levels `i` and
    /// `i + 1` has the upper one; every larger number then has, too.
    pub(super) fn new(
        levels: &[f64],
        codes: Vec<i32>,
        is_above: impl Fn(usize, T) -> bool,
        zeros: Option<[i32; 2]>,
    ) -> Self {
        let pairs = codes.windows(2).zip(levels.windows(2)).enumerate();
        let steps = pairs.map(|(rank, (codes, levels))| {
            let threshold = first_above([levels[0], levels[1]], |number| is_above(rank, number));
            (threshold, codes[1] - codes[0])
        });
        Self { steps: steps.collect(), codes, zeros }
    }

    /// Fills `codes` with that of `level_of` every value and the parameters of its block.
    pub(super) fn encode<P: PerBlock + Sync>(
        &self,
        values: &[T],
        blocks: &Blocks,
        parameters: P,
        codes: &mut CodeMatrix,
        level_of: impl Fn(T, P::One) -> T + Copy + Sync,
    ) {
        if let Some(halving) = Halving::new(self, level_of) {
            encode_by_block(values, blocks, parameters, codes, halving);
        } else if self.codes.len() <= COMPARED {
            let encoder = Compare { thresholds: self, level_of };
            encode_by_block(values, blocks, parameters, codes, encoder);
        } else {
            let code_of = |value, own| self.search(level_of(value, own));
            encode_one_by_one(values, blocks, parameters, codes, code_of);
        }
    }

    fn search(&self, number: T) -> i32 {
        let rank = self.steps.partition_point(|(threshold, _)| number >= *threshold);
        self.signed(self.codes[rank], number)
    }

    #[inline(always)]
    fn signed(&self, code: i32, number: T) -> i32 {
        match self.zeros {
            Some([zero, negative]) if code == zero && number.is_sign_negative() => negative,
            Some(_) | None => code,
        }
    }
}

/// The least number between two levels that `is_above`: mostly near the middle, and where rounding blurs what is nearer, as
/// beside 0, somewhere.
fn first_above<T: Real>(levels: [f64; 2], is_above: impl Fn(T) -> bool) -> T {
    let middle = T::from_f64(0.5 * levels[0] + 0.5 * levels[1]);
    for (low, high) in [(-(-middle).next_up(), middle), (middle, middle.next_up())] {
        if !is_above(low) && is_above(high) {
            return high;
        }
    }
    let [mut low, mut high] = levels.map(|level| T::from_f64(level).to_ordered());
    while low + 1 < high {
        let middle = low.midpoint(high);
        if is_above(T::from_ordered(middle)) { high = middle } else { low = middle }
    }
    T::from_ordered(high)
}

/// So many levels take four comparisons, each with a threshold that those before it choose.
const HALVED: usize = 16;

/// Compares with the middle one of the thresholds that are left: of up to [`HALVED`] levels whose codes rise by equal steps.
#[derive(Clone, Copy)]
struct Halving<T, F> {
    /// The least number with a level of this rank; not a number, which nothing reaches, beyond the last rank.
    from: [T; HALVED],
    /// The code of the first level, and what that of the next one is more by.
    first: i32,
    step: i32,
    level_of: F,
}

impl<T: Real, F> Halving<T, F> {
    /// `None` where comparing with every threshold is as fast, or codes follow no rule.
    fn new(thresholds: &Thresholds<T>, level_of: F) -> Option<Self> {
        let Thresholds { steps, codes, zeros } = thresholds;
        let &(_, step) = steps.first()?;
        let is_even = steps.iter().all(|(_, other)| *other == step);
        if codes.len() <= HALVED / 2 || codes.len() > HALVED || zeros.is_some() || !is_even {
            return None;
        }
        let mut from = [T::from_f64(f64::NAN); HALVED];
        from[1..].iter_mut().zip(steps).for_each(|(from, (threshold, _))| *from = *threshold);
        Some(Self { from, first: codes[0], step, level_of })
    }
}

impl<T: Real, P, F: Fn(T, P) -> T> EncodePiece<T, P> for Halving<T, F> {
    #[inline(always)]
    fn encode(&self, values: &[T], parameters: impl Iterator<Item = P>, codes: &mut [i32]) {
        let [_, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = self.from;
        let pick = |is_upper: bool, upper: T, lower: T| if is_upper { upper } else { lower };
        for ((code, &value), own) in codes.iter_mut().zip(values).zip(parameters) {
            let number = (self.level_of)(value, own);
            let eight = number >= h;
            let four = number >= pick(eight, l, d);
            let two = number >= pick(four, pick(eight, n, f), pick(eight, j, b));
            let upper = pick(two, pick(eight, o, g), pick(eight, m, e));
            let lower = pick(two, pick(eight, k, c), pick(eight, i, a));
            let one = number >= pick(four, upper, lower);
            let rank = i32::from(eight) << 3 | i32::from(four) << 2 | i32::from(two) << 1 | i32::from(one);
            *code = self.first + self.step * rank;
        }
    }
}

/// Compares with every threshold.
#[derive(Clone, Copy)]
struct Compare<'a, T, F> {
    thresholds: &'a Thresholds<T>,
    level_of: F,
}

impl<T: Real, P, F: Fn(T, P) -> T> EncodePiece<T, P> for Compare<'_, T, F> {
    #[inline(always)]
    fn encode(&self, values: &[T], mut parameters: impl Iterator<Item = P>, codes: &mut [i32]) {
        let Self { thresholds, level_of } = self;
        for (values, codes) in values.chunks(AT_A_TIME).zip(codes.chunks_mut(AT_A_TIME)) {
            let mut numbers = [T::ZERO; AT_A_TIME];
            for ((number, &value), own) in numbers.iter_mut().zip(values).zip(&mut parameters) {
                *number = level_of(value, own);
            }
            let mut all = [thresholds.codes[0]; AT_A_TIME];
            for &(threshold, step) in &thresholds.steps {
                for (code, &number) in all.iter_mut().zip(&numbers) {
                    *code += if number >= threshold { step } else { 0 };
                }
            }
            for (code, &number) in all.iter_mut().zip(&numbers) {
                *code = thresholds.signed(*code, number);
            }
            codes.copy_from_slice(&all[..codes.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_number_above_is_found_wherever_it_is() {
        for (low, high) in
            [(-3.0, 6.4), (-1.0, 1.0), (-1e308, 1e308), (0.0, 5e-324), (-2.0, -1.0), (1e-300, 1e300)]
        {
            for threshold in [high, 0.5 * low + 0.5 * high, 0.9 * high + 0.1 * low, f64::next_up(low)] {
                assert_eq!(first_above([low, high], |number: f64| number >= threshold), threshold);
            }
        }
        assert_eq!(first_above([-1.0, 1.0], |number: f32| number > 1e-20), f32::next_up(1e-20));
    }
}
