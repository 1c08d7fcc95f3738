//! The numbers that everything is computed in.

mod dtype;
mod each;
mod elementary;
mod float16;
mod lanes;
mod narrow_float;
mod real;
mod row_major;
mod vectorized;

pub use dtype::{Dtype, OtherDtype};
pub(crate) use each::Each;
pub(crate) use elementary::{exponentials, powers};
pub(crate) use float16::{
    BFLOAT16_ROUNDING, BINARY16_ROUNDING, decode_bfloat16, decode_binary16, encode_bfloat16, encode_binary16,
};
pub(crate) use lanes::{LANES, fold_lanes, largest_magnitude};
pub(crate) use narrow_float::{FloatPatterns, NarrowFloat};
pub(crate) use real::ForEachDtype;
pub use real::Real;
pub(crate) use row_major::{change_row_major, row_major};
pub(crate) use vectorized::vectorized;
