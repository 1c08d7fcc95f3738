//! From an experiment to what will run: datasets read, tasks, units and variants keyed, labels made.

mod builtin_models;
mod datasets;
mod key;
mod memory;
mod models;
mod notes;
mod recorded;
mod stages;
mod tasks;
mod tensors;
mod work;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use bitsweep_datasets::{Dataset, Scaling, TableError};
use bitsweep_models::Precision;
use bitsweep_quant::Dtype;
use bitsweep_results::numbers::counted;
use bitsweep_results::{DatasetShape, Key, Labels, Metric, PickRule, Task, run_of};
use bitsweep_store::Shelf;

use crate::failure::Failure;
use bitsweep_experiment::config::{
    Change, Diagnostic, Document, Experiment, GridAxisSummary, Header, Placed, Places, change_header,
};
use bitsweep_experiment::subject::{SplitSpec, Subject, UnitSpec};
use bitsweep_experiment::variant::Variant;

use self::datasets::Datasets;
use self::key::{canonical, canonical_majority, leading, row_key, task_key, unit_key};
use self::models::Models;
use self::tasks::settings_that_differ;
pub(crate) use self::tensors::Values;
use self::tensors::{StoredTensor, Units};

pub(crate) use datasets::unknown_class;
pub(crate) use memory::most_bytes;
pub use models::{GivenModel, Origin, ReadModel};
pub(crate) use notes::MOST_RATIO;
pub use stages::{Stage, passed, unit_stages};
pub use work::{Piece, Shard};

/// What a run will do, in order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The experiment's name: the folder its results go to.
    pub name: String,
    /// Title, description, what to record and what to reproduce.
    pub header: Header,
    /// The axes of the grid.
    pub axes: Vec<GridAxisSummary>,
    /// One per trained or given model, or per tensor.
    pub units: Vec<Unit>,
    /// The variants that some unit has, each once.
    pub distinct: Vec<Arc<PlannedVariant>>,
    /// What variants are called.
    pub labels: Labels,
    /// What `--set` changed: `train.epochs = 20`.
    pub changes: Vec<Change>,
    /// The experiment's TOML with every override in its place.
    pub source: String,
    /// What the plan was made from: errors point into it.
    document: Document,
    /// Of the keys of all rows, of which there may be a million: computed when it is first asked for.
    hash: OnceLock<blake3::Hash>,
}

/// One subject with one seed and one of its splits, and all its variants.
#[derive(Debug, Clone)]
pub struct Unit {
    /// A hash of everything that decides the float model or the tensor.
    pub key: Key,
    /// What its variants are compared on.
    pub task: Arc<Task>,
    /// What is trained or given, and the random numbers behind it.
    pub spec: UnitSpec,
    /// The rows behind the model, or why there are none; `None` of a tensor.
    pub dataset: Option<Read>,
    /// The model that is given, or why there is none; `None` of what is trained here and of a tensor.
    pub given: Option<ReadModel>,
    /// Where its numbers are; `None` of what is no tensor of a file.
    stored: Option<StoredTensor>,
    /// The float model, or the tensor as it is.
    pub float: Identity,
    /// What a model of it has to beat; `None` of a tensor, and where there are no training rows.
    pub majority: Option<Identity>,
    /// What is done to it.
    pub variants: Vec<Arc<PlannedVariant>>,
    /// Where its keys stand.
    places: Places,
}

/// A dataset, or why its file could not be read.
pub type Read = Result<Arc<Dataset>, Arc<TableError>>;

/// A variant of the plan.
#[derive(Debug, Clone)]
pub struct PlannedVariant {
    /// What is done.
    pub variant: Variant,
    /// What it is known by.
    pub identity: Identity,
    /// Where its keys stand.
    places: Places,
}

/// What a variant, or a baseline, is known by.
#[derive(Debug, Clone)]
pub struct Identity {
    /// What rows say of it: the value on every axis of the table of choices.
    pub row: Arc<bitsweep_results::Variant>,
    /// The canonical form of what it does, with the versions of the stages that it passes: what keys hash.
    pub(crate) canonical: Arc<str>,
}

