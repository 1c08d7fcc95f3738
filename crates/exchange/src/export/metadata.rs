//! What a file says of itself.

use crate::onnx::proto::{ModelProto, OperatorSetIdProto, StringStringEntryProto, ValueInfoProto};
use crate::packed::PackedModel;

use super::columns::ML;
use super::graph::Graph;
use super::matmul_nbits::MICROSOFT;
use super::options::Opset;

/// What wrote the file.
const PRODUCER: &str = "bitsweep";
/// The key of where the model comes from, as JSON.
const PROVENANCE: &str = "bitsweep.provenance";
/// The version of `ai.onnx.ml` that came with version 21 of the standard operators.
const ML_VERSION: i64 = 5;

/// The file of a graph, and what is said of it.
pub(super) fn model(
    model: &PackedModel,
    graph: Graph,
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
    opset: Opset,
) -> (ModelProto, Vec<String>) {
    let set = |domain: &str, version| OperatorSetIdProto { domain: domain.to_owned(), version };
    let others = [(ML, ML_VERSION), (MICROSOFT, 1)].into_iter().filter(|(domain, _)| graph.uses(domain));
    let opset_import = std::iter::once(("", opset.version())).chain(others);
    let opset_import = opset_import.map(|(domain, version)| set(domain, version)).collect();
    let provenance = serde_json::Value::Object(model.classifier().provenance.clone()).to_string();
    let (graph, notes) = graph.finish(inputs, outputs);
    let file = ModelProto {
        ir_version: opset.ir_version(),
        producer_name: PRODUCER.to_owned(),
        producer_version: model.written_by().to_owned(),
        graph: Some(graph),
        opset_import,
        metadata_props: vec![StringStringEntryProto { key: PROVENANCE.to_owned(), value: provenance }],
    };
    (file, notes)
}
