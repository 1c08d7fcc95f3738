//! How many messages a file has, before they are allocated.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// The most bytes that a message takes in memory beside those of the file.
const MESSAGE_BYTES: usize = 256;
/// The bytes of memory that messages may take for each byte of the file.
const BYTES_PER_BYTE: usize = 32;
/// The bytes that they may take beside them, for the smallest files.
const BYTES: usize = 1 << 20;

/// Whether the messages of a file take no more than a small multiple of its bytes: an empty one has two.
pub(crate) fn is_modest(bytes: &[u8]) -> bool {
    let most = bytes.len().saturating_mul(BYTES_PER_BYTE).saturating_add(BYTES);
    messages(bytes, Level::Model).saturating_mul(MESSAGE_BYTES) <= most
}

/// Messages that have parts.
#[derive(Clone, Copy)]
enum Level {
    Model,
    Graph,
    Node,
}

/// The parts up to the first that is damaged.
fn messages(mut bytes: &[u8], level: Level) -> usize {
    let mut count = 0;
    while let Ok((tag, wire)) = decode_key(&mut bytes) {
        if wire != WireType::LengthDelimited {
            if skip_field(wire, tag, &mut bytes, DecodeContext::default()).is_err() {
                break;
            }
            continue;
        }
        let length = decode_varint(&mut bytes).ok().and_then(|length| usize::try_from(length).ok());
        let Some((part, rest)) = length.and_then(|length| bytes.split_at_checked(length)) else { break };
        bytes = rest;
        count += match (level, tag) {
            (Level::Model, 7) => messages(part, Level::Graph),
            (Level::Graph, 1) => 1 + messages(part, Level::Node),
            (Level::Model, 8 | 14) | (Level::Graph, 5 | 11 | 12) | (Level::Node, 5) => 1,
            _ => 0,
        };
    }
    count
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::onnx::proto::{GraphProto, ModelProto, NodeProto};

    fn model(name: &str, nodes: usize) -> Vec<u8> {
        let node = NodeProto { name: name.to_owned(), ..NodeProto::default() };
        let graph = GraphProto { node: vec![node; nodes], ..GraphProto::default() };
        ModelProto { graph: Some(graph), ..ModelProto::default() }.encode_to_vec()
    }

    #[test]
    fn many_empty_messages_are_too_many() {
        assert!(is_modest(&model("", 100)));
        assert!(!is_modest(&model("", 100_000)));
        assert!(is_modest(&model("a node with a name", 100_000)));
    }

    #[test]
    fn messages_take_no_more_than_is_assumed() {
        use crate::onnx::proto::{AttributeProto, TensorProto, ValueInfoProto};
        let sizes = [
            size_of::<NodeProto>(),
            size_of::<AttributeProto>(),
            size_of::<TensorProto>(),
            size_of::<ValueInfoProto>(),
        ];
        assert!(sizes.iter().all(|&size| size <= MESSAGE_BYTES), "{sizes:?}");
    }
}
