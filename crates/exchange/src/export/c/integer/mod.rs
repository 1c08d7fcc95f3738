//! Models in whole numbers.

mod encoder;
mod finish;
mod layer;
mod product;
mod source;
mod sums;

use bitsweep_inference::integer::{FeatureCodes, IntegerModel, Positions};
use ndarray::ArrayView2;

use super::CModel;
use super::entry_points::{Interface, class_names};
use super::error::CError;
use super::test_files::{HeaderParts, TestParts, Vectors, cmake, example, header, makefile, test};
use super::text::{float, type_name};
use crate::export::plan::NetworkPlan;
use crate::packed::{Classifier, PackedModel};

use encoder::{FLOAT_FEATURES, feature_type};
use source::source;

/// What only the test of models in whole numbers does.
const TEST: TestParts<'_> = TestParts {
    functions: "",
    inputs: "test_codes",
    differs: "outputs[i] != test_outputs[row][i]",
    printed: ("%ld", "long"),
    is_other: "found != test_classes[row]",
    more: r#"#if defined(MODEL_FLOAT_FEATURES) || defined(TEST_INTEGER_FEATURES)
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

/// A model that is also these integers.
pub(super) fn model(
    model: &PackedModel,
    integer: &IntegerModel,
    features: ArrayView2<'_, f64>,
    title: &str,
) -> Result<CModel, CError> {
    let IntegerModel { features: encoder, network } = integer;
    let classifier = model.classifier();
    let plan = NetworkPlan::of(classifier, network);
    let (codes, _) = encoder.encode(features)?;
    let (outputs, _) = network.outputs(codes.view())?;
    let classes = model.predictor()?.predict(features)?;
    let interface = Interface::of_codes(type_name(plan.codes));
    let mut vectors = Vectors::new(classes.len(), title);
    vectors.table(interface.hidden, "test_codes", "MODEL_INPUTS", codes.view(), ToString::to_string);
    vectors.table("int32_t", "test_outputs", "MODEL_OUTPUTS", outputs.view(), ToString::to_string);
    vectors.column("model_class", "test_classes", &classes, ToString::to_string);
    let (before, definitions, lines) = match encoder.positions() {
        Positions::Float { .. } => {
            vectors.under(&format!("defined({FLOAT_FEATURES})"), |vectors| {
                vectors
                    .table("float", "test_features", "MODEL_INPUTS", features, |value| float(*value as f32));
            });
            let before = format!(
                "#if !defined({FLOAT_FEATURES})\n#error \"compile with -D{FLOAT_FEATURES}, which has model_encode\"\n#endif\n"
            );
            let lines = format!("target_compile_definitions(model PUBLIC {FLOAT_FEATURES})\n");
            (before, format!("-D{FLOAT_FEATURES}"), lines)
        }
        Positions::Integer(_) => {
            vectors.under("!defined(TEST_CODES_ALONE)", |vectors| {
                vectors.define("TEST_INTEGER_FEATURES");
                vectors.table("model_feature", "test_features", "MODEL_INPUTS", features, |value| {
                    (*value as i32).to_string()
                });
            });
            Default::default()
        }
    };
    let files = vec![
        ("model.h", own_header(classifier, &plan, encoder, &interface, title)),
        ("model.c", source(&plan, &interface, encoder, title) + &class_names(classifier)),
        ("test_vectors.h", vectors.file()),
        ("test.c", test(&interface, &TEST)),
        (
            "example.c",
            example(
                &before,
                feature_type(encoder),
                "    model_code codes[MODEL_INPUTS];\n    model_encode(features, codes);\n    \
                 printf(\"class %u\\n\", (unsigned)model_predict(codes));\n",
                title,
            ),
        ),
        ("Makefile", makefile(&definitions, "")),
        ("CMakeLists.txt", cmake(&lines)),
    ];
    Ok(CModel { files, parts: plan.parts(encoder) })
}

fn own_header(
    classifier: &Classifier,
    plan: &NetworkPlan,
    features: &FeatureCodes,
    interface: &Interface,
    title: &str,
) -> String {
    let (of_features, declaration) = match features.positions() {
        Positions::Float { .. } => (
            String::new(),
            format!(
                "#if defined({FLOAT_FEATURES})\n{}#endif\n\n",
                declared("model_feature", "typedef float model_feature;\n")
            ),
        ),
        Positions::Integer(_) => (
            format!(
                "/* A feature as it is measured, not scaled. */\ntypedef {} model_feature;\n",
                feature_type(features)
            ),
            declared("model_feature", "") + "\n",
        ),
    };
    let definitions = format!(
        "/* Codes of the features, and the code of a feature that is 0 once it is scaled. */\n\
         #define MODEL_LOWEST_CODE ({lowest})\n#define MODEL_HIGHEST_CODE ({highest})\n#define MODEL_ZERO_POINT ({zero_point})\n\n\
         {of_features}typedef {code} model_code;\n",
        lowest = plan.grid.lowest,
        highest = plan.grid.highest,
        zero_point = plan.zero_point,
        code = interface.hidden,
    );
    let outputs = format!(
        "The MODEL_OUTPUTS whole numbers that are compared, each a logit in steps of {step:e}.",
        step = plan.logit_step,
    );
    let parts = HeaderParts {
        definitions: &definitions,
        inputs: "the codes of MODEL_INPUTS features",
        outputs: &outputs,
        declarations: &declaration,
    };
    header(classifier, interface, &parts, title)
}

/// The declaration of `model_encode`.
fn declared(feature: &str, before: &str) -> String {
    format!(
        "{before}/* Codes of features as they are measured, not scaled. */\nvoid model_encode(const {feature} *features, model_code *input);\n"
    )
}
