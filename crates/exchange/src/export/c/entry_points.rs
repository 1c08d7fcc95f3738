//! What a program calls.

use std::fmt::Write as _;

use super::text::string;
use crate::export::plan::alternating;
use crate::packed::Classifier;

/// The names of the classes, where they are asked for.
pub(super) fn class_names(classifier: &Classifier) -> String {
    let names =
        classifier.classes.iter().fold(String::new(), |all, name| format!("{all}    {},\n", string(name)));
    format!(
        "\n#if defined(MODEL_CLASS_NAMES)\nconst char *const model_class_names[MODEL_CLASSES] = {{\n{names}}};\n#endif\n"
    )
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
    for (name, width) in ["even", "odd"].into_iter().zip(alternating(widths)) {
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
