//! From what a file says to what will run: datasets read, schemes resolved, units keyed, variants labelled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bitsweep_datasets::{Dataset, builtin};
use bitsweep_quant::{
    Axis, CodebookFormat, Format, Granularity, Outliers, Range, ScaleFormat, Scheme, Transform,
};
use bitsweep_random::Stream;
use serde::Serialize;

use crate::config::{
    Activations, AwareTraining, AxisSummary, Biases, Budget, Calibration, DataSource, Diagnostic, Document,
    Experiment, Header, LayerName, Mixed, Schemes, UnitSpec, VariantSpec, layers_text,
};
use crate::failure::Failure;

/// Counts changes of the algorithms that change numbers: part of every unit's key.
const ALGORITHM_VERSION: u32 = 1;

/// What a run will do, in order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The experiment's name: the folder its results go to.
    pub name: String,
    /// Title, description, what to record and what to reproduce.
    pub header: Header,
    /// The axes of the grid.
    pub axes: Vec<AxisSummary>,
    /// One trained model or one tensor each.
    pub units: Vec<Unit>,
    /// The experiment's TOML with every override in its place.
    pub source: String,
}

/// One trained model, or one tensor, with all its variants.
#[derive(Debug, Clone)]
pub struct Unit {
    /// BLAKE3 hash of everything that decides the unit's numbers, in hexadecimal.
    pub key: String,
    /// What is trained, or which tensor is quantized.
    pub spec: UnitSpec,
    /// Swept axes that no other column shows.
    pub axes: Vec<(String, String)>,
    /// The rows behind the model.
    pub dataset: Option<Arc<Dataset>>,
    /// What is done to it.
    pub variants: Vec<Variant>,
}

/// One way to quantize a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// A short name made of the axes that vary.
    pub label: String,
    /// The same without the number of bits: the line it belongs to in a chart against bits.
    pub series: String,
    /// A change of the weights that leaves the float function as it is.
    pub transform: Transform,
    /// What happens to biases.
    pub biases: Biases,
    /// How codes are chosen and biases corrected.
    pub calibration: Calibration,
    /// How weights, or a tensor's values, are quantized; where bits are chosen, what the variant is named by.
    pub scheme: Scheme,
    /// How the inputs of layers are quantized; `None` where they stay float.
    pub activations: Option<Activations>,
    /// Layers with schemes of their own.
    pub layers: BTreeMap<LayerName, Scheme>,
    /// How the bits of every layer are chosen, where they are.
    pub mixed: Option<Mixed>,
    /// Training with quantization in the loop; without it the trained float model is quantized.
    pub training: Option<AwareTraining>,
}

impl Variant {
    /// The choice on every axis, in the order of the table's columns; empty where it does not apply.
    pub fn axes(&self) -> Vec<(&'static str, String)> {
        let mut axes = vec![("transform", self.transform.to_string()), ("biases", self.biases.to_string())];
        axes.extend(self.scheme.axes());
        axes.extend(self.layer_axes());
        axes.extend(Activations::axes(self.activations.as_ref()));
        axes.extend(self.calibration.axes());
        axes.push(("training", self.training_name()));
        axes
    }

    /// What single layers have of their own, how bits are chosen, and within which budget other than that of so many bits.
    fn layer_axes(&self) -> [(&'static str, String); 3] {
        let (allocation, budget) = match &self.mixed {
            None => ("uniform".to_owned(), String::new()),
            // The number of bits says it.
            Some(mixed) if matches!(mixed.budget, Budget::Uniform(_)) => (mixed.to_string(), String::new()),
            Some(mixed) => (mixed.to_string(), mixed.budget.to_string()),
        };
        [("layers", layers_text(&self.layers)), ("allocation", allocation), ("budget", budget)]
    }

    /// Whether layers may have different schemes.
    pub fn is_layered(&self) -> bool {
        self.mixed.is_some() || !self.layers.is_empty()
    }

    /// The scheme of a layer, counted from 0.
    pub fn scheme_of(&self, layer: usize) -> &Scheme {
        self.layers.get(&LayerName::at(layer)).unwrap_or(&self.scheme)
    }

    /// How it is quantized, in full: `4 bit symmetric; W2 8 bit symmetric`.
    pub fn schemes_text(&self) -> String {
        let mut parts = vec![self.scheme.to_string()];
        parts.extend((!self.layers.is_empty()).then(|| layers_text(&self.layers)));
        parts.extend(self.mixed.as_ref().map(|mixed| format!("{mixed}, {}", mixed.budget.bound())));
        parts.join("; ")
    }

    /// The bits, or the budget that stands for them: `4 bit`, `≤ 900 bytes`.
    fn size_name(&self) -> String {
        match &self.mixed {
            None => format!("{} bit", self.scheme.bits()),
            Some(mixed) => mixed.budget.bound(),
        }
    }

    /// How training and quantization go together, as tables say it.
    pub fn training_name(&self) -> String {
        self.training.as_ref().map_or_else(|| "post-training".to_owned(), ToString::to_string)
    }
}

impl Plan {
    /// Reads `document` and everything it refers to.
    ///
    /// # Errors
    /// [`Failure::Configuration`] when the document is wrong, [`Failure::Input`] when a dataset cannot be read.
    pub fn new(name: &str, document: &Document) -> Result<Plan, Failure> {
        let Experiment { mut header, units, variants, members, axes } = Experiment::parse(document)?;
        if document.is_changed() {
            header.reproduce.clear();
        }
        let specs: Vec<VariantSpec> = variants.into_iter().map(|entry| entry.spec).collect();
        let variants = resolve(&specs)?;
        let mut datasets = Datasets::default();
        let units = units.into_iter().zip(members).map(|(entry, members)| {
            // A seed that the generator cannot take is refused before anything runs.
            Stream::new(entry.spec.rng, entry.spec.seed, "plan")
                .map_err(|error| Diagnostic::new(error.to_string()))?;
            let dataset = match &entry.spec.data {
                Some(data) => Some(datasets.get(&data.source)?),
                None => None,
            };
            let variants: Vec<Variant> = members.iter().map(|&position| variants[position].clone()).collect();
            if entry.spec.tensor.is_some() {
                refuse_calibration(&variants)?;
                refuse_activations(&variants)?;
            }
            let key = key(&entry.spec, dataset.as_deref(), &variants)?;
            Ok(Unit { key, spec: entry.spec, axes: entry.axes, dataset, variants })
        });
        let units = units.collect::<Result<_, Failure>>()?;
        Ok(Plan { name: name.to_owned(), header, axes, units, source: document.resolved_text()? })
    }

