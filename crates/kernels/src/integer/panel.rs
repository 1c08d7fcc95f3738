//! Activations in the order in which kernels take them.

use super::activations::{ActivationCodes, Activations};
use super::weights::{IntegerWeights, Zeros};

/// `ROWS` rows of activations, four inputs of each row beside one another, each group padded with zeros to whole blocks.
#[derive(Debug)]
pub(super) struct Panel {
    /// `[step][row][Q]`: four signed bytes, or twice two signed numbers of 16 bits.
    pub(super) quads: Vec<i32>,
    /// `Σ (q - z)` of each group and row, `[group][row]`.
    pub(super) sums: Vec<i32>,
    /// These times the zero point that all weights share, or 0.
    pub(super) less: Vec<i32>,
    /// Of each row, what is added to a signed byte of it to have `q - z`.
    pub(super) shifts: Vec<i32>,
    /// Whether any of these is not 0.
    pub(super) has_shifts: bool,
    /// Of each row.
    pub(super) scales: Vec<f32>,
}

impl Panel {
    /// The `ROWS` rows from `first`, each quad as `Q` numbers; where there are fewer, the last row stands for the others.
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
        let row_at = |row: usize| (first + row).min(activations.rows - 1);
        for row in 0..ROWS {
            let parameters = activations.parameters(row_at(row));
            shifts[row] = activations.codes.offset() - parameters.zero_point;
            scales[row] = parameters.scale;
        }
        for group in 0..weights.groups {
            let inputs = weights.group_inputs(group);
            let quads = &mut quads[weights.steps(0..group) * ROWS * Q..];
            let sums = &mut sums[group * ROWS..][..ROWS];
            // A group has so few inputs that sums are within 32 bits.
            let length = i32::try_from(inputs.len()).unwrap_or(i32::MAX);
            let mut rows: [&[u8]; ROWS] = [&[]; ROWS];
            for (row, bytes) in rows.iter_mut().enumerate() {
                let start = row_at(row) * weights.inputs;
                let range = start + inputs.start..start + inputs.end;
                *bytes = match activations.codes {
                    ActivationCodes::Unsigned(codes) => &codes[range],
                    ActivationCodes::Signed(codes) => as_bytes(&codes[range]),
                };
            }
            match activations.codes {
                ActivationCodes::Unsigned(_) => fill::<ROWS, Q, 0x80>(&rows, quads, sums),
                ActivationCodes::Signed(_) => fill::<ROWS, Q, 0>(&rows, quads, sums),
            }
            for (sum, shift) in sums.iter_mut().zip(&shifts) {
                *sum = sum.wrapping_add(length.wrapping_mul(*shift));
            }
        }
        let zero = match &weights.zeros {
            Zeros::Constant(zero) | Zeros::Float { offset: zero, .. } => *zero,
            Zeros::Integer(_) => 0,
        };
        let less = sums.iter().map(|steps: &i32| zero.wrapping_mul(*steps)).collect();
        let has_shifts = shifts.iter().any(|&shift| shift != 0);
        Self { quads, sums, less, shifts, has_shifts, scales }
    }
}

/// The bytes of signed codes.
#[inline(always)]
fn as_bytes(codes: &[i8]) -> &[u8] {
    // SAFETY: both are of one byte, of which every value is valid.
    unsafe { std::slice::from_raw_parts(codes.as_ptr().cast(), codes.len()) }
}

/// Writes a group of some rows and the sums of their signed bytes, which are those of `rows` with the bits of `FLIP` flipped.
#[inline(always)]
fn fill<const ROWS: usize, const Q: usize, const FLIP: u8>(
    rows: &[&[u8]; ROWS],
    quads: &mut [i32],
    sums: &mut [i32],
) {
    let steps = quads.as_chunks_mut::<Q>().0.as_chunks_mut::<ROWS>().0;
    let (whole, rest) = rows[0].as_chunks::<4>();
    let mut quads = [whole; ROWS];
    for (quads, bytes) in quads.iter_mut().zip(rows) {
        *quads = &bytes.as_chunks().0[..whole.len()];
    }
    // Step by step: a row at a time, the writes would lie far apart.
    for (index, step) in steps[..whole.len()].iter_mut().enumerate() {
        for (place, quads) in step.iter_mut().zip(&quads) {
            *place = packed(flipped::<FLIP>(quads[index]));
        }
    }
    if !rest.is_empty()
        && let Some(step) = steps.get_mut(whole.len())
    {
        for (place, bytes) in step.iter_mut().zip(rows) {
            let mut quad = [FLIP; 4];
            let rest = bytes.as_chunks::<4>().1;
            quad[..rest.len()].copy_from_slice(rest);
            *place = packed(flipped::<FLIP>(quad));
        }
    }
    for (sum, bytes) in sums.iter_mut().zip(rows) {
        let signed = bytes.iter().map(|byte| i32::from((byte ^ FLIP).cast_signed()));
        *sum = signed.fold(0, i32::wrapping_add);
    }
}

#[inline(always)]
fn flipped<const FLIP: u8>([a, b, c, d]: [u8; 4]) -> [i8; 4] {
    [(a ^ FLIP).cast_signed(), (b ^ FLIP).cast_signed(), (c ^ FLIP).cast_signed(), (d ^ FLIP).cast_signed()]
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
