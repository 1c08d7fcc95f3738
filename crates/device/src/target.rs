//! The devices that there are.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A device that a model in C is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// AVR of 8 bits with 32 KiB of flash and 2 KiB of RAM, that of an Arduino Uno.
    Atmega328p,
    /// AVR of 8 bits with 256 KiB of flash and 8 KiB of RAM, that of an Arduino Mega.
    Atmega2560,
    /// ARM of 32 bits, Armv6-M: no division, products of 32 bits.
    CortexM0,
    /// ARM of 32 bits, Armv7-M.
    CortexM3,
    /// ARM of 32 bits, Armv7E-M, compiled without its floating-point unit.
    CortexM4,
}

/// How programs for a device are compiled and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Core {
    /// By `avr-gcc -mmcu`, and simavr, which knows it by the same name.
    Avr { mcu: &'static str },
    /// By `arm-none-eabi-gcc -mcpu`, and qemu's machine.
    Arm { cpu: &'static str, machine: &'static str, instructions: Instructions },
}

/// The instructions of an ARM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instructions {
    /// Those of 16 bits, of Armv6-M.
    Thumb,
    /// With those of 32 bits, of Armv7-M.
    Thumb2,
}

impl Target {
    /// All devices.
    pub const ALL: [Self; 5] =
        [Self::Atmega328p, Self::Atmega2560, Self::CortexM0, Self::CortexM3, Self::CortexM4];

    /// The device as files and the command line spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Atmega328p => "atmega328p",
            Self::Atmega2560 => "atmega2560",
            Self::CortexM0 => "cortex-m0",
            Self::CortexM3 => "cortex-m3",
            Self::CortexM4 => "cortex-m4",
        }
    }

    /// The device of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }

    /// Bytes of flash; `None` of a core that comes with any number of them.
    #[must_use]
    pub const fn flash_bytes(self) -> Option<u64> {
        match self {
            Self::Atmega328p => Some(32 << 10),
            Self::Atmega2560 => Some(256 << 10),
            Self::CortexM0 | Self::CortexM3 | Self::CortexM4 => None,
        }
    }

    /// Bytes of RAM; `None` of a core that comes with any number of them.
    #[must_use]
    pub const fn ram_bytes(self) -> Option<u64> {
        match self {
            Self::Atmega328p => Some(2 << 10),
            Self::Atmega2560 => Some(8 << 10),
            Self::CortexM0 | Self::CortexM3 | Self::CortexM4 => None,
        }
    }

    /// A device of the same instructions that has room for more.
    pub(crate) const fn with_room(self) -> Self {
        match self {
            Self::Atmega328p => Self::Atmega2560,
            Self::Atmega2560 | Self::CortexM0 | Self::CortexM3 | Self::CortexM4 => self,
        }
    }

    pub(crate) const fn core(self) -> Core {
        match self {
            Self::Atmega328p | Self::Atmega2560 => Core::Avr { mcu: self.name() },
            Self::CortexM0 => {
                Core::Arm { cpu: self.name(), machine: "microbit", instructions: Instructions::Thumb }
            }
            Self::CortexM3 => {
                Core::Arm { cpu: self.name(), machine: "lm3s6965evb", instructions: Instructions::Thumb2 }
            }
            Self::CortexM4 => {
                Core::Arm { cpu: self.name(), machine: "mps2-an386", instructions: Instructions::Thumb2 }
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
