//! Functions that are compiled for both types of numbers, once.

use crate::float::{Float, ForEachFloat};

/// The functions of both types.
///
/// In a `static` both are compiled in this crate, with its optimization; a generic caller, which other crates compile for
/// themselves, only asks for the one of its type.
pub(crate) struct Each<F: ForEachFloat> {
    pub(crate) of_f32: F::Of<f32>,
    pub(crate) of_f64: F::Of<f64>,
}

impl<F: ForEachFloat> Each<F> {
    /// The function of a type.
    pub(crate) fn of<T: Float>(&self) -> F::Of<T> {
        T::pick::<F>(self.of_f32, self.of_f64)
    }
}
