//! What files look like from inside.

use bitsweep_models::{Activation, Head, Precision};
use bitsweep_quant::{Granularity, GroupSize, Scheme, presets, quantize};
use bitsweep_random::{Generator, Stream};
use ndarray::Array2;

use crate::onnx::proto::{GraphProto, ModelProto};
use crate::packed::{Column, PackedLayer};

use super::*;

fn matrix(rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, columns), |(row, column)| ((row * 7 + column * 3) % 11) as f32 - 5.0)
}

fn model(scheme: &Scheme, classes: [&str; 3]) -> PackedModel {
    let mut stream = Stream::new(Generator::Modern, 0, "quantize").unwrap();
    let layer = PackedLayer {
        weight: Values::Coded(quantize(matrix(40, 3).view(), scheme, &mut stream).unwrap()),
        bias: Values::Float(matrix(1, 3)),
        activation: Activation::Identity,
        inputs: None,
        outputs: None,
    };
    let provenance = serde_json::json!({ "experiment": "wine", "unit": { "seed": 3 } });
    PackedModel::new(Classifier {
        columns: (0..40).map(|column| Column::numbers(column.to_string())).collect(),
        scaling: FeatureScaling::None,
        layers: vec![layer],
        head: Head::Softmax,
        precision: Precision::Single,
        classes: classes.map(str::to_owned).into(),
        provenance: provenance.as_object().unwrap().clone(),
    })
    .unwrap()
}

fn four_bits(group: u32) -> Scheme {
    let granularity = Granularity::Group(GroupSize::new(group).unwrap());
    Scheme { granularity, ..presets::symmetric_narrow(bitsweep_quant::Bits::new(4).unwrap()) }
}

fn decoded(model: &PackedModel, options: OnnxOptions) -> ModelProto {
    ModelProto::decode(to_onnx(model, options).unwrap().bytes.as_slice()).unwrap()
}

fn operators(graph: &GraphProto) -> Vec<&str> {
    graph.node.iter().map(|node| node.op_type.as_str()).collect()
}

#[test]
fn a_file_says_where_it_comes_from() {
    let model = model(&four_bits(32), ["a", "b", "c"]);
    for (opset, version, ir_version) in [(Opset::V21, 21, 10), (Opset::V25, 25, 13)] {
        let file = decoded(&model, OnnxOptions { opset, ..OnnxOptions::default() });
        assert_eq!(
            (file.producer_name.as_str(), file.producer_version.as_str()),
            ("bitsweep", model.written_by())
        );
        let sets: Vec<_> = file.opset_import.iter().map(|set| (set.domain.as_str(), set.version)).collect();
        assert_eq!((sets, file.ir_version), (vec![("", version)], ir_version));
        let [entry] = file.metadata_props.as_slice() else { panic!("{:?}", file.metadata_props) };
        let value = r#"{"experiment":"wine","unit":{"seed":3}}"#;
        assert_eq!((entry.key.as_str(), entry.value.as_str()), ("bitsweep.provenance", value));
    }
}

#[test]
fn groups_are_blocks_of_one_operator() {
    let file = decoded(&model(&four_bits(32), ["a", "b", "c"]), OnnxOptions::default());
    let graph = file.graph.unwrap();
    let expected = ["DequantizeLinear", "MatMul", "Add", "ArgMax", "Gather", "Cast", "Softmax", "Cast"];
    assert_eq!(operators(&graph), expected);
    let attributes: Vec<_> =
        graph.node[0].attribute.iter().map(|attribute| (attribute.name.as_str(), attribute.i)).collect();
    assert_eq!(attributes, [("axis", Some(0)), ("block_size", Some(32))]);
    let shapes: Vec<_> = graph.initializer[..2]
        .iter()
        .map(|tensor| (tensor.name.as_str(), tensor.data_type, tensor.dims.clone(), tensor.raw_data.len()))
        .collect();
    // int4, two a byte; a float for each of two groups of each output.
    assert_eq!(shapes, [("W1.codes", 22, vec![40, 3], 60), ("W1.scales", 1, vec![2, 3], 24)]);
}

#[test]
fn groups_of_four_bits_are_one_operator_of_onnxruntime_on_request() {
    let options = OnnxOptions { groups: FourBitGroups::MatMulNBits, ..OnnxOptions::default() };
    let file = decoded(&model(&four_bits(32), ["a", "b", "c"]), options);
    let sets: Vec<_> = file.opset_import.iter().map(|set| (set.domain.as_str(), set.version)).collect();
    assert_eq!(sets, [("", 21), ("com.microsoft", 1)]);
    let graph = file.graph.unwrap();
    assert_eq!(
        (graph.node[0].op_type.as_str(), graph.node[0].domain.as_str()),
        ("MatMulNBits", "com.microsoft")
    );
    // Of 3 outputs 2 groups of 16 bytes.
    assert_eq!(graph.initializer[0].dims, [3, 2, 16]);
}

#[test]
fn labels_are_integers_where_all_classes_are_called_by_one() {
    let kind = |classes| {
        let graph = decoded(&model(&four_bits(32), classes), OnnxOptions::default()).graph.unwrap();
        let label = &graph.output[0];
        assert_eq!((label.name.as_str(), graph.output[1].name.as_str()), ("label", "probabilities"));
        label.r#type.as_ref().unwrap().tensor_type.as_ref().unwrap().elem_type
    };
    let (int64, string) = (ElementType::Int64.number(), ElementType::Text.number());
    assert_eq!(kind(["0", "-7", "12"]), int64);
    for classes in [["0", "1", "two"], ["0", "1", "02"], ["0", "1", "1.5"], ["0", "1", "9223372036854775808"]]
    {
        assert_eq!(kind(classes), string, "{classes:?}");
    }
}