impl Plan {
    /// Reads `document` and everything it refers to. A file that cannot be read is a fault of the units that need it.
    ///
    /// # Errors
    /// [`Failure::Configuration`] when the document is wrong.
    pub fn new(name: &str, document: &Document) -> Result<Plan, Failure> {
        let Experiment { mut header, units: specs, variants, members, axes } = Experiment::parse(document)?;
        let changes = document.changes()?;
        if header.title.is_empty() {
            name.clone_into(&mut header.title);
        }
        change_header(&mut header, &changes);
        take_limits(&mut header);
        let Units { specs, members, stored } = tensors::expanded(document, specs, members)?;
        let mut datasets = Datasets::new(document.folder());
        let read = |(spec, _): &Placed<UnitSpec>| -> Result<Option<Read>, Failure> {
            spec.subject.rows().map(|(data, _)| datasets.get(&data.source)).transpose()
        };
        let datasets: Vec<Option<Read>> = specs.iter().map(read).collect::<Result<_, _>>()?;
        let mut models = Models::new(document.folder());
        let given = |(spec, _): &Placed<UnitSpec>| match &spec.subject {
            Subject::Given(given) => Some(models.get(&given.model)),
            Subject::Trained(_) | Subject::Tensor(_) => None,
        };
        let given: Vec<Option<ReadModel>> = specs.iter().map(given).collect();
        let datasets = as_models_take_them(&given, datasets);
        let tasks = tasks(&specs, &datasets)?;
        let variants = planned(variants, &specs, &members)?;
        let mut units = Vec::with_capacity(specs.len());
        let mut shown: Vec<Arc<bitsweep_results::Variant>> = Vec::new();
        for ((((((spec, places), stored), dataset), given), task), own) in
            specs.into_iter().zip(stored).zip(datasets).zip(given).zip(tasks).zip(members)
        {
            let key = unit_key(
                &spec,
                readable(dataset.as_ref()),
                given.as_ref(),
                stored.as_ref().map(|own| own.hash),
            )?;
            let (float, majority) = (float(&spec.subject)?, majority(&spec.subject)?);
            for baseline in [&float].into_iter().chain(&majority) {
                if !shown.contains(&baseline.row) {
                    shown.push(Arc::clone(&baseline.row));
                }
            }
            let variants = own.into_iter().map(|position| Arc::clone(&variants[position])).collect();
            units.push(Unit { key, task, spec, dataset, given, stored, float, majority, variants, places });
        }
        shown.extend(variants.iter().map(|variant| Arc::clone(&variant.identity.row)));
        let labels = Labels::of(shown.iter().map(AsRef::as_ref));
        let (source, document) = (document.resolved_text(&changes)?, document.clone());
        Ok(Plan {
            name: name.to_owned(),
            header,
            axes,
            units,
            distinct: variants,
            labels,
            changes,
            source,
            document,
            hash: OnceLock::new(),
        })
    }

    /// What is wrong with a unit, at the key that is wrong.
    pub(crate) fn error_in_unit(&self, unit: &Unit, key: &str, message: &str) -> Diagnostic {
        self.document.error(unit.places.find(key), message)
    }

    /// Where relative paths of the experiment start.
    pub(crate) fn folder(&self) -> &Path {
        self.document.folder()
    }

    /// An error with the place of a key of the header.
    pub(crate) fn located(&self, key: &str, error: Diagnostic) -> Diagnostic {
        self.document.located(key, error)
    }

    /// Whether the file has a key of a unit.
    pub(crate) fn has_key(&self, unit: &Unit, key: &str) -> bool {
        unit.places.has(key)
    }

    /// What is wrong with a variant, at the key below `quantize` that is wrong.
    pub(crate) fn error_in_variant(&self, planned: &PlannedVariant, key: &str, message: &str) -> Diagnostic {
        self.document.error(planned.places.find(&format!("quantize.{key}")), message)
    }

