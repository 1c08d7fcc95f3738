//! ONNX files: a graph of operators in Protocol Buffers.
//!
//! The graph is interpreted node by node. An edge carries a constant, or rows that depend on the features as a list of
//! stages ([`flow`]), or what is derived of them: the class of each row, a number for each row, a shape. What exporters write
//! out in operators (a Gelu, a softmax, a normalization) is put together again; anything else is refused by the name of its
//! node.

mod activations;
mod arithmetic;
mod budget;
mod call;
mod classes;
mod columns;
mod constants;
mod flow;
mod function;
mod graph;
mod initializers;
mod layers;
mod network;
mod node;
pub(crate) mod proto;
mod recognition;
mod reductions;
mod shapes;
mod stage;
mod storage;
mod tensor;
mod value;
mod wire;

use std::path::Path;

use prost::Message;

use crate::error::ImportError;
use crate::file;
use crate::network::Network;
use crate::onnx::proto::ModelProto;
use crate::onnx::tensor::TensorReader;

pub(crate) use crate::onnx::initializers::Initializers;

/// Reads the graph and lowers it to a network.
pub(crate) fn read_onnx(path: &Path) -> Result<Network, ImportError> {
    read_onnx_bytes(path, &file::read(path)?)
}

/// Reads a classifier of dense layers from the bytes of an ONNX file that is called `path`.
///
/// # Errors
/// When the file computes what is not supported, by the name of the place.
pub fn read_onnx_bytes(path: &Path, bytes: &[u8]) -> Result<Network, ImportError> {
    let model = decoded(path, bytes)?;
    let tensors = TensorReader::new(path, bytes.len() as u64);
    network::lower(path, &model, graph::interpret(path, &model, &tensors)?, &tensors)
}

/// The messages of the file, and how many bytes it has.
fn load(path: &Path) -> Result<(ModelProto, u64), ImportError> {
    let bytes = file::read(path)?;
    Ok((decoded(path, &bytes)?, bytes.len() as u64))
}

