//! `bitsweep inspect`

use std::fs;
use std::path::Path;

use bitsweep_exchange::packed::{PackedError, PackedModel};
use bitsweep_exchange::{FileFormat, ImportError, Network, ReadOptions, TensorFile, read_network, sha256};
use bitsweep_models::{Head, Layer};
use bitsweep_results::numbers::{bytes, count, counted, significant};
use serde::Serialize;

use super::{print_json, print_page};
use crate::failure::Failure;
use crate::layout::{Column, Page, Table};
use crate::streams::page_columns;
use bitsweep_experiment::config::Diagnostic;

/// What a file has.
#[derive(Serialize)]
struct Inspection {
    file: String,
    format: String,
    bytes: u64,
    tensors: Vec<TensorRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<ModelPart>,
    /// What it is where `bitsweep export` has written it.
    #[serde(skip_serializing_if = "Option::is_none")]
    packed: Option<serde_json::Map<String, serde_json::Value>>,
    /// Why its tensors make no model that can be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_model: Option<String>,
}

#[derive(Serialize)]
struct TensorRow {
    name: String,
    dtype: String,
    shape: Vec<usize>,
    bytes: usize,
    /// The least and the largest number; `None` of numbers in blocks that are not decoded here.
    range: Option<[f64; 2]>,
}

