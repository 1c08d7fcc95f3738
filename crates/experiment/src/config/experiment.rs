//! What an experiment's file says, typed and checked: a header, units and variants.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::mem;
use std::path::PathBuf;

use bitsweep_datasets::{ColumnRef, TableSource};
use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Diagnostic;
use super::document::Document;
use super::exclusion::Exclusion;
use super::grid::{self, Alternative, Zip};
use super::header::Header;
use super::places::{Placed, Places};
use super::point::{refused, typed, unit, variant};
use crate::subject::{DataSource, DataSpec, Subject, UnitSpec};
use crate::variant::Variant;

/// Keys that say something of the experiment as a whole; lists in them are no axes.
pub(super) const HEADER_KEYS: [&str; 11] = [
    "title",
    "description",
    "notebook",
    "pick",
    "record",
    "export",
    "device",
    "reproduce",
    "finding",
    "zip",
    "exclude",
];

/// Keys that make a unit: one trained model, or one tensor.
pub(super) const UNIT_KEYS: [&str; 7] = ["seed", "rng", "data", "split", "model", "train", "tensor"];

/// The key that makes the variants of a unit.
pub(super) const VARIANT_KEY: &str = "quantize";

/// An experiment as its file says it: every grid expanded, every variant resolved, nothing read or run yet.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// Title, description and what to record.
    pub header: Header,
    /// The units in the order of the grid, and where their keys stand.
    pub units: Vec<Placed<UnitSpec>>,
    /// All variants that some unit has, and where their keys stand.
    pub variants: Vec<Placed<Variant>>,
    /// For each unit the positions of its variants in `variants`.
    pub members: Vec<Vec<usize>>,
    /// The axes of the grid, in file order.
    pub axes: Vec<GridAxisSummary>,
}

/// One axis of the grid, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GridAxisSummary {
    /// Dotted key of the list.
    pub name: String,
    /// Its values as text.
    pub values: Vec<String>,
}