    /// What is wrong with a number that must come out, at the key that is wrong; `path` leads to it.
    pub(crate) fn error_in_expectation(
        &self,
        path: &[(&str, usize)],
        key: &str,
        message: &str,
    ) -> Diagnostic {
        self.document.error_in_list(path, key, message)
    }

    /// Refuses a pick by the recall of a class that a dataset does not have, and limits of no device.
    ///
    /// # Errors
    /// The class with the nearest, or the limit, at its key.
    pub fn check_pick(&self) -> Result<(), Diagnostic> {
        let PickRule { flash_bytes, ram_bytes, .. } = self.header.pick;
        for (key, limit) in [("pick.flash_bytes", flash_bytes), ("pick.ram_bytes", ram_bytes)] {
            if limit.is_some() && self.header.device.is_none() {
                let message = format!("`{key}` is of a device, and there is no `device.target`");
                return Err(self.located(key, Diagnostic::new(message)));
            }
        }
        let Metric::Recall(class) = &self.header.pick.metric else { return Ok(()) };
        for dataset in self.units.iter().filter_map(Unit::rows) {
            if !dataset.class_names.contains(class) {
                let message = unknown_class(dataset, class);
                return Err(self.document.error_in_list(&[], "pick.metric.recall", &message));
            }
        }
        Ok(())
    }

    /// Where a variant stands, for people: `mine.toml:14:1`.
    pub fn location(&self, planned: &PlannedVariant) -> String {
        self.document.location(planned.places.find("quantize"))
    }

    /// Number of variants of all units, the float baselines not counted.
    pub fn variants(&self) -> usize {
        self.units.iter().map(|unit| unit.variants.len()).sum()
    }

    /// Whether the prediction times of the unit at `position` are measured: its variants are then evaluated one after the other
    /// while nothing else is running.
    pub(crate) fn is_timed(&self, position: usize) -> bool {
        /// The times of a unit with more variants are not measured.
        const MOST_VARIANTS: usize = 24;
        let unit = &self.units[position];
        position == 0 && unit.dataset.is_some() && unit.variants.len() <= MOST_VARIANTS
    }

    /// How much there is to run, for people: `3 units, 1 variant`.
    pub fn extent(&self) -> String {
        let units = counted(self.units.len(), "unit", "units");
        format!("{units}, {}", counted(self.variants(), "variant", "variants"))
    }

    /// Where a variant stands in the file; `None` of a baseline.
    pub fn location_of(&self, row: &bitsweep_results::Variant) -> Option<String> {
        let planned = self.distinct.iter().find(|planned| *planned.identity.row == *row)?;
        Some(self.location(planned))
    }

    /// A hash over the keys of all rows.
    pub fn key(&self) -> String {
        self.hash().to_hex().to_string()
    }

    /// Where a store keeps what is of this plan.
    pub fn shelf(&self) -> Shelf {
        Shelf::Plan(leading(self.hash()).hash())
    }

    fn hash(&self) -> &blake3::Hash {
        self.hash.get_or_init(|| {
            let mut hasher = blake3::Hasher::new();
            for unit in &self.units {
                let variants = unit.variants.iter().map(|variant| &variant.identity);
                for identity in [&unit.float].into_iter().chain(variants).chain(&unit.majority) {
                    hasher.update(unit.row_key(identity).to_string().as_bytes());
                }
            }
            hasher.finalize()
        })
    }
}

/// What the device has is the most that a limit allows.
fn take_limits(header: &mut Header) {
    let Some(device) = header.device else { return };
    let least = |one: Option<u64>, other: Option<u64>| one.into_iter().chain(other).min();
    header.pick.flash_bytes = least(header.pick.flash_bytes, device.target.flash_bytes());
    header.pick.ram_bytes = least(header.pick.ram_bytes, device.target.ram_bytes());
}

