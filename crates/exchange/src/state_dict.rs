//! Layers from tensors that are named after them: PyTorch's state dicts, scikit-learn's arrays.

use std::cmp::Ordering;
use std::path::Path;

use bitsweep_models::Activation;
use ndarray::{Array1, Array2};

use crate::assemble::assemble;
use crate::entry::Entry;
use crate::error::ImportError;
use crate::network::Network;
use crate::options::{NamedLayer, ReadOptions};
use crate::step::{Operation, Step};
use crate::tensor_file::TensorFile;

/// PyTorch's `BatchNorm1d` by default; no file of tensors says it.
const BATCH_NORM_EPSILON: f64 = 1e-5;

/// What a tensor is to its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// `(out, in)`, as PyTorch and scikit-learn's linear models keep it.
    WeightByOutputs,
    /// `(in, out)`, as Keras and scikit-learn's `MLPClassifier` keep it.
    WeightByInputs,
    Bias,
    RunningMean,
    RunningVariance,
}

/// The tensors of one layer.
struct Group<'f> {
    name: String,
    members: Vec<(Role, &'f Entry)>,
}

impl<'f> Group<'f> {
    fn member(&self, wanted: &[Role]) -> Option<(Role, &'f Entry)> {
        self.members.iter().find(|(role, _)| wanted.contains(role)).copied()
    }

    fn is_normalization(&self) -> bool {
        self.member(&[Role::RunningMean]).is_some()
    }
}

/// Reads the layers of a file of tensors.
pub(crate) fn read_state_dict(file: &TensorFile, options: &ReadOptions) -> Result<Network, ImportError> {
    let path = file.path().to_owned();
    let entries = file.entries().to_vec();
    let groups = groups(&path, &entries)?;
    let listed = listed(&path, &groups, options)?;
    let scaling = scaling(file, &path, &entries)?;
    let mut steps: Vec<Step> = scaling;
    let mut inputs = None;
    let mut notes = Vec::new();
    for (group, activation) in listed {
        let place = |name: &str| format!("tensor `{name}`");
        let mut add = |name: &str, operation| steps.push(Step { place: place(name), operation });
        if group.is_normalization() {
            normalization(file, &path, group, &mut add)?;
            notes.push(format!(
                "`{}` is folded with PyTorch's usual eps of 1e-5, which the file does not say",
                group.name
            ));
        } else {
            let weight = dense(file, &path, group, &mut add)?;
            inputs.get_or_insert(weight);
        }
        if let Some(activation) = activation {
            add(&group.name, Operation::Activation(activation));
        }
    }
    let network =
        assemble(&path, inputs.unwrap_or(0), steps).map_err(|error| match options.layers.is_empty() {
            true => ImportError {
                reason: format!(
                    "{}; the layers are taken in the order of their names: `layers` lists them in another",
                    error.reason
                ),
                ..error
            },
            false => error,
        })?;
    let classes = classes(file, &path, &entries)?;
    for name in file.text_names().filter(|name| *name != CLASSES) {
        notes.push(format!("`{name}` is left aside: it is texts, which layers have none of"));
    }
    Ok(Network { classes, notes: notes.into_iter().chain(network.notes).collect(), ..network })
}

/// The layer that a tensor belongs to, and what it is there; `None` of what is no part of a layer.
fn role(name: &str) -> Option<(&str, Role)> {
    for (start, role) in [("coefs_", Role::WeightByInputs), ("intercepts_", Role::Bias)] {
        if let Some(number) = name.strip_prefix(start) {
            return Some((number, role));
        }
    }
    let (layer, leaf) = name.rsplit_once('.').unwrap_or(("", name));
    let role = match leaf {
        "weight" | "coef_" | "coef" => Role::WeightByOutputs,
        "kernel" => Role::WeightByInputs,
        "bias" | "intercept_" | "intercept" => Role::Bias,
        "running_mean" => Role::RunningMean,
        "running_var" => Role::RunningVariance,
        _ => return None,
    };
    Some((layer, role))
}

