//! Why weights cannot be packed, or a product cannot be computed.

use bitsweep_vector::Instructions;

/// Why weights cannot be packed, or a product cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KernelError {
    /// A slice of another length than its shape has.
    #[error("there are {found} {what}: expected {expected}")]
    Length {
        /// What the slice has.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A shape that has more elements than memory addresses.
    #[error("{outputs} outputs of {inputs} inputs are more than memory holds")]
    Shape {
        /// The outputs.
        outputs: usize,
        /// The inputs.
        inputs: usize,
    },
    /// Groups of no inputs.
    #[error("a group has 0 inputs: expected at least 1")]
    Group,
    /// A code that the width does not have.
    #[error("the code at {position} is {code}: expected {expected}")]
    Code {
        /// Its position in the slice, counted from 0.
        position: usize,
        /// The code.
        code: i32,
        /// Which codes there are.
        expected: &'static str,
    },
    /// A zero point that the form does not have.
    #[error("the zero point at {position} is {zero_point}: expected {lowest} to {highest}")]
    ZeroPoint {
        /// Its position in the slice, counted from 0.
        position: usize,
        /// The zero point.
        zero_point: i32,
        /// The lowest that there may be.
        lowest: i32,
        /// The highest that there may be.
        highest: i32,
    },
    /// Zero points of weights that are -1 and 1.
    #[error("binary weights are -1 and 1 and have no zero points")]
    BinaryZeroPoint,
    /// A number that is not finite.
    #[error("the {what} at {position} is no finite number")]
    NotFinite {
        /// What the number is.
        what: &'static str,
        /// Its position in the slice, counted from 0.
        position: usize,
    },
    /// An accumulator would not hold the sum.
    #[error(
        "a sum of {inputs} products can reach {inputs}·{product}, beyond {bits} bits: expected fewer of them"
    )]
    Overflow {
        /// How many are summed.
        inputs: usize,
        /// The greatest magnitude of a product.
        product: u64,
        /// The bits of the accumulator.
        bits: u32,
    },
    /// Instructions that the processor does not have.
    #[error("the processor has no {}", .0.name())]
    Unavailable(Instructions),
}

/// The slice named `what` must have `expected` elements.
pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), KernelError> {
    if expected == found { Ok(()) } else { Err(KernelError::Length { what, expected, found }) }
}

/// How many elements a matrix has.
pub(crate) fn elements(outputs: usize, inputs: usize) -> Result<usize, KernelError> {
    outputs.checked_mul(inputs).ok_or(KernelError::Shape { outputs, inputs })
}

/// Every number of the slice named `what` must be finite.
pub(crate) fn check_finite(what: &'static str, values: &[f32]) -> Result<(), KernelError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(position) => Err(KernelError::NotFinite { what, position }),
    }
}
