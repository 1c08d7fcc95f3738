//! From whole numbers to codes.

use bitsweep_quant::Grid;

/// What makes codes of whole numbers `x` of one feature: with `u = (x - first) >> coarse`
///
/// ```text
/// q = lowest                                     x < first
///     highest                                    u > last
///     lowest + ((u·multiplier + offset) >> shift)    otherwise
/// ```
///
/// in whole numbers of 32 bits without a sign, of which a code is the highest bits. So it is
/// `clamp(round((x - μ) / d) + z)`, with halves up, of a multiplier that stands for `2^shift / d`. Codes have at most 8
/// bits; positions are within 0.01 of a code of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountCodes {
    /// The first whole number that is not clipped to the lowest code.
    pub first: i32,
    /// Bits of the distance from there that are left out: none of numbers that take up to 16 bits from the lowest to the highest code.
    pub coarse: u32,
    /// The largest distance that is not clipped to the highest code.
    pub last: u32,
    /// `2^shift / d` of such distances, rounded.
    pub multiplier: u32,
    /// What is added to the products: the position of `first` on the grid, from the lowest code's lower end on.
    pub offset: u32,
}

impl CountCodes {
    /// Bits behind the code in a product of 32 bits, for the codes of a grid.
    pub(super) fn shift(grid: Grid) -> u32 {
        let codes = grid.highest.abs_diff(grid.lowest) + 1;
        32 - codes.next_power_of_two().trailing_zeros()
    }

    /// What makes codes of a feature with this mean `μ`, divisor `d` above 0 and zero point `z`.
    pub(super) fn new(mean: f64, divisor: f64, zero_point: i32, grid: Grid) -> Self {
        let shift = Self::shift(grid);
        let unit = (shift as f64).exp2();
        // The position of x on the grid, from the lower end of the lowest code on, is (x - start) / d.
        let start = mean - divisor * (f64::from(zero_point) - f64::from(grid.lowest) + 0.5);
        let first = start.ceil().clamp(f64::from(i32::MIN), f64::from(i32::MAX));
        let codes = f64::from(grid.highest) - f64::from(grid.lowest) + 1.0;
        let end = codes * unit;
        // Distances of 16 bits, so that the multiplier has as many.
        let coarse = ((codes * divisor).log2() - 16.0).ceil().clamp(0.0, 31.0);
        let multiplier = (unit / divisor * coarse.exp2()).round();
        let offset = ((first - start) / divisor * unit).floor();
        if offset >= end || multiplier >= end || offset < 0.0 {
            // One whole number is the step from the lowest to the highest code; or all of 32 bits are below it.
            let offset = if offset < 0.0 { 0.0 } else { (end - 1.0).min(offset) };
            return Self { first: first as i32, coarse: 0, last: 0, multiplier: 0, offset: offset as u32 };
        }
        // All products below the end, which 32 bits hold.
        let last = match multiplier > 0.0 {
            true => ((end - 1.0 - offset) / multiplier).floor().min(f64::from(u32::MAX)),
            false => f64::from(u32::MAX),
        };
        Self {
            first: first as i32,
            coarse: coarse as u32,
            last: last as u32,
            multiplier: multiplier as u32,
            offset: offset as u32,
        }
    }

    /// The code of a whole number, and whether it is one that was clipped.
    pub(super) fn code(self, x: i32, grid: Grid) -> (i32, bool) {
        let distance = i64::from(x) - i64::from(self.first);
        match u32::try_from(distance) {
            Err(_) => (grid.lowest, true),
            Ok(distance) if distance >> self.coarse > self.last => (grid.highest, true),
            Ok(distance) => {
                let product = (distance >> self.coarse) * self.multiplier + self.offset;
                (grid.lowest + (product >> Self::shift(grid)) as i32, false)
            }
        }
    }
}