impl Experiment {
    /// Reads and expands a document.
    ///
    /// # Errors
    /// When the document is not TOML, has keys, values or axes that mean nothing, or parts that do not combine.
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
        if !["data", "tensor", "model"].iter().any(|key| root.contains_key(*key)) {
            return Err(document
                .error(0..0, "there is nothing to train on or to quantize: expected `data` or `tensor`")
                .help("add [data.source.csv] with a path and a target, or [tensor]"));
        }
        if !root.contains_key(VARIANT_KEY) {
            let subject = ["model", "tensor"].into_iter().find_map(|key| root.get(key));
            return Err(document
                .error(subject.map_or(0..0, Spanned::span), "the table `quantize` is missing")
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
        let mut members = members(document, root, &mut units, &mut variants, &zips, &exclusions)?;

        let mut units = distinct_units(document, units, &mut members)?;
        refuse_unused_training(document, root, &units)?;
        leave_out_other_targets(&mut units);
        let variants: Vec<Placed<Variant>> =
            variants.into_iter().map(|point| variant(document, point.node)).collect::<Result<_, _>>()?;
        refuse_twins(document, &variants)?;
        check_subjects(document, &units, &members, &variants)?;
        let axes =
            axes.into_iter().map(|axis| GridAxisSummary { name: axis.name, values: axis.labels }).collect();
        Ok(Experiment { header, units, variants, members, axes })
    }
}

/// The units that differ, each once for every split of its seed: points that differ only in what their model does not use
/// (a logistic regression has no epochs) are one, with the variants of all.
fn distinct_units(
    document: &Document,
    points: Vec<Alternative<'_>>,
    members: &mut Vec<Vec<usize>>,
) -> Result<Vec<Placed<UnitSpec>>, Diagnostic> {
    let mut units = Vec::new();
    let mut kept: Vec<Vec<usize>> = Vec::new();
    // What a unit is but for its split, by its text, and of each split the position of its unit.
    let mut known: HashMap<String, HashMap<usize, usize>> = HashMap::new();
    let mut all: usize = 0;
    for (point, own) in points.into_iter().zip(mem::take(members)) {
        let (unit, places) = unit(document, point.node)?;
        let folds = unit.subject.rows().and_then(|(_, split)| split.folds()).unwrap_or(1);
        all = all.saturating_add(folds.saturating_mul(own.len()));
        if all > grid::MOST_POINTS {
            let message = format!("the grid has more than {} points", grid::MOST_POINTS);
            return Err(document.error(places.find("split"), message));
        }
        if units.len().saturating_add(folds) > grid::MOST_TREES {
            return Err(document.error(places.find("split"), grid::too_many_trees()));
        }
        let twins = known.entry(as_written(&unit)?).or_default();
        for unit in unit.of_each_fold() {
            match twins.entry(unit.fold.unwrap_or(0)) {
                Entry::Vacant(entry) => {
                    entry.insert(units.len());
                    units.push((unit, places.clone()));
                    kept.push(own.clone());
                }
                Entry::Occupied(twin) => {
                    let twin = &mut kept[*twin.get()];
                    twin.extend(&own);
                    twin.sort_unstable();
                    twin.dedup();
                }
            }
        }
    }
    *members = kept;
    Ok(units)
}

/// A value as text that is the same for equal values.
fn as_written(value: &impl Serialize) -> Result<String, Diagnostic> {
    serde_json::to_string(value).map_err(|error| Diagnostic::new(error.to_string()))
}

fn refuse_unused_training(
    document: &Document,
    root: &DeTable<'_>,
    units: &[Placed<UnitSpec>],
) -> Result<(), Diagnostic> {
    let is_used = |(unit, _): &Placed<UnitSpec>| match &unit.subject {
        Subject::Trained(trained) => trained.model.training().is_some(),
        Subject::Given(_) | Subject::Tensor(_) => false,
    };
    let written = root.get("train").and_then(|train| document.first_written(train));
    match written {
        Some(span) if !units.iter().any(is_used) => Err(document
            .error(span, "no model of this experiment is trained by gradient descent")
            .help("remove `train`")),
        Some(_) | None => Ok(()),
    }
}

/// A target is no feature for the other targets of its file: what is to be predicted is not known.
fn leave_out_other_targets(units: &mut [Placed<UnitSpec>]) {
    type File = ([Option<PathBuf>; 3], Option<bool>);
    let file =
        |csv: &TableSource| -> File { ([&csv.path, &csv.train, &csv.test].map(Clone::clone), csv.header) };
    let mut targets: HashMap<File, Vec<ColumnRef>> = HashMap::new();
    for (unit, _) in units.iter() {
        if let Some((DataSpec { source: DataSource::Csv(csv), .. }, _)) = unit.subject.rows() {
            let known = targets.entry(file(csv)).or_default();
            if !known.contains(&csv.target) {
                known.push(csv.target.clone());
            }
        }
    }
    for (unit, _) in units {
        if let Some(DataSpec { source: DataSource::Csv(csv), .. }) = unit.subject.data_mut() {
            let others = targets[&file(csv)].iter().filter(|target| **target != csv.target);
            let others: Vec<ColumnRef> = others.cloned().collect();
            csv.other_targets = others;
        }
    }
}

/// Variants that do the same would be one row under two labels.
fn refuse_twins(document: &Document, variants: &[Placed<Variant>]) -> Result<(), Diagnostic> {
    let whole = |places: &Places| places.find(VARIANT_KEY);
    let mut known: HashMap<String, &Places> = HashMap::new();
    for (variant, places) in variants {
        if let Some(twin) = known.insert(as_written(variant)?, places) {
            let first = document.location(whole(twin));
            let message = format!(
                "two variants are the same, this one and that at {first}: {}",
                variant.schemes_text()
            );
            return Err(document
                .error(whole(places), message)
                .help("remove one of them, or leave it out with [[exclude]]"));
        }
    }
    Ok(())
}

/// Every variant must combine with the subject of every unit that has it.
fn check_subjects(
    document: &Document,
    units: &[Placed<UnitSpec>],
    members: &[Vec<usize>],
    variants: &[Placed<Variant>],
) -> Result<(), Diagnostic> {
    // Units that differ in their seed and fold alone are checked once.
    let mut checked: HashSet<(String, &[usize])> = HashSet::new();
    for ((unit, _), own) in units.iter().zip(members) {
        if !checked.insert((as_written(&unit.subject)?, own)) {
            continue;
        }
        for &position in own {
            let (variant, places) = &variants[position];
            variant.check_subject(&unit.subject).map_err(|refusal| refused(document, places, &refusal))?;
        }
    }
    Ok(())
}

/// The variants of each unit; units and variants without any are dropped.
fn members(
    document: &Document,
    root: &DeTable<'_>,
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
    let mut is_used = vec![false; variants.len()];
    for &position in members.iter().flatten() {
        is_used[position] = true;
    }
    let mut new_position = vec![None; variants.len()];
    let mut next = 0;
    for (position, new) in new_position.iter_mut().enumerate() {
        if is_used[position] {
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
        let key = ["exclude", "zip"].into_iter().find_map(|key| root.get(key));
        let span = key.map_or(0..0, Spanned::span);
        return Err(document.error(span, "`zip` and `exclude` leave no point of the grid"));
    }
    Ok(members)
}

fn refuse_unknown_keys(document: &Document, root: &DeTable<'_>) -> Result<(), Diagnostic> {
    let known = || HEADER_KEYS.into_iter().chain(UNIT_KEYS).chain([VARIANT_KEY]);
    for (key, _) in root {
        let name = key.get_ref().as_ref();
        if !known().any(|known| known == name) {
            let names: Vec<&str> = known().collect();
            let message = format!("unknown key `{name}`, expected one of `{}`", names.join("`, `"));
            return Err(document.error(key.span(), message).nearest(name, names));
        }
    }
    Ok(())
}
