//! From text to experiment: sources and overrides, the grid, typed specifications, errors with their place.

mod diagnostic;
mod document;
mod experiment;
mod grid;

pub use diagnostic::{Diagnostic, nearest_name};
pub use document::Document;
pub use experiment::*;
