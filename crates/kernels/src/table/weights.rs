//! Weights of table codes in the layout of the kernels.

use std::ops::Range;

use super::float::Float;
use crate::aligned::{LANES, Lanes, Line, expanded, tiled};
use crate::error::{KernelError, check_finite, check_length, elements};
use crate::integer::{Codes, Granularity, Width, ZeroPoints};

/// The bits of a code that counts to a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableWidth {
    /// 256 levels.
    Eight,
    /// 16 levels.
    Four,
    /// 8 levels.
    Three,
    /// 4 levels.
    Two,
}

impl TableWidth {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Eight, Self::Four, Self::Three, Self::Two];

    /// The bits of a code.
    #[must_use]
    pub const fn bits(self) -> usize {
        match self {
            Self::Eight => 8,
            Self::Four => 4,
            Self::Three => 3,
            Self::Two => 2,
        }
    }

    /// The levels that codes can count to.
    #[must_use]
    pub const fn levels(self) -> usize {
        1 << self.bits()
    }

    const fn range(self) -> &'static str {
        match self {
            Self::Eight => "0 to 255",
            Self::Four => "0 to 15",
            Self::Three => "0 to 7",
            Self::Two => "0 to 3",
        }
    }
}

/// Weights of a layer whose codes stand for levels, packed for the kernels: `ŵ = s·t[q]`, or `s·(t[q] - z)`.
#[derive(Debug, Clone)]
pub struct TableWeights {
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    pub(super) levels: Levels,
    /// Inputs of each group but the last.
    pub(super) group: usize,
    pub(super) groups: usize,
    /// Lines of a tile.
    pub(super) lines: usize,
    /// `[tile][group][block]`.
    pub(super) words: Vec<Lanes<i32>>,
    /// `[tile][group]`.
    pub(super) scales: Vec<Lanes<f32>>,
    /// `[tile][group]`.
    pub(super) zeros: Option<Vec<Lanes<f32>>>,
}

/// What codes count to.
#[derive(Debug, Clone)]
pub(super) enum Levels {
    /// Of two bits: a table of 4, four times.
    Two([f32; LANES]),
    /// Of three bits: a table of 8, twice.
    Three([f32; LANES]),
    /// Of four bits.
    Four([f32; LANES]),
    /// Of eight bits.
    Eight(Box<[f32; 256]>),
    /// Floats of eight bits.
    Float(Float),
    /// Codes of eight bits, less this.
    Whole(f32),
    /// The bits of `f32` themselves.
    Numbers,
}

impl Levels {
    /// A table of the level of each code.
    fn of(width: TableWidth, level: impl Fn(usize) -> f32) -> Self {
        let table = std::array::from_fn(|index| level(index % width.levels().min(LANES)));
        match width {
            TableWidth::Two => Self::Two(table),
            TableWidth::Three => Self::Three(table),
            TableWidth::Four => Self::Four(table),
            TableWidth::Eight => Self::Eight(Box::new(std::array::from_fn(level))),
        }
    }

    /// The bits of a code.
    const fn bits(&self) -> usize {
        match self {
            Self::Two(_) => 2,
            Self::Three(_) => 3,
            Self::Four(_) => 4,
            Self::Eight(_) | Self::Float(_) | Self::Whole(_) => 8,
            Self::Numbers => 32,
        }
    }

    /// The lines of a block.
    const fn lines(&self) -> usize {
        match self {
            Self::Two(_) | Self::Four(_) | Self::Eight(_) | Self::Float(_) | Self::Whole(_) => 1,
            Self::Three(_) => 3,
            // One for each sum.
            Self::Numbers => 4,
        }
    }

    /// The inputs of a block.
    pub(super) const fn inputs(&self) -> usize {
        32 * self.lines() / self.bits()
    }
}

