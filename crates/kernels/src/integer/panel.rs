//! Activations in the order in which kernels take them.

use super::activations::{ActivationCodes, Activations};
use super::weights::IntegerWeights;

/// `ROWS` rows of activations, four inputs of each row beside one another, each group padded with zeros to whole blocks.
#[derive(Debug)]
pub(super) struct Panel {
    /// `[step][row][Q]`: four signed bytes, or twice two signed numbers of 16 bits.
    pub(super) quads: Vec<i32>,
    /// `Σ (q - z)` of each group and row, `[group][row]`.
    pub(super) sums: Vec<i32>,
    /// Of each row, what is added to a signed byte of it to have `q - z`.
    pub(super) shifts: Vec<i32>,
    /// Of each row.
    pub(super) scales: Vec<f32>,
}

impl Panel {
    /// The rows from `first` of which there are `ROWS`, each quad as `Q` numbers.
    #[inline(always)]
    pub(super) fn new<const ROWS: usize, const Q: usize>(
        weights: &IntegerWeights,
        activations: &Activations<'_>,
        first: usize,
    ) -> Self {
        let steps = weights.steps(0..weights.groups);
        let mut quads = vec![0; steps * ROWS * Q];
        let mut sums = vec![0; weights.groups * ROWS];
        let mut shifts = vec![0; ROWS];
        let mut scales = vec![0.0; ROWS];
        for row in 0..ROWS {
            let parameters = activations.parameters(first + row);
            let shift = activations.codes.offset() - parameters.zero_point;
            shifts[row] = shift;
            scales[row] = parameters.scale;
            let start = (first + row) * weights.inputs;
            for group in 0..weights.groups {
                let inputs = weights.group_inputs(group);
                let length = inputs.len();
                let range = start + inputs.start..start + inputs.end;
                let from = weights.steps(0..group) * ROWS * Q;
                let quads = &mut quads[from..];
                let sum = match activations.codes {
                    ActivationCodes::Unsigned(codes) => fill::<ROWS, Q, 0x80>(&codes[range], quads, row),
                    ActivationCodes::Signed(codes) => fill::<ROWS, Q, 0>(as_bytes(&codes[range]), quads, row),
                };
                // A group has so few inputs that these sums are within 32 bits.
                let length = i32::try_from(length).unwrap_or(i32::MAX);
                sums[group * ROWS + row] = sum.wrapping_add(length.wrapping_mul(shift));
            }
        }
        Self { quads, sums, shifts, scales }
    }
}

/// The bytes of signed codes.
#[inline(always)]
fn as_bytes(codes: &[i8]) -> &[u8] {
    // SAFETY: both are of one byte, of which every value is valid.
    unsafe { std::slice::from_raw_parts(codes.as_ptr().cast(), codes.len()) }
}

/// Writes one row of a group and sums its signed bytes, which are those of `codes` with the bits of `FLIP` flipped.
#[inline(always)]
fn fill<const ROWS: usize, const Q: usize, const FLIP: u8>(
    codes: &[u8],
    quads: &mut [i32],
    row: usize,
) -> i32 {
    let (whole, rest) = codes.as_chunks::<4>();
    let steps = quads.as_chunks_mut::<Q>().0.as_chunks_mut::<ROWS>().0;
    for (quad, step) in whole.iter().zip(steps.iter_mut()) {
        step[row] = packed(quad.map(|code| (code ^ FLIP).cast_signed()));
    }
    if !rest.is_empty()
        && let Some(step) = steps.get_mut(whole.len())
    {
        let mut quad = [0; 4];
        for (signed, code) in quad.iter_mut().zip(rest) {
            *signed = (code ^ FLIP).cast_signed();
        }
        step[row] = packed(quad);
    }
    codes.iter().fold(0, |sum: i32, code| sum.wrapping_add(i32::from((code ^ FLIP).cast_signed())))
}

/// One number of four bytes, or two of two numbers of 16 bits: of the first and third, and the second and fourth.
#[inline(always)]
fn packed<const Q: usize>(quad: [i8; 4]) -> [i32; Q] {
    let [a, b, c, d] = quad;
    let pair = |low: i8, high: i8| {
        let [first, second] = i16::from(low).to_ne_bytes();
        let [third, fourth] = i16::from(high).to_ne_bytes();
        i32::from_ne_bytes([first, second, third, fourth])
    };
    if Q == 1 {
        [i32::from_ne_bytes([a, b, c, d].map(i8::cast_unsigned)); Q]
    } else {
        std::array::from_fn(|index| if index == 0 { pair(a, c) } else { pair(b, d) })
    }
}
