//! What is expected where there is no compiler.

use super::target::{Core, Instructions, Target};

/// What a model in C is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Bytes of its constants, without those of the encoding.
    pub constants: u64,
    /// Bytes of the largest array of them.
    pub largest_array: u64,
    /// What makes codes of features.
    pub encoding: Encoding,
    /// Bytes of what layers hand on, and of the outputs: the stack has them during a prediction.
    pub buffers: u64,
    /// Layers.
    pub layers: u64,
    /// How its sums become the inputs of the next layer; of several ways the longest.
    pub arithmetic: Arithmetic,
    /// Whether it calls functions of `<math.h>`.
    pub calls_library: bool,
}

/// How features become codes, with bytes of constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// They do not: the model takes features.
    None,
    /// By divisions of floats.
    Floats(u64),
    /// By products of whole numbers.
    Integers(u64),
}

/// How sums become the inputs of the next layer, the shortest code first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arithmetic {
    /// By shifts of 32 bits, or not at all.
    Shifts,
    /// By one product of 64 bits for all outputs.
    OneMultiplier,
    /// By a product and a shift for each output.
    Multipliers,
    /// By a product for each group of inputs of each output.
    Groups,
    /// In floats, without a division.
    Floats,
    /// In floats, with a division.
    DividedFloats,
}

/// Bytes that are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Of code and constants, from features on.
    pub flash: u64,
    /// Of these, of what makes codes of features.
    pub encode_flash: u64,
    /// Of variables and stack.
    pub ram: u64,
}

/// Bytes of constants that an AVR reads by addresses of 16 bits, among which vectors come first.
pub const MOST_AVR_CONSTANTS: u64 = 65_000;

/// Bytes of an array that avr-gcc takes.
pub const MOST_AVR_ARRAY: u64 = 32_767;

impl Parts {
    /// Why a device does not reach its constants.
    #[must_use]
    pub fn refusal(self, target: Target) -> Option<String> {
        let all = self.all_constants();
        let is_far = all > MOST_AVR_CONSTANTS || self.largest_array > MOST_AVR_ARRAY;
        (matches!(target.core(), Core::Avr { .. }) && is_far).then(|| {
            format!(
                "an AVR reads {MOST_AVR_CONSTANTS} bytes of constants in arrays of {MOST_AVR_ARRAY}, and these are {all}, the largest of {}",
                self.largest_array
            )
        })
    }

    /// Bytes of all constants, those of the encoding among them.
    #[must_use]
    pub const fn all_constants(self) -> u64 {
        match self.encoding {
            Encoding::None => self.constants,
            Encoding::Floats(constants) | Encoding::Integers(constants) => self.constants + constants,
        }
    }

    /// What the model takes on a device: its constants and what layers hand on as they are, and code and frames as the models of
    /// `tests/embedded` have them. Of these, `.ci/embedded` holds the estimates to what is measured: flash within a quarter, RAM within a half.
    #[must_use]
    pub const fn estimate(self, target: Target) -> Estimate {
        // Bytes of code once and for each layer, and of stack beside the buffers.
        let (once, layer, frames) = match (target.core(), self.arithmetic) {
            (Core::Avr { .. }, Arithmetic::Shifts) => (300, 140, 28),
            (Core::Avr { .. }, Arithmetic::OneMultiplier) => (400, 165, 34),
            (Core::Avr { .. }, Arithmetic::Multipliers) => (90, 530, 62),
            (Core::Avr { .. }, Arithmetic::Groups) => (290, 610, 75),
            (Core::Avr { .. }, Arithmetic::Floats) => (800, 275, 36),
            (Core::Avr { .. }, Arithmetic::DividedFloats) => (1180, 275, 36),
            (Core::Arm { instructions: Instructions::Thumb, .. }, arithmetic) => match arithmetic {
                Arithmetic::Shifts => (80, 70, 56),
                Arithmetic::OneMultiplier => (135, 90, 76),
                Arithmetic::Multipliers => (140, 150, 96),
                Arithmetic::Groups => (167, 200, 100),
                Arithmetic::Floats => (2040, 118, 96),
                Arithmetic::DividedFloats => (3580, 118, 108),
            },
            (Core::Arm { instructions: Instructions::Thumb2, .. }, arithmetic) => match arithmetic {
                Arithmetic::Shifts => (80, 70, 56),
                Arithmetic::OneMultiplier => (80, 65, 62),
                Arithmetic::Multipliers => (90, 115, 60),
                Arithmetic::Groups => (140, 150, 74),
                Arithmetic::Floats => (1190, 130, 80),
                Arithmetic::DividedFloats => (1540, 130, 100),
            },
        };
        // Those of avr-libc, and of newlib, which keeps variables.
        let (library, variables) = match (self.calls_library, target.core()) {
            (false, _) => (0, 0),
            (true, Core::Avr { .. }) => (520, 15),
            (true, Core::Arm { .. }) => (2350, 1100),
        };
        let encode_flash = match (self.encoding, target.core()) {
            (Encoding::None, _) => 0,
            (Encoding::Floats(constants), Core::Avr { .. }) => 1320 + constants,
            (Encoding::Floats(constants), Core::Arm { instructions: Instructions::Thumb, .. }) => {
                2500 + constants
            }
            (Encoding::Floats(constants), Core::Arm { instructions: Instructions::Thumb2, .. }) => {
                1400 + constants
            }
            (Encoding::Integers(constants), Core::Avr { .. }) => 200 + constants,
            (Encoding::Integers(constants), Core::Arm { .. }) => 100 + constants,
        };
        Estimate {
            flash: self.constants + once + layer * self.layers + library + encode_flash,
            encode_flash,
            ram: self.buffers + frames + variables,
        }
    }
}
