//! What makes no packed model, in words.

use std::collections::HashMap;

use bitsweep_exchange::packed::{
    Classifier, ClippedOutputs, Column, ColumnKind, FeatureScaling, PackedModel, Values,
};
use bitsweep_models::{Activation, Head};
use bitsweep_quant::{ActivationQuantizer, Bits};
use ndarray::{Array1, array};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::{classifier, everything, input_scheme, layer, numbers, scheme};

fn usual() -> Classifier {
    let eight = scheme("bits = 8");
    classifier(vec![layer((3, 4), 1, &eight, false), layer((4, 2), 2, &eight, true)])
}

#[track_caller]
fn refused(change: impl FnOnce(&mut Classifier), sentence: &str) {
    let mut classifier = usual();
    change(&mut classifier);
    assert_eq!(PackedModel::new(classifier).unwrap_err().to_string(), sentence);
}

#[test]
fn a_model_has_a_layer() {
    refused(|model| model.layers.clear(), "a model needs at least one layer");
}

#[test]
fn shapes_must_chain() {
    let eight = scheme("bits = 8");
    refused(|model| drop(model.columns.pop()), "rows of 2 features do not fit the model: expected 3");
    refused(
        |model| model.layers[1] = layer((5, 2), 1, &eight, false),
        "layer 2 takes rows of length 5, but layer 1 gives rows of length 4",
    );
    refused(
        |model| model.layers[1].bias = Values::Float(array![[1.0]]),
        "layer 2 has a bias of length 1: expected 2, one number for each output",
    );
    refused(|model| drop(model.classes.pop()), "1 names do not fit 2 classes");
}

#[test]
fn names_are_of_one_thing_each() {
    let twice = "`1` and `1.0` name one class: expected another name for each";
    refused(|model| model.classes = vec!["1".to_owned(), "1.0".to_owned()], twice);
    refused(
        |model| model.classes = vec!["k".to_owned(), "k".to_owned()],
        "`k` and `k` name one class: expected another name for each",
    );
    refused(
        |model| model.columns[2].name = model.columns[0].name.clone(),
        &format!("two columns are named `{}`", usual().columns[0].name),
    );
}

#[test]
fn outputs_that_are_not_finite_are_refused_by_their_row() {
    let layers = vec![layer((3, 4), 1, &scheme("bits = 8"), false)];
    let mut classifier = classifier(layers);
    classifier.layers[0].bias = Values::Float(ndarray::Array2::from_elem((1, 4), f32::MAX));
    let predictor = PackedModel::new(classifier).unwrap().predictor().unwrap();
    let rows = array![[0.0, 0.0, 0.0], [3e38, 3e38, 3e38]];
    let (fine, broken) = rows.view().split_at(ndarray::Axis(0), 1);
    assert!(predictor.logits(fine).is_ok());
    let error = predictor.logits(rows.view()).unwrap_err().to_string();
    assert_eq!(error, "row 1: an output of the model is not finite");
    assert!(predictor.predict(broken).is_err());
}

#[test]
fn the_head_takes_the_outputs_of_the_last_layer() {
    let eight = scheme("bits = 8");
    refused(
        |model| model.head = Head::Logistic,
        "the head `logistic` stands behind 2 outputs: expected a single one, the logit of the second of two classes",
    );
    let one = layer((4, 1), 2, &eight, true);
    for head in [Head::Softmax, Head::OneVsRest] {
        refused(
            |model| (model.layers[1], model.head) = (one.clone(), head),
            &format!(
                "the head `{head}` stands behind 1 output: expected one for each of two or more classes, or the head `logistic`"
            ),
        );
    }
    refused(
        |model| {
            (model.layers[1], model.head) = (one.clone(), Head::Logistic);
            model.classes.pop();
        },
        "1 names do not fit 2 classes",
    );
}

