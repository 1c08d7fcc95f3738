//! A model as C for a device: plain C99 without memory allocation.
//!
//! | file | what it is |
//! |---|---|
//! | `model.h`, `model.c` | the model: `model_predict` from the inputs to the class, `model_outputs` to the numbers that are compared |
//! | `test_vectors.h`, `test.c` | rows with their inputs, outputs and classes, and a program that compares |
//! | `example.c` | how it is called |
//! | `Makefile`, `CMakeLists.txt` | how it is built; `make test` runs `test.c` here |
//!
//! A model in whole numbers has no floating point and needs no library. Its inputs are codes of the features; `model_encode`
//! makes them of whole numbers, or compiled with `MODEL_FLOAT_FEATURES` of floats. The arithmetic is that of
//! [`IntegerNetwork`](bitsweep_inference::integer::IntegerNetwork), number for number. All others take features as they are
//! measured and compute in `float`: with the weights of the model bit for bit, and otherwise as near as rounding lets them.
//!
//! Weights are stored in as many bits as the scheme has, in flash on an AVR, and unpacked as they are multiplied.

mod codes;
mod entry_points;
mod error;
mod float;
mod integer;
mod prelude;
mod test_files;
mod text;

use bitsweep_device::Parts;
use ndarray::ArrayView2;

use crate::packed::PackedModel;

pub use error::CError;

use text::comment;

/// A model in C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CModel {
    /// The names and texts of the files.
    pub files: Vec<(&'static str, String)>,
    /// What it is made of.
    pub parts: Parts,
}

/// A model in C. `features`, `(rows, features)`, not scaled yet, become the rows of the test; `title` says in
/// the files what they are.
///
/// # Errors
/// Models whose layers take codes and hand on floats, and codes of `f64`.
pub fn to_c(model: &PackedModel, features: ArrayView2<'_, f64>, title: &str) -> Result<CModel, CError> {
    let title = comment(title);
    if let Some(integer) = model.integer()? {
        return integer::model(model, &integer, features, &title);
    }
    match model.classifier().layers.iter().any(|layer| layer.inputs.is_some()) {
        true => Err(CError::Floats),
        false => float::model(model, features, &title),
    }
}
