//! Models that compute with floats: weights unpacked as they are multiplied, and floats between layers.

mod activation;
mod affine;
mod code_reader;
mod codebooks;
mod matrix;
mod matrix_source;
mod numbers;
mod source;
mod tolerance;

use bitsweep_device::{Arithmetic, Encoding, Parts};
use ndarray::{ArrayView2, Axis, Slice};

use super::CModel;
use super::entry_points::{Interface, class_names};
use super::error::CError;
use super::test_files::{HeaderParts, TestParts, Vectors, cmake, example, header, makefile, test};
use super::text::float;
use crate::export::plan::alternating;
use crate::packed::{FeatureScaling, PackedLayer, PackedModel, Values};

use source::source;
use tolerance::tolerances;

/// What only the header of models with floats says.
const HEADER: HeaderParts<'_> = HeaderParts {
    definitions: "/* Weights are those of the model bit for bit, where products and sums are not made one operation: GCC is told by\n   \
                  -std=c99 or -ffp-contract=off, all others by a pragma. Features, products and sums are rounded to float, which the model\n   \
                  does otherwise: outputs differ at most by test_tolerances of test_vectors.h. */\n\
                  #define MODEL_FLOATS\n\n",
    inputs: "MODEL_INPUTS features as they are measured, not scaled",
    outputs: "The MODEL_OUTPUTS logits.",
    declarations: "",
};

/// What only the test of models with floats does.
const TEST: TestParts<'_> = TestParts {
    functions: "/* What test_tolerances allow is bounded layer by layer, from the weights and the row: a sum of n products and a bias may err by
   n + 2 times half a unit in the last place of the sum of their magnitudes, in any order; to that comes what inputs, activations and
   the model itself, where it computes in floats, may be off. */

/* Whether rounding may make one class of the other. */
static int is_near(const float *outputs, model_class found, model_class expected, float tolerance)
{
#if MODEL_OUTPUTS == 1
    (void)found;
    (void)expected;
    return (outputs[0] <= tolerance) && (outputs[0] >= -tolerance);
#else
    return outputs[expected] - outputs[found] <= 2.0f * tolerance;
#endif
}

",
    inputs: "test_features",
    differs: "!(outputs[i] - test_outputs[row][i] <= test_tolerances[row])\n                \
              || !(test_outputs[row][i] - outputs[i] <= test_tolerances[row])",
    printed: ("%.9g", "double"),
    is_other: "(found != test_classes[row]) && !is_near(test_outputs[row], found, test_classes[row], test_tolerances[row])",
    more: "",
};

/// Bytes of the weights of a layer.
fn largest_array(layer: &PackedLayer) -> u64 {
    match &layer.weight {
        Values::Float(values) => (values.len() * size_of::<f32>()) as u64,
        Values::Coded(weight) => weight.size().codes,
    }
}

/// A model.
pub(super) fn model(
    model: &PackedModel,
    features: ArrayView2<'_, f64>,
    title: &str,
) -> Result<CModel, CError> {
    let classifier = model.classifier();
    let constants = model.sizes().total();
    let source = source(classifier, constants, title)?;
    let predictor = model.predictor()?;
    let logits = predictor.logits(features)?;
    let classes = predictor.predict(features)?;
    let outputs = classifier.layers.last().map_or(0, |layer| layer.weight.shape().1);
    // One output is the logit of the second class.
    let outputs = logits.slice_axis(Axis(1), Slice::from(logits.ncols() - outputs..));
    let mut vectors = Vectors::new(classes.len(), title);
    let single = |value: &f64| float(*value as f32);
    vectors.table("float", "test_features", "MODEL_INPUTS", features, single);
    vectors.table("float", "test_outputs", "MODEL_OUTPUTS", outputs, single);
    vectors.column("float", "test_tolerances", &tolerances(classifier, features), single);
    vectors.column("model_class", "test_classes", &classes, ToString::to_string);
    let needs_library = source.contains("<math.h>");
    let divides = match classifier.scaling {
        FeatureScaling::None => false,
        // A division by a power of two is a product.
        FeatureScaling::Divide(divisor) => divisor.to_bits() << 9 != 0,
        FeatureScaling::DivideEach(_) | FeatureScaling::Standard { .. } => true,
    };
    let files = vec![
        ("model.h", header(classifier, &Interface::FLOATS, &HEADER, title)),
        ("model.c", source + &class_names(classifier)),
        ("test_vectors.h", vectors.file()),
        ("test.c", test(&Interface::FLOATS, &TEST)),
        (
            "example.c",
            example("", "float", "    printf(\"class %u\\n\", (unsigned)model_predict(features));\n", title),
        ),
        ("Makefile", makefile("", if needs_library { "-lm" } else { "" })),
        ("CMakeLists.txt", cmake(if needs_library { "target_link_libraries(model PUBLIC m)\n" } else { "" })),
    ];
    // As they are stored, and what layers hand on by turns.
    let widths: Vec<usize> = classifier.layers.iter().map(|layer| layer.weight.shape().1).collect();
    let hidden: usize = alternating(&widths).into_iter().flatten().sum();
    let parts = Parts {
        constants,
        largest_array: classifier.layers.iter().map(largest_array).max().unwrap_or(0),
        encoding: Encoding::None,
        buffers: ((hidden + outputs.ncols()) * size_of::<f32>()) as u64,
        layers: widths.len() as u64,
        calls_library: needs_library,
        arithmetic: if divides { Arithmetic::DividedFloats } else { Arithmetic::Floats },
    };
    Ok(CModel { files, parts })
}