impl TableWeights {
    /// Packs `codes`, `(outputs, inputs)`, that count to levels of `table`, with `scales`, `(outputs, groups)` or one for the
    /// tensor.
    ///
    /// # Errors
    /// Slices that do not fit the shape, a table of another length than [`TableWidth::levels`], codes beyond the table, levels
    /// and scales that are not finite, and groups of no inputs.
    ///
    /// ```
    /// use bitsweep_kernels::{Granularity, TableWeights, TableWidth};
    ///
    /// let table = [-1.0, -0.25, 0.25, 1.0];
    /// let codes = [0, 1, 2, 3, 3, 3];
    /// let scales = [2.0, 1.0];
    /// let weights = TableWeights::new((2, 3), TableWidth::Two, &codes, &table, Granularity::Output, &scales)?;
    /// let mut results = [0.0; 2];
    /// weights.product(1, &[1.0, 2.0, 4.0], None, &mut results)?;
    /// assert_eq!(results, [2.0 * (-1.0 - 0.5 + 1.0), 7.0]);
    /// # Ok::<(), bitsweep_kernels::KernelError>(())
    /// ```
    pub fn new(
        shape: (usize, usize),
        width: TableWidth,
        codes: &[u8],
        table: &[f32],
        granularity: Granularity,
        scales: &[f32],
    ) -> Result<Self, KernelError> {
        check_length("levels", width.levels(), table.len())?;
        check_finite("level", table)?;
        check_length("codes", elements(shape.0, shape.1)?, codes.len())?;
        if let Some(position) = codes.iter().position(|&code| usize::from(code) >= width.levels()) {
            let code = i32::from(codes[position]);
            return Err(KernelError::Code { position, code, expected: width.range() });
        }
        let of_floats = <&[f32; 256]>::try_from(table).ok().and_then(Float::of);
        match of_floats {
            Some((float, of_levels)) => {
                let code = |place: usize| u32::from(of_levels[usize::from(codes[place])]);
                Self::packed(shape, Levels::Float(float), code, granularity, scales, None)
            }
            None => {
                let levels = Levels::of(width, |index| table[index]);
                Self::packed(shape, levels, |place| u32::from(codes[place]), granularity, scales, None)
            }
        }
    }

    /// Packs `weights` of `f32`, `(outputs, inputs)`, without codes: what codes are held against.
    ///
    /// # Errors
    /// A slice that does not fit the shape, and numbers that are not finite.
    ///
    /// ```
    /// use bitsweep_kernels::TableWeights;
    ///
    /// let weights = TableWeights::floats((1, 3), &[0.5, -1.0, 2.0])?;
    /// let mut results = [0.0];
    /// weights.product(1, &[1.0, 2.0, 4.0], Some(&[0.25]), &mut results)?;
    /// assert_eq!(results, [0.5 - 2.0 + 8.0 + 0.25]);
    /// # Ok::<(), bitsweep_kernels::KernelError>(())
    /// ```
    pub fn floats((outputs, inputs): (usize, usize), weights: &[f32]) -> Result<Self, KernelError> {
        check_length("weights", elements(outputs, inputs)?, weights.len())?;
        check_finite("weight", weights)?;
        let bits = |place: usize| weights[place].to_bits();
        Self::packed((outputs, inputs), Levels::Numbers, bits, Granularity::Tensor, &[1.0], None)
    }

    /// Packs integer codes, `ŵ = s·(q - z)`, of 8, 4, 3 or 2 bits or ternary ones; arguments and errors are those of
    /// [`IntegerWeights::new`](crate::IntegerWeights::new).
    ///
    /// Where all zero points are the same, levels are `q - z`. Else they are `q`, and of the sum of a group `z·Σ x` is
    /// subtracted, with `Σ x` in the same order of sums.
    ///
    /// # Errors
    /// As there, but for groups that are too long, of which there are none; and zero points that `f32` does not hold.
    pub fn integer(
        shape: (usize, usize),
        width: Width,
        codes: Codes<'_>,
        granularity: Granularity,
        scales: &[f32],
        zero_points: ZeroPoints<'_>,
    ) -> Result<Self, KernelError> {
        let table_width = match width {
            Width::Eight => TableWidth::Eight,
            Width::Four => TableWidth::Four,
            Width::Three => TableWidth::Three,
            Width::Two | Width::Ternary | Width::Binary => TableWidth::Two,
        };
        let unsigned = codes.unsigned(width, elements(shape.0, shape.1)?)?;
        let (blocks, _) = granularity.blocks(shape)?;
        // Signed codes as levels are unsigned ones less the offset.
        let offset = match codes {
            Codes::Signed(_) => width.offset() as f32,
            Codes::Unsigned(_) => 0.0,
        };
        match zero_points {
            ZeroPoints::Symmetric => {}
            ZeroPoints::Integer(values) => check_length("zero points", blocks, values.len())?,
            ZeroPoints::Float(values) => check_length("zero points", blocks, values.len())?,
        }
        let (less, zeros) = match zero_points {
            ZeroPoints::Symmetric => (width.offset() as f32, None),
            ZeroPoints::Integer(_) | ZeroPoints::Float(_) if width == Width::Binary => {
                return Err(KernelError::BinaryZeroPoint);
            }
            ZeroPoints::Integer(values) => {
                const MOST: i32 = 1 << 22;
                let outside = values.iter().position(|value| !(-MOST..=MOST).contains(value));
                if let Some(position) = outside {
                    let zero_point = values[position];
                    return Err(KernelError::ZeroPoint {
                        position,
                        zero_point,
                        lowest: -MOST,
                        highest: MOST,
                    });
                }
                common(offset, values.iter().map(|&value| value as f32).collect())
            }
            ZeroPoints::Float(values) => {
                check_finite("zero point", values)?;
                common(offset, values.to_vec())
            }
        };
        let levels = match width {
            Width::Eight => Levels::Whole(less),
            Width::Four | Width::Three | Width::Two | Width::Ternary | Width::Binary => {
                Levels::of(table_width, |code| code as f32 * width.factor() as f32 - less)
            }
        };
        let code = |place: usize| u32::from(unsigned[place]);
        Self::packed(shape, levels, code, granularity, scales, zeros.as_deref())
    }

