//! Quantized models as files: which variants, what they are called, and their bytes in every format.

use std::collections::HashSet;

use bitsweep_exchange::export::{
    FourBitGroups, InputType, OnnxOptions, Opset, StaticInputs, to_c, to_onnx, to_rust,
};
use bitsweep_exchange::packed::{PackedError, PackedModel};
use bitsweep_results::numbers::bytes;
use bitsweep_results::{Goal, Key, Summary};
use ndarray::ArrayView2;
use serde_json::{Map, Value, json};

use crate::evaluate::{Packed, Provenance, pack};
use crate::failure::Failure;
use crate::plan::{Identity, Plan, Unit};
use crate::unit_store::UnitStore;
use bitsweep_experiment::config::{Diagnostic, ExportFormat, ExportGoal, Header};
use bitsweep_experiment::variant::Variant;

/// A variant of a unit of a plan, or its float model, to be made again.
#[derive(Debug, Clone)]
pub struct Chosen<'p> {
    plan: &'p Plan,
    /// The unit's position in the plan.
    position: usize,
    identity: &'p Identity,
    /// `None` of the float model.
    variant: Option<&'p Variant>,
}

/// A model as a file, or as a folder of them.
#[derive(Debug)]
pub struct ModelFile {
    /// What it is called: the experiment, the unit where there are several, the variant.
    pub name: String,
    /// What is in it.
    pub content: Content,
    /// Bytes of the numbers in it, as tables count them.
    pub counted: u64,
    /// What a reader must know of it.
    pub notes: Vec<String>,
}

/// What is written of a model.
#[derive(Debug)]
pub enum Content {
    /// The bytes of a file.
    File(Vec<u8>),
    /// The names and texts of files that belong together.
    Folder(Vec<(&'static str, String)>),
}

/// The files of a model, or why there are none.
fn folder<E: ToString>(
    files: Result<Vec<(&'static str, String)>, E>,
) -> Result<(Content, Vec<String>), String> {
    files.map(|files| (Content::Folder(files), Vec::new())).map_err(|error| error.to_string())
}

/// The goal of a pick.
pub fn goal(goal: ExportGoal) -> Goal {
    match goal {
        ExportGoal::Balance => Goal::Balance,
        ExportGoal::Memory => Goal::LeastMemory,
        ExportGoal::Budget => Goal::Budget,
        ExportGoal::Device => Goal::Device,
    }
}

/// That the experiment does not ask for a goal, and the key that would.
pub fn lacking(wanted: ExportGoal, header: &Header) -> Option<(Diagnostic, &'static str)> {
    let (what, key) = match wanted {
        ExportGoal::Balance | ExportGoal::Memory => return None,
        ExportGoal::Budget => ("a budget", "pick.budget_bytes"),
        ExportGoal::Device if header.device.is_none() => ("a device", "device.target"),
        ExportGoal::Device => ("a device", "pick.flash_bytes"),
    };
    let is_asked = header.pick.goals().any(|own| own == goal(wanted));
    let message = || format!("nothing is picked for {what} where the experiment has no `{key}`");
    (!is_asked).then(|| (Diagnostic::new(message()), key))
}

impl<'p> Chosen<'p> {
    /// The variant of a unit that has the label, or else the only one that has the name.
    ///
    /// # Errors
    /// When there is none, with the nearest label.
    pub fn labelled(plan: &'p Plan, position: usize, wanted: &str) -> Result<Self, Diagnostic> {
        let name_of = |own: &Self| own.identity.row.name.as_deref();
        let mut named = Self::all(plan, position).filter(|own| name_of(own) == Some(wanted));
        let only = named.next().filter(|_| named.next().is_none());
        let labelled = Self::all(plan, position).find(|own| own.label() == wanted);
        labelled.or(only).ok_or_else(|| {
            let all: Vec<Self> = Self::all(plan, position).collect();
            let labels = all.iter().map(Self::label).chain(all.iter().filter_map(name_of));
            Diagnostic::new(format!("there is no variant `{wanted}`"))
                .nearest(wanted, labels)
                .or_help("`bitsweep plan` shows the variants by their labels")
        })
    }

    /// The float model of a unit, and its variants.
    pub fn all(plan: &'p Plan, position: usize) -> impl Iterator<Item = Self> {
        let unit = &plan.units[position];
        let float = Self { plan, position, identity: &unit.float, variant: None };
        let variants = unit.variants.iter().map(move |planned| Self {
            plan,
            position,
            identity: &planned.identity,
            variant: Some(&planned.variant),
        });
        [float].into_iter().chain(variants)
    }

    /// The variant of a unit that was picked for its task, by a run whose results are at hand.
    ///
    /// # Errors
    /// Why nothing is picked.
    pub fn picked(
        plan: &'p Plan,
        position: usize,
        summary: &Summary,
        wanted: ExportGoal,
    ) -> Result<Self, String> {
        let goal = goal(wanted);
        let comparison = summary.comparisons.iter().find(|own| own.task == plan.units[position].task);
        let picked = comparison.and_then(|comparison| {
            let variant = comparison.picks.as_ref()?.variant(goal)?;
            Self::of_row(plan, position, &comparison.variants[variant].origin.variant)
        });
        picked.ok_or_else(|| {
            let reason = comparison.and_then(|comparison| comparison.explain(goal, &plan.header.pick));
            let task = &plan.units[position].task;
            let mut failures = summary.failures.iter();
            let failed =
                failures.find(|own| own.origin.unit.task == *task).map(|own| own.failure.reason.clone());
            let reason = reason.map(|words| words.headline).or(failed);
            let reason = reason.unwrap_or_else(|| "nothing is picked".to_owned());
            format!("{}: no quantized variant to export: {reason}", plan.units[position].describe())
        })
    }

    fn of_row(plan: &'p Plan, position: usize, row: &bitsweep_results::Variant) -> Option<Self> {
        Self::all(plan, position).find(|own| *own.identity.row == *row)
    }

    /// The variant of a unit whose row has one of these keys.
    pub fn of_keys(plan: &'p Plan, position: usize, keys: &[String]) -> Option<Self> {
        Self::all(plan, position).find(|own| keys.contains(&own.key().to_string()))
    }

    /// What is done to the float model; `None` where nothing is.
    pub fn variant(&self) -> Option<&'p Variant> {
        self.variant
    }

    /// The plan, and the position of its unit.
    pub(crate) fn place(&self) -> (&'p Plan, usize) {
        (self.plan, self.position)
    }

    fn unit(&self) -> &'p Unit {
        &self.plan.units[self.position]
    }

    /// The key of its row.
    pub fn key(&self) -> Key {
        self.unit().row_key(self.identity)
    }

    /// What the variant is called.
    pub(crate) fn label(&self) -> &'p str {
        self.plan.labels.get(&self.identity.row).text()
    }