/// The messages of a file's bytes.
fn decoded(path: &Path, bytes: &[u8]) -> Result<ModelProto, ImportError> {
    if !wire::is_modest(bytes) {
        return Err(ImportError::new(path, "is no ONNX file: it has far more parts than bytes"));
    }
    ModelProto::decode(bytes).map_err(|error| ImportError::new(path, format!("is no ONNX file: {error}")))
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::onnx::proto::{
        AttributeProto, DimensionProto, GraphProto, NodeProto, OperatorSetIdProto, TensorProto,
        TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
    };

    fn strings(names: &str) -> Vec<String> {
        names
            .split_whitespace()
            .map(|name| if name == "-" { String::new() } else { name.to_owned() })
            .collect()
    }

    /// A node as `Gemm: x w b -> y`.
    fn node(text: &str, attributes: &[AttributeProto]) -> NodeProto {
        let (operator, edges) = text.split_once(": ").unwrap();
        let (inputs, outputs) = edges.split_once("->").unwrap();
        let (domain, op_type) = operator.rsplit_once('/').unwrap_or(("", operator));
        NodeProto {
            input: strings(inputs),
            output: strings(outputs),
            name: "n".to_owned(),
            op_type: op_type.to_owned(),
            attribute: attributes.to_vec(),
            domain: domain.to_owned(),
        }
    }

    fn named(name: &str) -> AttributeProto {
        AttributeProto { name: name.to_owned(), ..AttributeProto::default() }
    }

    fn integer(name: &str, i: i64) -> AttributeProto {
        AttributeProto { i: Some(i), ..named(name) }
    }

    fn integers(name: &str, ints: &[i64]) -> AttributeProto {
        AttributeProto { ints: ints.to_vec(), ..named(name) }
    }

    fn floats(name: &str, floats: &[f32]) -> AttributeProto {
        AttributeProto { floats: floats.to_vec(), ..named(name) }
    }

    fn text(name: &str, text: &str) -> AttributeProto {
        AttributeProto { s: Some(text.as_bytes().to_vec()), ..named(name) }
    }

    fn tensor(name: &str, dims: &[i64], numbers: &[f32]) -> TensorProto {
        TensorProto {
            name: name.to_owned(),
            dims: dims.to_vec(),
            data_type: 1,
            float_data: numbers.to_vec(),
            ..TensorProto::default()
        }
    }

    /// Rows of two features `x`, a weight `w` of two outputs, two numbers `b`.
    fn model(nodes: Vec<NodeProto>, outputs: &str) -> ModelProto {
        let dimension = |dim_value| DimensionProto { dim_value, dim_param: None };
        let shape = TensorShapeProto { dim: vec![dimension(None), dimension(Some(2))] };
        let tensor_type = TensorTypeProto { elem_type: 1, shape: Some(shape) };
        let r#type = Some(TypeProto { tensor_type: Some(tensor_type) });
        let value = |name: String, r#type| ValueInfoProto { name, r#type };
        let graph = GraphProto {
            node: nodes,
            name: String::new(),
            initializer: vec![
                tensor("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0]),
                tensor("b", &[2], &[5.0, 6.0]),
                tensor("one", &[1], &[1.0]),
            ],
            input: vec![value("x".to_owned(), r#type)],
            output: strings(outputs).into_iter().map(|name| value(name, None)).collect(),
        };
        ModelProto {
            ir_version: 8,
            graph: Some(graph),
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 17 }],
            ..ModelProto::default()
        }
    }

    fn read(model: &ModelProto) -> Result<Network, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), model.encode_to_vec()).unwrap();
        read_onnx(file.path())
            .map_err(|error| format!("{}: {}", error.place.unwrap_or_default(), error.reason))
    }

    fn linear() -> NodeProto {
        node("Gemm: x w b -> y", &[])
    }

    #[test]
    fn integers_name_classes() {
        let classes = integers("keys_int64s", &[0, 1]);
        let values = integers("values_int64s", &[10, 20]);
        let nodes = vec![
            linear(),
            node("ArgMax: y -> class", &[integer("axis", 1)]),
            node("ai.onnx.ml/LabelEncoder: class -> label", &[classes, values]),
        ];
        let network = read(&model(nodes.clone(), "label y")).unwrap();
        assert_eq!(network.classes, Some(strings("10 20")));
        // The label alone says as much.
        assert_eq!(read(&model(nodes, "label")).unwrap(), network);
    }

    #[test]
    fn scales_of_blocks_are_those_of_their_rows() {
        let dequantized = |size: i64, scales: &[f32]| {
            let attributes = [integer("axis", 0), integer("block_size", size)];
            let nodes = vec![node("DequantizeLinear: w s -> v", &attributes), node("MatMul: x v -> y", &[])];
            let mut model = model(nodes, "y");
            let rows = scales.len() as i64 / 2;
            model.graph.as_mut().unwrap().initializer.push(tensor("s", &[rows, 2], scales));
            read(&model)
        };
        let weight = |network: Network| network.model.linear_layers().next().unwrap().1.weight.clone();
        let two = dequantized(1, &[1.0, 0.5, 3.0, 0.25]).unwrap();
        assert_eq!(weight(two), ndarray::array![[1.0, 1.0], [9.0, 1.0]]);
        let one = dequantized(5, &[2.0, 0.5]).unwrap();
        assert_eq!(weight(one), ndarray::array![[2.0, 1.0], [6.0, 2.0]]);
        for (size, expected) in [(2, "[1, 2]"), (-1, "has blocks of no size")] {
            let error = dequantized(size, &[1.0; 4]).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn scattered_numbers_replace_those_at_their_places() {
        let scattered = |places: &[f32]| {
            let nodes = vec![node("ScatterElements: w i u -> v", &[]), node("MatMul: x v -> y", &[])];
            let mut model = model(nodes, "y");
            let graph = model.graph.as_mut().unwrap();
            graph.initializer.extend([tensor("i", &[1, 2], places), tensor("u", &[1, 2], &[7.0, 8.0])]);
            read(&model)
        };
        let network = scattered(&[1.0, -2.0]).unwrap();
        let weight = network.model.linear_layers().next().unwrap().1.weight.clone();
        assert_eq!(weight, ndarray::array![[1.0, 8.0], [7.0, 4.0]]);
        assert!(scattered(&[2.0, 0.0]).unwrap_err().contains("has the axis 2 of 2 dimensions"));
    }

    #[test]
    fn constants_are_computed_in_the_type_of_their_operator() {
        // 1/3 of f32 by 3 is 1 in f32 and 1 + 3e-8 in f64.
        let numbers = [1.0_f32 / 3.0; 4];
        let nodes = vec![node("Mul: t three -> v", &[]), node("MatMul: x v -> y", &[])];
        let mut model = model(nodes, "y");
        let graph = model.graph.as_mut().unwrap();
        graph.initializer.extend([tensor("t", &[2, 2], &numbers), tensor("three", &[], &[3.0])]);
        let network = read(&model).unwrap();
        assert_eq!(network.model.linear_layers().next().unwrap().1.weight, Array2::<f32>::ones((2, 2)));
    }

    #[test]
    fn rounding_to_16_bits_is_told() {
        let halves = |count: usize| {
            let mut nodes = vec![node("Identity: x -> h0", &[])];
            for cast in 0..count {
                nodes.push(node(&format!("Cast: h{cast} -> h{}", cast + 1), &[integer("to", 10)]));
            }
            nodes.push(node(&format!("Gemm: h{count} w b -> y"), &[]));
            read(&model(nodes, "y")).unwrap().notes
        };
        assert!(halves(0).is_empty());
        assert_eq!(halves(1), ["node `n` (Cast) rounds to 16 bits what keeps its precision here"]);
        assert_eq!(halves(3), ["node `n` (Cast) and 2 more round to 16 bits what keeps its precision here"]);
    }

    #[test]
    fn nodes_that_no_output_needs_are_not_looked_at() {
        let nodes = vec![linear(), node("NonMaxSuppression: y -> z", &[])];
        assert!(read(&model(nodes, "y")).is_ok());
    }

    #[test]
    fn what_a_graph_cannot_have_is_refused_by_its_node() {
        let after = |text: &str, attributes: &[AttributeProto]| vec![linear(), node(text, attributes)];
        let classifier = |coefficients: &[f32], transform: &str| {
            let attributes = [
                floats("coefficients", coefficients),
                integers("classlabels_ints", &[0, 1]),
                text("post_transform", transform),
            ];
            vec![node("ai.onnx.ml/LinearClassifier: x -> label z", &attributes)]
        };
        let cases = [
            (after("If: y -> z", &[]), "node `n` (If): this operator is not supported: expected one of Gemm"),
            (
                after("ai.onnx.ml/Imputer: y -> z", &[]),
                "node `n` (ai.onnx.ml.Imputer): this operator is not supported",
            ),
            (after("Relu: q -> z", &[]), "node `n` (Relu): needs `q`, which nothing makes"),
            (after("Relu: -> z", &[]), "node `n` (Relu): has no input 0"),
            (vec![node("Gemm: x w b -> z", &[integer("transA", 1)])], "node `n` (Gemm): transposes its rows"),
            (vec![node("MatMul: w x -> z", &[])], "node `n` (MatMul): takes what it cannot take"),
            (vec![node("MatMul: x b -> z", &[])], "node `n` (MatMul): has a weight of shape [2]"),
            (
                after("BatchNormalization: y b b b b -> z", &[integer("training_mode", 1)]),
                "node `n` (BatchNormalization): normalizes by its batch",
            ),
            (after("PRelu: y b -> z", &[]), "node `n` (PRelu): has a slope for each column"),
            (after("Cast: y -> z", &[integer("to", 7)]), "node `n` (Cast): makes int64 of numbers"),
            (after("Softmax: y -> z", &[integer("axis", 0)]), "node `n` (Softmax): works on an axis"),
            (
                after("Concat: y y -> z", &[integer("axis", 0)]),
                "node `n` (Concat): puts rows below each other",
            ),
            (
                after("Concat: y w -> z", &[integer("axis", 1)]),
                "node `n` (Concat): puts together what is not computed",
            ),
            (
                after("Transpose: y -> z", &[integers("perm", &[1, 0])]),
                "node `n` (Transpose): changes the order",
            ),
            (after("Reshape: y b -> z", &[]), "node `n` (Reshape): makes"),
            (
                after("QuantizeLinear: y b -> z", &[]),
                "node `n` (QuantizeLinear): is supported of constants alone",
            ),
            (after("Exp: y -> z", &[]), "node `n` (Exp): ends a function that is no activation"),
            (after("Mul: y x -> z", &[]), "node `n` (Mul): combines two results"),
            (after("ReduceMax: y -> z", &[integers("axes", &[1])]), "output `z`: is no score of classes"),
            (
                after("ai.onnx.ml/Normalizer: y -> z", &[]),
                "node `n` (ai.onnx.ml.Normalizer): divides by the MAX norm",
            ),
            (
                vec![
                    linear(),
                    node("Softmax: y -> p", &[]),
                    node("Gather: p one -> z", &[integer("axis", 1)]),
                ],
                "output `z`: is one column of the scores of several classes: expected all of them",
            ),
            (
                vec![
                    linear(),
                    node("ReduceSum: y -> s", &[integers("axes", &[1])]),
                    node("Cast: s -> z", &[integer("to", 7)]),
                ],
                "node `n` (Cast): makes int64 of what was computed of whole rows",
            ),
            (
                after("ai.onnx.ml/ZipMap: y -> z", &[integers("classlabels_int64s", &[0, 1, 2])]),
                "output `z`: names 3 classes, but there are 2",
            ),
            (
                classifier(&[1.0, 2.0, 3.0], "NONE"),
                "node `n` (ai.onnx.ml.LinearClassifier): has a weight for 3 inputs, but 2 come in",
            ),
            (
                classifier(&[1.0; 4], "PROBIT"),
                "node `n` (ai.onnx.ml.LinearClassifier): has the `post_transform` PROBIT",
            ),
            (vec![node("Relu: x -> z", &[])], ": has no dense layer"),
        ];
        for (nodes, expected) in cases {
            let error = read(&model(nodes, "z")).unwrap_err();
            assert!(error.starts_with(expected), "{error} instead of {expected}");
        }
        assert_eq!(
            read(&model(vec![linear()], "")).unwrap_err(),
            ": has no output that is computed of the features"
        );
        let none = ModelProto { ir_version: 8, ..ModelProto::default() };
        assert_eq!(read(&none).unwrap_err(), ": is no ONNX model: it has no graph");
    }
}