    /// Number of variants of all units, the float baselines not counted.
    pub fn variants(&self) -> usize {
        self.units.iter().map(|unit| unit.variants.len()).sum()
    }

    /// A hash over the keys of all units.
    pub fn key(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for unit in &self.units {
            hasher.update(unit.key.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

impl Unit {
    /// The first 12 digits of the key: what tables show.
    pub fn short_key(&self) -> &str {
        &self.key[..12]
    }

    /// Dataset or tensor, model and seed, for people.
    pub fn describe(&self) -> String {
        let mut words = vec![self.subject().to_owned()];
        words.extend(self.spec.model.as_ref().map(|model| model.to_string()));
        words.push(format!("seed {}", self.spec.seed));
        words.extend(
            self.axes
                .iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(key, value)| format!("{key} {value}")),
        );
        words.join(", ")
    }

    /// The dataset's name, or the tensor's.
    pub fn subject(&self) -> &str {
        match (&self.dataset, &self.spec.tensor) {
            (Some(dataset), _) => &dataset.name,
            (None, Some(tensor)) => &tensor.name,
            (None, None) => "",
        }
    }
}

/// Every dataset is read once.
#[derive(Default)]
struct Datasets {
    read: Vec<(DataSource, Arc<Dataset>)>,
}

impl Datasets {
    fn get(&mut self, source: &DataSource) -> Result<Arc<Dataset>, Failure> {
        if let Some((_, dataset)) = self.read.iter().find(|(known, _)| known == source) {
            return Ok(Arc::clone(dataset));
        }
        let dataset = match source {
            DataSource::Wine => read_builtin("wine"),
            DataSource::Digits => read_builtin("digits"),
            DataSource::WineQuality => read_builtin("wine-quality"),
            DataSource::Csv(source) => source.read().map_err(|error| Failure::Input(error.to_string())),
        };
        let dataset = Arc::new(dataset?);
        self.read.push((source.clone(), Arc::clone(&dataset)));
        Ok(dataset)
    }
}

fn read_builtin(name: &str) -> Result<Dataset, Failure> {
    builtin(name).map_err(|error| Failure::Input(error.to_string()))
}

/// A tensor by itself has no inputs.
fn refuse_calibration(variants: &[Variant]) -> Result<(), Diagnostic> {
    match variants.iter().find(|variant| variant.calibration != Calibration::default()) {
        None => Ok(()),
        Some(variant) if variant.scheme.range == Range::OutputMse => {
            Err(Diagnostic::new("`range = output-mse` looks at the inputs of a layer, and a tensor has none")
                .help("expected `range = \"mse\"`, or a model to quantize"))
        }
        Some(variant) if variant.transform.looks_at_inputs() => Err(Diagnostic::new(format!(
            "`transform = {}` looks at the inputs of a layer, and a tensor has none",
            variant.transform
        ))
        .help("remove `transform`, or quantize a model")),
        Some(variant) => {
            let [(_, method), (_, correction), _] = variant.calibration.axes();
            Err(Diagnostic::new(format!(
                "`method = {method}` with `bias_correction = {correction}` looks at the inputs of a layer, and a tensor has none"
            ))
            .help("remove `method`, `bias_correction` and `calibration`, or quantize a model"))
        }
    }
}

fn refuse_activations(variants: &[Variant]) -> Result<(), Diagnostic> {
    if variants.iter().all(|variant| variant.activations.is_none()) {
        return Ok(());
    }
    Err(Diagnostic::new("`activations` quantizes the inputs of layers, and a tensor has none")
        .help("remove `quantize.activations`, or quantize a model"))
}

/// The key of a unit: a hash of its resolved specification, its dataset's bytes and the algorithms' version.
///
/// A path is no part of it: the same file elsewhere is the same dataset.
fn key(spec: &UnitSpec, dataset: Option<&Dataset>, variants: &[Variant]) -> Result<String, Failure> {
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
        axes.remove(Axis::ScaleFormat.name());
    }
    if scheme.codebook_format == CodebookFormat::Float {
        axes.remove(Axis::CodebookFormat.name());
    }
    if scheme.outliers == Outliers::None {
        axes.remove(Axis::Outliers.name());
    }
    if matches!(scheme.format, Format::Codebook(_)) && scheme.granularity == Granularity::Tensor {
        axes.insert(Axis::Granularity.name(), String::new());
    }
    axes
}

/// Resolves the schemes and names each variant by the fewest axes that tell all variants apart.
fn resolve(specs: &[VariantSpec]) -> Result<Vec<Variant>, Diagnostic> {
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
