//! Integer weights in the layout of the kernels.

use std::ops::Range;

use super::width::{EMPTY, Width};
use crate::aligned::{CodeLine, LANES, Lanes, Line, expanded, tiled};
use crate::error::{KernelError, check_finite, check_length, elements};

/// Codes of weights as files have them, one an element, output by output.
#[derive(Debug, Clone, Copy)]
pub enum Codes<'a> {
    /// Codes around 0.
    Signed(&'a [i8]),
    /// Codes from 0.
    Unsigned(&'a [u8]),
}

impl Codes<'_> {
    /// The unsigned codes of so many elements.
    pub(crate) fn unsigned(&self, width: Width, elements: usize) -> Result<Vec<u8>, KernelError> {
        match self {
            Self::Signed(codes) => {
                check_length("codes", elements, codes.len())?;
                let unsigned = codes.iter().enumerate().map(|(position, &code)| {
                    let refusal =
                        KernelError::Code { position, code: i32::from(code), expected: width.signed_range() };
                    width.unsigned(code).ok_or(refusal)
                });
                unsigned.collect()
            }
            Self::Unsigned(codes) => {
                check_length("codes", elements, codes.len())?;
                match codes.iter().position(|&code| code > width.greatest()) {
                    None => Ok(codes.to_vec()),
                    Some(position) => {
                        let code = i32::from(codes[position]);
                        Err(KernelError::Code { position, code, expected: width.unsigned_range() })
                    }
                }
            }
        }
    }
}

/// Which code stands for 0, in each block, `[output][group]`, or one for all blocks.
#[derive(Debug, Clone, Copy)]
pub enum ZeroPoints<'a> {
    /// Signed codes are levels themselves; unsigned codes have the level 0 in the middle, at `2^(bits-1)` (1 of ternary codes).
    Symmetric,
    /// Whole numbers in units of the codes, from -32768 to 32767 above the lowest code.
    Integer(&'a [i32]),
    /// Numbers in units of the codes.
    Float(&'a [f32]),
}

/// Which inputs of an output share a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granularity {
    /// All weights: one scale.
    Tensor,
    /// All inputs of an output: one scale an output.
    Output,
    /// So many consecutive inputs, the last perhaps fewer: `⌈inputs/group⌉` scales an output.
    Group(usize),
}

impl Granularity {
    /// How many blocks have a scale, and the inputs of a group, at least one.
    pub(crate) fn blocks(self, (outputs, inputs): (usize, usize)) -> Result<(usize, usize), KernelError> {
        let all = inputs.max(1);
        match self {
            Self::Tensor => Ok((1, all)),
            Self::Output => Ok((outputs, all)),
            Self::Group(0) => Err(KernelError::Group),
            Self::Group(group) => {
                let group = group.min(all);
                Ok((elements(outputs, inputs.div_ceil(group))?, group))
            }
        }
    }
}

/// Integer weights of a layer, packed for the kernels: `ŵ = s·(q - z)`.
///
/// Sixteen outputs are a tile. Within a tile the groups lie one after another, and within a group lines of 64 bytes, so that
/// each byte has the codes of one output: see the table in the [module](super).
#[derive(Debug, Clone)]
pub struct IntegerWeights {
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    pub(super) width: Width,
    /// Inputs of each group but the last.
    pub(super) group: usize,
    pub(super) groups: usize,
    /// Lines of a tile.
    pub(super) lines: usize,
    /// `[tile][group][block]`.
    pub(super) codes: Vec<CodeLine>,
    /// `[tile][group]`.
    pub(super) scales: Vec<Lanes<f32>>,
    /// Sums of unsigned codes, `[tile][group]`.
    pub(super) sums: Vec<Lanes<i32>>,
    pub(super) zeros: Zeros,
}

/// Zero points of unsigned codes.
#[derive(Debug, Clone)]
pub(super) enum Zeros {
    Constant(i32),
    /// `[tile][group]`.
    Integer(Vec<Line<[i16; LANES]>>),
    /// Those of codes as they were given, whose unsigned code is `offset` more. `[tile][group]`.
    Float {
        offset: i32,
        values: Vec<Lanes<f32>>,
    },
}

impl IntegerWeights {
    /// The most that an activation can differ from its zero point.
    const MOST_STEPS: u64 = 255;

