//! Floats of 8 bits.

/// Floats of 8 bits: sign, exponent, mantissa, the mantissa of so many bits.
///
/// Shifted to where those of `f32` are, they are the number but for a power of two, and of the least exponent too: what is
/// subnormal there is subnormal here. So one multiplication makes the exact number of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Float {
    pub(super) mantissa: u32,
    pub(super) factor: f32,
}

impl Float {
    /// The bits of a float of 8 bits in `f32`, the sign included, before they are multiplied.
    pub(super) const fn bits(mantissa: u32, code: u8) -> u32 {
        ((code & 0x80) as u32) << 24 | ((code & 0x7f) as u32) << (23 - mantissa)
    }

    /// The float whose numbers all levels of the table are, if there is one, and the code of each level.
    pub(super) fn of(table: &[f32; 256]) -> Option<(Self, [u8; 256])> {
        const BIAS: i32 = 127;
        let greatest = table.iter().fold(0.0_f32, |greatest, level| greatest.max(level.abs()));
        let exponent = (greatest.to_bits() >> 23).cast_signed() - BIAS;
        (1..=6).find_map(|mantissa| {
            // The greatest has the greatest exponent of all: so there are as many as can be below it.
            let power = exponent + BIAS - ((1 << (7 - mantissa)) - 1);
            let field = u32::try_from(power + BIAS).ok().filter(|field| (1..255).contains(field))?;
            let float = Self { mantissa, factor: f32::from_bits(field << 23) };
            let mut codes = [0; 256];
            for (code, level) in codes.iter_mut().zip(table) {
                *code = (0..=255).find(|&code| {
                    let value = f32::from_bits(Self::bits(mantissa, code)) * float.factor;
                    value.to_bits() == level.to_bits()
                })?;
            }
            Some((float, codes))
        })
    }
}
