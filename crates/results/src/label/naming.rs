//! Which parts the labels of a set of variants have.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use super::parts::{Label, Size};
use crate::choice::Choice;
use crate::origin::Variant;
use crate::value::Value;

/// What the float baseline is called.
const FLOAT: &str = "float";

/// What the majority class is called.
const MAJORITY: &str = "majority class";

/// The axes that make up a size.
const SIZES: [Choice; 3] = [Choice::Bits, Choice::Budget, Choice::ActivationBits];

/// Axes whose values follow from the size or from how it is chosen: the size speaks for them.
const FOLLOW_SIZE: [Choice; 6] = [
    Choice::Allocation,
    Choice::Layers,
    Choice::ZeroPoint,
    Choice::Codes,
    Choice::CodeRange,
    Choice::Calibration,
];

/// The labels of distinct variants, in their order.
pub(super) fn labels(variants: &[&Variant]) -> Vec<Label> {
    let quantized: Vec<usize> = (0..variants.len()).filter(|index| !variants[*index].is_baseline()).collect();
    let mut labels = vec![Label::default(); variants.len()];

    let telling = telling(variants, &quantized);
    let names: HashSet<&str> =
        quantized.iter().filter_map(|index| variants[*index].name.as_deref()).collect();
    let names_suffice = names.len() == quantized.len();
    let shows_activations = telling.contains(&Choice::ActivationBits);
    let shows_sizes = !names_suffice && telling.iter().any(|axis| SIZES.contains(axis));
    let sizes: Vec<Size> = variants.iter().map(|variant| size(variant, shows_activations)).collect();

    for (name, members) in groups(variants, &quantized) {
        // What the label says of the size, and a chart against bits by the place of a mark.
        let shown = |index: usize| {
            let choices = &variants[index].choices;
            let budget = choices.get(Choice::Budget);
            let bits = choices.get(Choice::Bits).filter(|_| budget.is_none());
            let inputs = choices.get(Choice::ActivationBits).filter(|_| shows_activations);
            shows_sizes.then_some((bits, budget, inputs))
        };
        let mut axes = telling_beside_size(variants, &members, shown);
        if name.is_none() && names.len() < quantized.len() && !names.is_empty() {
            // Beside variants with names, one of which nothing is said would not be understood.
            let is_silent =
                |index: &usize| axes.iter().all(|axis| variants[*index].choices.get(*axis).is_none());
            if members.iter().any(is_silent) {
                axes = telling_beside_size(variants, &quantized, shown);
            }
        }
        for index in members {
            labels[index].name = name.map(str::to_owned);
            labels[index].words = words(variants[index], &axes);
        }
    }
    // A value beside its absence: something has to be said of both.
    let is_silent = |index: &usize| labels[*index].name.is_none() && labels[*index].words.is_empty();
    let shows_sizes = shows_sizes || quantized.iter().any(is_silent);
    for index in quantized {
        let (variant, label) = (variants[index], &mut labels[index]);
        label.size = shows_sizes.then(|| sizes[index].clone());
        label.family = family(variant);
        let is_bare = label.name.is_none() && label.words.is_empty();
        label.activations = match variant.choices.activation_bits() {
            Some(bits) if shows_sizes && shows_activations => Some(format!("A{bits}")),
            None if shows_activations && is_bare => Some("float activations".to_owned()),
            Some(_) | None => None,
        };
    }

    let float: Vec<usize> = (0..variants.len()).filter(|index| variants[*index].is_float()).collect();
    let axes = self::telling(variants, &float);
    for index in float {
        labels[index].name = Some(FLOAT.to_owned());
        labels[index].words = words(variants[index], &axes);
    }
    for (label, variant) in labels.iter_mut().zip(variants) {
        if variant.is_majority() {
            label.name = Some(MAJORITY.to_owned());
        }
    }
    let mut labels: Vec<Label> = labels.into_iter().map(Label::written).collect();
    tell_apart(variants, &mut labels);
    tell_series_apart(variants, &mut labels);
    labels
}

