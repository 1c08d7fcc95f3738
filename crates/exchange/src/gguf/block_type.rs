//! The types of ggml whose numbers are codes in blocks.

use std::fmt;

use bitsweep_quant::{GgufBlock, GgufType};

/// A type of ggml whose numbers are codes in blocks, along the dimension that is contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockType {
    number: u32,
    name: &'static str,
    length: usize,
    bytes: usize,
}

impl BlockType {
    /// All types that ggml had in version 0.19 of the `gguf` package, whose `GGML_QUANT_SIZES` this is.
    const ALL: [Self; 26] = [
        Self::new(2, "Q4_0", 32, 18),
        Self::new(3, "Q4_1", 32, 20),
        Self::new(6, "Q5_0", 32, 22),
        Self::new(7, "Q5_1", 32, 24),
        Self::new(8, "Q8_0", 32, 34),
        Self::new(9, "Q8_1", 32, 40),
        Self::new(10, "Q2_K", 256, 84),
        Self::new(11, "Q3_K", 256, 110),
        Self::new(12, "Q4_K", 256, 144),
        Self::new(13, "Q5_K", 256, 176),
        Self::new(14, "Q6_K", 256, 210),
        Self::new(15, "Q8_K", 256, 292),
        Self::new(16, "IQ2_XXS", 256, 66),
        Self::new(17, "IQ2_XS", 256, 74),
        Self::new(18, "IQ3_XXS", 256, 98),
        Self::new(19, "IQ1_S", 256, 50),
        Self::new(20, "IQ4_NL", 32, 18),
        Self::new(21, "IQ3_S", 256, 110),
        Self::new(22, "IQ2_S", 256, 82),
        Self::new(23, "IQ4_XS", 256, 136),
        Self::new(29, "IQ1_M", 256, 56),
        Self::new(34, "TQ1_0", 256, 54),
        Self::new(35, "TQ2_0", 256, 66),
        Self::new(39, "MXFP4", 32, 17),
        Self::new(40, "NVFP4", 64, 36),
        Self::new(41, "Q1_0", 128, 18),
    ];

    const fn new(number: u32, name: &'static str, length: usize, bytes: usize) -> Self {
        Self { number, name, length, bytes }
    }

    /// The type of a number that a file has.
    pub(super) fn of(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|block| block.number == number)
    }

    /// The number of a block type in files.
    pub(super) const fn number(block: GgufBlock) -> u32 {
        match block {
            GgufBlock::Plain(GgufType::Q4_0) => 2,
            GgufBlock::Plain(GgufType::Q4_1) => 3,
            GgufBlock::Plain(GgufType::Q5_0) => 6,
            GgufBlock::Plain(GgufType::Q5_1) => 7,
            GgufBlock::Plain(GgufType::Q8_0) => 8,
            GgufBlock::Mxfp4 => 39,
        }
    }

    /// The block type whose values are known; `None` of those that are only told apart.
    pub(crate) fn block(self) -> Option<GgufBlock> {
        GgufBlock::ALL.into_iter().find(|block| Self::number(*block) == self.number)
    }

    /// Numbers of a block.
    #[must_use]
    pub const fn length(self) -> usize {
        self.length
    }

    /// Bytes of so many numbers; `None` where they fill no whole blocks, or are too many.
    #[must_use]
    pub const fn bytes_of(self, count: usize) -> Option<usize> {
        match count.is_multiple_of(self.length) {
            true => (count / self.length).checked_mul(self.bytes),
            false => None,
        }
    }

    /// Whether the values of the codes are known here.
    #[must_use]
    pub fn has_values(self) -> bool {
        self.block().is_some()
    }
}

/// The name that ggml uses: `Q4_0`.
impl fmt::Display for BlockType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name)
    }
}
