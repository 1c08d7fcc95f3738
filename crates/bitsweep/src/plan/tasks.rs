//! What tells the tasks of an experiment apart.

use std::collections::{BTreeMap, BTreeSet};

use bitsweep_results::{Task, Value};
use serde_json::Value as Json;

use crate::failure::Failure;
use bitsweep_experiment::subject::{Subject, TrainedSpec};

/// Tables of a unit whose keys are settings of their own; what stands below other keys is a value.
const TABLES: [&str; 14] = [
    "data",
    "data.source",
    "data.source.csv",
    "split",
    "split.holdout",
    "split.k-fold",
    "model",
    "model.mlp",
    "model.logistic",
    "model.softmax-regression",
    "model.given",
    "model.file",
    "train",
    "tensor",
];

/// Tables that the columns `dataset` and `model` mostly show already.
const SHOWN: [&str; 3] = ["data.", "model.", "tensor."];

/// Longer values are numbered instead.
const LONGEST: usize = 80;

/// A task's settings by dotted key, as a file spells them.
type Settings = BTreeMap<String, Value>;

/// For each task the settings in which the tasks differ, as far as a reader cannot tell them apart without.
///
/// What was varied outside of `data`, `model` and `tensor` is always among them. Of the others each is named that tells
/// tasks apart that names and settings before do not; those that some tasks lack come last.
pub(super) fn settings_that_differ(tasks: &[(Task, &Subject)]) -> Result<Vec<Vec<(String, Value)>>, Failure> {
    let settings: Vec<Settings> =
        tasks.iter().map(|(_, subject)| settings(subject)).collect::<Result<_, _>>()?;
    let keys: BTreeSet<&str> = settings.iter().flatten().map(|(key, _)| key.as_str()).collect();
    let distinct_values =
        |key: &str| settings.iter().filter_map(|own| own.get(key)).collect::<BTreeSet<_>>().len();
    let (varied, lacking): (Vec<&str>, Vec<&str>) =
        keys.into_iter().partition(|key| distinct_values(key) > 1);
    let is_shown = |key: &&str| SHOWN.iter().any(|table| key.starts_with(table));
    let (hidden, shown): (Vec<&str>, Vec<&str>) = varied.into_iter().partition(|key| !is_shown(key));
    let mut telling = hidden;
    let told_apart = |telling: &[&str]| {
        let points = tasks.iter().zip(&settings).map(|((task, _), own)| {
            let values: Vec<Option<&Value>> = telling.iter().map(|key| own.get(*key)).collect();
            (&task.dataset, &task.model, &task.rng, values)
        });
        points.collect::<BTreeSet<_>>().len()
    };
    for key in shown.into_iter().chain(lacking) {
        let before = told_apart(&telling);
        if before == tasks.len() {
            break;
        }
        telling.push(key);
        if told_apart(&telling) == before {
            telling.pop();
        }
    }
    let mut named = vec![Vec::new(); settings.len()];
    for key in telling {
        // The numbers of long values.
        let mut numbers: BTreeMap<&Value, usize> = BTreeMap::new();
        for (own, named) in settings.iter().zip(&mut named) {
            let Some(value) = own.get(key) else { continue };
            let next = numbers.len() + 1;
            let number = *numbers.entry(value).or_insert(next);
            let is_short = value.json().len() <= LONGEST;
            let shown = if is_short { value.clone() } else { Value::word(&format!("#{number}")) };
            named.push((key.to_owned(), shown));
        }
    }
    Ok(named)
}

/// The settings of a subject, every default spelled out.
fn settings(subject: &Subject) -> Result<Settings, Failure> {
    let tagged = serde_json::to_value(subject).map_err(|error| Failure::Other(error.to_string()))?;
    let mut settings = Settings::new();
    match (subject, tagged) {
        (Subject::Tensor(_), tagged) => flatten("", &tagged, &mut settings),
        (Subject::Trained(_) | Subject::Given(_), Json::Object(tables)) => {
            tables.values().for_each(|tables| flatten("", tables, &mut settings));
        }
        (Subject::Trained(_) | Subject::Given(_), _) => {}
    }
    if let Subject::Trained(TrainedSpec { model, .. }) = subject {
        // A canonical form leaves them out where there are none.
        let (key, weights) = model.class_weights();
        let weights = Value::of(weights).map_err(|error| Failure::Other(error.to_string()))?;
        settings.entry(key.to_owned()).or_insert(weights);
    }
    Ok(settings)
}

fn flatten(path: &str, value: &Json, settings: &mut Settings) {
    match value {
        Json::Object(table) if path.is_empty() || TABLES.contains(&path) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, settings);
            }
        }
        Json::Null => {}
        Json::Object(_) | Json::Array(_) | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            settings.insert(path.to_owned(), Value::from(value));
        }
    }
}
