//! A classifier in whole numbers, without memory allocation and, but for [`encode`] of floats, without floating point.
//!
//! ```
//! use model::{encode, predict, Feature, CLASSES, INPUTS};
//!
//! let class = predict(&encode(&[Feature::default(); INPUTS]));
//! assert!(class < CLASSES);
//! ```
#![no_std]
#![forbid(unsafe_code)]
// Tables of numbers, places in them, and casts of what limits hold.
#![allow(
    clippy::approx_constant,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::needless_range_loop,
    clippy::unreadable_literal
)]
