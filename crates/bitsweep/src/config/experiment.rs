//! What an experiment's file says, typed: a header, units and variants.

use std::collections::BTreeSet;
use std::ops::Range;

use bitsweep_models::{Mlp, SpecificationError};
use bitsweep_quant::{BiasCorrection, Method, Range as QuantizationRange, Transform};
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::activations::Activations;
use super::diagnostic::Diagnostic;
use super::document::{Document, Node};
use super::grid::{self, Alternative, Exclusion, Zip};
use super::header::Header;
use super::specification::{ModelSpec, TensorSpec, UnitSpec, VariantSpec};
use super::tensor_values::TensorValues;

/// Keys that say something of the experiment as a whole; lists in them are no axes.
const HEADER_KEYS: [&str; 8] =
    ["title", "description", "notebook", "pick", "record", "reproduce", "zip", "exclude"];

/// Keys that make a unit: one trained model, or one tensor.
const UNIT_KEYS: [&str; 7] = ["seed", "rng", "data", "split", "model", "train", "tensor"];

/// The key that makes the variants of a unit.
const VARIANT_KEY: &str = "quantize";

/// An experiment as its file says it: every grid expanded, nothing read or run yet.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// Title, description and what to record.
    pub header: Header,
    /// The units in the order of the grid.
    pub units: Vec<UnitEntry>,
    /// All variants that some unit has.
    pub variants: Vec<VariantEntry>,
    /// For each unit the positions of its variants in `variants`.
    pub members: Vec<Vec<usize>>,
    /// The axes of the grid, in file order.
    pub axes: Vec<AxisSummary>,
}

/// One axis of the grid, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AxisSummary {
    /// Dotted key of the list.
    pub name: String,
    /// Its values as text.
    pub values: Vec<String>,
}

/// One unit of the grid with the labels of its swept axes.
#[derive(Debug, Clone)]
pub struct UnitEntry {
    /// What is trained, or which tensor is quantized.
    pub spec: UnitSpec,
    /// Swept axes that no column of the table shows: dotted key and value.
    pub axes: Vec<(String, String)>,
}

/// One variant of the grid.
#[derive(Debug, Clone)]
pub struct VariantEntry {
    /// What is done to the model or tensor.
    pub spec: VariantSpec,
}

impl Experiment {
    /// Reads and expands a document.
    ///
    /// # Errors
    /// When the document is not TOML, has keys, values or axes that mean nothing, or schemes that contradict themselves.
    pub fn parse(document: &Document) -> Result<Experiment, Diagnostic> {
        let tree = document.tree()?;
        let root = tree.get_ref().as_table().expect("a document is a table");
        refuse_unknown_keys(document, root)?;
        let part = |keys: &[&str]| {
            let entries = root.iter().filter(|(key, _)| keys.contains(&key.get_ref().as_ref()));
            let table: DeTable<'_> = entries.map(|(key, value)| (key.clone(), value.clone())).collect();
            Spanned::new(tree.span(), DeValue::Table(table))
        };
        let mut header_node = part(&HEADER_KEYS);
        if let DeValue::Table(table) = header_node.get_mut() {
            table.remove("zip");
            table.remove("exclude");
        }
        let header: Header = typed(document, header_node)?;

        let mut axes = Vec::new();
        let mut units = grid::expand(document, &part(&UNIT_KEYS), "", &mut axes)?;
        let unit_axes = axes.len();
        if !root.contains_key(VARIANT_KEY) {
            return Err(Diagnostic::new("there is nothing to quantize: the table `quantize` is missing")
                .help("add [quantize.weights] with, for example, bits = [8, 4]"));
        }
        let mut variants = grid::expand(document, &part(&[VARIANT_KEY]), "", &mut axes)?;
        if units.len().saturating_mul(variants.len()) > grid::MOST_POINTS {
            let most = grid::MOST_POINTS;
            return Err(
                document.error(root[VARIANT_KEY].span(), format!("the grid has more than {most} points"))
            );
        }
        let zips = Zip::read(document, root.get("zip"), &axes)?;
        let exclusions = Exclusion::read(document, root.get("exclude"))?;
        let members = members(document, &mut units, &mut variants, &zips, &exclusions)?;

        let mut hidden: Vec<&str> = axes[..unit_axes].iter().map(|axis| axis.name.as_str()).collect();
        hidden.retain(|name| !["seed", "rng", "tensor"].contains(name));
        hidden.sort_unstable();
        hidden.dedup();
        let mut entries: Vec<UnitEntry> = Vec::new();
        let mut kept_members = Vec::new();
        for (alternative, own) in units.into_iter().zip(members) {
            let labels: Vec<String> = hidden.iter().map(|axis| chosen_label(&alternative, axis)).collect();
            let spec = unit(document, alternative.node)?;
            let used = |axis: &str| spec.train.is_some() || !axis.starts_with("train");
            let axes = hidden
                .iter()
                .zip(labels)
                .map(|(axis, label)| (column_name(axis), if used(axis) { label } else { String::new() }));
            let axes = axes.collect();
            // Points that differ only in what their model does not use (a logistic regression has no epochs) are one.
            if !entries.iter().any(|entry| entry.spec == spec) {
                entries.push(UnitEntry { spec, axes });
                kept_members.push(own);
            }
        }
        drop_shown_axes(&mut entries);
        if let Some(train) = root.get("train")
            && entries.iter().all(|entry| entry.spec.train.is_none())
        {
            return Err(document
                .error(train.span(), "no model of this experiment is trained by gradient descent")
                .help("remove `train`"));
        }
        let (variants, spans): (Vec<VariantEntry>, Vec<Places>) = variants
            .into_iter()
            .map(|alternative| variant(document, alternative))
            .collect::<Result<_, Diagnostic>>()?;
        for (entry, own) in entries.iter().zip(&kept_members) {
            for &position in own {
                let (spec, places) = (&variants[position].spec, &spans[position]);
                check_training(&entry.spec, spec)
                    .map_err(|message| document.error(places.training.clone(), message))?;
                check_layers(&entry.spec, spec)
                    .map_err(|message| document.error(places.layers.clone(), message))?;
            }
        }
        let axes =
            axes.into_iter().map(|axis| AxisSummary { name: axis.name, values: axis.labels }).collect();
        Ok(Experiment { header, units: entries, variants, members: kept_members, axes })
    }
}

