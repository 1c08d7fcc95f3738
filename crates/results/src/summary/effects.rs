//! What each choice is worth: variants that differ in one axis alone, paired by unit.

use std::collections::{BTreeMap, BTreeSet};

use bitsweep_metrics::{Interval, mean_and_deviation};

use super::effect::{Effect, EffectAtBits};
use crate::choice::Choice;
use crate::key::Key;
use crate::record::ResultRow;
use crate::value::Value;

/// Axes of which no worth is told: variants of different bits are not compared, a budget says what otherwise the number of
/// bits does, and calibration rows belong to the method that looks at them.
const NOT_COMPARED: [Choice; 4] = [Choice::Bits, Choice::ActivationBits, Choice::Budget, Choice::Calibration];

/// One variant, and its macro-F1 by unit.
struct Candidate {
    bits: u32,
    has_shared_codes: bool,
    /// The value on each axis, by its number; `None` where the axis does not apply.
    values: [Option<usize>; Choice::ALL.len()],
    scores: BTreeMap<Key, f64>,
}

impl Candidate {
    /// Whether the other differs in `axis` alone, and in what follows from it. Formats differ in what applies to them: an
    /// axis that one of two formats lacks is no difference of its own.
    fn differs_only_in(&self, axis: Choice, other: &Self) -> bool {
        let is_format = axis == Choice::Format;
        let comparable = !is_format || !(self.has_shared_codes || other.has_shared_codes);
        let follows =
            |name: Choice| name == Choice::Calibration || axis.description().followers.contains(&name);
        let pairs = self.values.iter().zip(&other.values);
        comparable
            && Choice::ALL.into_iter().zip(pairs).all(|(name, (ours, theirs))| {
                ours == theirs
                    || name == axis
                    || follows(name)
                    || (is_format && !is_size(name) && (ours.is_none() || theirs.is_none()))
            })
    }
}

fn is_size(axis: Choice) -> bool {
    matches!(axis, Choice::Bits | Choice::ActivationBits)
}

/// The different values on each axis, in order of first appearance.
struct Values<'a>([Vec<&'a Value>; Choice::ALL.len()]);

impl<'a> Values<'a> {
    /// The number of a value.
    fn number(&mut self, axis: usize, value: &'a Value) -> usize {
        let known = &mut self.0[axis];
        known.iter().position(|other| *other == value).unwrap_or_else(|| {
            known.push(value);
            known.len() - 1
        })
    }
}

/// The effects of all choices among the quantized variants of one task; `groups` are the rows of each variant.
pub(super) fn effects(groups: &[Vec<&ResultRow>]) -> Vec<Effect> {
    let mut values = Values(std::array::from_fn(|_| Vec::new()));
    let candidates: Vec<Candidate> = groups.iter().filter_map(|rows| candidate(rows, &mut values)).collect();
    let shape = groups.iter().flatten().find_map(|row| row.origin.unit.shape);
    let interval = |differences: &[f64]| {
        let statistics = mean_and_deviation(differences).ok()?;
        let spread = statistics.deviation.filter(|deviation| *deviation > 0.0);
        let shape = shape?;
        let interval = statistics.corrected_interval(shape.train_rows, shape.test_rows).ok()?;
        spread.and(interval)
    };
    let mut effects = Vec::new();
    for (place, axis) in Choice::ALL.into_iter().enumerate().filter(|(_, axis)| !NOT_COMPARED.contains(axis))
    {
        let known = &values.0[place];
        let Some(from) = plain(axis, known) else { continue };
        for to in (0..known.len()).filter(|to| *to != from) {
            let by_bits = by_bits(&candidates, axis, place, (from, to), interval);
            if !by_bits.is_empty() {
                effects.push(Effect {
                    axis,
                    from: known[from].clone(),
                    to: known[to].clone(),
                    expectation: axis.description().expectation,
                    by_bits,
                });
            }
        }
    }
    effects
}

fn candidate<'a>(rows: &[&'a ResultRow], values: &mut Values<'a>) -> Option<Candidate> {
    let origin = &rows.first()?.origin;
    let scores = rows.iter().filter_map(|row| {
        let score = row.measures()?.scores.as_ref()?.macro_f1.value;
        score.is_finite().then_some((row.origin.unit.key, score))
    });
    let choices = &origin.variant.choices;
    let numbered = |place: usize| choices.get(Choice::ALL[place]).map(|value| values.number(place, value));
    (!origin.is_float()).then(|| Candidate {
        bits: choices.bits(),
        has_shared_codes: origin.variant.has_shared_codes,
        scores: scores.collect(),
        values: std::array::from_fn(numbered),
    })
}

/// The value that others are compared with, by its number: the plainest that occurs, else the first.
fn plain(axis: Choice, values: &[&Value]) -> Option<usize> {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    let plainest =
        axis.description().plain.iter().find_map(|plain| texts.iter().position(|text| text == plain));
    plainest.or((!values.is_empty()).then_some(0))
}

fn by_bits(
    candidates: &[Candidate],
    axis: Choice,
    place: usize,
    (from, to): (usize, usize),
    interval: impl Fn(&[f64]) -> Option<Interval>,
) -> Vec<EffectAtBits> {
    let with = |value: usize| {
        candidates.iter().filter(|other| other.values[place] == Some(value)).collect::<Vec<_>>()
    };
    let (plain_ones, others) = (with(from), with(to));
    let mut found: BTreeMap<u32, Differences> = BTreeMap::new();
    for (plain, other) in plain_ones.iter().flat_map(|plain| others.iter().map(move |other| (plain, other))) {
        if !plain.differs_only_in(axis, other) {
            continue;
        }
        let units: BTreeSet<Key> =
            plain.scores.keys().filter(|unit| other.scores.contains_key(*unit)).copied().collect();
        if units.is_empty() {
            continue;
        }
        let differences = found.entry(plain.bits).or_default();
        differences.pairs += 1;
        for unit in units {
            let (sum, count) = differences.by_unit.entry(unit).or_default();
            *sum += other.scores[&unit] - plain.scores[&unit];
            *count += 1;
        }
    }
    let at_bits = found.into_iter().rev().map(|(bits, Differences { pairs, by_unit })| {
        let means: Vec<f64> = by_unit.values().map(|(sum, count)| sum / *count as f64).collect();
        EffectAtBits {
            bits,
            pairs,
            units: means.len(),
            difference: means.iter().sum::<f64>() / means.len() as f64,
            interval: interval(&means),
        }
    });
    at_bits.collect()
}

/// Differences between pairs of variants.
#[derive(Default)]
struct Differences {
    pairs: usize,
    /// Sum and number of the differences of each unit.
    by_unit: BTreeMap<Key, (f64, usize)>,
}
