//! Scales as they are stored.

mod dynamic_map;
mod nested;
mod rounding;

pub use nested::NestedScales;
pub(crate) use nested::nest;
pub(crate) use rounding::{Rounded, ScaleRounding};
