//! From what a file says to what will run: datasets read, schemes resolved, units keyed, variants labelled.

mod key;
mod naming;

use std::collections::BTreeMap;
use std::sync::Arc;

use bitsweep_datasets::{Dataset, builtin};
use bitsweep_quant::{Range, Scheme, Transform};
use bitsweep_random::Stream;

use crate::config::{
    Activations, AwareTraining, AxisSummary, Biases, Budget, Calibration, DataSource, Diagnostic, Document,
    Experiment, Header, LayerName, Mixed, UnitSpec, VariantSpec, layers_text,
};
use crate::failure::Failure;

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
        let variants = naming::resolve(&specs)?;
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
            let key = key::key(&entry.spec, dataset.as_deref(), &variants)?;
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
