//! What each choice is worth: variants that differ in one axis alone, paired by unit.

use std::collections::{BTreeMap, BTreeSet};

use bitsweep_metrics::{Interval, mean_and_deviation};
use serde::Serialize;

use super::Comparison;
use crate::record::ResultRow;

/// What is commonly expected of a choice against the plain one on its axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// It takes work or bytes, and is made for a better model.
    Better,
    /// It saves bytes, or is simpler, and may cost some of the score.
    Worse,
    /// Neither.
    Open,
}

/// What one choice changes against another on the same axis, everything else being equal.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The axis: `method`, `granularity` ….
    pub axis: &'static str,
    /// The plain choice: `nearest`.
    pub from: String,
    /// The other: `gptq`.
    pub to: String,
    /// What is commonly expected of `to` against `from`.
    pub expectation: Expectation,
    /// For each number of bits, most bits first.
    pub by_bits: Vec<EffectAtBits>,
}

/// An [`Effect`] among variants of equally many bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectAtBits {
    /// Bits of one code.
    pub bits: u32,
    /// Pairs of variants that differ in the choice alone.
    pub pairs: usize,
    /// Units, one a seed, that have such pairs.
    pub units: usize,
    /// Mean over the units of the mean over the pairs of macro-F1 with `to` less macro-F1 with `from`.
    pub difference: f64,
    /// Its 95 % interval over the units, each a random split of the same rows (Nadeau & Bengio 2003); `None` for a single
    /// unit, and where the difference is the same in all of them: no spread says nothing of other splits.
    pub interval: Option<Interval>,
}

/// What the units can tell of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The whole interval lies above zero.
    Better,
    /// The whole interval lies below zero.
    Worse,
    /// Zero lies within the interval, or there is none.
    NotShown,
}

impl EffectAtBits {
    /// Whether the interval leaves zero out.
    pub fn verdict(&self) -> Verdict {
        match self.interval {
            Some(interval) if interval.low > 0.0 => Verdict::Better,
            Some(interval) if interval.high < 0.0 => Verdict::Worse,
            Some(_) | None => Verdict::NotShown,
        }
    }
}

/// One row of `effects.csv`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EffectRow {
    /// The task.
    pub task: String,
    /// The axis.
    pub axis: &'static str,
    /// The plain choice.
    pub from: String,
    /// The other.
    pub to: String,
    /// Bits of one code.
    pub bits: u32,
    /// Pairs of variants that differ in the choice alone.
    pub pairs: usize,
    /// Units that have such pairs.
    pub units: usize,
    /// Mean macro-F1 with `to` less macro-F1 with `from`.
    pub difference: f64,
    /// Lower end of its 95 % interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// What that shows.
    pub verdict: Verdict,
}

impl Comparison {
    /// The effects as rows of a table.
    pub fn effect_rows(&self) -> Vec<EffectRow> {
        let rows = self.effects.iter().flat_map(|effect| {
            effect.by_bits.iter().map(|at| EffectRow {
                task: self.name(),
                axis: effect.axis,
                from: effect.from.clone(),
                to: effect.to.clone(),
                bits: at.bits,
                pairs: at.pairs,
                units: at.units,
                difference: at.difference,
                low: at.interval.map(|interval| interval.low),
                high: at.interval.map(|interval| interval.high),
                verdict: at.verdict(),
            })
        });
        rows.collect()
    }
}

/// The plain choices of each axis, the plainest first, and what is expected of the others on it.
const PLAIN: [(&str, &[&str], Expectation); 15] = [
    ("allocation", &["uniform"], Expectation::Better),
    ("training", &["post-training"], Expectation::Better),
    ("method", &["nearest"], Expectation::Better),
    ("bias_correction", &["none"], Expectation::Better),
    ("transform", &["none"], Expectation::Better),
    ("range", &["min-max"], Expectation::Better),
    ("granularity", &["tensor", "row", "column"], Expectation::Better),
    ("symmetry", &["symmetric"], Expectation::Better),
    ("outliers", &["none"], Expectation::Better),
    ("format", &["int"], Expectation::Open),
    ("rounding", &["nearest-even"], Expectation::Worse),
    ("scale_format", &["float"], Expectation::Worse),
    ("codebook_format", &["float"], Expectation::Worse),
    ("biases", &["keep"], Expectation::Worse),
    ("activations", &["static min-max"], Expectation::Better),
];

/// One variant, and its macro-F1 by unit.
struct Candidate<'a> {
    first: &'a ResultRow,
    scores: BTreeMap<&'a str, f64>,
}

