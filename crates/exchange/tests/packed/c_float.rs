//! Models with floats in C, compiled and run by the C compiler of this machine: weights are the same numbers, and outputs as near
//! as rounding lets them be.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use bitsweep_exchange::export::{CError, to_c};
use bitsweep_exchange::packed::{ClippedOutputs, FeatureScaling, PackedLayer, PackedModel, Values};
use bitsweep_models::{Activation, Precision, WeightId};
use bitsweep_quant::{ActivationQuantizer, Bits, Dtype, Format, Scheme, quantize};
use ndarray::{Array1, Array2};

use crate::c::{WARNINGS, run};
use crate::models::{
    classifier, everything, input_scheme, layer, numbers, quantized, scheme, standard, stream,
};
use crate::schemes::all;

/// The shape of matrices whose numbers are read one by one.
const SHAPE: (usize, usize) = (7, 5);

/// A layer of these numbers.
fn plain(weight: Values, bias: Values) -> PackedModel {
    let layer = PackedLayer { weight, bias, activation: Activation::Identity, inputs: None, outputs: None };
    PackedModel::new(classifier(vec![layer])).unwrap()
}

/// A model whose weight, and one whose bias, has a scheme, and is all that is not 0.
fn of_scheme(scheme: &Scheme, seed: u64) -> [PackedModel; 2] {
    let coded = |shape: (usize, usize)| Values::Coded(quantized(&(numbers(shape, seed) * 3.0), scheme));
    let zeros = |rows: usize| Values::Float(Array2::zeros((rows, SHAPE.1)));
    [plain(coded(SHAPE), zeros(1)), plain(zeros(SHAPE.0), coded((1, SHAPE.1)))]
}