/// The variants of each unit; units and variants without any are dropped.
fn members(
    document: &Document,
    units: &mut Vec<Alternative<'_>>,
    variants: &mut Vec<Alternative<'_>>,
    zips: &[Zip],
    exclusions: &[Exclusion],
) -> Result<Vec<Vec<usize>>, Diagnostic> {
    let mut used = vec![false; exclusions.len()];
    let mut members = Vec::new();
    for unit in units.iter() {
        let mut own = Vec::new();
        for (position, variant) in variants.iter().enumerate() {
            if !zips.iter().all(|zip| zip.admits(&[&unit.choices, &variant.choices])) {
                continue;
            }
            let mut kept = true;
            for (used, exclusion) in used.iter_mut().zip(exclusions) {
                if exclusion.excludes(&[&unit.node, &variant.node]) {
                    *used = true;
                    kept = false;
                }
            }
            if kept {
                own.push(position);
            }
        }
        members.push(own);
    }
    if let Some(unused) = used.iter().position(|used| !used) {
        return Err(
            document.error(exclusions[unused].span.clone(), "this exclusion matches no point of the grid")
        );
    }
    let mut new_position = vec![None; variants.len()];
    let mut next = 0;
    for (position, new) in new_position.iter_mut().enumerate() {
        if members.iter().any(|own| own.binary_search(&position).is_ok()) {
            *new = Some(next);
            next += 1;
        }
    }
    let mut kept = new_position.iter();
    variants.retain(|_| kept.next().is_some_and(Option::is_some));
    let mut has_members = members.iter();
    units.retain(|_| has_members.next().is_some_and(|own| !own.is_empty()));
    members.retain(|own| !own.is_empty());
    for own in &mut members {
        for position in own {
            *position = new_position[*position].expect("a member is kept");
        }
    }
    if members.is_empty() {
        return Err(Diagnostic::new("`zip` and `exclude` leave no point of the grid"));
    }
    Ok(members)
}

/// The column of an axis; `data`, `model` and their like are columns of their own already.
fn column_name(axis: &str) -> String {
    if axis.contains('.') { axis.to_owned() } else { format!("{axis}.choice") }
}

