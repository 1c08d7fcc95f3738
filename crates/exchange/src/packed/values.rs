//! The numbers of a weight or a bias: codes, or floats.

use bitsweep_models::WeightId;
use bitsweep_quant::{Dtype, Packed, PartElement, PartName, Quantized, Scheme, Size};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::error::PackedError;
use super::tensors::{Bytes, Tensors};

/// The numbers of a weight `(in, out)`, or of a bias `(1, out)`.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a model has few of them")]
pub enum Values {
    /// As they are.
    Float(Array2<f32>),
    /// As codes.
    Coded(Quantized),
}

/// What the header says of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum ValuesHeader {
    Float,
    Coded {
        scheme: Scheme,
        dtype: Dtype,
        /// Of each codebook.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        centroids: Vec<usize>,
    },
}

impl Values {
    /// Rows and columns.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        match self {
            Self::Float(values) => values.dim(),
            Self::Coded(quantized) => quantized.shape(),
        }
    }

    /// The numbers themselves, or what the codes stand for.
    #[must_use]
    pub fn to_array(&self) -> Array2<f32> {
        match self {
            Self::Float(values) => values.clone(),
            Self::Coded(quantized) => quantized.reconstruct(),
        }
    }

    /// Bytes of the parts of codes; none of floats.
    pub(super) fn coded_size(&self) -> Size {
        match self {
            Self::Float(_) => Size::default(),
            Self::Coded(quantized) => quantized.size(),
        }
    }

    /// Bytes of floats; none of codes.
    pub(super) fn float_bytes(&self) -> u64 {
        match self {
            Self::Float(values) => (values.len() * size_of::<f32>()) as u64,
            Self::Coded(_) => 0,
        }
    }

    /// What the header says of them; the numbers are added to the tensors.
    pub(super) fn write(&self, id: WeightId, tensors: &mut Tensors) -> ValuesHeader {
        match self {
            Self::Float(values) => {
                let shape = if id.is_bias() { vec![values.ncols()] } else { values.shape().to_vec() };
                tensors.add_floats(&id.to_string(), shape, values.iter().copied());
                ValuesHeader::Float
            }
            Self::Coded(quantized) => {
                for part in quantized.stored_parts() {
                    let tensor = Bytes { dtype: dtype(part.element), shape: part.shape, bytes: part.bytes };
                    tensors.add(format!("{id}.{}", part.name), tensor);
                }
                ValuesHeader::Coded {
                    scheme: *quantized.scheme(),
                    dtype: quantized.dtype(),
                    centroids: quantized.codebooks().iter().map(bitsweep_quant::Codebook::len).collect(),
                }
            }
        }
    }

    /// The numbers of a matrix of this shape.
    pub(super) fn read(
        header: &ValuesHeader,
        id: WeightId,
        shape: (usize, usize),
        tensors: &Tensors,
    ) -> Result<Self, PackedError> {
        match header {
            ValuesHeader::Float => {
                let count = shape.0.saturating_mul(shape.1);
                let numbers = tensors.floats(&id.to_string(), count)?;
                let values = Array2::from_shape_vec(shape, numbers);
                let refused = |error| PackedError::tensor(&id.to_string(), error);
                values.map(Self::Float).map_err(refused)
            }
            ValuesHeader::Coded { scheme, dtype, centroids } => {
                let tensor = |name: PartName| format!("{id}.{name}");
                tensors.expect(&tensor(PartName::Codes))?;
                let parts = PartName::ALL.iter().filter_map(|&name| tensors.get(&tensor(name)));
                let bytes = parts.flat_map(|part| &part.bytes).copied().collect();
                let packed =
                    Packed { shape, scheme: *scheme, dtype: *dtype, centroids: centroids.clone(), bytes };
                let refused = |error| PackedError::Unpack { weight: id, error };
                Quantized::unpack(&packed).map(Self::Coded).map_err(refused)
            }
        }
    }
}

fn dtype(element: PartElement) -> ::safetensors::Dtype {
    use ::safetensors::Dtype;
    match element {
        PartElement::U8 => Dtype::U8,
        PartElement::I8 => Dtype::I8,
        PartElement::U16 => Dtype::U16,
        PartElement::I16 => Dtype::I16,
        PartElement::I32 => Dtype::I32,
        PartElement::F16 => Dtype::F16,
        PartElement::Bf16 => Dtype::BF16,
        PartElement::F32 => Dtype::F32,
        PartElement::F64 => Dtype::F64,
    }
}
