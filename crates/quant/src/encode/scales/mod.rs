//! Scales rounded to the format they are stored in.

mod nesting;
mod rounding;
mod storing;

pub(crate) use nesting::nest;
pub(crate) use rounding::ScaleRounding;
pub(crate) use storing::{scale_of_levels, store};