#[derive(Serialize)]
struct ModelPart {
    #[serde(skip_serializing_if = "Option::is_none")]
    producer: Option<String>,
    sha256: String,
    /// Whether it scales its features.
    scales: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<Vec<String>>,
    layers: Vec<LayerRow>,
    head: Head,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<Vec<String>>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct LayerRow {
    /// The name of its weight in experiments and results.
    name: String,
    /// What the file calls it.
    from: String,
    inputs: usize,
    outputs: usize,
    activation: String,
    range: [f64; 2],
}

pub(super) fn inspect(path: &Path, json: bool) -> Result<(), Failure> {
    let inspection = Inspection::of(path).map_err(|error| Diagnostic::new(error.to_string()))?;
    match json {
        true => print_json(&inspection),
        false => print_page(&inspection.page()),
    }
}

impl Inspection {
    /// Reads the tensors one at a time.
    fn of(path: &Path) -> Result<Self, ImportError> {
        let format = FileFormat::of(path)?;
        let file = TensorFile::open(path)?;
        let mut tensors = Vec::with_capacity(file.entries().len());
        for entry in file.entries().to_vec() {
            let values = entry.element.has_values().then(|| file.read(&entry)).transpose()?;
            tensors.push(TensorRow {
                dtype: entry.element.to_string(),
                bytes: entry.bytes(),
                range: values.map(|tensor| range(tensor.values.into_iter())),
                name: entry.name,
                shape: entry.shape,
            });
        }
        let may_be_packed = file.entries().iter().any(|entry| entry.name.starts_with("W1"));
        let (mut packed, mut broken) = (None, None);
        if may_be_packed && format == FileFormat::Safetensors {
            let bytes = fs::read(path).map_err(|error| ImportError::new(path, error))?;
            match PackedModel::from_bytes(&bytes) {
                Ok(model) => packed = Some(model.into_classifier().provenance),
                Err(PackedError::NoMetadata) => {}
                Err(error) => broken = Some(ImportError::new(path, error).to_string()),
            }
        }
        let (model, no_model) = match read_network(path, &ReadOptions::default()) {
            _ if packed.is_some() => (None, None),
            _ if broken.is_some() => (None, broken),
            Ok(network) => (Some(ModelPart::of(network, sha256(path)?)), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let bytes = fs::metadata(path).map_err(|error| ImportError::new(path, error))?.len();
        Ok(Self {
            file: path.display().to_string(),
            format: format.to_string(),
            bytes,
            tensors,
            model,
            packed,
            no_model,
        })
    }

    fn page(&self) -> Page {
        let mut page = Page::new(page_columns());
        page.prose(0, &format!("{}: {}, {}", self.file, self.format, bytes(self.bytes as f64)));
        if let Some(model) = &self.model {
            model.add_to(&mut page);
        }
        page.space();
        let column = |heading, rank| Column { heading, rank };
        let columns =
            [column("type", 1), column("shape", 0), column("bytes", 2), column("from", 3), column("to", 3)];
        let mut table = Table::new("tensor", columns);
        for TensorRow { name, dtype, shape, bytes, range } in &self.tensors {
            let shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
            let numbers = |range: &[f64; 2]| range.map(|number| significant(number, 4));
            let [low, high] = range.as_ref().map_or_else(Default::default, numbers);
            table.row(name, [dtype.clone(), shape.join(" × "), count(*bytes as f64), low, high]);
        }
        if !self.tensors.is_empty() {
            page.table(&table);
        }
        if let Some(packed) = &self.packed {
            page.space();
            page.prose(0, "A model that `bitsweep export` has written; `bitsweep verify` scores it.");
            for (key, value) in packed {
                page.prose(
                    2,
                    &format!("{key}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
                );
            }
        }
        if let Some(reason) = &self.no_model {
            page.space();
            page.prose(0, &format!("No model to run: {reason}"));
        }
        page
    }
}

impl ModelPart {
    fn of(network: Network, sha256: String) -> Self {
        let Network { model, scaling, classes, inputs, names, producer, notes } = network;
        let layers = model.layers().iter().zip(names).zip(1..).map(|((layer, from), number)| {
            let Layer::Linear(linear) = layer;
            LayerRow {
                name: format!("W{number}"),
                from,
                inputs: layer.input_size(),
                outputs: layer.output_size(),
                activation: layer.activation().to_string(),
                range: range(linear.weight.iter().map(|&number| number.into())),
            }
        });
        let layers = layers.collect();
        let (scales, head) = (scaling.is_some(), model.head());
        Self { producer, sha256, scales, inputs, layers, head, classes, notes }
    }

    fn add_to(&self, page: &mut Page) {
        page.prose(0, &format!("sha256 {}", self.sha256));
        if let Some(producer) = &self.producer {
            page.prose(0, &format!("made by {producer}"));
        }
        if let Some(inputs) = &self.inputs {
            page.prose(0, &format!("Inputs: {}.", inputs.join(", ")));
        }
        if self.scales {
            page.prose(0, "It scales its features first: (x - mean) / scale.");
        }
        page.space();
        let column = |heading, rank| Column { heading, rank };
        let columns = [
            column("inputs", 0),
            column("outputs", 0),
            column("activation", 1),
            column("from", 2),
            column("to", 2),
        ];
        let mut table = Table::new("quantized", columns);
        let mut weights = 0;
        let mut biases = 0;
        for LayerRow { name, from, inputs, outputs, activation, range } in &self.layers {
            weights += inputs * outputs;
            biases += outputs;
            let [low, high] = range.map(|number| significant(number, 4));
            let cells = [count(*inputs as f64), count(*outputs as f64), activation.clone(), low, high];
            table.row(&format!("{name}, {from}"), cells);
        }
        page.table(&table);
        page.space();
        let head = match self.head {
            Head::Softmax => "a softmax",
            Head::OneVsRest => "a logistic function for each class",
            Head::Logistic => "a logistic function, that of the second of two classes",
        };
        page.prose(0, &format!("The end: {head}."));
        if let Some(classes) = &self.classes {
            page.prose(0, &format!("Classes: {}.", classes.join(", ")));
        }
        let float = bytes(4.0 * (weights + biases) as f64);
        page.prose(
            0,
            &format!(
                "{} and {} float unless `quantize.biases` says otherwise; {float} in float32.",
                counted(weights, "weight is quantized", "weights are quantized"),
                counted(biases, "bias stays", "biases stay"),
            ),
        );
        for note in &self.notes {
            page.prose(0, &format!("Note: {note}."));
        }
    }
}

/// The smallest and the largest of some numbers; zeros where there is none, NaN where one is.
fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let range = values.fold(None, |range: Option<[f64; 2]>, value| {
        let [low, high] = range.unwrap_or([value, value]);
        let is_known = !(low.is_nan() || value.is_nan());
        Some(if is_known { [low.min(value), high.max(value)] } else { [f64::NAN; 2] })
    });
    range.unwrap_or_default()
}