#[test]
fn numbers_must_be_finite_and_divisors_not_0() {
    refused(
        |model| model.layers[0].bias = Values::Float(array![[1.0, f32::NAN, 0.0, 0.0]]),
        "b1 has `NaN` at row 0, column 1: expected finite numbers",
    );
    let scaler =
        "the scaler does not fit 3 features: expected finite numbers for each, none of them a divisor of 0";
    for divisor in [0.0, -0.0, f32::NAN, f32::INFINITY] {
        refused(|model| model.scaling = FeatureScaling::Divide(divisor), scaler);
    }
    refused(|model| model.scaling = FeatureScaling::DivideEach(Array1::ones(2)), scaler);
    refused(|model| model.scaling = crate::standard(4), scaler);
    for constant in [vec![3], vec![1, 1], vec![2, 0]] {
        let (mean, scale) = (Array1::zeros(3), Array1::ones(3));
        refused(|model| model.scaling = FeatureScaling::Standard { mean, scale, constant }, scaler);
    }
    refused(
        |model| model.layers[0].activation = Activation::HardTanh { min: 1.0, max: 0.0 },
        "layer 1 has activation hard-tanh (1 to 0): expected a lower limit not above the upper one",
    );
}

#[test]
fn missing_values_are_replaced_by_values_of_the_column() {
    for (kind, fill) in [
        (ColumnKind::Number, f32::NAN),
        (ColumnKind::Ranks(vec!["a".to_owned()]), 2.0),
        (ColumnKind::Levels { texts: Vec::new(), other: true }, 1.0),
    ] {
        refused(
            |model| model.columns[0] = Column { kind, fill: Some(fill), ..Column::numbers("weight") },
            &format!("column `weight` replaces missing values by `{fill}`, which is none of its values"),
        );
    }
}

#[test]
fn codes_of_inputs_are_for_all_layers_and_for_coded_weights() {
    let dynamic = input_scheme("bits = 8\nmode = 'dynamic'");
    let quantizer = ActivationQuantizer::restore(dynamic, None).unwrap();
    refused(
        |model| model.layers[0].inputs = Some(quantizer),
        "the inputs of 1 of 2 layers are codes: expected all or none",
    );
    refused(
        |model| {
            model.layers.iter_mut().for_each(|layer| layer.inputs = Some(quantizer));
            model.layers[1].weight = Values::Float(numbers((4, 2), 1));
        },
        "the inputs of W2 are codes, which floats do not multiply",
    );
    let clipped = |clip| Some(ClippedOutputs { bits: Bits::new(4).unwrap(), clip });
    refused(
        |model| model.layers[1].outputs = clipped(None),
        "the outputs behind W2 are clipped: expected that of hidden layers, whose inputs are floats",
    );
    refused(|model| model.layers[0].outputs = clipped(Some(0.0)), "the outputs behind W1 are clipped at `0`");
}

/// The tensors and the JSON text of a file, changed and written again.
fn changed(
    bytes: &[u8],
    change: impl FnOnce(&mut HashMap<String, (Dtype, Vec<usize>, Vec<u8>)>, &mut HashMap<String, String>),
) -> Vec<u8> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let mut keys = header.metadata().clone().unwrap();
    let tensor = |(name, view): (&str, TensorView<'_>)| {
        (name.to_owned(), (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
    };
    let mut tensors = file.iter().map(tensor).collect();
    change(&mut tensors, &mut keys);
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, data))| (name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
    safetensors::serialize(views, Some(keys)).unwrap()
}

#[test]
fn files_of_something_else_are_refused() {
    let bytes = PackedModel::new(usual()).unwrap().to_bytes().unwrap();
    let refused = |bytes: &[u8], sentence: &str| {
        let error = PackedModel::from_bytes(bytes).unwrap_err().to_string();
        assert!(error.starts_with(sentence), "{error}");
    };
    refused(b"", "is no safetensors file: ");
    refused(&changed(&bytes, |_, keys| keys.clear()), "is no packed model: ");
    refused(
        &changed(&bytes, |_, keys| drop(keys.insert("more".to_owned(), String::new()))),
        "is no packed model: ",
    );
    let edit = |from: &str, to: &str| {
        changed(&bytes, |_, keys| {
            let json = keys.get_mut("bitsweep").unwrap();
            assert!(json.contains(from), "{json}");
            *json = json.replacen(from, to, 1);
        })
    };
    refused(&edit("{", ""), "its metadata are none of a packed model: ");
    refused(
        &edit("\"format\":1", "\"format\":2"),
        "is a packed model in version 2 of the format: expected version 1",
    );
    refused(
        &edit("\"softmax\"", "\"hardmax\""),
        "its metadata are none of a packed model: unknown variant `hardmax`",
    );
    refused(&edit("\"softmax\"", "\"logistic\""), "the head `logistic` stands behind 2 outputs");
    refused(&edit("class 1", "class 2"), "its checksum is another than that of its contents: it is damaged");
}