/// The layers, numbers in their names by value: `net.2` before `net.10`.
fn groups<'f>(path: &Path, entries: &'f [Entry]) -> Result<Vec<Group<'f>>, ImportError> {
    let mut groups: Vec<Group<'f>> = Vec::new();
    for entry in entries {
        let leaf = entry.name.rsplit('.').next().unwrap_or_default();
        let Some((name, role)) = role(&entry.name) else {
            if ["num_batches_tracked"].contains(&leaf) || OTHERS.contains(&entry.name.as_str()) {
                continue;
            }
            return Err(ImportError::tensor(
                path,
                &entry.name,
                "is no part of a dense layer or a batch normalization: expected names that end in `weight` and `bias`, or `coefs_0` and `intercepts_0`",
            ));
        };
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.members.push((role, entry)),
            None => groups.push(Group { name: name.to_owned(), members: vec![(role, entry)] }),
        }
    }
    groups.sort_by(|left, right| natural(&left.name, &right.name));
    Ok(groups)
}

/// Names of classes.
const CLASSES: &str = "classes_";

/// Arrays beside the layers.
const OTHERS: [&str; 5] = ["mean_", "scale_", "var_", CLASSES, "n_samples_seen_"];

/// Orders names, numbers in them by value.
fn natural(left: &str, right: &str) -> Ordering {
    fn parts(name: &str) -> Vec<(u64, &str)> {
        let mut parts = Vec::new();
        let mut rest = name;
        while !rest.is_empty() {
            let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
            let letters =
                rest[digits..].find(|letter: char| letter.is_ascii_digit()).unwrap_or(rest.len() - digits);
            let number = rest[..digits].parse().unwrap_or(0);
            parts.push((number, &rest[digits..digits + letters]));
            rest = &rest[digits + letters..];
        }
        parts
    }
    parts(left).cmp(&parts(right)).then_with(|| left.cmp(right))
}

/// The layers in the order of their computation, each with what is applied to its outputs.
fn listed<'g, 'f>(
    path: &Path,
    groups: &'g [Group<'f>],
    options: &ReadOptions,
) -> Result<Vec<(&'g Group<'f>, Option<Activation>)>, ImportError> {
    if !options.layers.is_empty() {
        let of = |layer: &NamedLayer| {
            let group = groups.iter().find(|group| group.name == layer.name).ok_or_else(|| {
                let names: Vec<String> = groups.iter().map(|group| format!("`{}`", group.name)).collect();
                ImportError::new(path, format!("has no layer `{}`; it has {}", layer.name, names.join(", ")))
            })?;
            Ok((group, layer.activation))
        };
        let listed: Vec<_> = options.layers.iter().map(of).collect::<Result<_, _>>()?;
        return match groups.iter().find(|group| !listed.iter().any(|(one, _)| one.name == group.name)) {
            Some(group) => Err(ImportError::new(
                path,
                format!("has a layer `{}` that `layers` does not list", group.name),
            )),
            None => Ok(listed),
        };
    }
    let is_dense: Vec<bool> = groups.iter().map(|group| !group.is_normalization()).collect();
    let dense = is_dense.iter().filter(|dense| **dense).count();
    let activation = match (dense, options.activation) {
        (0 | 1, _) => None,
        (_, Some(activation)) => Some(activation),
        (several, None) => {
            let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
            return Err(ImportError::new(
                path,
                format!(
                    "has {several} dense layers ({}) and does not say what stands between them: expected `activation`, or `layers` with the activation of each",
                    names.join(", ")
                ),
            ));
        }
    };
    // The activation stands before the next dense layer, behind a normalization.
    Ok(groups
        .iter()
        .enumerate()
        .map(|(position, group)| {
            let stands_before_dense = is_dense.get(position + 1) == Some(&true);
            (group, activation.filter(|_| stands_before_dense))
        })
        .collect())
}