/// Drops the axes of data and model whose choice the columns `dataset` and `model` show anyway.
fn drop_shown_axes(entries: &mut [UnitEntry]) {
    let names: Vec<String> =
        entries.iter().flat_map(|entry| &entry.axes).map(|(name, _)| name.clone()).collect();
    for name in names.iter().collect::<BTreeSet<_>>() {
        if !name.starts_with("data") && !name.starts_with("model") {
            continue;
        }
        let shown = |entry: &UnitEntry| {
            let UnitSpec { seed, rng, data, model, .. } = &entry.spec;
            let source = data.as_ref().map(|data| format!("{:?}", data.source));
            let model = model.as_ref().map(ToString::to_string);
            let others: Vec<_> = entry.axes.iter().filter(|(other, _)| other != name).cloned().collect();
            (*seed, *rng, source, model, others)
        };
        let told_apart = (1..entries.len())
            .all(|later| entries[..later].iter().all(|entry| shown(entry) != shown(&entries[later])));
        if told_apart {
            for entry in entries.iter_mut() {
                entry.axes.retain(|(other, _)| other != name);
            }
        }
    }
}

fn chosen_label(alternative: &Alternative<'_>, axis: &str) -> String {
    let chosen = alternative.choices.iter().find(|choice| choice.axis == axis);
    chosen.map_or_else(String::new, |choice| choice.label.clone())
}

fn refuse_unknown_keys(document: &Document, root: &DeTable<'_>) -> Result<(), Diagnostic> {
    let known = || HEADER_KEYS.into_iter().chain(UNIT_KEYS).chain([VARIANT_KEY]);
    for (key, _) in grid::in_file_order(root) {
        let name = key.get_ref().as_ref();
        if !known().any(|known| known == name) {
            let names: Vec<&str> = known().collect();
            let message = format!("unknown key `{name}`, expected one of `{}`", names.join("`, `"));
            return Err(document.error(key.span(), message).nearest(name, names));
        }
    }
    Ok(())
}

fn typed<'t, T: Deserialize<'t>>(document: &Document, node: Node<'t>) -> Result<T, Diagnostic> {
    T::deserialize(ValueDeserializer::from(node)).map_err(|error| document.typed_error(&error))
}

/// Reads a unit and refuses parts that do not belong together.
fn unit(document: &Document, node: Node<'_>) -> Result<UnitSpec, Diagnostic> {
    let at = |path: &str| grid::lookup(&node, path).map_or(0..0, Spanned::span);
    let mut spec: UnitSpec = typed(document, node.clone())?;
    let refuse = |path: &str, message: &str| Err(document.error(at(path), message));
    // At the setting itself where it stands directly in its table, else at the table.
    let wrong = |table: &str, error: &SpecificationError| {
        let setting = format!("{table}.{}", error.key);
        let path = if grid::lookup(&node, &setting).is_some() { &setting } else { table };
        document.error(at(path), error.to_string())
    };
    if spec.tensor.is_some() {
        for key in ["data", "split", "model", "train"] {
            if grid::lookup(&node, key).is_some() {
                return refuse(
                    key,
                    &format!("`{key}` has no place beside `tensor`: a tensor is quantized without a model"),
                );
            }
        }
        return check_tensor(document, &node, spec);
    }
    if spec.model.is_none() {
        return Err(Diagnostic::new("there is neither a `model` nor a `tensor`, expected one of them")
            .help("add [model.mlp], [model.logistic], [model.softmax-regression] or [tensor]"));
    }
    for (key, missing) in [("data", spec.data.is_none()), ("split", spec.split.is_none())] {
        if missing {
            return Err(document.error(at("model"), format!("a model needs `{key}`, which is missing")));
        }
    }
    match (&spec.model, &spec.train) {
        (Some(ModelSpec::Mlp(mlp)), Some(training)) => {
            mlp.check().map_err(|error| wrong("model.mlp", &error))?;
            training.check().map_err(|error| wrong("train", &error))?;
        }
        (Some(ModelSpec::SoftmaxRegression(_)), Some(training)) => {
            training.check().map_err(|error| wrong("train", &error))?;
        }
        (Some(ModelSpec::Mlp(_)), None) => {
            return refuse(
                "model",
                "a multi-layer perceptron is trained by gradient descent: the table `train` is missing",
            );
        }
        (Some(ModelSpec::SoftmaxRegression(_)), None) => {
            return refuse(
                "model",
                "a softmax regression is trained by gradient descent: the table `train` is missing",
            );
        }
        (Some(ModelSpec::Logistic(logistic)), _) => {
            logistic.check().map_err(|error| wrong("model.logistic", &error))?;
            spec.train = None;
        }
        (None, _) => {}
    }
    Ok(spec)
}

