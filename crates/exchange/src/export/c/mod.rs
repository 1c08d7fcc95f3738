//! A model in whole numbers as C for a device: plain C99 without floating point, memory allocation or a library.
//!
//! | file | what it is |
//! |---|---|
//! | `model.h`, `model.c` | the model: `model_predict` from codes of the features to the class, `model_outputs` to the whole numbers that are compared; `model_encode` makes codes of features in `float`, compiled with `MODEL_FLOAT_FEATURES` |
//! | `test_vectors.h`, `test.c` | rows with their codes, outputs and classes, and a program that compares |
//! | `example.c` | how it is called |
//! | `Makefile`, `CMakeLists.txt` | how it is built; `make test` runs `test.c` here |
//!
//! The arithmetic is that of [`IntegerNetwork`](bitsweep_inference::integer::IntegerNetwork), number for number. Weights are
//! stored in as many bits as the scheme has, output by output, in flash on an AVR, and unpacked as they are multiplied.

mod entry_points;
mod finish;
mod layer;
mod product;
mod source;
mod sums;
mod test_files;
mod text;

use bitsweep_inference::integer::{IntegerModel, NetworkError};
use ndarray::ArrayView2;

use super::plan::NetworkPlan;
use crate::packed::{PackedError, PackedModel};

/// Why a model cannot be said in C.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CError {
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

/// A model in C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CModel {
    /// The names and texts of the files.
    pub files: Vec<(&'static str, String)>,
    /// Bytes of constants.
    pub constants: usize,
    /// Bytes of what layers hand on, and of the outputs: the stack has them during a prediction.
    pub buffers: usize,
}

/// A model in C. `features`, `(rows, features)`, not scaled yet, become the rows of the test; `title` says in
/// the files what they are.
///
/// # Errors
/// Models with floats between their layers.
pub fn to_c(model: &PackedModel, features: ArrayView2<'_, f64>, title: &str) -> Result<CModel, CError> {
    let IntegerModel { features: encoder, network } = model.integer()?.ok_or(CError::Floats)?;
    let classifier = model.classifier();
    let plan = NetworkPlan::of(classifier, &network);
    let title = comment(title);
    let (codes, _) = encoder.encode(features)?;
    let (outputs, _) = network.outputs(codes.view())?;
    let classes = model.predictor()?.predict(features)?;
    let tests = test_files::Tests {
        features: features.reborrow(),
        codes: codes.view(),
        outputs: outputs.view(),
        classes: &classes,
    };
    let files = vec![
        ("model.h", test_files::header(classifier, &network, &title)),
        ("model.c", source::source(&plan, &network, &encoder, &title)),
        ("test_vectors.h", tests.vectors(&network, &title)),
        ("test.c", test_files::TEST.to_owned()),
        ("example.c", test_files::example(&title)),
        ("Makefile", test_files::MAKEFILE.to_owned()),
        ("CMakeLists.txt", test_files::CMAKE.to_owned()),
    ];
    Ok(CModel { files, constants: plan.constant_bytes(), buffers: plan.buffer_bytes() })
}

/// Text within a comment of C: what is no ASCII or not seen is replaced, and a space stands within what would end the comment,
/// begin another or be a trigraph. A backslash at the end would join lines.
fn comment(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        let letter = match letter {
            '·' => '-',
            '\\' => '/',
            ' '..='~' => letter,
            _ => '_',
        };
        if let (Some('*'), '/') | (Some('/'), '*') | (Some('?'), '?') = (plain.chars().next_back(), letter) {
            plain.push(' ');
        }
        plain.push(letter);
    }
    plain
}
