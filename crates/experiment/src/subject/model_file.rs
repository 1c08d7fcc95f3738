//! A model in a file of another tool.

use std::fmt;
use std::path::{Path, PathBuf};

use bitsweep_models::{Activation, Head};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A model in a file of another tool: ONNX, or the tensors of dense layers as safetensors or npz. It is quantized as it is; all
/// rows are test rows unless `split` says otherwise. What scales the features stands in the file.
///
/// ```toml
/// path = "model.onnx"
/// classes = ["setosa", "versicolor", "virginica"]
/// head = "softmax"
/// ```
///
/// Files of tensors say nothing of what is computed with them. Their layers are in the order of their names, with one activation
/// between them, or as they are listed:
///
/// ```toml
/// path = "model.safetensors"
/// activation = "relu"
/// ```
///
/// ```toml
/// path = "model.safetensors"
/// layers = [{ name = "hidden", activation = "relu" }, { name = "out" }]
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// The file, relative to the experiment's folder; or `builtin:` and the name of a model that is compiled in.
    pub path: PathBuf,
    /// The classes in the order of the outputs; a single output speaks for the second of two. By default those that the file names,
    /// or else those of the data in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<String>>,
    /// The layers of a file of tensors, the first one first; by default all of them in the order of their names, where `net.2`
    /// stands before `net.10`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<FileLayer>,
    /// What stands between the layers of a file of tensors whose `layers` are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// How logits become probabilities; by default what the file says, or else `softmax`, of a single output `logistic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
}

/// A layer of a file of tensors.
///
/// ```toml
/// name = "hidden"
/// activation = "relu"
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileLayer {
    /// What its tensors' names begin with: `hidden` of `hidden.weight` and `hidden.bias`, `0` of `coefs_0`.
    pub name: String,
    /// What is applied to its outputs; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
}

/// What the path of a model that is compiled in begins with.
pub(crate) const BUILTIN: &str = "builtin:";

impl ModelFile {
    /// The name of a model that is compiled in: `digits-mlp` of the path `builtin:digits-mlp`.
    pub fn builtin(&self) -> Option<&str> {
        self.path.to_str()?.strip_prefix(BUILTIN)
    }

    /// A file of which nothing is said.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), classes: None, layers: Vec::new(), activation: None, head: None }
    }
}

/// The name of the file.
impl fmt::Display for ModelFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.file_name().map_or(self.path.as_path(), Path::new);
        write!(formatter, "{}", name.display())
    }
}
