//! What quantization costs, and what number formats can express.

mod clipping;
mod errors;
mod formats;
mod number_line;
mod squares;

pub use errors::Errors;
pub use formats::{NumberFormat, number_formats};
pub use number_line::number_line;
pub use squares::SquareSum;
