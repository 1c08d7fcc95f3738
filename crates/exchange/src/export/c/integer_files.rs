//! The files of a model in whole numbers.

use bitsweep_inference::integer::{IntegerModel, IntegerNetwork};
use ndarray::ArrayView2;

use super::entry_points::{Interface, code_type};
use super::error::CError;
use super::source::source;
use super::test_files::{Files, HeaderParts, TestParts, Vectors, cmake, example, header, makefile, test};
use super::text::float;
use crate::packed::{Classifier, PackedLayer, PackedModel, Values};

/// What only the test of models in whole numbers does.
const TEST: TestParts<'_> = TestParts {
    functions: "",
    inputs: "test_codes",
    differs: "outputs[i] != test_outputs[row][i]",
    printed: ("%ld", "long"),
    is_other: "found != test_classes[row]",
    more: r#"#if defined(MODEL_FLOAT_FEATURES)
        {
            model_code codes[MODEL_INPUTS];
            model_encode(test_features[row], codes);
            for (i = 0; i < MODEL_INPUTS; i++) {
                if (codes[i] != test_codes[row][i]) {
                    printf("row %u, feature %u: code %ld, expected %ld\n", row, i, (long)codes[i],
                           (long)test_codes[row][i]);
                    wrong++;
                }
            }
        }
#endif
"#,
};

/// The files of a model that is also these integers.
pub(super) fn files(
    model: &PackedModel,
    integer: &IntegerModel,
    features: ArrayView2<'_, f64>,
    title: &str,
) -> Result<Files, CError> {
    let IntegerModel { features: encoder, network } = integer;
    let classifier = model.classifier();
    let bits = |layer: &PackedLayer| match &layer.weight {
        Values::Coded(weight) => Some(weight.scheme().bits()),
        Values::Float(_) => None,
    };
    let bits: Vec<u32> = classifier.layers.iter().filter_map(bits).collect();
    let (codes, _) = encoder.encode(features)?;
    let (outputs, _) = network.outputs(codes.view())?;
    let classes = model.predictor()?.predict(features)?;
    let interface = Interface::of_codes(code_type(network));
    let mut vectors = Vectors::new(classes.len(), title);
    vectors.table(interface.hidden, "test_codes", "MODEL_INPUTS", codes.view(), ToString::to_string);
    vectors.table("int32_t", "test_outputs", "MODEL_OUTPUTS", outputs.view(), ToString::to_string);
    vectors.column("model_class", "test_classes", &classes, ToString::to_string);
    vectors.where_defined("MODEL_FLOAT_FEATURES", |vectors| {
        vectors.table("float", "test_features", "MODEL_INPUTS", features, |value| float(*value as f32));
    });
    Ok(vec![
        ("model.h", own_header(classifier, network, &interface, title)),
        ("model.c", source(network, &bits, encoder, title)),
        ("test_vectors.h", vectors.file()),
        ("test.c", test(&interface, &TEST)),
        (
            "example.c",
            example(
                "/* Compiled with MODEL_FLOAT_FEATURES, for model_encode. */\n",
                "    model_code codes[MODEL_INPUTS];\n    model_encode(features, codes);\n    \
                 printf(\"class %u\\n\", (unsigned)model_predict(codes));\n",
                title,
            ),
        ),
        ("Makefile", makefile("-DMODEL_FLOAT_FEATURES", "")),
        ("CMakeLists.txt", cmake("target_compile_definitions(model PUBLIC MODEL_FLOAT_FEATURES)\n")),
    ])
}

fn own_header(
    classifier: &Classifier,
    network: &IntegerNetwork,
    interface: &Interface,
    title: &str,
) -> String {
    let grid = network.layers().first().map(|layer| (layer.input_grid(), layer.input_zero_point()));
    let (lowest, highest, zero_point) =
        grid.map_or((0, 0, 0), |(grid, zero_point)| (grid.lowest, grid.highest, zero_point));
    let definitions = format!(
        "/* Codes of the features, and the code of a feature that is 0 once it is scaled. */\n\
         #define MODEL_LOWEST_CODE ({lowest})\n#define MODEL_HIGHEST_CODE ({highest})\n#define MODEL_ZERO_POINT ({zero_point})\n\n\
         typedef {code} model_code;\n",
        code = interface.hidden,
    );
    let outputs = format!(
        "The MODEL_OUTPUTS whole numbers that are compared, each a logit in steps of {step:e}.",
        step = network.logit_step(),
    );
    let parts = HeaderParts {
        definitions: &definitions,
        inputs: "the codes of MODEL_INPUTS features",
        outputs: &outputs,
        declarations: "#if defined(MODEL_FLOAT_FEATURES)\n/* Codes of features as they are measured, not scaled. */\n\
                       void model_encode(const float *features, model_code *input);\n#endif\n\n",
    };
    header(classifier, interface, &parts, title)
}
