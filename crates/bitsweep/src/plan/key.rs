//! What makes two units the same.

use std::collections::BTreeMap;

use bitsweep_datasets::Dataset;
use bitsweep_quant::{
    CodebookFormat, Format, Granularity, Outliers, ScaleFormat, Scheme, SchemeAxis, Transform,
};
use serde::Serialize;

use super::Variant;
use crate::config::{Activations, AwareTraining, Biases, Calibration, DataSource, UnitSpec};
use crate::failure::Failure;

/// Counts changes of the algorithms that change numbers: part of every unit's key.
const ALGORITHM_VERSION: u32 = 1;

/// The key of a unit: a hash of its resolved specification, its dataset's bytes and the algorithms' version.
///
/// A path is no part of it: the same file elsewhere is the same dataset.
pub(super) fn key(
    spec: &UnitSpec,
    dataset: Option<&Dataset>,
    variants: &[Variant],
) -> Result<String, Failure> {
    #[derive(Serialize)]
    struct KeyedVariant<'a> {
        label: &'a str,
        transform: Transform,
        biases: Biases,
        /// Left out where nothing is calibrated.
        #[serde(skip_serializing_if = "Option::is_none")]
        calibration: Option<BTreeMap<&'static str, String>>,
        scheme: BTreeMap<&'static str, String>,
        /// Bits, words and calibration rows; left out where inputs stay float.
        #[serde(skip_serializing_if = "Option::is_none")]
        activations: Option<[String; 3]>,
        /// Left out where all layers have the same scheme.
        #[serde(skip_serializing_if = "Option::is_none")]
        layers: Option<[(&'static str, String); 3]>,
        // Absent for what was there before: keys of units without it stay as they were.
        #[serde(skip_serializing_if = "Option::is_none")]
        training: Option<&'a AwareTraining>,
    }
    #[derive(Serialize)]
    struct Keyed<'a> {
        algorithm: u32,
        spec: UnitSpec,
        dataset: Option<String>,
        variants: Vec<KeyedVariant<'a>>,
    }
    let mut spec = spec.clone();
    if let Some(data) = &mut spec.data
        && let DataSource::Csv(csv) = &mut data.source
    {
        csv.path = std::path::PathBuf::new();
    }
    let variants = variants.iter().map(|variant| KeyedVariant {
        label: &variant.label,
        transform: variant.transform,
        biases: variant.biases,
        calibration: (variant.calibration != Calibration::default())
            .then(|| variant.calibration.axes().into_iter().collect()),
        scheme: keyed_axes(&variant.scheme),
        activations: variant.activations.map(|Activations { scheme, rows }| {
            [
                scheme.bits().to_string(),
                scheme.to_string(),
                rows.map_or_else(String::new, |rows| rows.to_string()),
            ]
        }),
        layers: variant.is_layered().then(|| variant.layer_axes()),
        training: variant.training.as_ref(),
    });
    let keyed = Keyed {
        algorithm: ALGORITHM_VERSION,
        spec,
        dataset: dataset.map(|dataset| dataset.hash.to_string()),
        variants: variants.collect(),
    };
    let text = serde_json::to_string(&keyed).map_err(|error| Failure::Other(error.to_string()))?;
    Ok(blake3::hash(text.as_bytes()).to_hex().to_string())
}

/// The scheme's axes that are part of the key. What all schemes were before there was a choice is left out, which keeps
/// their keys: scales and centroids as wide as the values, one set of codebooks a tensor, and no outliers.
fn keyed_axes(scheme: &Scheme) -> BTreeMap<&'static str, String> {
    let mut axes: BTreeMap<&'static str, String> = scheme.axes().into_iter().collect();
    if scheme.scale_format == ScaleFormat::Float {
        axes.remove(SchemeAxis::ScaleFormat.name());
    }
    if scheme.codebook_format == CodebookFormat::Float {
        axes.remove(SchemeAxis::CodebookFormat.name());
    }
    if scheme.outliers == Outliers::None {
        axes.remove(SchemeAxis::Outliers.name());
    }
    if matches!(scheme.format, Format::Codebook(_)) && scheme.granularity == Granularity::Tensor {
        axes.insert(SchemeAxis::Granularity.name(), String::new());
    }
    axes
}
