//! Inputs that are nearly right, and what is asked of whoever reads them: no panic, little memory, little time.
//!
//! For tests alone, `tests/hostile` of the crates that read something. An input is made of seeds by [`Numbers`] that its own
//! number determines: the same in every run. `BITSWEEP_FUZZ_INPUTS=10000000` asks for more of them than usual,
//! `BITSWEEP_FUZZ_FIRST` for others, and with one input more than it, for one that failed.

mod mutation;
mod numbers;
mod trial;

pub use mutation::{mutate, mutate_text};
pub use numbers::Numbers;
pub use trial::{Input, Limits, PeakAlloc, Trial};
