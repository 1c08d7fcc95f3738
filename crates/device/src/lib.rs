//! What a model in C takes on a microcontroller: flash, RAM, cycles.
//!
//! | module | what it is |
//! |---|---|
//! | `target` | the devices |
//! | `toolchain` | a cross compiler where one is installed, and the emulator that runs test rows |
//! | `estimate` | what is expected where there is no compiler |
//! | `program` | how other programs are run |
//!
//! A model is measured as a linked program that calls it, less one that does not, so that it includes what it takes of the compiler's
//! library. Its stack and cycles are those of predictions on an emulated device.

mod error;
mod estimate;
mod program;
mod target;
mod toolchain;

pub use error::DeviceError;
pub use estimate::{Arithmetic, Encoding, Estimate, MOST_AVR_ARRAY, MOST_AVR_CONSTANTS, Parts};
pub use target::Target;
pub use toolchain::{Measured, Run, Steps, Toolchain};
