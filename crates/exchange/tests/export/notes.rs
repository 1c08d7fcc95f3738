//! What is stored otherwise is said, and what cannot be said is refused by name.

use bitsweep_exchange::export::{ExportError, FourBitGroups, OnnxOptions, Opset, StaticInputs, to_onnx};
use bitsweep_exchange::packed::{Classifier, Column, ColumnKind, PackedModel};
use bitsweep_quant::ActivationQuantizer;

use crate::models::{classifier, input_scheme, layer, numbers, scheme};

fn file_size(model: &PackedModel, options: OnnxOptions) -> usize {
    to_onnx(model, options).unwrap().bytes.len()
}

/// A model of one layer.
fn one(weights: &str) -> PackedModel {
    PackedModel::new(classifier(vec![layer((6, 3), 1, &scheme(weights), false)])).unwrap()
}

/// The same with codes as inputs.
fn coded(weights: &str, inputs: &str) -> PackedModel {
    let mut layer = layer((6, 3), 1, &scheme(weights), false);
    layer.inputs = Some(ActivationQuantizer::fit(input_scheme(inputs), numbers((9, 6), 2).view()).unwrap());
    PackedModel::new(classifier(vec![layer])).unwrap()
}

#[track_caller]
fn notes(model: &PackedModel, options: OnnxOptions, expected: &[&str]) {
    assert_eq!(to_onnx(model, options).unwrap().notes, expected);
}

#[test]
fn codes_that_are_stored_wider_are_said() {
    let usual = OnnxOptions::default();
    for weights in ["bits = 4", "bits = 8", "bits = 16", "format = 'fp8-e4m3'", "format = 'bf16'"] {
        notes(&one(weights), usual, &[]);
    }
    let wider = "W1: codes of 3 bits are stored as int4, in 1.33 times their bits; their values are the same";
    notes(&one("bits = 3"), usual, &[wider]);
    let wider =
        "W1: codes of 6 bits are stored as uint8, in 1.33 times their bits; their values are the same";
    notes(&one("bits = 6\nsymmetry = 'asymmetric'"), usual, &[wider]);
    let wider = "W1: codes of 1 bit are stored as int4, in 4.00 times their bits; their values are the same";
    notes(&one("bits = 1"), usual, &[wider]);
    let wider = "W1: codes of 2 bits are stored as int4, in 2.00 times their bits; their values are the same";
    notes(&one("format = { ternary = 'absmean' }"), usual, &[wider]);
    notes(&one("bits = 2"), OnnxOptions { opset: Opset::V25, ..usual }, &[]);
    notes(&one("format = 'fp4-e2m1'"), OnnxOptions { opset: Opset::V25, ..usual }, &[]);
}

#[test]
fn layers_of_which_the_same_is_said_are_told_together() {
    let three = scheme("bits = 3");
    let layers = vec![layer((6, 4), 1, &three, false), layer((4, 3), 2, &three, true)];
    let model = PackedModel::new(classifier(layers)).unwrap();
    let wider =
        "W1, W2, b2: codes of 3 bits are stored as int4, in 1.33 times their bits; their values are the same";
    notes(&model, OnnxOptions::default(), &[wider]);
}

#[test]
fn parameters_that_are_stored_wider_are_said() {
    let weights = "bits = 4\ngranularity = 'column'\nscale_format = 'double'";
    let scales = "W1: scales of `scale_format = double` are stored as float, not as codes of 8 bits";
    notes(&one(weights), OnnxOptions::default(), &[scales]);
    let weights = "format = { vq = { centroids = 4 } }\ncodebook_format = 'int8'";
    let wider =
        "W1: codes of 2 bits are stored as uint4, in 2.00 times their bits; their values are the same";
    let centroids = "W1: centroids of `codebook_format = int8` are stored as float, not as bytes";
    notes(&one(weights), OnnxOptions::default(), &[wider, centroids]);
}

#[test]
fn factors_that_are_no_whole_numbers_are_said() {
    let inputs = "bits = 8\nmode = 'static'";
    let order = "W1: values are no whole numbers: codes of inputs are multiplied with them in double, where a runtime may add in another order, which can differ in the sixteenth digit";
    notes(&coded("bits = 4", inputs), OnnxOptions::default(), &[]);
    notes(&coded("format = 'fp8-e5m2'", inputs), OnnxOptions::default(), &[]);
    notes(&coded("format = 'nf'\nbits = 4", inputs), OnnxOptions::default(), &[order]);
    notes(&coded("format = 'bf16'", inputs), OnnxOptions::default(), &[order]);
}