/// Axes to name beside the size. What differs is named though the size differs with it (`8 bit · fp8-e4m3`,
/// `4 bit · fp4-e2m1`); what follows from the size, or what only some variants have (`W4A8`), where the size does not tell.
fn telling_beside_size<K: Hash + Eq>(
    variants: &[&Variant],
    members: &[usize],
    size: impl Fn(usize) -> K,
) -> Vec<Choice> {
    let has_several = |axis| {
        let values = members.iter().filter_map(|index| variants[*index].choices.get(axis));
        values.collect::<HashSet<_>>().len() > 1
    };
    let (mut by_axes, mut count) = numbered(members.iter().map(|_| ()));
    let (mut with_size, mut count_with_size) = numbered(members.iter().map(|index| size(*index)));
    let mut telling = Vec::new();
    for axis in ranked().filter(|axis| !SIZES.contains(axis)) {
        let values = || members.iter().map(|index| variants[*index].choices.get(axis));
        let (finer, more) = numbered(by_axes.iter().copied().zip(values()));
        let (finer_with_size, more_with_size) = numbered(with_size.iter().copied().zip(values()));
        let is_telling = if FOLLOW_SIZE.contains(&axis) || !has_several(axis) {
            more_with_size > count_with_size
        } else {
            more > count
        };
        if is_telling {
            telling.push(axis);
            (by_axes, count) = (finer, more);
            (with_size, count_with_size) = (finer_with_size, more_with_size);
        }
    }
    telling
}

/// All axes, the one most worth naming first.
fn ranked() -> impl Iterator<Item = Choice> {
    let mut axes = Choice::ALL;
    axes.sort_by_key(|axis| axis.description().rank);
    axes.into_iter()
}

/// Variants with the same name, or with none.
fn groups<'v>(variants: &[&'v Variant], members: &[usize]) -> BTreeMap<Option<&'v str>, Vec<usize>> {
    let mut groups: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for index in members {
        groups.entry(variants[*index].name.as_deref()).or_default().push(*index);
    }
    groups
}

/// Axes in the order in which they are worth naming, as far as each tells members apart that those before it do not.
fn telling(variants: &[&Variant], members: &[usize]) -> Vec<Choice> {
    let (mut classes, mut count) = numbered(members.iter().map(|_| ()));
    let mut telling = Vec::new();
    for axis in ranked() {
        let values = members.iter().map(|index| variants[*index].choices.get(axis));
        let (finer, more) = numbered(classes.iter().copied().zip(values));
        if more > count {
            telling.push(axis);
            (classes, count) = (finer, more);
        }
    }
    telling
}

/// Numbers equal keys equally, and counts the different ones.
fn numbered<K: Hash + Eq>(keys: impl Iterator<Item = K>) -> (Vec<usize>, usize) {
    let mut numbers = HashMap::new();
    let numbered = keys.map(|key| {
        let next = numbers.len();
        *numbers.entry(key).or_insert(next)
    });
    let numbered = numbered.collect();
    (numbered, numbers.len())
}

fn words(variant: &Variant, axes: &[Choice]) -> Vec<(Choice, String)> {
    let word = |axis: &Choice| Some((*axis, (axis.description().words)(variant.choices.get(*axis)?)));
    axes.iter().filter_map(word).collect()
}

fn size(variant: &Variant, shows_activations: bool) -> Size {
    let bits = variant.choices.bits();
    let is_mixed =
        variant.choices.get(Choice::Allocation).is_some_and(|allocation| !allocation.is("uniform"));
    let weights = match variant.choices.get(Choice::Budget) {
        Some(budget) => (Choice::Budget.description().words)(budget),
        // So many bits are the budget.
        None if is_mixed => format!("≤ {bits} bit"),
        None => format!("{bits} bit"),
    };
    let inputs = variant.choices.activation_bits().filter(|_| shows_activations);
    let text = match inputs {
        None => weights.clone(),
        Some(inputs) if weights.starts_with(|first: char| first.is_ascii_digit()) => {
            format!("W{bits}A{inputs}")
        }
        Some(inputs) => format!("{weights} · A{inputs}"),
    };
    Size { weights, text }
}

