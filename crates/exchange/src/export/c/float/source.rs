//! The source that computes with floats: `model.c`.

use std::fmt::Write as _;

use bitsweep_models::WeightId;

use crate::export::c::entry_points::{Interface, entry_points};
use crate::export::c::error::CError;
use crate::export::c::prelude::prelude;
use crate::export::c::text::{float, indented, index_type};
use crate::packed::{Classifier, FeatureScaling, PackedLayer};

use super::activation::{activation, clipped};
use super::matrix::matrix;
use super::matrix_source::MatrixSource;
use super::numbers::Numbers;

/// What is asked of a compiler.
const FLOATS: &str = include_str!("../functions/floats.h");

/// Functions by their calls, those that call others first.
const FUNCTIONS: [(&str, &str); 4] = [
    ("next_gap(", include_str!("../functions/next_gap.c")),
    ("small_float(", include_str!("../functions/small_float.c")),
    ("float_of_bits(", include_str!("../functions/float_of_bits.c")),
    ("normal_distribution(", include_str!("../functions/normal_distribution.c")),
];

/// The source of a model with so many bytes of constants.
///
/// # Errors
/// Weights and biases that are no `f32`.
pub(super) fn source(classifier: &Classifier, constants: u64, title: &str) -> Result<String, CError> {
    let mut text = String::new();
    for (position, layer) in classifier.layers.iter().enumerate() {
        add_layer(&mut text, classifier, layer, position)?;
    }
    for (call, function) in FUNCTIONS {
        if text.contains(call) {
            text.insert_str(0, &format!("{function}\n"));
        }
    }
    let widths: Vec<usize> = classifier.layers.iter().map(|layer| layer.weight.shape().1).collect();
    text.push_str(&entry_points(&widths, &Interface::FLOATS));
    let has_any = |calls: &[&str]| calls.iter().any(|call| text.contains(call));
    let includes = [
        ("#include <math.h>\n", has_any(&["expf(", "tanhf("])),
        ("#include <string.h>\n", has_any(&["memcpy("])),
    ];
    let includes: String = includes.into_iter().filter(|(_, needed)| *needed).map(|(line, _)| line).collect();
    let gap = if includes.is_empty() { "" } else { "\n" };
    let prelude = prelude(&text, constants);
    Ok(format!("/* {title} */\n#include \"model.h\"\n\n{includes}{gap}{prelude}\n{FLOATS}{text}"))
}

/// Adds the constants and the functions of a layer.
fn add_layer(
    text: &mut String,
    classifier: &Classifier,
    layer: &PackedLayer,
    position: usize,
) -> Result<(), CError> {
    let number = position + 1;
    let (inputs, outputs) = layer.weight.shape();
    let mut weight = matrix(WeightId::Weight(position), &layer.weight)?;
    let input = match position {
        0 => scaled(&mut weight, &classifier.scaling, inputs),
        _ => "const float input = x[i];\n".to_owned(),
    };
    let bias = matrix(WeightId::Bias(position), &layer.bias)?;
    let _ = writeln!(text, "/* Layer {number}: {inputs} inputs, {outputs} outputs. */");
    for constants in weight.constants.iter().chain(&bias.constants) {
        // Layers share their tables of levels.
        if !text.contains(constants) {
            text.push_str(constants);
        }
    }
    let _ = write!(
        text,
        "static void finish_{number}(float *y)\n{{\n{head}    {index} o;\n{row}    \
         for (o = 0; o < {outputs}; o++) {{\n        float value;\n{value}        value += y[o];\n{finish}        \
         y[o] = value;\n    }}\n}}\n\n",
        index = index_type(outputs),
        head = indented(&bias.head, 1),
        row = indented(&bias.row, 1),
        value = indented(&bias.value, 2),
        finish = indented(
            &format!("{}{}", activation(layer.activation), layer.outputs.map(clipped).unwrap_or_default()),
            2
        ),
    );
    let _ = write!(
        text,
        "static void layer_{number}(const float *x, float *y)\n{{\n{head}    {index} i;\n    {index} o;\n    \
         for (o = 0; o < {outputs}; o++) {{\n        y[o] = 0.0f;\n    }}\n    \
         for (i = 0; i < {inputs}; i++) {{\n{row}        \
         for (o = 0; o < {outputs}; o++) {{\n            float value;\n{value}            \
         y[o] += input * value;\n        }}\n    }}\n    finish_{number}(y);\n}}\n\n",
        index = index_type(inputs.max(outputs)),
        head = indented(&weight.head, 1),
        row = indented(&format!("{input}{}", weight.row), 2),
        value = indented(&weight.value, 3),
    );
    Ok(())
}

/// What leaves the scaled feature `i` of `x` in `input`; its constants are added to those of the first layer.
fn scaled(source: &mut MatrixSource, scaling: &FeatureScaling, features: usize) -> String {
    let mut divisors = |numbers: Vec<f32>| source.add(Numbers::new("divisors", &numbers)).at("i");
    match scaling {
        FeatureScaling::None => "const float input = x[i];\n".to_owned(),
        FeatureScaling::Divide(divisor) => {
            format!("const float input = x[i] / {};\n", divisors(vec![*divisor; features]))
        }
        FeatureScaling::DivideEach(own) => {
            format!("const float input = x[i] / {};\n", divisors(own.to_vec()))
        }
        FeatureScaling::Standard { mean, scale, constant } => {
            let divisor = divisors(scale.to_vec());
            let mean = source.add(Numbers::new("means", &mean.to_vec())).at("i");
            let mut text = format!("const float mean = {mean};\nfloat input = x[i] - mean;\n");
            if !constant.is_empty() {
                let features: Vec<String> =
                    constant.iter().map(|feature| format!("(i == {feature})")).collect();
                // As much as rounding may do to a feature that is always the same.
                let rounding = float(FeatureScaling::CONSTANT_ROUNDING as f32);
                let _ = write!(
                    text,
                    "if ({any}) {{\n    const float rounding = {rounding} * ((mean < 0.0f) ? -mean : mean);\n    \
                     if ((input <= rounding) && (input >= -rounding)) {{\n        input = 0.0f;\n    }}\n}}\n",
                    any = features.join(" || "),
                );
            }
            text + &format!("input /= {divisor};\n")
        }
    }
}
