//! Keys: hashes of values, never of text made for people.

use std::path::PathBuf;
use std::sync::Arc;

use bitsweep_datasets::{ColumnRef, Dataset, TableSource};
use bitsweep_results::{Key, Value};
use serde::Serialize;

use super::models::ReadModel;
use super::stages::{Stage, passed, unit_stages};
use crate::failure::Failure;
use bitsweep_experiment::subject::{
    DataSource, Given, GivenSpec, ModelFile, Subject, TensorSource, TensorSpec, TrainedSpec, UnitSpec,
};
use bitsweep_experiment::variant::Variant;

/// The key of a unit: its subject, its seed, its fold, its dataset's content, and the versions of the stages up to the float
/// model.
///
/// Where a table or a model is and how it is written are no part of it, once it was read: the same rows are the same dataset, and
/// what computes the same is the same model.
pub(super) fn unit_key(
    spec: &UnitSpec,
    dataset: Option<&Dataset>,
    given: Option<&ReadModel>,
    tensor: Option<blake3::Hash>,
) -> Result<Key, Failure> {
    #[derive(Serialize)]
    struct Keyed {
        unit: UnitSpec,
        dataset: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tensor: Option<String>,
        stages: Vec<(&'static str, u32)>,
    }
    let mut unit = spec.clone();
    let mut model = None;
    if let (Subject::Given(GivenSpec { model: Given::File(file), .. }), Some(Ok(given))) =
        (&mut unit.subject, given)
    {
        *file = ModelFile::new("");
        model = Some(given.hash().to_string());
    }
    if let (Subject::Tensor(TensorSpec { source: TensorSource::File { file, .. }, .. }), Some(_)) =
        (&mut unit.subject, tensor)
    {
        file.clear();
    }
    if let Subject::Trained(TrainedSpec { data, .. }) | Subject::Given(GivenSpec { data, .. }) =
        &mut unit.subject
        && let DataSource::Csv(csv) = &mut data.source
        && dataset.is_some()
    {
        **csv = TableSource::new(PathBuf::new(), ColumnRef::Number(1));
    }
    let tensor = tensor.map(|hash| hash.to_string());
    let stages = versions(unit_stages(&spec.subject));
    key(&Keyed { unit, dataset: dataset.map(|dataset| dataset.hash.to_string()), model, tensor, stages })
}

/// The key of a task: everything that its units share, where its rows come from included, but for the seed and the fold.
pub(super) fn task_key(spec: &UnitSpec, dataset: Option<&Dataset>) -> Result<Key, Failure> {
    #[derive(Serialize)]
    struct Keyed<'a> {
        task: UnitSpec,
        dataset: Option<&'a str>,
    }
    let dataset = dataset.map(|dataset| dataset.hash.to_string());
    key(&Keyed { task: UnitSpec { seed: 0, fold: None, ..spec.clone() }, dataset: dataset.as_deref() })
}

/// What a variant does, canonically, with the versions of the stages that it passes; `None` is the float baseline.
pub(super) fn canonical(subject: &Subject, variant: Option<&Variant>) -> Result<Arc<str>, Failure> {
    #[derive(Serialize)]
    struct Keyed<'a> {
        variant: Option<&'a Variant>,
        stages: Vec<(&'static str, u32)>,
    }
    let canonical = Value::of(&Keyed { variant, stages: versions(passed(subject, variant)) });
    Ok(canonical.map_err(|error| Failure::Other(error.to_string()))?.json().into())
}

/// The majority class, canonically: what it is, and the version of its scores.
pub(super) fn canonical_majority() -> Result<Arc<str>, Failure> {
    #[derive(Serialize)]
    struct Keyed {
        baseline: &'static str,
        stages: Vec<(&'static str, u32)>,
    }
    let canonical = Value::of(&Keyed { baseline: "majority-class", stages: versions([Stage::Score]) });
    Ok(canonical.map_err(|error| Failure::Other(error.to_string()))?.json().into())
}

/// The key of a row: that of its unit, and what its variant does.
pub(super) fn row_key(unit: Key, canonical: &str) -> Key {
    hashed(format!("{unit} {canonical}").as_bytes())
}

fn versions(stages: impl IntoIterator<Item = Stage>) -> Vec<(&'static str, u32)> {
    stages.into_iter().map(|stage| (stage.name(), stage.version())).collect()
}

/// The key of a value: a hash of its canonical form.
fn key(value: &impl Serialize) -> Result<Key, Failure> {
    let canonical = Value::of(value).map_err(|error| Failure::Other(error.to_string()))?;
    Ok(hashed(canonical.json().as_bytes()))
}

fn hashed(bytes: &[u8]) -> Key {
    leading(&blake3::hash(bytes))
}

/// The first 128 bits of a BLAKE3 hash.
pub(super) fn leading(hash: &blake3::Hash) -> Key {
    let leading = hash.as_bytes().first_chunk().expect("a BLAKE3 hash has 32 bytes");
    Key::new(u128::from_be_bytes(*leading))
}