/// The scheme in a few words, without its bits: `asymmetric int`.
fn family(variant: &Variant) -> String {
    let values = [Choice::Symmetry, Choice::Format].map(|axis| variant.choices.get(axis));
    let words: Vec<String> = values.into_iter().flatten().map(Value::to_string).collect();
    if words.is_empty() { "quantized".to_owned() } else { words.join(" ") }
}

/// Makes equal labels differ: by the names of the axes that they speak of, then by what else their variants differ in, at
/// last by numbers. The baselines keep their names.
fn tell_apart(variants: &[&Variant], labels: &mut [Label]) {
    for members in same_texts(labels) {
        for index in members.into_iter().filter(|index| !variants[*index].is_baseline()) {
            let axes: Vec<Choice> = labels[index].words.iter().map(|(axis, _)| *axis).collect();
            spell_out(&mut labels[index], variants[index], &axes);
        }
    }
    for members in same_texts(labels) {
        let axes = telling(variants, &members);
        for index in members.into_iter().filter(|index| !variants[*index].is_baseline()) {
            spell_out(&mut labels[index], variants[index], &axes);
        }
    }
    let texts = labels.iter().map(|label| label.text.clone()).collect();
    number(labels, texts, |label, number| label.number = Some(number), |label| label.text.clone());
}

/// The labels that are called the same, those of each name together.
fn same_texts(labels: &[Label]) -> Vec<Vec<usize>> {
    let mut same: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, label) in labels.iter().enumerate() {
        same.entry(&label.text).or_default().push(index);
    }
    same.into_values().filter(|members| members.len() > 1).collect()
}

/// Has the label say of each axis its name and its value, or that there is none.
fn spell_out(label: &mut Label, variant: &Variant, axes: &[Choice]) {
    for axis in axes {
        let name = axis.description().name();
        let words = match variant.choices.get(*axis) {
            Some(value) => format!("{name} {value}"),
            None => format!("no {name}"),
        };
        match label.words.iter_mut().find(|(known, _)| known == axis) {
            Some((_, known)) => *known = words,
            None => label.words.push((*axis, words)),
        }
    }
    *label = std::mem::take(label).written();
}

/// Makes series differ that share a number of bits, first by the size, at last by numbers.
fn tell_series_apart(variants: &[&Variant], labels: &mut [Label]) {
    let place = |index: usize, label: &Label| {
        let choices = &variants[index].choices;
        (label.series.clone(), choices.bits(), choices.get(Choice::Budget).cloned())
    };
    let mut count: HashMap<_, usize> = HashMap::new();
    for (index, label) in labels.iter().enumerate() {
        *count.entry(place(index, label)).or_default() += 1;
    }
    for (index, label) in labels.iter_mut().enumerate() {
        if count.get(&place(index, label)).is_some_and(|count| *count > 1) {
            label.series_has_size = true;
            *label = std::mem::take(label).written();
        }
    }
    let places = labels.iter().enumerate().map(|(index, label)| place(index, label)).collect();
    let indices: HashMap<String, usize> =
        labels.iter().enumerate().map(|(index, label)| (label.text.clone(), index)).collect();
    let place_of = |label: &Label| place(indices.get(&label.text).copied().unwrap_or_default(), label);
    number(labels, places, |label, number| label.series_number = Some(number), place_of);
}

/// Gives numbers to all but the first of equal labels, such that the keys of all differ.
fn number<K: Hash + Eq + Clone>(
    labels: &mut [Label],
    keys: Vec<K>,
    set: impl Fn(&mut Label, usize),
    key: impl Fn(&Label) -> K,
) {
    let mut taken: HashSet<K> = keys.iter().cloned().collect();
    let mut seen: HashSet<K> = HashSet::new();
    for (label, own) in labels.iter_mut().zip(keys) {
        if seen.insert(own) {
            continue;
        }
        for next in 2.. {
            set(label, next);
            *label = std::mem::take(label).written();
            if taken.insert(key(label)) {
                break;
            }
        }
    }
}