/// The dataset that was read, where it was.
fn readable(dataset: Option<&Read>) -> Option<&Dataset> {
    dataset?.as_deref().ok()
}

/// The datasets with the columns and the classes of the models that are given, where these name them; each once for all of its
/// units.
fn as_models_take_them<'g>(given: &'g [Option<ReadModel>], datasets: Vec<Option<Read>>) -> Vec<Option<Read>> {
    let mut known: Vec<(Arc<Dataset>, &'g GivenModel, Arc<Dataset>)> = Vec::new();
    let mut changed = |dataset: Arc<Dataset>, model: &'g GivenModel| {
        let is_known = |(own, other, _): &&(Arc<Dataset>, &GivenModel, _)| {
            Arc::ptr_eq(own, &dataset) && (&other.inputs, &other.classes) == (&model.inputs, &model.classes)
        };
        if let Some((.., changed)) = known.iter().find(is_known) {
            return Arc::clone(changed);
        }
        // Columns and classes that do not fit stay as they are, and the check of the model says why.
        let mut changed = Arc::clone(&dataset);
        if let Some(Ok(Some(own))) = model.inputs.as_ref().map(|inputs| dataset.with_columns(inputs)) {
            changed = Arc::new(own);
        }
        if let Some(Ok(own)) = model.classes.as_ref().map(|classes| changed.with_classes(classes)) {
            changed = Arc::new(own);
        }
        known.push((dataset, model, Arc::clone(&changed)));
        changed
    };
    let datasets = given.iter().zip(datasets).map(|(given, dataset)| match (given, dataset) {
        (Some(Ok(given)), Some(Ok(dataset))) => Some(Ok(changed(dataset, given))),
        (_, dataset) => dataset,
    });
    datasets.collect()
}

/// The task of each unit; equal tasks are one.
fn tasks(specs: &[Placed<UnitSpec>], datasets: &[Option<Read>]) -> Result<Vec<Arc<Task>>, Failure> {
    let mut known: Vec<(Task, &Subject)> = Vec::new();
    let mut position_of: HashMap<Key, usize> = HashMap::new();
    let mut positions = Vec::with_capacity(specs.len());
    for ((spec, _), dataset) in specs.iter().zip(datasets) {
        let key = task_key(spec, readable(dataset.as_ref()))?;
        let position = *position_of.entry(key).or_insert_with(|| {
            let task = Task {
                key,
                dataset: spec.subject.name(),
                model: spec.subject.model_words(),
                rng: spec.rng.to_string(),
                settings: Vec::new(),
            };
            known.push((task, &spec.subject));
            known.len() - 1
        });
        positions.push(position);
    }
    let settings = settings_that_differ(&known)?;
    let tasks: Vec<Arc<Task>> = known
        .into_iter()
        .zip(settings)
        .map(|((task, _), settings)| Arc::new(Task { settings, ..task }))
        .collect();
    Ok(positions.into_iter().map(|position| Arc::clone(&tasks[position])).collect())
}

/// The variants with what they are known by: all units of an experiment have subjects of one kind.
fn planned(
    variants: Vec<Placed<Variant>>,
    specs: &[Placed<UnitSpec>],
    members: &[Vec<usize>],
) -> Result<Vec<Arc<PlannedVariant>>, Failure> {
    let mut subjects = vec![None; variants.len()];
    for ((spec, _), own) in specs.iter().zip(members) {
        for &position in own {
            subjects[position].get_or_insert(&spec.subject);
        }
    }
    let variants = variants.into_iter().zip(subjects);
    let planned = variants.filter_map(|((variant, places), subject)| {
        let subject = subject?;
        let row = bitsweep_results::Variant {
            choices: variant.choices(subject),
            name: variant.name.clone().or_else(|| variant.scheme.preset_name().map(str::to_owned)),
            has_shared_codes: !variant.scheme.has_a_code_for_each_value(),
        };
        let canonical = canonical(subject, Some(&variant));
        Some(canonical.map(|canonical| {
            Arc::new(PlannedVariant { variant, identity: Identity { row: Arc::new(row), canonical }, places })
        }))
    });
    planned.collect()
}

