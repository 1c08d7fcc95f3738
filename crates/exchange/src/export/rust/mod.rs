//! A model in whole numbers as Rust for a device: a crate without `std`, floating point between its layers, memory allocation,
//! `unsafe` or a dependency.
//!
//! | file | what it is |
//! |---|---|
//! | `src/lib.rs` | the model: `predict` from codes of the features to the class, `outputs` to the whole numbers that are compared; `encode` makes codes of features in `f32`, or of whole numbers |
//! | `tests/rows.rs` | rows with their codes, outputs and classes, which `cargo test` compares |
//! | `examples/predict.rs` | how it is called |
//! | `Cargo.toml` | how it is built |
//!
//! The arithmetic is that of [`IntegerNetwork`](bitsweep_inference::integer::IntegerNetwork), number for number. Weights are
//! stored as in C.

mod crate_files;
mod layer;
mod library;
mod text;

use bitsweep_inference::integer::{NetworkError, Positions};
use ndarray::ArrayView2;

use super::plan::NetworkPlan;
use crate::packed::{PackedError, PackedModel};

/// Why a model cannot be said in Rust.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RustError {
    /// A model with floats between its layers.
    #[error(
        "it computes with floats: expected `[quantize.activations]` with `mode = \"static\"` and `requantize = \"fixed-point\"` or `\"power-of-two\"`"
    )]
    Floats,
    /// What makes no predictor makes no code.
    #[error(transparent)]
    Packed(#[from] PackedError),
    /// Rows that are no codes.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// The files of a model in Rust, by their paths within the folder of a crate. `features`, `(rows, features)`, not scaled yet, become
/// the rows of the test; `title` says in the files what they are.
///
/// # Errors
/// Models with floats between their layers.
pub fn to_rust(
    model: &PackedModel,
    features: ArrayView2<'_, f64>,
    title: &str,
) -> Result<Vec<(&'static str, String)>, RustError> {
    let integer = model.integer()?.ok_or(RustError::Floats)?;
    let classifier = model.classifier();
    let plan = NetworkPlan::of(classifier, &integer.network);
    let title = text::comment(title);
    let (codes, _) = integer.features.encode(features)?;
    let (outputs, _) = integer.network.outputs(codes.view())?;
    let classes = model.predictor()?.predict(features)?;
    let are_integers = matches!(integer.features.positions(), Positions::Integer(_));
    Ok(vec![
        ("Cargo.toml", crate_files::manifest(&title)),
        ("src/lib.rs", library::library(classifier, &plan, &integer.features, &title)),
        (
            "tests/rows.rs",
            crate_files::rows(features, are_integers, codes.view(), outputs.view(), &classes, &title),
        ),
        ("examples/predict.rs", crate_files::EXAMPLE.to_owned()),
    ])
}
