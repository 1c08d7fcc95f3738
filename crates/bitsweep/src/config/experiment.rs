//! What an experiment's file says, typed: a header, units and variants.

use std::collections::BTreeSet;

use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Diagnostic;
use super::document::Document;
use super::exclusion::Exclusion;
use super::grid::{self, Alternative, Zip};
use super::header::Header;
use super::point::{Places, check_layers, check_training, typed, unit, variant};
use super::specification::{UnitSpec, VariantSpec};

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