#[test]
fn weights_that_matmulnbits_cannot_say_are_said() {
    let options = OnnxOptions { groups: FourBitGroups::MatMulNBits, ..OnnxOptions::default() };
    notes(&one("bits = 4\ngranularity = { group = 16 }"), options, &[]);
    let no_form = "W2: `MatMulNBits` has no form for `4 bit symmetric · group 8`, which is said by standard operators: expected 4 bits, `granularity = { group = n }` with n a power of 2 from 16 on, no outliers, and whole zero points among the codes";
    let group_of_8 = "bits = 4\ngranularity = { group = 8 }";
    let layers = [(1, (32, 20), "bits = 4\ngranularity = { group = 16 }"), (2, (20, 5), group_of_8)];
    let layers = layers.map(|(seed, shape, text)| layer(shape, seed, &scheme(text), false));
    notes(&PackedModel::new(classifier(layers.into())).unwrap(), options, &[no_form]);
    assert_eq!(to_onnx(&one(group_of_8), options).unwrap_err(), ExportError::NoMatMulNBits);
}

#[test]
fn codes_of_four_bits_take_half_a_byte() {
    let of = |bits: u32| {
        let scheme = scheme(&format!("bits = {bits}"));
        PackedModel::new(classifier(vec![layer((100, 10), 1, &scheme, false)])).unwrap()
    };
    let (eight, four) = (of(8), of(4));
    assert_eq!(file_size(&eight, OnnxOptions::default()) - file_size(&four, OnnxOptions::default()), 500);
}

#[test]
fn ranges_that_are_searched_anew_are_refused() {
    let usual = OnnxOptions::default();
    for (range, name) in [("'mse'", "mse"), ("{ percentile = 99.9 }", "percentile 99.9"), ("'kl'", "kl")] {
        let model = coded("bits = 8", &format!("bits = 8\nmode = 'dynamic'\nrange = {range}"));
        assert_eq!(
            to_onnx(&model, usual).unwrap_err().to_string(),
            format!(
                "inputs of W1: `range = {name}` is searched anew in each batch, which ONNX has no operators for: the nearest is `range = min-max`, or the same range with `mode = static`"
            )
        );
    }
    assert!(to_onnx(&coded("bits = 8", "bits = 8\nmode = 'static'\nrange = 'mse'"), usual).is_ok());
}

#[test]
fn static_inputs_that_are_no_qdq_are_refused() {
    let options = OnnxOptions { static_inputs: StaticInputs::Qdq, ..OnnxOptions::default() };
    let refused = |inputs: &str, what: &str, nearest: &str| {
        assert_eq!(
            to_onnx(&coded("bits = 8", inputs), options).unwrap_err().to_string(),
            format!(
                "inputs of W1: `{what}` is no `QuantizeLinear`, which rounds halves to even and has integers of 2 to 8 bits, and unsigned ones of 16: the nearest is `{nearest}`, or integers instead of QDQ"
            )
        );
    };
    let half_away = "bits = 8\nmode = 'static'\nrounding = 'half-away'";
    refused(half_away, "rounding = half-away", "rounding = nearest-even");
    refused("bits = 12\nmode = 'static'", "bits = 12", "bits = 8");
    refused("bits = 16\nmode = 'static'\nsymmetry = 'symmetric'", "bits = 16", "bits = 8");
    assert!(to_onnx(&coded("bits = 8", "bits = 12\nmode = 'dynamic'"), options).is_ok());
}

#[test]
fn columns_beside_texts_need_names_of_their_own() {
    let with_names = |names: [&str; 2], has_texts: bool| {
        let mut columns: Vec<Column> = names.into_iter().map(Column::numbers).collect();
        if has_texts {
            columns[1].kind = ColumnKind::Ranks(vec!["low".to_owned(), "high".to_owned()]);
        }
        let layers = vec![layer((2, 3), 1, &scheme("bits = 8"), false)];
        let model = PackedModel::new(Classifier { columns, ..classifier(layers) }).unwrap();
        to_onnx(&model, OnnxOptions::default()).map_err(|error| error.to_string())
    };
    let refused = |names, reason: &str| {
        let sentence = format!(
            "{reason}, but each column is an input of its own where one of them has texts: rename it"
        );
        assert_eq!(with_names(names, true).unwrap_err(), sentence);
        // One input has no names of columns.
        assert!(with_names(names, false).is_ok());
    };
    refused(["size", ""], "column `` has no name");
    refused(["label", "size"], "column `label` is called like an output");
    refused(["size", "probabilities"], "column `probabilities` is called like an output");
}