fn check_tensor(document: &Document, node: &Node<'_>, spec: UnitSpec) -> Result<UnitSpec, Diagnostic> {
    if let Some(TensorSpec { values: TensorValues(rows), query: Some(query), .. }) = &spec.tensor {
        let columns = rows.first().map_or(0, Vec::len);
        if query.len() != columns {
            let span = grid::lookup(node, "tensor.query").map_or(0..0, Spanned::span);
            let message =
                format!("the query has {} values, but the rows of the tensor have {columns}", query.len());
            return Err(document.error(span, message));
        }
    }
    Ok(spec)
}

/// Refuses a training with quantization in the loop that the unit's model does not have.
fn check_training(unit: &UnitSpec, variant: &VariantSpec) -> Result<(), String> {
    let Some(training) = &variant.training else { return Ok(()) };
    match &unit.model {
        None => {
            Err("`quantize.training` has no place beside `tensor`: there is no model to train".to_owned())
        }
        Some(ModelSpec::Logistic(_)) => Err("logistic regression is fitted by a solver, without a loop for \
             `quantize.training`: expected `model.softmax-regression` or `model.mlp`"
            .to_owned()),
        Some(ModelSpec::SoftmaxRegression(_)) => {
            if training.method.activations().is_some() || training.method.widening() > 1 {
                Err(format!(
                    "`{training}` changes hidden units, and a softmax regression has none: leave `activations` and \
                     `widening` out"
                ))
            } else {
                Ok(())
            }
        }
        Some(ModelSpec::Mlp(mlp)) => {
            let widened = Mlp { hidden: mlp.hidden.widened(training.method.widening()), ..mlp.clone() };
            widened.check().map_err(|error| format!("after widening {error}"))
        }
    }
}

/// Refuses schemes of layers that the unit's model does not have.
fn check_layers(unit: &UnitSpec, variant: &VariantSpec) -> Result<(), String> {
    let Some(model) = &unit.model else {
        let table = match (&variant.mixed, variant.layers.is_empty()) {
            (Some(_), _) => "mixed",
            (None, false) => "layers",
            (None, true) => return Ok(()),
        };
        return Err(format!("`quantize.{table}` has no place beside `tensor`, which has no layers"));
    };
    let layers = model.layers();
    match variant.layers.keys().find(|layer| layer.position() >= layers) {
        None => Ok(()),
        Some(layer) if layers == 1 => {
            Err(format!("{model} has no layer `{layer}`: expected `W1`, its only one"))
        }
        Some(layer) => Err(format!("{model} has no layer `{layer}`: expected `W1` to `W{layers}`")),
    }
}

/// Where the parts of a variant stand that its unit must agree with.
struct Places {
    training: Range<usize>,
    layers: Range<usize>,
}

/// Reads a variant.
fn variant(document: &Document, alternative: Alternative<'_>) -> Result<(VariantEntry, Places), Diagnostic> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Root {
        quantize: VariantSpec,
    }
    let at = |path: &str| grid::lookup(&alternative.node, path).map_or(0..0, Spanned::span);
    let (training, inputs) = (at("quantize.training"), at("quantize.activations"));
    let layers = [at("quantize.layers"), at("quantize.mixed")].into_iter().find(|place| !place.is_empty());
    let Root { quantize: spec } = typed(document, alternative.node.clone())?;
    let schemes = spec.schemes();
    let scheme = schemes
        .map_err(|error| document.error(at(&format!("quantize.{}", error.table)), error.message))?
        .base;
    let activations =
        Activations::resolve(&spec).map_err(|error| document.error(inputs.clone(), error.to_string()))?;
    if let Some(aware) = &spec.training {
        if activations.is_some() && aware.method.activations().is_some() {
            let message = format!(
                "`{aware}` trains with quantized activations of its own, which `activations` would quantize again: \
                 leave one of them out"
            );
            return Err(document.error(inputs, message));
        }
        aware
            .check(&scheme, spec.transform != Transform::None)
            .map_err(|error| document.error(training.clone(), error.to_string()))?;
        if spec.method != Method::Nearest
            || spec.bias_correction != BiasCorrection::None
            || (spec.calibration.is_some()
                && activations.is_none_or(|activations| activations.rows.is_none()))
            || scheme.range == QuantizationRange::OutputMse
            || spec.transform.looks_at_inputs()
        {
            let message = "calibration has no place beside `training`: a model trained with quantization in the loop \
                           has chosen its codes and biases itself";
            return Err(document.error(training, message));
        }
    }
    Ok((VariantEntry { spec }, Places { training, layers: layers.unwrap_or_default() }))
}
