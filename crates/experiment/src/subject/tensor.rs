//! Tensors that are quantized without a model.

use std::path::{Path, PathBuf};

use bitsweep_quant::Dtype;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::TensorValues;

/// A tensor given here, or the tensors of a file, quantized without a model.
///
/// ```toml
/// name = "weights"
/// values = [[0.5, -1.25, 2.0], [3.5, 0.0, -0.75]]
/// dtype = "f64"
/// query = [1.0, 0.0, 2.0]
/// ```
///
/// Of a file each tensor that `select` matches is a unit of its own:
///
/// ```toml
/// file = "model.safetensors"
/// select = "encoder.*.weight"
/// layout = "out-in"
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TensorTable {
    /// Its name in tables and charts, required beside `values`; of a file each tensor has its own.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// Its numbers, in one row or in rows of equal length; either these or `file` are required.
    #[serde(default)]
    pub(crate) values: Option<TensorValues>,
    /// A file of tensors: safetensors, npz, GGUF or ONNX; relative to the experiment's folder. Each worker has one tensor in memory at a
    /// time, and the tables of values and blocks leave them out.
    #[serde(default)]
    pub(crate) file: Option<PathBuf>,
    /// Which tensors of the file, by their names, where `*` stands for anything and `?` for one letter; all floats when absent.
    #[serde(default)]
    pub(crate) select: Option<String>,
    /// How the file keeps its matrices. By default `out-in` in safetensors, as PyTorch has it, and `in-out` in the others. Of
    /// more than two dimensions the first is the outputs, of one the tensor is one row.
    #[serde(default)]
    pub(crate) layout: Option<Layout>,
    /// The type the arithmetic is done in.
    #[serde(default)]
    pub(crate) dtype: Dtype,
    /// A vector, as long as a row, whose dot products with the rows are computed by look-up, too; of `values` alone.
    #[serde(default)]
    pub(crate) query: Option<Vec<f64>>,
}

/// How a file keeps a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// A row for each output, as PyTorch's `Linear.weight`.
    OutIn,
    /// A row for each input, as Keras's `kernel`.
    InOut,
}

/// A tensor that is quantized without a model.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorSpec {
    /// Its name in tables and charts; the pattern of tensors of a file that is yet to be read.
    pub name: String,
    /// The type the arithmetic is done in.
    pub dtype: Dtype,
    /// Its numbers.
    pub source: TensorSource,
}

/// As a file spells it.
impl Serialize for TensorSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Table<'a> {
            name: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            values: Option<&'a TensorValues>,
            #[serde(skip_serializing_if = "Option::is_none")]
            file: Option<&'a Path>,
            #[serde(skip_serializing_if = "Option::is_none")]
            layout: Option<Layout>,
            dtype: Dtype,
            #[serde(skip_serializing_if = "Option::is_none")]
            query: Option<&'a [f64]>,
        }
        let (values, file, layout) = match &self.source {
            TensorSource::Here { values, .. } => (Some(values), None, None),
            TensorSource::File { file, layout } => (None, Some(file.as_path()), *layout),
        };
        Table { name: &self.name, values, file, layout, dtype: self.dtype, query: self.query() }
            .serialize(serializer)
    }
}

/// Where the numbers of a tensor stand.
#[derive(Debug, Clone, PartialEq)]
pub enum TensorSource {
    /// In the experiment.
    Here {
        /// Row by row.
        values: TensorValues,
        /// A vector, as long as a row.
        query: Option<Vec<f64>>,
    },
    /// In a file of tensors.
    File {
        /// The file.
        file: PathBuf,
        /// How it keeps matrices; `None` of the usual layout of its format.
        layout: Option<Layout>,
    },
}

impl TensorSpec {
    /// The vector whose dot products are wanted.
    pub fn query(&self) -> Option<&[f64]> {
        match &self.source {
            TensorSource::Here { query, .. } => query.as_deref(),
            TensorSource::File { .. } => None,
        }
    }
}
