//! What a variant takes on a microcontroller.

use std::fmt;

use crate::numbers::{bytes, count};
use crate::origin::Origin;

/// What one variant takes on a device, by the model of the first unit of its task.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceRow {
    /// The unit and the variant.
    pub origin: Origin,
    /// The device.
    pub target: String,
    /// Bytes of code and constants, from features on; `None` of what is no program.
    pub flash: Option<u64>,
    /// Of these, what makes codes of features.
    pub encode_flash: Option<u64>,
    /// Bytes of variables and stack.
    pub ram: Option<u64>,
    /// Clock cycles of a prediction from features on, the most on test rows; `None` where no emulator counts them.
    pub cycles: Option<u64>,
    /// Of these, what makes codes of features.
    pub encode_cycles: Option<u64>,
    /// Instructions of a prediction from features on, the most on test rows; `None` where no emulator counts them.
    pub instructions: Option<u64>,
    /// Of these, what makes codes of features.
    pub encode_instructions: Option<u64>,
    /// What the numbers rest on.
    pub basis: Option<DeviceBasis>,
    /// Whether it is within the limits of the device and those of the rule.
    pub fits: bool,
    /// Why it is no program.
    pub refused: Option<String>,
    /// The compiler and the emulator, with what they were called with; `None` where none is installed.
    pub toolchain: Option<String>,
}

/// What numbers of a device rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeviceBasis {
    /// Flash is that of a linked program, RAM and cycles are those of test rows on an emulated device.
    Emulated,
    /// Flash is that of a linked program, its stack is estimated.
    Compiled,
    /// Both are estimated from the parts of the model.
    Estimated,
}

impl DeviceRow {
    /// What it takes, in words: `1,055 bytes of flash and 78 bytes of RAM, 14,401 cycles`.
    #[must_use]
    pub fn words(&self) -> String {
        let part = |number: Option<u64>, what: &str| Some(format!("{} of {what}", bytes(number? as f64)));
        let sizes = [part(self.flash, "flash"), part(self.ram, "RAM")];
        let sizes = sizes.into_iter().flatten().collect::<Vec<_>>().join(" and ");
        let sizes = match self.basis {
            Some(DeviceBasis::Estimated) => format!("{sizes} (both estimated)"),
            Some(DeviceBasis::Compiled) => format!("{sizes} (estimated)"),
            Some(DeviceBasis::Emulated) | None => sizes,
        };
        let counted = |number: Option<u64>, what: &str| Some(format!("{} {what}", count(number? as f64)));
        let speeds = [counted(self.cycles, "cycles"), counted(self.instructions, "instructions")];
        [sizes].into_iter().chain(speeds.into_iter().flatten()).collect::<Vec<_>>().join(", ")
    }
}

impl DeviceBasis {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Emulated, Self::Compiled, Self::Estimated];

    /// The basis as tables spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Emulated => "emulated",
            Self::Compiled => "compiled",
            Self::Estimated => "estimated",
        }
    }
}

impl fmt::Display for DeviceBasis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
