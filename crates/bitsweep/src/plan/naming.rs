//! Short names of variants, made of what tells them apart.

use std::collections::{BTreeMap, BTreeSet};

use super::Variant;
use crate::config::{Activations, Calibration, Diagnostic, Schemes, VariantSpec};

/// Resolves the schemes and names each variant by the fewest axes that tell all variants apart.
pub(super) fn resolve(specs: &[VariantSpec]) -> Result<Vec<Variant>, Diagnostic> {
    let mut variants = Vec::new();
    let mut points: Vec<BTreeMap<&'static str, String>> = Vec::new();
    for spec in specs {
        let schemes = spec.schemes().map_err(|error| Diagnostic::new(error.message))?;
        let Schemes { base: scheme, layers, mixed } = schemes;
        let variant = Variant {
            label: String::new(),
            series: String::new(),
            transform: spec.transform,
            biases: spec.biases,
            calibration: Calibration::resolve(spec),
            scheme,
            activations: Activations::resolve(spec).map_err(|error| Diagnostic::new(error.to_string()))?,
            layers,
            mixed,
            training: spec.training.clone(),
        };
        let point: BTreeMap<_, _> = variant.axes().into_iter().collect();
        if let Some(twin) = points.iter().position(|other| *other == point) {
            return Err(Diagnostic::new(format!(
                "variants {twin} and {} are the same: {scheme}",
                points.len()
            ))
            .help("remove one of them, or leave it out with [[exclude]]"));
        }
        points.push(point);
        variants.push(variant);
    }
    let telling = telling_axes(&points);
    let names: BTreeSet<&str> = specs.iter().filter_map(|spec| spec.name.as_deref()).collect();
    let names_suffice = names.len() == specs.len();
    let activation_bits_vary = telling.contains(&"activation_bits");
    let sizes_vary = ["bits", "budget", "activation_bits"].iter().any(|axis| telling.contains(axis));
    for ((variant, point), spec) in variants.iter_mut().zip(&points).zip(specs) {
        let in_words = |axis: &str| !["bits", "budget", "activation_bits"].contains(&axis);
        let words = telling.iter().filter(|axis| in_words(axis) && !point[*axis].is_empty());
        let words = words.map(|axis| words_for(axis, &point[axis])).collect::<Vec<_>>().join(" · ");
        let named = spec.name.clone().or(Some(words).filter(|words| !words.is_empty()));
        // Activations that stay float go without saying.
        let inputs =
            variant.activations.map(|activations| activations.scheme.bits()).filter(|_| activation_bits_vary);
        let size = match (inputs, &variant.mixed) {
            (None, _) => variant.size_name(),
            (Some(inputs), None) => format!("W{}A{inputs}", variant.scheme.bits()),
            (Some(inputs), Some(_)) => format!("{} · A{inputs}", variant.size_name()),
        };
        variant.label = match &named {
            Some(name) if sizes_vary && !names_suffice => format!("{size} · {name}"),
            Some(name) => name.clone(),
            None => size,
        };
        variant.series = match (named, inputs) {
            (Some(name), Some(inputs)) if !names_suffice => format!("A{inputs} · {name}"),
            (Some(name), _) => name,
            (None, Some(inputs)) => format!("A{inputs}"),
            (None, None) if activation_bits_vary => "float activations".to_owned(),
            (None, None) => family(point),
        };
    }
    Ok(variants)
}

/// The scheme in a few words, without its bits: `asymmetric int`.
fn family(point: &BTreeMap<&'static str, String>) -> String {
    [&point["symmetry"], &point["format"]].map(String::as_str).join(" ").trim().to_owned()
}

/// Axes in the order in which they are worth naming, as far as each tells variants apart that those before it do not.
fn telling_axes(points: &[BTreeMap<&'static str, String>]) -> Vec<&'static str> {
    const BY_WORTH: [&str; 23] = [
        "bits",
        "allocation",
        "budget",
        "layers",
        "activation_bits",
        "activations",
        "training",
        "format",
        "symmetry",
        "granularity",
        "scale_format",
        "codebook_format",
        "range",
        "rounding",
        "outliers",
        "method",
        "bias_correction",
        "calibration",
        "transform",
        "biases",
        "zero_point",
        "codes",
        "code_range",
    ];
    let distinct = |axes: &[&str]| {
        let tuples: BTreeSet<Vec<&String>> =
            points.iter().map(|point| axes.iter().map(|axis| &point[axis]).collect()).collect();
        tuples.len()
    };
    let mut telling = Vec::new();
    for axis in BY_WORTH {
        let before = distinct(&telling);
        telling.push(axis);
        if distinct(&telling) == before {
            telling.pop();
        }
    }
    telling
}

/// One axis' value as it reads within a label.
fn words_for(axis: &str, value: &str) -> String {
    match axis {
        "granularity" => format!("per {value}"),
        "scale_format" => format!("{value} scale"),
        "codebook_format" => format!("{value} codebook"),
        "biases" => format!("biases {}", if value == "keep" { "kept" } else { "quantized" }),
        "transform" if value == "none" => "not equalized".to_owned(),
        "bias_correction" => format!("{} bias correction", if value == "none" { "no" } else { value }),
        "calibration" => format!("calibrated on {value}"),
        "outliers" if value == "none" => "no outliers".to_owned(),
        "outliers" => format!("{value} outliers"),
        "zero_point" => format!("{value} zero point"),
        "codes" => format!("{value} codes"),
        "code_range" => format!("{value} range"),
        _ => value.to_owned(),
    }
}