/// Adds a dense layer; the number of its inputs.
fn dense(
    file: &TensorFile,
    path: &Path,
    group: &Group<'_>,
    add: &mut impl FnMut(&str, Operation),
) -> Result<usize, ImportError> {
    let weight = group.member(&[Role::WeightByOutputs, Role::WeightByInputs]);
    let (role, entry) = weight.ok_or_else(|| {
        let name = group.members.first().map_or("", |(_, entry)| entry.name.as_str());
        ImportError::tensor(path, name, "has no weight beside it")
    })?;
    let &[rows, columns] = entry.shape.as_slice() else {
        return Err(ImportError::tensor(
            path,
            &entry.name,
            format!("has the shape {:?}: expected two dimensions, as a dense layer has", entry.shape),
        ));
    };
    let values = file.read(entry)?.values;
    let weight = Array2::from_shape_vec((rows, columns), values).expect("as many numbers as the shape says");
    let weight = if role == Role::WeightByOutputs { weight.reversed_axes() } else { weight };
    let (inputs, outputs) = weight.dim();
    add(&entry.name, Operation::Dense(weight));
    if let Some((_, bias)) = group.member(&[Role::Bias]) {
        add(&bias.name, Operation::Add(vector(file, path, bias, outputs)?));
    }
    Ok(inputs)
}

/// Adds a batch normalization, `(x - μ) / √(σ² + ε) · γ + β`.
fn normalization(
    file: &TensorFile,
    path: &Path,
    group: &Group<'_>,
    add: &mut impl FnMut(&str, Operation),
) -> Result<(), ImportError> {
    let member = |role: Role| {
        group.member(&[role]).map(|(_, entry)| entry).ok_or_else(|| {
            ImportError::at(
                path,
                format_args!("layer `{}`", group.name),
                "has a running mean without a running variance",
            )
        })
    };
    let (mean, variance) = (member(Role::RunningMean)?, member(Role::RunningVariance)?);
    let width = mean.len();
    add(&mean.name, Operation::Add(-vector(file, path, mean, width)?));
    let deviation =
        vector(file, path, variance, width)?.mapv(|variance| (variance + BATCH_NORM_EPSILON).sqrt());
    add(&variance.name, Operation::Divide(deviation));
    if let Some((_, factor)) = group.member(&[Role::WeightByOutputs]) {
        add(&factor.name, Operation::Multiply(vector(file, path, factor, width)?));
    }
    if let Some((_, term)) = group.member(&[Role::Bias]) {
        add(&term.name, Operation::Add(vector(file, path, term, width)?));
    }
    Ok(())
}

/// scikit-learn's `mean_` and `scale_` of a `StandardScaler`.
fn scaling(file: &TensorFile, path: &Path, entries: &[Entry]) -> Result<Vec<Step>, ImportError> {
    let mut steps = Vec::new();
    for entry in entries {
        let operation = match entry.name.as_str() {
            "mean_" => Operation::Add(-vector(file, path, entry, entry.len())?),
            "scale_" => Operation::Divide(vector(file, path, entry, entry.len())?),
            _ => continue,
        };
        steps.push(Step { place: format!("tensor `{}`", entry.name), operation });
    }
    // Means are subtracted first, wherever they stand.
    steps.sort_by_key(|step| matches!(step.operation, Operation::Divide(_)));
    Ok(steps)
}

/// scikit-learn's `classes_`, numbers or texts.
fn classes(file: &TensorFile, path: &Path, entries: &[Entry]) -> Result<Option<Vec<String>>, ImportError> {
    if let Some(texts) = file.texts(CLASSES) {
        return texts.map(Some);
    }
    let Some(entry) = entries.iter().find(|entry| entry.name == CLASSES) else { return Ok(None) };
    let values = vector(file, path, entry, entry.len())?;
    Ok(Some(values.iter().map(ToString::to_string).collect()))
}

/// A tensor of one dimension and so many numbers.
fn vector(file: &TensorFile, path: &Path, entry: &Entry, length: usize) -> Result<Array1<f64>, ImportError> {
    let is_vector = entry.shape.iter().filter(|&&length| length != 1).count() <= 1;
    match is_vector && entry.len() == length {
        true => Ok(Array1::from(file.read(entry)?.values)),
        false => Err(ImportError::tensor(
            path,
            &entry.name,
            format!("has the shape {:?}: expected {length} numbers", entry.shape),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_ordered_by_value() {
        let mut names = ["net.10", "net.2", "fc", "net.2.a", "1", "02"];
        names.sort_by(|left, right| natural(left, right));
        assert_eq!(names, ["fc", "net.2", "net.2.a", "net.10", "1", "02"]);
    }
}
