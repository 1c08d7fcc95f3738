//! A node and its attributes.

use std::rc::Rc;

use crate::onnx::proto::{AttributeProto, NodeProto, TensorProto};
use crate::onnx::tensor::text;

/// The domain of the operators for classical machine learning.
pub(crate) const ML: &str = "ai.onnx.ml";

/// A node, by the version of the operators that its file uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'p> {
    pub(crate) proto: &'p NodeProto,
    /// The version of the standard operators.
    pub(crate) version: i64,
}

impl<'p> Node<'p> {
    /// The domain, empty of standard operators.
    pub(crate) fn domain(&self) -> &'p str {
        match self.proto.domain.as_str() {
            "ai.onnx" => "",
            domain => domain,
        }
    }

    /// In words for errors: ``node `fc1` (Gemm)``.
    pub(crate) fn place(&self) -> Rc<str> {
        let operator = match self.domain() {
            "" => self.proto.op_type.clone(),
            domain => format!("{domain}.{}", self.proto.op_type),
        };
        let output = self.proto.output.iter().find(|output| !output.is_empty());
        match (self.proto.name.as_str(), output) {
            ("", Some(output)) => format!("the node that makes `{output}` ({operator})").into(),
            (name, _) => format!("node `{name}` ({operator})").into(),
        }
    }

    fn attribute(&self, name: &str) -> Option<&'p AttributeProto> {
        self.proto.attribute.iter().find(|attribute| attribute.name == name)
    }

    /// Whether there is an attribute of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    pub(crate) fn integer(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |attribute| attribute.i.unwrap_or_default())
    }

    pub(crate) fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |attribute| attribute.f.unwrap_or_default())
    }

    pub(crate) fn floats(&self, name: &str) -> &'p [f32] {
        self.attribute(name).map_or(&[], |attribute| &attribute.floats)
    }

    pub(crate) fn integers(&self, name: &str) -> &'p [i64] {
        self.attribute(name).map_or(&[], |attribute| &attribute.ints)
    }

    pub(crate) fn tensor(&self, name: &str) -> Option<&'p TensorProto> {
        self.attribute(name).and_then(|attribute| attribute.t.as_deref())
    }

    pub(crate) fn text(&self, name: &str, default: &str) -> Result<String, String> {
        let bytes = |attribute: &'p AttributeProto| attribute.s.as_deref().unwrap_or_default();
        self.attribute(name).map_or_else(|| Ok(default.to_owned()), |attribute| text(bytes(attribute)))
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let strings = self.attribute(name).map_or(&[][..], |attribute| &attribute.strings);
        strings.iter().map(|bytes| text(bytes)).collect()
    }
}
