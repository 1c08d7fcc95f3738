//! What a program calls.

use std::fmt::Write as _;

use bitsweep_inference::integer::{FeatureCodes, IntegerLayer, IntegerNetwork};

use super::text::{array, indented, integer_type, limits};

/// The type of the codes of features, and of all hidden codes: the grid of the scheme.
pub(super) fn code_type(network: &IntegerNetwork) -> &'static str {
    let grids = network.layers().iter().map(IntegerLayer::input_grid);
    let (least, most) =
        grids.fold((0, 0), |(least, most), grid| (grid.lowest.min(least), grid.highest.max(most)));
    integer_type(i64::from(least), i64::from(most))
}

/// What goes in and comes out of a model in C.
pub(super) struct Interface {
    /// The type of an input.
    pub(super) input: &'static str,
    /// What inputs are called.
    pub(super) inputs: &'static str,
    /// The type of an output of a hidden layer.
    pub(super) hidden: &'static str,
    /// The type of an output.
    pub(super) output: &'static str,
}

impl Interface {
    /// Of codes and whole numbers.
    pub(super) const fn of_codes(code_type: &'static str) -> Self {
        Self { input: "model_code", inputs: "input", hidden: code_type, output: "int32_t" }
    }

    /// Of floats.
    pub(super) const FLOATS: Self =
        Self { input: "float", inputs: "features", hidden: "float", output: "float" };
}

/// `model_outputs` and `model_predict` of layers of so many outputs.
pub(super) fn entry_points(widths: &[usize], interface: &Interface) -> String {
    let Interface { input, inputs, hidden: hidden_type, output } = interface;
    let layers = widths.len();
    let mut text = format!("\nvoid model_outputs(const {input} *{inputs}, {output} *outputs)\n{{\n");
    // Two buffers take turns.
    let hidden = &widths[..layers - 1];
    let width = |first: usize| hidden.iter().skip(first).step_by(2).max().copied();
    for (name, width) in [("even", width(0)), ("odd", width(1))] {
        if let Some(width) = width {
            let _ = writeln!(text, "    {hidden_type} {name}[{width}];");
        }
    }
    let buffer = |layer: usize| if layer.is_multiple_of(2) { "even" } else { "odd" };
    for layer in 0..layers {
        let from = if layer == 0 { inputs } else { buffer(layer - 1) };
        let to = if layer + 1 == layers { "outputs" } else { buffer(layer) };
        let _ = writeln!(text, "    layer_{}({from}, {to});", layer + 1);
    }
    let _ = write!(
        text,
        "}}\n\nmodel_class model_predict(const {input} *{inputs})\n{{\n    {output} outputs[MODEL_OUTPUTS];\n",
    );
    if widths[layers - 1] == 1 {
        let _ =
            write!(text, "    model_outputs({inputs}, outputs);\n    return (outputs[0] > 0) ? 1 : 0;\n}}\n");
    } else {
        let _ = write!(
            text,
            "    model_class best = 0;\n    model_class o;\n    model_outputs({inputs}, outputs);\n    \
             for (o = 1; o < MODEL_OUTPUTS; o++) {{\n        if (outputs[o] > outputs[best]) {{\n            \
             best = o;\n        }}\n    }}\n    return best;\n}}\n",
        );
    }
    text
}

/// What makes codes of features, compiled where it is asked for.
pub(super) fn encoder(network: &IntegerNetwork, features: &FeatureCodes, code_type: &str) -> String {
    let Some(first) = network.layers().first() else { return String::new() };
    let (grid, zero_point) = (first.input_grid(), first.input_zero_point());
    let float = |number: &f32| format!("{number:e}f");
    let means = array("float", "means", features.means().iter().map(float));
    let divisors = array("float", "divisors", features.divisors().iter().map(float));
    let rounding = match features.rounds_half_to_even() {
        true => {
            "if ((rest > 0.5f) || ((rest >= 0.5f) && ((v & 1) != 0))) {\n            v++;\n        } else if ((rest < -0.5f) || ((rest <= -0.5f) && ((v & 1) != 0))) {\n            v--;\n        }"
        }
        false => {
            "if (rest >= 0.5f) {\n            v++;\n        } else if (rest <= -0.5f) {\n            v--;\n        }"
        }
    };
    let beyond = i64::from(grid.highest) - i64::from(grid.lowest) + 1;
    format!(
        "\n#if defined(MODEL_FLOAT_FEATURES)\n{means}{divisors}\n\
         void model_encode(const float *features, model_code *input)\n{{\n    uint16_t i;\n    \
         for (i = 0; i < MODEL_INPUTS; i++) {{\n        \
         float position = (features[i] - READ_F32(means + i)) / READ_F32(divisors + i);\n        float rest;\n        \
         int32_t v;\n        if (position > {beyond}.0f) {{\n            position = {beyond}.0f;\n        }}\n        \
         if (!(position > -{beyond}.0f)) {{\n            position = -{beyond}.0f;\n        }}\n        \
         v = (int32_t)position;\n        rest = position - (float)v;\n        {rounding}\n        v += {zero_point};\n{limits}        \
         input[i] = ({code_type})v;\n    }}\n}}\n#endif\n",
        limits = indented(&limits(i64::from(grid.lowest), i64::from(grid.highest)), 2),
    )
}