#[test]
fn weights_in_c_are_those_of_the_model_bit_for_bit() {
    // All would be compiled for minutes.
    let is_chosen = |(position, scheme): &(usize, Scheme)| match scheme.format {
        Format::Integer { .. } | Format::Levels(_) | Format::Gguf(_) => position.is_multiple_of(11),
        Format::Float16
        | Format::BFloat16
        | Format::Codebook(_)
        | Format::DoReFa { .. }
        | Format::Wrpn { .. } => true,
    };
    let chosen = all().into_iter().enumerate().filter(is_chosen);
    let models: Vec<PackedModel> =
        chosen.flat_map(|(position, scheme)| of_scheme(&scheme, position as u64)).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut main = "#include <stdio.h>\n#include <string.h>\n#include \"model.h\"\n".to_owned();
    let mut calls = String::new();
    let mut sources = Vec::new();
    for (number, model) in models.iter().enumerate() {
        let files = to_c(model, Array2::zeros((1, SHAPE.0)).view(), "a matrix").unwrap().files;
        let renamed = |text: &str| {
            let own = |name: &str| format!("{name}_{number}(");
            text.replace("model_outputs(", &own("model_outputs"))
                .replace("model_predict(", &own("model_predict"))
        };
        fs::write(folder.path().join("model.h"), &files[0].1).unwrap();
        sources.push(format!("model_{number}.c"));
        let prototypes = format!(
            "#include \"model.h\"\nvoid model_outputs_{number}(const float *features, float *outputs);\n\
             model_class model_predict_{number}(const float *features);\n"
        );
        let source = renamed(&files[1].1).replace("#include \"model.h\"\n", &prototypes);
        fs::write(folder.path().join(&sources[number]), source).unwrap();
        let _ = writeln!(main, "void model_outputs_{number}(const float *features, float *outputs);");
        let _ = writeln!(calls, "    print(model_outputs_{number});");
    }
    // The numbers of a row are the outputs of the one feature that is 1, or of none.
    let _ = write!(
        main,
        r#"static void print(void (*model)(const float *, float *))
{{
    unsigned row;
    unsigned i;
    for (row = 0; row <= MODEL_INPUTS; row++) {{
        float features[MODEL_INPUTS + 1] = {{0.0f}};
        float outputs[MODEL_OUTPUTS];
        features[row] = 1.0f;
        model(features, outputs);
        for (i = 0; i < MODEL_OUTPUTS; i++) {{
            uint32_t bits;
            memcpy(&bits, &outputs[i], sizeof bits);
            printf("%lu ", (unsigned long)bits);
        }}
    }}
}}
int main(void)
{{
{calls}    return 0;
}}
"#
    );
    fs::write(folder.path().join("main.c"), main).unwrap();
    let compiled = Command::new("cc")
        .args(WARNINGS.split(' '))
        .args(["-Wno-unused-function", "-o", "all", "main.c"])
        .args(&sources)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let output = Command::new(folder.path().join("all")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut found = text.split_whitespace().map(|bits| f32::from_bits(bits.parse().unwrap()));
    for model in &models {
        let layer = &model.classifier().layers[0];
        let (weight, bias) = (layer.weight.to_array(), layer.bias.to_array());
        // Adding a 0 loses the sign of another, which multiplies like this one.
        let expected: Vec<f32> = match &layer.weight {
            Values::Coded(_) => weight.iter().chain(&bias).copied().collect(),
            Values::Float(_) => bias.iter().copied().cycle().take((SHAPE.0 + 1) * SHAPE.1).collect(),
        };
        let own: Vec<f32> = found.by_ref().take(expected.len()).collect();
        let scheme = |values: &Values| match values {
            Values::Coded(coded) => Some(*coded.scheme()),
            Values::Float(_) => None,
        };
        assert_eq!(own, expected, "{:?}", scheme(&layer.weight).or(scheme(&layer.bias)));
    }
    assert_eq!(found.next(), None);
}

const ACTIVATIONS: [Activation; 12] = [
    Activation::Relu,
    Activation::Tanh,
    Activation::LeakyRelu { slope: 0.1 },
    Activation::Identity,
    Activation::Sigmoid,
    Activation::HardTanh { min: -0.25, max: 0.5 },
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Elu { alpha: 1.5 },
    Activation::HardSigmoid { alpha: 0.2, beta: 0.5 },
    Activation::HardSwish,
    Activation::HardTanh { min: 0.0, max: f32::INFINITY },
];

const WEIGHTS: [&str; 18] = [
    "bits = 8",
    "bits = 4\ngranularity = { group = 4 }\nscale_format = 'f16'",
    "bits = 4\nsymmetry = 'asymmetric'\ngranularity = 'output-channel'",
    "bits = 3\nsymmetry = 'asymmetric'\nzero_point = 'float'\ngranularity = 'input-channel'",
    "bits = 5\nsymmetry = 'asymmetric'\nzero_point = 'minimum'\ngranularity = { group = 3 }",
    "bits = 2\nsymmetry = 'asymmetric'\noutliers = { percent = 8 }",
    "bits = 16\nsymmetry = 'asymmetric'\ncodes = 'signed'\nzero_point = 'minimum'",
    "bits = 11\ngranularity = { rows = 3 }",
    "bits = 1\ngranularity = 'output-channel'",
    "format = { ternary = 'absmean' }",
    "format = 'nf4'",
    "format = 'nvfp4'",
    "format = 'fp8-e4m3'\ngranularity = 'output-channel'",
    "format = 'power-of-two'\nbits = 8",
    "format = { pq = { subvectors = 2, centroids = 4 } }\ngranularity = { rows = 4 }",
    "format = { residual = { stages = 3, centroids = 4, width = 2 } }\ncodebook_format = 'int8'",
    "format = 'q5_1'",
    "format = 'dorefa'\nbits = 6",
];

/// A model of so many inputs, hidden units and outputs, whose weights have a scheme.
fn model(shape: &[usize], weights: Option<&str>, activation: Activation, seed: u64) -> PackedModel {
    let scheme = scheme(weights.unwrap_or("bits = 8"));
    let mut layers = Vec::new();
    for (pair, number) in shape.windows(2).zip(1..) {
        let own_seed = seed + number as u64;
        let codes_bias = pair[1] >= 2 && seed.is_multiple_of(2);
        let mut own = layer((pair[0], pair[1]), own_seed, &scheme, codes_bias && weights.is_some());
        if weights.is_none() {
            own.weight = Values::Float(numbers((pair[0], pair[1]), own_seed));
        }
        if number + 1 < shape.len() {
            own.activation = activation;
            let clip = (seed % 5 == 4).then_some(0.8);
            let bits = Bits::new(if seed % 5 == 3 { 4 } else { 12 }).unwrap();
            own.outputs = (seed % 5 >= 3).then_some(ClippedOutputs { bits, clip });
        }
        layers.push(own);
    }
    let mut classifier = classifier(layers);
    classifier.precision = if seed.is_multiple_of(3) { Precision::Mixed } else { Precision::Single };
    classifier.scaling = match seed % 4 {
        0 => standard(shape[0]),
        1 => FeatureScaling::Divide(2.5),
        2 => FeatureScaling::DivideEach((0..shape[0]).map(|feature| 0.5 + feature as f32).collect()),
        _ => FeatureScaling::None,
    };
    PackedModel::new(classifier).unwrap()
}

#[test]
fn outputs_of_floats_differ_by_what_rounding_does() {
    let shapes: [&[usize]; 4] = [&[9, 6, 3], &[70, 2], &[10, 5, 4, 2], &[300, 3, 4]];
    let weights = WEIGHTS.map(Some).into_iter().chain([None; 6]);
    for (position, weights) in weights.enumerate() {
        for turn in 0..2 {
            let activation = ACTIVATIONS[(position + 5 * turn) % ACTIVATIONS.len()];
            let shape = shapes[(position + 2 * turn) % shapes.len()];
            let what = format!("{weights:?}, {activation}, {shape:?}");
            run(&model(shape, weights, activation, (7 * position + turn) as u64), &what);
        }
    }
}

#[test]
fn whatever_a_file_holds_is_computed() {
    let models = everything().into_iter();
    let models = models.filter(|model| model.classifier().layers.iter().all(|layer| layer.inputs.is_none()));
    assert_eq!(models.map(|model| run(&model, "everything")).count(), 2);
}

#[test]
fn one_output_is_the_logit_of_the_second_class() {
    for weights in [None, Some("bits = 4\ngranularity = 'output-channel'")] {
        run(&model(&[9, 4, 1], weights, Activation::Relu, 1), &format!("{weights:?}, one output"));
    }
}

#[test]
fn tolerances_are_of_the_order_of_rounding() {
    let model = model(&[9, 6, 3], None, Activation::Relu, 1);
    let features = numbers((20, 9), 5).mapv(f64::from);
    let files = to_c(&model, features.view(), "tolerances").unwrap().files;
    let (_, behind) = files[2].1.split_once("test_tolerances[TEST_ROWS] TEST_CONSTANT = {").unwrap();
    let (list, _) = behind.split_once('}').unwrap();
    let tolerances: Vec<f32> =
        list.trim().split(", ").map(|own| own.trim_end_matches('f').parse().unwrap()).collect();
    assert_eq!(tolerances.len(), 20);
    assert!(tolerances.iter().all(|own| (1e-7..2e-5).contains(own)), "{tolerances:?}");
}

#[test]
fn layers_that_take_codes_and_hand_on_floats_are_refused() {
    let mut own = layer((3, 2), 1, &scheme("bits = 8"), false);
    let inputs = input_scheme("bits = 8\nmode = 'static'");
    own.inputs = Some(ActivationQuantizer::fit(inputs, numbers((20, 3), 2).view()).unwrap());
    let coded = PackedModel::new(classifier(vec![own])).unwrap();
    assert_eq!(to_c(&coded, Array2::zeros((1, 3)).view(), "codes"), Err(CError::Floats));
}

#[test]
fn codes_of_f64_are_refused() {
    let values = numbers((3, 2), 5).mapv(f64::from);
    let double = quantize(values.view(), &scheme("bits = 8"), &mut stream(2)).unwrap();
    let bias = Values::Float(Array1::<f32>::zeros(2).insert_axis(ndarray::Axis(0)));
    let model = plain(Values::Coded(double), bias);
    let refused = Err(CError::Double { id: WeightId::Weight(0), dtype: Dtype::F64 });
    assert_eq!(to_c(&model, Array2::zeros((1, 3)).view(), "doubles"), refused);
}
