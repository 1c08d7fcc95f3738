//! What stands around the model: how it is built, its test, an example.

use ndarray::ArrayView2;

use super::text::{array, table};

/// What compares the rows.
const ROWS: &str = include_str!("functions/rows.rs");

/// `examples/predict.rs`.
pub(super) const EXAMPLE: &str = include_str!("functions/example.rs");

/// `Cargo.toml`.
pub(super) fn manifest(title: &str) -> String {
    format!(
        "# {title}\n[package]\nname = \"model\"\nversion = \"0.1.0\"\nedition = \"2021\"\npublish = false\n\n\
         # It is a workspace of its own wherever the folder lies; without this line it can be a member of another.\n[workspace]\n"
    )
}

/// `tests/rows.rs`.
pub(super) fn rows(
    features: ArrayView2<'_, f64>,
    are_integers: bool,
    codes: ArrayView2<'_, i32>,
    outputs: ArrayView2<'_, i32>,
    classes: &[usize],
    title: &str,
) -> String {
    let classes: Vec<String> = classes.iter().map(ToString::to_string).collect();
    let features = texts(features, |value| match are_integers {
        true => (*value as i32).to_string(),
        false => format!("{:?}", *value as f32),
    });
    format!(
        "// {title}\n\n//! Compares the model with rows whose codes, outputs and classes are known.\n\
         #![allow(clippy::approx_constant, clippy::unreadable_literal)]\n\n\
         use model::{{encode, outputs, predict, Code, Feature, INPUTS, OUTPUTS}};\n\nconst ROWS: usize = {count};\n\n\
         {features}{codes}{outputs}{classes}\n{ROWS}",
        count = classes.len(),
        features = table("static FEATURES_OF_ROWS: [[Feature; INPUTS]; ROWS]", &features),
        codes = table("static CODES_OF_ROWS: [[Code; INPUTS]; ROWS]", &texts(codes, i32::to_string)),
        outputs = table("static OUTPUTS_OF_ROWS: [[i32; OUTPUTS]; ROWS]", &texts(outputs, i32::to_string)),
        classes = array("static CLASSES_OF_ROWS: [usize; ROWS]", &classes),
    )
}

/// The texts of numbers, row by row.
fn texts<A>(values: ArrayView2<'_, A>, text: impl Fn(&A) -> String) -> Vec<Vec<String>> {
    values.outer_iter().map(|row| row.iter().map(&text).collect()).collect()
}
