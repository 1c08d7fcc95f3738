//! Scales as they are stored.

mod dynamic_map;
mod nested;
mod plain;

pub use nested::NestedScales;
pub(crate) use nested::nest;
pub(crate) use plain::{Rounded, ScaleStorage};