    fn packed(
        (outputs, inputs): (usize, usize),
        levels: Levels,
        code: impl Fn(usize) -> u32,
        granularity: Granularity,
        scales: &[f32],
        zeros: Option<&[f32]>,
    ) -> Result<Self, KernelError> {
        let (blocks, group) = granularity.blocks((outputs, inputs))?;
        let groups = inputs.div_ceil(group);
        check_length("scales", blocks, scales.len())?;
        check_finite("scale", scales)?;
        let bits = levels.bits();
        let block_lines = |length: usize| length.div_ceil(levels.inputs()) * levels.lines();
        let group_lines = block_lines(group);
        let last = inputs - group * groups.saturating_sub(1);
        let lines = group_lines * groups.saturating_sub(1) + block_lines(last);
        let mut words = vec![Line([0; LANES]); lines * outputs.div_ceil(LANES)];
        for output in 0..outputs {
            let (tile, lane) = (output / LANES, output % LANES);
            for input in 0..inputs {
                let within = input % group;
                let block =
                    tile * lines + input / group * group_lines + within / levels.inputs() * levels.lines();
                let first = within % levels.inputs() * bits;
                let (line, bit) = (block + first / 32, first % 32);
                let code = code(output * inputs + input);
                words[line].0[lane] |= (code << bit).cast_signed();
                if bit + bits > 32 {
                    words[line + 1].0[lane] |= (code >> (32 - bit)).cast_signed();
                }
            }
        }
        let shape = (outputs, groups);
        let scales = tiled(&expanded(scales, shape), outputs, groups, 0.0);
        let zeros = zeros.map(|zeros| tiled(&expanded(zeros, shape), outputs, groups, 0.0));
        Ok(Self { outputs, inputs, levels, group, groups, lines, words, scales, zeros })
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

    /// The bytes that a product reads: codes, scales and zero points, with what pads them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let zeros = self.zeros.as_deref().map_or(0, size_of_val);
        size_of_val(self.words.as_slice()) + size_of_val(self.scales.as_slice()) + zeros
    }

    /// The inputs of a group.
    pub(super) fn group_inputs(&self, group: usize) -> Range<usize> {
        let first = group * self.group;
        first..self.inputs.min(first + self.group)
    }

    /// The blocks of a tile.
    pub(super) fn blocks(&self) -> usize {
        self.lines / self.levels.lines()
    }

    /// The lines of some blocks of a tile.
    #[inline(always)]
    pub(super) fn lines(&self, tile: usize, blocks: Range<usize>) -> &[Lanes<i32>] {
        let lines = self.levels.lines();
        &self.words[tile * self.lines..][blocks.start * lines..blocks.end * lines]
    }

    /// The blocks of a group in a tile.
    #[inline(always)]
    pub(super) fn block_range(&self, group: usize) -> Range<usize> {
        let blocks = self.blocks();
        let each = self.group.div_ceil(self.levels.inputs());
        blocks.min(group * each)..blocks.min((group + 1) * each)
    }
}

/// What is subtracted of unsigned codes: one number, or no more than of none and `zeros` of unsigned codes in each block.
fn common(offset: f32, zeros: Vec<f32>) -> (f32, Option<Vec<f32>>) {
    match zeros.split_first() {
        Some((first, rest)) if rest.iter().all(|zero| zero == first) => (*first + offset, None),
        Some(_) | None => (offset, Some(zeros)),
    }
}
