//! Packed models as plain arrays, for whoever computes with NumPy.
//!
//! [`PackedModel::to_npz`] writes an npz file, [`PackedModel::to_json`] the same as one JSON document. Equal models have equal
//! bytes. Of a weight `W1`, `(in, out)`, and a bias `b1`, `(1, out)`:
//!
//! | array | what it holds |
//! |---|---|
//! | `W1.values` | the numbers that the model computes with, `float32`; a weight that is no codes has only these |
//! | `W1.codes` | one integer a weight, not packed; with codebooks `(in, sub-vectors, stages)` |
//! | `W1.scales`, `W1.zero_points` | one a block: the block of row `i` and column `j` is `[i // block[0], j // block[1]]` |
//! | `W1.levels` | what each code stands for, the lowest first; NaN where it is no number |
//! | `W1.codebooks` | `(blocks, places, stages, centroids, width)`, NaN where a codebook has fewer centroids or narrower ones |
//! | `W1.subvectors` | the sub-vector that each column belongs to |
//! | `W1.outlier_positions`, `W1.outlier_values` | the weights beside the codes, by their positions in the flat matrix |
//! | `W1.scale_codes`, `W1.outer_scales`, `W1.scale_offset`, `W1.scale_levels` | where `scales` come from that are codes themselves |
//! | `x1.scale`, `x1.zero_point` | what the inputs of the first layer are encoded by, where that is known before |
//! | `scaler.mean`, `scaler.scale`, `scaler.divisor`, `scaler.divisors` | what features are scaled by |
//!
//! How scales are stored in a packed file (16-bit floats, exponents) is a matter of bytes: here they are the numbers that they
//! stand for. The entry `bitsweep.json` (in JSON `description`) says the rest: columns, scaler, layers, activations, classes,
//! provenance, and for each weight `decode`, one of these names, and the numbers of its formula:
//!
//! | `decode` | `values` |
//! |---|---|
//! | `float` | as they are |
//! | `affine` | `scales·(codes - zero_points)`; without zero points `scales·codes` |
//! | `minimum` | `scales·(codes - lowest) + zero_points` |
//! | `levels` | `scales·levels[codes - lowest]` |
//! | `codebooks` | `codebooks[i // block[0], p, 0, codes[i, v, 0], k] + …`, stage after stage; `v` is the sub-vector of the column, `k` its component, `p` the smaller of `v` and the last place |
//! | `float16` | codes are the bits of binary16: `codes.view(float16)` |
//! | `bfloat16` | codes are the upper bits of binary32: `(codes.astype(uint32) << 16).view(float32)` |
//! | `dorefa` | `f + f - 1` with `f = codes / steps` |
//! | `wrpn` | `codes / steps` |
//!
//! computed in `dtype`, each operation rounded, integers made floats first; then outliers are put in their places, and the
//! result becomes `float32`. Scales that are codes are `scale_levels[scale_codes]·outer_scales[block // 256] + scale_offset`,
//! blocks counted row by row, in `float64`, rounded to `dtype`; without an offset there is one outer scale for all.
//!
//! A layer is `x @ values + bias`, then its `activation`; `precision` says in which type: `single` is `float32`, `mixed`
//! `float64`. Where it has `input_codes`, `x` is `scale·(q - zero_point)` of `q = clip(round(x / scale) + zero_point, lowest,
//! highest)`, ties to the even code unless the scheme says otherwise, its parameters those of the arrays or, in a dynamic
//! scheme, of the rows at hand. Where it has `output_codes`, the outputs become `round(min(max(y / clip, 0), 1)·n)·(clip / n)`
//! with `n = 2^bits - 1`. Features are scaled in `float64` before: `x / divisor`, or `(x - mean) / scale`, where differences of
//! `constant_features` up to `2⁻²³·|mean|` are 0. Where a scheme says how it is to `requantize`, the layers compute in whole
//! numbers with these parameters, as the documentation of `bitsweep-inference` says; computed in floats they are near it.
//!
//! ```python
//! arrays = np.load("model.npz")
//! about = json.loads(arrays["bitsweep.json"])["layers"][0]["weight"]         # {"decode": "affine", "block": [32, 1], …}
//! codes, scales = arrays["W1.codes"], arrays["W1.scales"]
//! rows, columns = about["block"]
//! scales = scales.repeat(rows, 0).repeat(columns, 1)[: codes.shape[0], : codes.shape[1]]
//! assert (scales * codes.astype(np.float32) == arrays["W1.values"]).all()    # of symmetric integers
//! ```
//!
//! Values are always there, beside the codes that they follow from: nobody has to write a decoder to use a model, and whoever
//! writes one can check it.