/// The float model, or the tensor as it is.
fn float(subject: &Subject) -> Result<Identity, Failure> {
    let bits = match subject {
        Subject::Tensor(tensor) if tensor.dtype == Dtype::F64 => 64,
        Subject::Tensor(_) | Subject::Trained(_) | Subject::Given(_) => 32,
    };
    let row = Arc::new(bitsweep_results::Variant::float(bits));
    Ok(Identity { row, canonical: canonical(subject, None)? })
}

/// The majority class of the training rows behind a model, where there are any.
fn majority(subject: &Subject) -> Result<Option<Identity>, Failure> {
    if subject.rows().is_none_or(|(_, split)| *split == SplitSpec::TestOnly) {
        return Ok(None);
    }
    let row = Arc::new(bitsweep_results::Variant::majority());
    Ok(Some(Identity { row, canonical: canonical_majority()? }))
}

impl Unit {
    /// The rows behind the model, where they could be read.
    pub fn rows(&self) -> Option<&Dataset> {
        readable(self.dataset.as_ref())
    }

    /// The model that is given, where it could be read.
    pub fn given(&self) -> Option<&GivenModel> {
        self.given.as_ref()?.as_deref().ok()
    }

    /// The inputs of the model's first layer, then the outputs of each, for so many features and classes; empty of a tensor, and
    /// of a model that could not be read.
    pub fn widths(&self, features: usize, classes: usize) -> Vec<usize> {
        let given = || self.given().map(GivenModel::widths);
        self.spec.subject.trained_widths(features, classes).or_else(given).unwrap_or_default()
    }

    /// How the features are scaled, by the experiment or by the file of the model.
    pub fn scaling(&self) -> Scaling {
        match self.given().and_then(|given| given.scaler.as_ref()) {
            Some(_) => Scaling::Standard,
            None => self.spec.subject.rows().map_or(Scaling::None, |(data, _)| data.scale),
        }
    }

    /// The precision in which features are, and float layers compute.
    pub fn precision(&self) -> Precision {
        match &self.spec.subject {
            Subject::Trained(trained) => {
                trained.model.training().map_or(Precision::default(), |training| training.precision)
            }
            Subject::Given(_) | Subject::Tensor(_) => Precision::default(),
        }
    }

    /// The key of a row of this unit: a hash of the unit, of what the variant does, and of the versions of the stages that
    /// it passes.
    pub fn row_key(&self, identity: &Identity) -> Key {
        row_key(self.key, &identity.canonical)
    }

    /// Where a store keeps what is of this unit.
    pub(crate) fn shelf(&self) -> Shelf {
        Shelf::Unit(self.key.hash())
    }

    /// The unit as rows say it; `shape` is known once the rows of the dataset are split.
    pub fn shown(&self, shape: Option<DatasetShape>) -> Arc<bitsweep_results::Unit> {
        let Self { key, task, spec, .. } = self;
        let (key, task) = (*key, Arc::clone(task));
        Arc::new(bitsweep_results::Unit { key, task, seed: spec.seed, fold: spec.fold, shape })
    }

    /// Whether a file that it needs could not be read: a later run may find it.
    pub fn is_unreadable(&self) -> bool {
        matches!(self.dataset, Some(Err(_))) || matches!(self.given, Some(Err(_)))
    }

    /// Dataset or tensor, model, seed, fold and settings, for people.
    pub fn describe(&self) -> String {
        let Task { dataset, model, settings, .. } = self.task.as_ref();
        let mut words = vec![dataset.clone()];
        words.extend(Some(model.clone()).filter(|model| !model.is_empty()));
        words.push(run_of(self.spec.seed, self.spec.fold));
        words.extend(settings.iter().map(|(key, value)| format!("{key} {value}")));
        words.join(", ")
    }
}
