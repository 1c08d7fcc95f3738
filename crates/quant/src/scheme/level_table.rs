//! The nearest level of a table.

use super::level_format::LevelFormat;
use crate::number::Real;

/// Levels and their codes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LevelTable {
    /// Distinct levels in ascending order, with their codes; 0 has the code without a sign bit.
    ascending: Vec<(f64, i32)>,
    /// Midpoints between neighbours, exact in `f64`.
    cuts: Vec<f64>,
    /// The code of -0, where there is one.
    negative_zero: Option<i32>,
    /// The level of each code from `lowest_code` on; NaN for codes without one.
    by_code: Vec<f64>,
    lowest_code: i32,
}

impl LevelTable {
    pub(crate) fn new(format: LevelFormat) -> Self {
        Self::of_levels(format.levels())
    }

    /// The table of codes in ascending order with finite levels, at least one.
    pub(crate) fn of_levels(levels: Vec<(i32, f64)>) -> Self {
        let lowest_code = levels.first().map_or(0, |(code, _)| *code);
        let mut by_code = Vec::with_capacity(levels.len());
        for &(code, level) in &levels {
            // Codes start at the lowest and ascend.
            by_code.resize((code - lowest_code) as usize, f64::NAN);
            by_code.push(level);
        }
        let is_negative_zero = |level: f64| level == 0.0 && level.is_sign_negative();
        let negative_zero = levels.iter().find(|(_, level)| is_negative_zero(*level)).map(|(code, _)| *code);
        let mut ascending: Vec<(f64, i32)> = levels
            .into_iter()
            .filter(|(_, level)| !is_negative_zero(*level))
            .map(|(code, level)| (level, code))
            .collect();
        ascending.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
        let cuts = ascending.windows(2).map(|pair| 0.5 * (pair[0].0 + pair[1].0)).collect();
        Self { ascending, cuts, negative_zero, by_code, lowest_code }
    }

    /// The code of the level nearest to a number: of two equally near ones the even code, beyond the ends the last level.
    /// What becomes 0 keeps its sign where the format has a -0.
    pub(crate) fn nearest(&self, value: f64) -> i32 {
        let mut rank = self.cuts.partition_point(|cut| *cut < value);
        if self.cuts.get(rank) == Some(&value) && self.ascending[rank].1 & 1 == 1 {
            rank += 1;
        }
        let (level, code) = self.ascending[rank];
        match self.negative_zero {
            Some(negative_zero) if level == 0.0 && value.is_sign_negative() => negative_zero,
            Some(_) | None => code,
        }
    }

    /// The level of a code that [`contains`](Self::contains) knows.
    pub(crate) fn level(&self, code: i32) -> f64 {
        self.by_code[(code - self.lowest_code) as usize]
    }

    /// The levels in the type of values, to look many of them up.
    pub(crate) fn by_code<T: Real>(&self) -> LevelsByCode<T> {
        let levels = self.by_code.iter().map(|&level| T::from_f64(level));
        let mut levels: Vec<T> = levels.collect();
        // A power of two: any code, less the lowest, is masked to one of them.
        levels.resize(levels.len().next_power_of_two(), T::ZERO);
        LevelsByCode { levels, lowest_code: self.lowest_code }
    }

    /// The levels in the type of values by the low four bits of their codes, of which no two are the same there.
    pub(crate) fn by_low_bits<T: Real>(&self) -> [T; 16] {
        let mut levels = [T::ZERO; 16];
        for (&level, code) in self.by_code.iter().zip(self.lowest_code..) {
            levels[(code & 15) as usize] = T::from_f64(level);
        }
        levels
    }

    /// The level of any code; `None` of one that stands for no number.
    pub(crate) fn get(&self, code: i32) -> Option<f64> {
        let position = usize::try_from(i64::from(code) - i64::from(self.lowest_code)).ok()?;
        self.by_code.get(position).copied().filter(|level| level.is_finite())
    }

    /// Whether the code stands for a number.
    pub(crate) fn contains(&self, code: i32) -> bool {
        self.get(code).is_some()
    }

    /// The lowest and the highest level.
    pub(crate) fn ends(&self) -> (f64, f64) {
        let level = |entry: Option<&(f64, i32)>| entry.map_or(0.0, |(level, _)| *level);
        (level(self.ascending.first()), level(self.ascending.last()))
    }

    /// The largest level.
    pub(crate) fn largest(&self) -> f64 {
        self.ends().1
    }

    /// The distinct levels in ascending order.
    pub(crate) fn ascending(&self) -> impl Iterator<Item = f64> {
        self.ascending.iter().map(|(level, _)| *level)
    }
}

/// The level of each code.
pub(crate) struct LevelsByCode<T> {
    levels: Vec<T>,
    lowest_code: i32,
}

impl<T: Real> LevelsByCode<T> {
    /// The level of a code of the format.
    #[inline(always)]
    pub(crate) fn of(&self, code: i32) -> T {
        self.levels[(code - self.lowest_code) as usize & (self.levels.len() - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::Minifloat;

    #[test]
    fn ties_go_to_the_even_code() {
        let table = LevelTable::new(LevelFormat::Minifloat(Minifloat::E2M1));
        // Cuts .25 .75 1.25 1.75 2.5 3.5 5 between the levels 0 .5 1 1.5 2 3 4 6.
        for (cut, code) in [(0.25, 0), (0.75, 2), (1.25, 2), (1.75, 4), (2.5, 4), (3.5, 6), (5.0, 6)] {
            assert_eq!(table.nearest(cut), code);
            assert_eq!(table.nearest(-cut), code + 8);
        }
        assert_eq!((table.nearest(1e300), table.nearest(-1e300)), (7, 15));
        assert_eq!((table.nearest(0.0), table.nearest(-0.0)), (0, 8));
    }

    #[test]
    fn codes_without_a_number_are_not_contained() {
        let table = LevelTable::new(LevelFormat::Minifloat(Minifloat::E4M3));
        assert!(table.contains(0x7e) && table.contains(0x80));
        for code in [-1, 0x7f, 0xff, 0x100, i32::MIN] {
            assert!(!table.contains(code));
        }
    }
}