    /// What it is, for people.
    pub fn describe(&self) -> String {
        format!("{} of {}", self.label(), self.unit().describe())
    }

    fn file(
        &self,
        packed: &PackedModel,
        test_features: ArrayView2<'_, f64>,
        format: ExportFormat,
    ) -> Result<ModelFile, String> {
        let usual = OnnxOptions::default();
        let onnx = |options| {
            let file = to_onnx(packed, options);
            file.map(|file| (Content::File(file.bytes), file.notes)).map_err(|error| error.to_string())
        };
        let plain = |bytes: Result<Vec<u8>, PackedError>| {
            bytes.map(|bytes| (Content::File(bytes), Vec::new())).map_err(|error| error.to_string())
        };
        let title = || format!("{}: {}", self.plan.name, self.describe());
        let (content, notes) = match format {
            ExportFormat::Safetensors => plain(packed.to_bytes()),
            ExportFormat::Npz => plain(packed.to_npz()),
            ExportFormat::Json => plain(packed.to_json().map(String::into_bytes)),
            ExportFormat::Gguf => plain(packed.to_gguf(&self.describe())),
            ExportFormat::C => folder(to_c(packed, test_features, &title()).map(|model| model.files)),
            ExportFormat::Rust => folder(to_rust(packed, test_features, &title())),
            ExportFormat::Onnx => onnx(usual),
            ExportFormat::OnnxDouble => onnx(OnnxOptions { input: InputType::Double, ..usual }),
            ExportFormat::OnnxQdq => onnx(OnnxOptions { static_inputs: StaticInputs::Qdq, ..usual }),
            ExportFormat::OnnxOpset25 => onnx(OnnxOptions { opset: Opset::V25, ..usual }),
            ExportFormat::OnnxMatMulNBits => {
                onnx(OnnxOptions { groups: FourBitGroups::MatMulNBits, ..usual })
            }
        }?;
        let sizes = packed.sizes();
        let mut notes = notes;
        if self.variant.is_none() && sizes.scaling > 0 {
            let scaler = bytes(sizes.scaling as f64);
            notes.push(format!(
                "{scaler} are the scaler, which tables count within the first layer of a float model"
            ));
        }
        Ok(ModelFile { name: self.name(format), content, counted: sizes.total(), notes })
    }

    /// What the file is called, as far as every filesystem takes it.
    fn name(&self, format: ExportFormat) -> String {
        let Self { plan, .. } = self;
        let plain: String = self
            .label()
            .chars()
            .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' })
            .collect();
        let label = plain.split_whitespace().collect::<Vec<_>>().join("-");
        // Different labels may have become one name.
        let is_same = |other: &Self| {
            let other = other.label().chars().filter(char::is_ascii_alphanumeric);
            other.eq(plain.chars().filter(|own| *own != ' '))
        };
        let key = self.key().to_string();
        let key = (Self::all(plan, self.position).filter(is_same).count() > 1).then(|| &key[..8]);
        let unit = (plan.units.len() > 1).then(|| self.unit().key.to_string());
        // What has the extension of another format, or none, has its own name, too.
        let format_name = (format.name() != format.extension()).then(|| format.name());
        let parts = [Some(plan.name.as_str()), unit.as_deref(), Some(&label), key, format_name];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        match format.is_folder() {
            true => parts.join("-"),
            false => format!("{}.{}", parts.join("-"), format.extension()),
        }
    }