    /// Packs `codes`, `(outputs, inputs)`, with `scales`, `(outputs, groups)` or one for the tensor.
    ///
    /// # Errors
    /// Slices that do not fit the shape, codes that the width does not have, zero points of binary weights or beyond
    /// their range, scales and zero points that are not finite, groups of no inputs, and groups so long that
    /// `n·255·max|q - z|` is beyond an accumulator of 32 bits.
    ///
    /// ```
    /// use bitsweep_kernels::{Codes, Granularity, IntegerWeights, Width, ZeroPoints};
    ///
    /// let codes = Codes::Signed(&[-8, 7, 1, 2, 3, 4]);
    /// let weights = IntegerWeights::new(
    ///     (2, 3), Width::Four, codes, Granularity::Output, &[0.5, 0.25], ZeroPoints::Symmetric,
    /// )?;
    /// assert_eq!((weights.outputs(), weights.inputs(), weights.groups()), (2, 3, 1));
    /// # Ok::<(), bitsweep_kernels::KernelError>(())
    /// ```
    pub fn new(
        (outputs, inputs): (usize, usize),
        width: Width,
        codes: Codes<'_>,
        granularity: Granularity,
        scales: &[f32],
        zero_points: ZeroPoints<'_>,
    ) -> Result<Self, KernelError> {
        let unsigned = codes.unsigned(width, elements(outputs, inputs)?)?;
        let (blocks, group) = granularity.blocks((outputs, inputs))?;
        let groups = inputs.div_ceil(group);
        check_length("scales", blocks, scales.len())?;
        check_finite("scale", scales)?;
        let shape = (outputs, groups);
        let offset = match codes {
            Codes::Signed(_) => width.offset(),
            Codes::Unsigned(_) => 0,
        };
        let (zeros, level) = zeros(width, zero_points, blocks, offset, shape)?;
        check_accumulators(level, group.min(inputs))?;

        let block_lines = |length: usize| length.div_ceil(width.inputs()) * width.lines();
        let group_lines = block_lines(group);
        let last = inputs - group * groups.saturating_sub(1);
        let lines = group_lines * groups.saturating_sub(1) + block_lines(last);
        let tiles = outputs.div_ceil(LANES);
        let mut packed = vec![EMPTY; lines * tiles];
        let mut sums = vec![Line([0; LANES]); tiles * groups];
        for (output, codes) in unsigned.chunks_exact(inputs.max(1)).enumerate() {
            let (tile, lane) = (output / LANES, output % LANES);
            for (index, codes) in codes.chunks(group).enumerate() {
                let group = &mut packed[tile * lines + index * group_lines..][..block_lines(codes.len())];
                for (block, codes) in group.chunks_mut(width.lines()).zip(codes.chunks(width.inputs())) {
                    for (input, &code) in codes.iter().enumerate() {
                        width.put(block, lane, input, code);
                    }
                }
                let sum = codes.iter().map(|&code| i32::from(code)).fold(0, i32::wrapping_add);
                sums[tile * groups + index].0[lane] = sum;
            }
        }
        let scales = tiled(&expanded(scales, shape), outputs, groups, 0.0);
        Ok(Self { outputs, inputs, width, group, groups, lines, codes: packed, scales, sums, zeros })
    }

    /// The number of outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The number of inputs.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of groups of an output, each with a scale and an accumulator of its own.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The width of the codes.
    #[must_use]
    pub fn width(&self) -> Width {
        self.width
    }

    /// The bytes that a product with symmetric activations reads: codes, scales and zero points, with what pads them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let zeros = match &self.zeros {
            Zeros::Constant(_) => 0,
            Zeros::Integer(values) => size_of_val(values.as_slice()),
            Zeros::Float { values, .. } => size_of_val(values.as_slice()),
        };
        size_of_val(self.codes.as_slice()) + size_of_val(self.scales.as_slice()) + zeros
    }

    /// Whether an accumulator is nothing but the sum of codes with signed bytes, or twice that, less the same number in all outputs,
    /// where the signed bytes of activations are not shifted.
    pub(super) const fn is_plain(&self) -> bool {
        matches!(self.zeros, Zeros::Constant(_))
    }

    /// The outputs of some tiles.
    pub(super) fn outputs_of(&self, tiles: &Range<usize>) -> Range<usize> {
        tiles.start * LANES..self.outputs.min(tiles.end * LANES)
    }

    /// The inputs of a group.
    pub(super) fn group_inputs(&self, group: usize) -> Range<usize> {
        let first = group * self.group;
        first..self.inputs.min(first + self.group)
    }
}

/// The zero points of unsigned codes, from those of codes that are `offset` less, and the greatest magnitude of a level.
fn zeros(
    width: Width,
    zero_points: ZeroPoints<'_>,
    blocks: usize,
    offset: i32,
    (outputs, groups): (usize, usize),
) -> Result<(Zeros, u32), KernelError> {
    let top = i32::from(width.greatest()) * width.factor();
    let magnitude = |zero: i32| zero.unsigned_abs().max((top - zero).unsigned_abs());
    match zero_points {
        ZeroPoints::Symmetric => Ok((Zeros::Constant(width.offset()), magnitude(width.offset()))),
        ZeroPoints::Integer(_) | ZeroPoints::Float(_) if width == Width::Binary => {
            Err(KernelError::BinaryZeroPoint)
        }
        ZeroPoints::Integer(values) => {
            check_length("zero points", blocks, values.len())?;
            let (lowest, highest) = (i32::from(i16::MIN) - offset, i32::from(i16::MAX) - offset);
            let unsigned = values.iter().enumerate().map(|(position, &zero_point)| {
                let unsigned = zero_point.checked_add(offset).and_then(|value| i16::try_from(value).ok());
                unsigned.ok_or(KernelError::ZeroPoint { position, zero_point, lowest, highest })
            });
            let unsigned = unsigned.collect::<Result<Vec<i16>, _>>()?;
            let level = unsigned.iter().map(|&zero| magnitude(i32::from(zero))).max().unwrap_or(0);
            let zeros = match unsigned.split_first() {
                Some((first, rest)) if rest.iter().all(|value| value == first) => {
                    Zeros::Constant(i32::from(*first))
                }
                Some(_) | None => {
                    Zeros::Integer(tiled(&expanded(&unsigned, (outputs, groups)), outputs, groups, 0))
                }
            };
            Ok((zeros, level))
        }
        ZeroPoints::Float(values) => {
            check_length("zero points", blocks, values.len())?;
            check_finite("zero point", values)?;
            let values = tiled(&expanded(values, (outputs, groups)), outputs, groups, 0.0);
            Ok((Zeros::Float { offset, values }, magnitude(offset)))
        }
    }
}

/// No sum of products of a group may be beyond 32 bits, whatever the codes are.
fn check_accumulators(level: u32, inputs: usize) -> Result<(), KernelError> {
    let product = IntegerWeights::MOST_STEPS * u64::from(level.max(1));
    let sum = u64::try_from(inputs).ok().and_then(|inputs| inputs.checked_mul(product));
    match sum.map(i32::try_from) {
        Some(Ok(_)) => Ok(()),
        Some(Err(_)) | None => Err(KernelError::Overflow { inputs, product, bits: 32 }),
    }
}
