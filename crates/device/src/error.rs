//! What goes wrong with compilers and emulators.

use std::io;

/// Why a model was not measured.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// A program that does not start, or a folder for what it makes that cannot be written.
    #[error("`{program}`: {error}")]
    Program {
        /// Its name.
        program: String,
        /// What the system says.
        error: io::Error,
    },
    /// What a program says that failed.
    #[error("`{program}` failed: {said}")]
    Failed {
        /// Its name.
        program: String,
        /// The end of what it said.
        said: String,
    },
    /// An emulator that did not end well.
    #[error("`{program}` ended with {status}")]
    Ended {
        /// Its name.
        program: String,
        /// How it ended.
        status: String,
    },
    /// An emulator that came to no end.
    #[error("`{program}` came to no end in {seconds} s")]
    Endless {
        /// Its name.
        program: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// An emulated device that has other numbers.
    #[error("{wrong} numbers differ from what was measured, on an emulated {target}")]
    Wrong {
        /// The device.
        target: &'static str,
        /// How many.
        wrong: u64,
    },
}

impl DeviceError {
    /// Whether a linker or a compiler had no room.
    pub(crate) fn is_too_large(&self) -> bool {
        match self {
            Self::Failed { said, .. } => {
                ["overflowed", "will not fit", "is too large"].iter().any(|words| said.contains(words))
            }
            Self::Program { .. } | Self::Ended { .. } | Self::Endless { .. } | Self::Wrong { .. } => false,
        }
    }
}