    /// Where the model comes from.
    pub(crate) fn provenance(&self) -> Provenance {
        let mut provenance: Map<String, Value> = Map::new();
        let mut add = |key: &str, value: Value| provenance.insert(key.to_owned(), value);
        add("experiment", json!(self.plan.name));
        add("configuration", json!(self.plan.key()));
        add("unit", json!(self.unit().describe()));
        add("unit_key", json!(self.unit().key.to_string()));
        add("variant", json!(self.label()));
        add("row_key", json!(self.key().to_string()));
        if let Some(origin) = self.unit().given().and_then(|given| given.origin.as_ref()) {
            add("model", json!({ "file": origin.file, "sha256": origin.sha256 }));
        }
        provenance
    }
}

/// Makes variants of one unit again, of the float model that the store has where it has one, and writes each in all of the formats: the file, or why the format cannot hold it.
///
/// # Errors
/// What keeps the unit from being made.
pub fn files(
    chosen: &[Chosen<'_>],
    formats: &[ExportFormat],
    store: Option<&UnitStore>,
) -> Result<Vec<Result<ModelFile, String>>, Failure> {
    let Some(first) = chosen.first() else { return Ok(Vec::new()) };
    let variants = chosen.iter().map(|own| (own.variant, own.provenance()));
    let Packed { models, test_features } = pack(first.plan, first.position, store, variants)?;
    let all = chosen.iter().zip(&models);
    let file = |own: &Chosen<'_>, packed: &Result<PackedModel, Failure>, format: ExportFormat| {
        let packed = packed.as_ref().map_err(|failure| format!("{}: {failure}", own.describe()))?;
        own.file(packed, test_features.view(), format)
            .map_err(|reason| format!("{} as {format}: {reason}", own.describe()))
    };
    Ok(all.flat_map(|(own, packed)| formats.iter().map(move |format| file(own, packed, *format))).collect())
}

/// The first unit of each task that has a model.
pub fn first_units(plan: &Plan) -> impl Iterator<Item = usize> + '_ {
    let mut known = HashSet::new();
    let with_model = plan.units.iter().enumerate().filter(|(_, unit)| unit.dataset.is_some());
    with_model.filter(move |(_, unit)| known.insert(unit.task.key)).map(|(position, _)| position)
}

/// Refuses an `[export]` that names no variant of some task.
///
/// # Errors
/// The label, with the nearest that there is.
pub fn check(plan: &Plan) -> Result<(), Diagnostic> {
    let wanted = &plan.header.export;
    if let Some((lacking, _)) = wanted.pick.iter().find_map(|goal| lacking(*goal, &plan.header)) {
        return Err(plan.located("export.pick", lacking));
    }
    if wanted.pick.is_empty() && wanted.variant.is_empty() && !wanted.format.is_empty() {
        let message = "neither `pick` nor `variant` says which models";
        return Err(plan.located("export.format", Diagnostic::new(message)));
    }
    for position in first_units(plan) {
        for label in &plan.header.export.variant {
            let unknown = |unknown| plan.located("export.variant", unknown);
            Chosen::labelled(plan, position, label).map_err(unknown)?;
        }
    }
    Ok(())
}

/// The models that the experiment's `[export]` asks for, each once, and why others are not made.
///
/// # Errors
/// As [`files`].
pub fn of_run(
    plan: &Plan,
    summary: &Summary,
    store: &UnitStore,
) -> Result<(Vec<ModelFile>, Vec<String>), Failure> {
    let wanted = &plan.header.export;
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for position in first_units(plan) {
        let picks = wanted.pick.iter().map(|goal| Chosen::picked(plan, position, summary, *goal));
        let labelled = wanted
            .variant
            .iter()
            .map(|label| Chosen::labelled(plan, position, label).map_err(|unknown| unknown.to_string()));
        let mut all: Vec<Chosen<'_>> = Vec::new();
        for chosen in picks.chain(labelled) {
            match chosen {
                Ok(chosen) if all.iter().any(|other| other.key() == chosen.key()) => {}
                Ok(chosen) => all.push(chosen),
                Err(reason) => refused.push(reason),
            }
        }
        for file in files(&all, wanted.formats(), Some(store))? {
            match file {
                Ok(file) => made.push(file),
                Err(reason) => refused.push(reason),
            }
        }
    }
    Ok((made, refused))
}
