//! What a program calls.

use std::fmt::Write as _;

use bitsweep_inference::integer::{FeatureCodes, IntegerNetwork};

use super::text::{array, indented, limits, type_name};
use crate::export::plan::NetworkPlan;

/// The type of the codes of features, and of all hidden codes: the grid of the scheme.
pub(super) fn code_type(network: &IntegerNetwork) -> &'static str {
    type_name(NetworkPlan::codes_of(network))
}

/// `model_outputs` and `model_predict`.
pub(super) fn entry_points(plan: &NetworkPlan, code_type: &str) -> String {
    let layers = plan.layers.len();
    let mut text = String::from("\nvoid model_outputs(const model_code *input, int32_t *outputs)\n{\n");
    for (name, width) in ["even", "odd"].into_iter().zip(plan.buffers()) {
        if let Some(width) = width {
            let _ = writeln!(text, "    {code_type} {name}[{width}];");
        }
    }
    let buffer = |layer: usize| if layer.is_multiple_of(2) { "even" } else { "odd" };
    for layer in 0..layers {
        let from = if layer == 0 { "input" } else { buffer(layer - 1) };
        let to = if layer + 1 == layers { "outputs" } else { buffer(layer) };
        let _ = writeln!(text, "    layer_{}({from}, {to});", layer + 1);
    }
    text.push_str(
        "}\n\nmodel_class model_predict(const model_code *input)\n{\n    int32_t outputs[MODEL_OUTPUTS];\n",
    );
    if plan.outputs() == 1 {
        text.push_str("    model_outputs(input, outputs);\n    return (outputs[0] > 0) ? 1 : 0;\n}\n");
    } else {
        text.push_str(
            "    model_class best = 0;\n    model_class o;\n    model_outputs(input, outputs);\n    \
             for (o = 1; o < MODEL_OUTPUTS; o++) {\n        if (outputs[o] > outputs[best]) {\n            \
             best = o;\n        }\n    }\n    return best;\n}\n",
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