impl Candidate<'_> {
    /// Whether the other differs in `axis` alone, and in what follows from it. Formats differ in what applies to them: an
    /// axis that one of two formats lacks is no difference of its own. An asymmetric grid has a zero point and codes of its
    /// own.
    fn differs_only_in(&self, axis: &str, other: &Candidate<'_>) -> bool {
        let same = |name: &str, ours: &str, theirs: &str| {
            ours == theirs
                || match axis {
                    "format" => ours.is_empty() || theirs.is_empty(),
                    "symmetry" => ["zero_point", "codes", "code_range"].contains(&name),
                    _ => false,
                }
        };
        let (ours, theirs) = (self.first, other.first);
        let comparable = axis != "format" || !(ours.has_shared_codes || theirs.has_shared_codes);
        comparable
            && ours.bits == theirs.bits
            && ours.activation_bits == theirs.activation_bits
            && ours.axes.len() == theirs.axes.len()
            && ours.axes.iter().zip(&theirs.axes).all(|((name, own), (known, other))| {
                name == known && (*name == axis || same(name, own, other))
            })
    }
}

/// The effects of all choices among the quantized variants of one task; `groups` are the rows of each variant.
pub(super) fn effects(groups: &[Vec<&ResultRow>]) -> Vec<Effect> {
    let candidates: Vec<Candidate<'_>> = groups.iter().filter_map(|rows| candidate(rows)).collect();
    let shape = groups.iter().flatten().find_map(|row| row.shape);
    let names: Vec<&'static str> = candidates
        .first()
        .map(|candidate| candidate.first.axes.iter().map(|(name, _)| *name).collect())
        .unwrap_or_default();
    let mut effects = Vec::new();
    // A budget says what otherwise the number of bits does, and variants of different bits are not compared either.
    for axis in names.into_iter().filter(|axis| *axis != "budget") {
        let mut values: Vec<&str> = Vec::new();
        for candidate in &candidates {
            let value = candidate.first.axis(axis);
            if !value.is_empty() && !values.contains(&value) {
                values.push(value);
            }
        }
        let (plain, expectation) = plain(axis, &values);
        let Some(plain) = plain else { continue };
        for value in values.iter().filter(|value| **value != plain) {
            let by_bits = by_bits(&candidates, axis, plain, value, |differences| {
                let statistics = mean_and_deviation(differences).ok()?;
                let spread = statistics.deviation.filter(|deviation| *deviation > 0.0);
                let shape = shape?;
                let interval = statistics.corrected_interval(shape.train_rows, shape.test_rows).ok()?;
                spread.and(interval)
            });
            if !by_bits.is_empty() {
                let (from, to) = (plain.to_owned(), (*value).to_owned());
                effects.push(Effect { axis, from, to, expectation, by_bits });
            }
        }
    }
    effects
}

fn candidate<'a>(rows: &[&'a ResultRow]) -> Option<Candidate<'a>> {
    let first = *rows.first()?;
    let scores = rows.iter().filter_map(|row| {
        let score = row.scores.as_ref()?.macro_f1.value;
        score.is_finite().then_some((row.unit.as_str(), score))
    });
    (first.variant > 0).then(|| Candidate { first, scores: scores.collect() })
}

/// The value that others are compared with, and what is expected of them.
fn plain<'a>(axis: &str, values: &[&'a str]) -> (Option<&'a str>, Expectation) {
    let first = values.first().copied();
    match PLAIN.iter().find(|(known, ..)| *known == axis) {
        None => (first, Expectation::Open),
        Some((_, plain, expectation)) => {
            let known = plain.iter().find_map(|plain| values.iter().find(|value| *value == plain));
            (known.copied().or(first), *expectation)
        }
    }
}

fn by_bits(
    candidates: &[Candidate<'_>],
    axis: &str,
    from: &str,
    to: &str,
    interval: impl Fn(&[f64]) -> Option<Interval>,
) -> Vec<EffectAtBits> {
    let with =
        |value: &str| candidates.iter().filter(|other| other.first.axis(axis) == value).collect::<Vec<_>>();
    let (plain_ones, others) = (with(from), with(to));
    let mut found: BTreeMap<u32, Differences<'_>> = BTreeMap::new();
    for (plain, other) in plain_ones.iter().flat_map(|plain| others.iter().map(move |other| (plain, other))) {
        if !plain.differs_only_in(axis, other) {
            continue;
        }
        let units: BTreeSet<&str> =
            plain.scores.keys().filter(|unit| other.scores.contains_key(*unit)).copied().collect();
        if units.is_empty() {
            continue;
        }
        let differences = found.entry(plain.first.bits).or_default();
        differences.pairs += 1;
        for unit in units {
            let (sum, count) = differences.by_unit.entry(unit).or_default();
            *sum += other.scores[unit] - plain.scores[unit];
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
struct Differences<'a> {
    pairs: usize,
    /// Sum and number of the differences of each unit.
    by_unit: BTreeMap<&'a str, (f64, usize)>,
}