mod array;
mod coded;
mod description;
mod npz;

use serde::Serialize;

use super::classifier::PackedModel;
use super::error::PackedError;
use super::scaling::tensor_name;
use super::values::Values;
use super::write::{input_scale, input_zero_point};

use array::{Array, Numbers};
use bitsweep_models::WeightId;
pub(super) use description::ColumnDescription;
use description::{Description, LayerDescription, ValuesDescription};

/// The entry of an npz file that says what its arrays are.
const DESCRIPTION: &str = "bitsweep.json";

impl PackedModel {
    /// The model as an npz file: a plain array for each part, and `bitsweep.json`, which says how values follow from codes.
    /// Entries are not compressed, and have no date.
    ///
    /// # Errors
    /// Codes that stand for numbers beyond `f32`, and archives of more than 4 GiB.
    pub fn to_npz(&self) -> Result<Vec<u8>, PackedError> {
        let (description, arrays) = self.arrays()?;
        let json = serde_json::to_vec_pretty(&description);
        npz::write(&arrays, DESCRIPTION, &json.map_err(|error| PackedError::Metadata(error.to_string()))?)
            .map_err(|error| PackedError::Write(error.to_string()))
    }

    /// The same as one JSON document: `description`, and in `arrays` under each name `dtype`, `shape` and the flat `data`,
    /// the last index fastest. Floats are written with all digits of the `f64` that they are exactly, `null` of NaN.
    ///
    /// # Errors
    /// Codes that stand for numbers beyond `f32`.
    pub fn to_json(&self) -> Result<String, PackedError> {
        #[derive(Serialize)]
        struct Document<'a> {
            description: Description<'a>,
            arrays: array::ByName,
        }
        let (description, arrays) = self.arrays()?;
        serde_json::to_string(&Document { description, arrays: array::ByName(arrays) })
            .map_err(|error| PackedError::Metadata(error.to_string()))
    }

    /// What the arrays are, and the arrays.
    fn arrays(&self) -> Result<(Description<'_>, Vec<Array>), PackedError> {
        // Refuses numbers beyond f32.
        self.model()?;
        let classifier = self.classifier();
        let mut arrays = Vec::new();
        let mut layers = Vec::new();
        for (position, layer) in classifier.layers.iter().enumerate() {
            let weight = values(&layer.weight, WeightId::Weight(position), &mut arrays);
            let bias = values(&layer.bias, WeightId::Bias(position), &mut arrays);
            if let Some(fitted) = layer.inputs.and_then(|inputs| inputs.fitted()) {
                let scale = Numbers::F32(vec![fitted.scale]);
                arrays.push(Array::vector(input_scale(position), scale));
                arrays.push(Array::vector(input_zero_point(position), Numbers::I32(vec![fitted.zero_point])));
            }
            layers.push(LayerDescription::of(layer, weight, bias));
        }
        for (part, numbers) in classifier.scaling.numbers() {
            arrays.push(Array::vector(tensor_name(part), Numbers::F32(numbers)));
        }
        Ok((Description::of(self, layers), arrays))
    }
}

/// What is said of a weight or a bias; its arrays are added to the others.
fn values(values: &Values, id: WeightId, arrays: &mut Vec<Array>) -> ValuesDescription {
    let (rows, columns) = values.shape();
    let numbers = Numbers::F32(values.to_array().into_iter().collect());
    arrays.push(Array { name: format!("{id}.values"), shape: vec![rows, columns], numbers });
    match values {
        Values::Float(_) => ValuesDescription::FLOAT,
        Values::Coded(quantized) => coded::arrays(quantized, id, arrays),
    }
}