#[test]
fn tensors_that_the_metadata_do_not_say_are_refused() {
    let bytes = everything()[1].to_bytes().unwrap();
    let refused = |bytes: &[u8], sentence: &str| {
        assert_eq!(PackedModel::from_bytes(bytes).unwrap_err().to_string(), sentence);
    };
    refused(
        &changed(&bytes, |tensors, _| {
            drop(tensors.insert("W9.codes".to_owned(), (Dtype::U8, vec![1], vec![0])))
        }),
        "tensor `W9.codes` belongs to nothing that the metadata name",
    );
    for name in ["W1.codes", "b1", "x1.scale", "x1.zero_point", "scaler.divisors"] {
        refused(
            &changed(&bytes, |tensors, _| drop(tensors.remove(name))),
            &format!("tensor `{name}` is missing"),
        );
    }
    refused(
        &changed(&bytes, |tensors, _| tensors.get_mut("W1.scales").unwrap().0 = Dtype::I32),
        "tensor `W1.scales` is I32 [1]: expected F32 [1]",
    );
    refused(
        &changed(&bytes, |tensors, _| tensors.get_mut("x1.scale").unwrap().2 = vec![0; 4]),
        "inputs of W1: scale `0` and zero point `127` are no parameters of these codes: expected a positive scale, and a code",
    );
    refused(
        &changed(&bytes, |tensors, _| tensors.get_mut("b1").unwrap().1 = vec![2, 2]),
        "tensor `b1` is F32 [2, 2]: expected F32 [4]",
    );
    refused(
        &changed(&bytes, |tensors, _| drop(tensors.remove("W1.outliers"))),
        "W1: `13` bytes are not as many as this shape and scheme pack to",
    );
}

#[test]
fn tensors_in_another_order_are_the_same_model() {
    let model = everything().remove(0);
    let bytes = model.to_bytes().unwrap();
    let json = SafeTensors::read_metadata(&bytes).unwrap().1.metadata().clone().unwrap()["bitsweep"].clone();
    // As a tool writes that knows nothing of alignment: by name.
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Vec<_> = file.iter().collect();
    tensors.sort_by_key(|(name, _)| *name);
    let mut header = serde_json::Map::new();
    header.insert("__metadata__".to_owned(), serde_json::json!({ "bitsweep": json }));
    let mut data = Vec::new();
    for (name, tensor) in tensors {
        let start = data.len();
        data.extend(tensor.data());
        let info = serde_json::json!({
            "dtype": tensor.dtype().to_string(), "shape": tensor.shape(), "data_offsets": [start, data.len()],
        });
        header.insert(name.to_owned(), info);
    }
    let header = serde_json::Value::Object(header).to_string();
    let other = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat();
    assert_ne!(other, bytes);
    assert_eq!(PackedModel::from_bytes(&other).unwrap(), model);
}

#[test]
fn headers_beyond_16_mebibytes_are_neither_written_nor_read() {
    let mut classifier = usual();
    classifier.provenance.insert("notes".to_owned(), "x".repeat(17 << 20).into());
    let refused = PackedModel::new(classifier).unwrap().to_bytes().unwrap_err().to_string();
    let most = "expected at most 16777216, as safetensors of `bitsweep export` have";
    assert!(refused.ends_with(most), "{refused}");
    let refused = PackedModel::from_bytes(&[0xff; 16]).unwrap_err().to_string();
    assert!(refused.ends_with(most), "{refused}");
    let refused = PackedModel::from_bytes(&[16, 0, 0, 0, 0, 0, 0, 0, b'{']).unwrap_err().to_string();
    assert_eq!(refused, "is no safetensors file: its header does not fit into it");
}
