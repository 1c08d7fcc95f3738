//! What an ONNX file shall be like.

/// What an ONNX file shall be like; by default one that most runtimes take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OnnxOptions {
    /// The version of the standard operators, which decides what types codes may have.
    pub opset: Opset,
    /// The type of the features.
    pub input: InputType,
    /// How weights of 4 bits in groups of 16, 32, 64, … inputs are multiplied.
    pub groups: FourBitGroups,
    /// How layers are written whose inputs are codes with parameters that are known before.
    pub static_inputs: StaticInputs,
}

/// A version of the standard operators. The newer one has types that not every runtime knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Opset {
    /// Version 21 (ONNX 1.16, IR 10): integers of 4, 8 and 16 bits, FP8, and scales of blocks.
    #[default]
    V21,
    /// Version 25 (ONNX 1.20, IR 13): integers of 2 bits and FP4 E2M1, too. onnxruntime 1.32 does not dequantize the latter.
    V25,
}

impl Opset {
    /// Its number.
    #[must_use]
    pub const fn version(self) -> i64 {
        match self {
            Self::V21 => 21,
            Self::V25 => 25,
        }
    }

    /// The version of the file format that came with it.
    #[must_use]
    pub const fn ir_version(self) -> i64 {
        match self {
            Self::V21 => 10,
            Self::V25 => 13,
        }
    }
}

/// The type of the features that come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum InputType {
    /// `float`, what other tools expect. A feature that `f32` does not hold, such as 0.1, is rounded before it is scaled: by up
    /// to `2⁻²⁴·|x|`, which is `2⁻²⁴·|x|/s` of what it is scaled by. On wine, digits and wine-quality no class was another in
    /// any row; probabilities moved by up to 3e-5 (density in wine-quality, whose `|x|/s` is 530), and by up to 1e-3 where a
    /// dynamic code was rounded the other way.
    #[default]
    Float,
    /// `double`, for features that `f32` does not hold exactly: probabilities are then those of the packed model up to their
    /// own rounding to `float`, 3e-8.
    Double,
}

/// How weights of 4 bits in groups are multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FourBitGroups {
    /// By `DequantizeLinear` with `block_size`, and `MatMul`: standard operators.
    #[default]
    Standard,
    /// By `MatMulNBits` of `com.microsoft`, onnxruntime's own, where it can say the same.
    MatMulNBits,
}

/// How layers are written whose inputs are codes with parameters that are known before. Those whose inputs find their
/// parameters in the rows at hand are written as [`Integers`](Self::Integers) always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum StaticInputs {
    /// As products of integers: the same codes in all layers, and the same logits, as the packed model has.
    #[default]
    Integers,
    /// As `QuantizeLinear` and `DequantizeLinear` before a `MatMul` of floats (QDQ), the pattern that other compilers look for.
    /// Codes of the first layer are the same; those of later layers may differ by one where sums of floats, which have no
    /// fixed order, come out on the other side of a tie.
    Qdq,
}
