//! What an experiment's file says, typed and checked: a header, units and variants.

use std::collections::HashMap;

use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Diagnostic;
use super::document::Document;
use super::exclusion::Exclusion;
use super::grid::{self, Alternative, Zip};
use super::header::Header;
use super::point::{Location, typed, unit, variant};
use crate::subject::{Subject, UnitSpec};
use crate::variant::Variant;

/// Keys that say something of the experiment as a whole; lists in them are no axes.
const HEADER_KEYS: [&str; 9] =
    ["title", "description", "notebook", "pick", "record", "reproduce", "finding", "zip", "exclude"];

/// Keys that make a unit: one trained model, or one tensor.
const UNIT_KEYS: [&str; 7] = ["seed", "rng", "data", "split", "model", "train", "tensor"];

/// The key that makes the variants of a unit.
const VARIANT_KEY: &str = "quantize";

/// An experiment as its file says it: every grid expanded, every variant resolved, nothing read or run yet.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// Title, description and what to record.
    pub header: Header,
    /// The units in the order of the grid.
    pub units: Vec<UnitSpec>,
    /// All variants that some unit has, and where each stands in the file: `mine.toml:14:1`.
    pub variants: Vec<(Variant, String)>,
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

        let (units, members) = distinct_units(document, units, members)?;
        refuse_unused_training(document, root, &units)?;
        let (variants, locations): (Vec<Variant>, Vec<Location>) = variants
            .into_iter()
            .map(|alternative| variant(document, alternative.node))
            .collect::<Result<_, Diagnostic>>()?;
        refuse_twins(document, &variants, &locations)?;
        check_subjects(document, &units, &members, &variants, &locations)?;
        let axes =
            axes.into_iter().map(|axis| GridAxisSummary { name: axis.name, values: axis.labels }).collect();
        let locations = locations.iter().map(|location| location.of_whole(document));
        let variants = variants.into_iter().zip(locations).collect();
        Ok(Experiment { header, units, variants, members, axes })
    }
}

/// The units that differ: points that differ only in what their model does not use (a logistic regression has no epochs)
/// are one, with the variants of all.
fn distinct_units(
    document: &Document,
    alternatives: Vec<Alternative<'_>>,
    members: Vec<Vec<usize>>,
) -> Result<(Vec<UnitSpec>, Vec<Vec<usize>>), Diagnostic> {
    let mut units: Vec<UnitSpec> = Vec::new();
    let mut kept: Vec<Vec<usize>> = Vec::new();
    for (alternative, own) in alternatives.into_iter().zip(members) {
        let unit = unit(document, alternative.node)?;
        match units.iter().position(|known| *known == unit) {
            None => {
                units.push(unit);
                kept.push(own);
            }
            Some(twin) => {
                kept[twin].extend(own);
                kept[twin].sort_unstable();
                kept[twin].dedup();
            }
        }
    }
    Ok((units, kept))
}

fn refuse_unused_training(
    document: &Document,
    root: &DeTable<'_>,
    units: &[UnitSpec],
) -> Result<(), Diagnostic> {
    let is_used = |unit: &UnitSpec| match &unit.subject {
        Subject::Trained(trained) => trained.model.training().is_some(),
        Subject::Given(_) | Subject::Tensor(_) => false,
    };
    match root.get("train") {
        Some(train) if !units.iter().any(is_used) => Err(document
            .error(train.span(), "no model of this experiment is trained by gradient descent")
            .help("remove `train`")),
        Some(_) | None => Ok(()),
    }
}

/// Variants that do the same would be one row under two labels.
fn refuse_twins(document: &Document, variants: &[Variant], locations: &[Location]) -> Result<(), Diagnostic> {
    let mut known: HashMap<String, usize> = HashMap::new();
    for (position, (variant, location)) in variants.iter().zip(locations).enumerate() {
        let canonical = serde_json::to_string(variant).map_err(|error| Diagnostic::new(error.to_string()))?;
        if let Some(twin) = known.insert(canonical, position) {
            let first = locations[twin].of_whole(document);
            let message = format!(
                "two variants are the same, this one and that at {first}: {}",
                variant.schemes_text()
            );
            return Err(location
                .error(document, message)
                .help("remove one of them, or leave it out with [[exclude]]"));
        }
    }
    Ok(())
}

/// Every variant must combine with the subject of every unit that has it.
fn check_subjects(
    document: &Document,
    units: &[UnitSpec],
    members: &[Vec<usize>],
    variants: &[Variant],
    locations: &[Location],
) -> Result<(), Diagnostic> {
    // Units that differ in their seed alone are checked once.
    let mut checked: Vec<(&Subject, &Vec<usize>)> = Vec::new();
    for (unit, own) in units.iter().zip(members) {
        if checked.contains(&(&unit.subject, own)) {
            continue;
        }
        for &position in own {
            variants[position]
                .check_subject(&unit.subject)
                .map_err(|refusal| locations[position].diagnostic(document, &refusal))?;
        }
        checked.push((&unit.subject, own));
    }
    Ok(())
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
