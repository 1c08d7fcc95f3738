//! What is expected where there is no compiler.

use super::target::{Core, Target};

/// What a model in C is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Bytes of its constants, which are exact.
    pub constants: u64,
    /// Bytes of what layers hand on, and of the outputs.
    pub buffers: u64,
    /// Layers.
    pub layers: u64,
}

/// Bytes that are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Of code and constants.
    pub flash: u64,
    /// Of stack.
    pub stack: u64,
}

impl Parts {
    /// What the model takes on a device: its constants and what layers hand on as they are, its code as that of other models.
    #[must_use]
    pub const fn estimate(self, target: Target) -> Estimate {
        let (base, layer, frames) = match target.core() {
            Core::Avr { .. } => (320, 230, 60),
            Core::Arm { .. } => (160, 110, 100),
        };
        Estimate { flash: self.constants + base + layer * self.layers, stack: self.buffers + frames }
    }
}
