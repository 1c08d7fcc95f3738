//! What each choice is worth: variants that differ in one axis alone, paired by unit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use bitsweep_metrics::{Contributions, Estimate, benjamini_hochberg, holm};
use rayon::prelude::*;

use super::effect::{Effect, EffectAtBits, EffectVerdict, PValues};
use super::evidence::{Evidence, UnitKeys};
use super::rule::Metric;
use crate::choice::Choice;
use crate::record::ResultRow;
use crate::value::Value;

/// Axes of which no worth is told: variants of different bits are not compared, a budget says what otherwise the number of
/// bits does, and calibration rows belong to the method that looks at them.
const NOT_COMPARED: [Choice; 4] = [Choice::Bits, Choice::ActivationBits, Choice::Budget, Choice::Calibration];

/// One variant, and its position in each unit in which it has scores.
struct Candidate {
    bits: u32,
    has_shared_codes: bool,
    /// The value on each axis, by its number; `None` where the axis does not apply.
    values: [Option<usize>; Choice::ALL.len()],
    places: BTreeMap<UnitKeys, usize>,
}

impl Candidate {
    /// Whether the other differs in `axis` alone, and in what follows from it. Formats differ in what applies to them: an
    /// axis that one of two formats lacks is no difference of its own.
    fn differs_only_in(&self, axis: Choice, other: &Self) -> bool {
        let is_format = axis == Choice::Format;
        let comparable = !is_format || !(self.has_shared_codes || other.has_shared_codes);
        let pairs = self.values.iter().zip(&other.values);
        comparable
            && Choice::ALL.into_iter().zip(pairs).all(|(name, (ours, theirs))| {
                ours == theirs
                    || name == axis
                    || follows(axis, name)
                    || (is_format && !is_size(name) && (ours.is_none() || theirs.is_none()))
            })
    }
}

/// Whether what differs on `name` follows from a difference in `axis`.
fn follows(axis: Choice, name: Choice) -> bool {
    name == Choice::Calibration || axis.description().followers.contains(&name)
}

fn is_size(axis: Choice) -> bool {
    matches!(axis, Choice::Bits | Choice::ActivationBits)
}

/// The different values on an axis, in order of first appearance.
#[derive(Default)]
struct Values<'a> {
    all: Vec<&'a Value>,
    numbers: HashMap<&'a Value, usize>,
}

impl<'a> Values<'a> {
    /// The number of a value.
    fn number(&mut self, value: &'a Value) -> usize {
        *self.numbers.entry(value).or_insert_with(|| {
            self.all.push(value);
            self.all.len() - 1
        })
    }
}

/// The values on each axis.
type ByAxis<'a> = [Values<'a>; Choice::ALL.len()];

/// The candidates with each value on an axis, to be compared with those that have the plain one.
struct Comparisons<'a> {
    /// The number of the axis.
    place: usize,
    /// The number of the plain value.
    from: usize,
    /// The candidates with each value.
    with: Vec<Vec<&'a Candidate>>,
    /// The axes on which all compared pairs agree.
    shared: Vec<usize>,
    /// The candidates with the plain value, by what they have on these axes.
    plain: HashMap<Vec<Option<usize>>, Vec<(usize, &'a Candidate)>>,
}

impl<'a> Comparisons<'a> {
    /// On the axis with the number `place`, which has so many `values`.
    fn new(place: usize, values: usize, from: usize, candidates: &'a [Candidate]) -> Self {
        let axis = Choice::ALL[place];
        let mut with = vec![Vec::new(); values];
        for candidate in candidates {
            if let Some(number) = candidate.values[place] {
                with[number].push(candidate);
            }
        }
        let is_everywhere =
            |place: usize| with.iter().flatten().all(|candidate| candidate.values[place].is_some());
        // Formats may also differ where one of them has no value.
        let is_shared = |(place, name): &(usize, Choice)| {
            *name != axis
                && !follows(axis, *name)
                && (axis != Choice::Format || is_size(*name) || is_everywhere(*place))
        };
        let shared = Choice::ALL.into_iter().enumerate().filter(is_shared).map(|(place, _)| place).collect();
        let mut comparisons = Self { place, from, with, shared, plain: HashMap::new() };
        for (order, candidate) in comparisons.with[from].iter().enumerate() {
            let key = comparisons.key(candidate);
            comparisons.plain.entry(key).or_default().push((order, *candidate));
        }
        comparisons
    }

    const fn axis(&self) -> Choice {
        Choice::ALL[self.place]
    }

    /// The values that are not the plain one.
    fn others(&self) -> impl Iterator<Item = usize> {
        (0..self.with.len()).filter(|value| *value != self.from)
    }

    fn key(&self, candidate: &Candidate) -> Vec<Option<usize>> {
        self.shared.iter().map(|place| candidate.values[*place]).collect()
    }

    /// The pairs of a candidate with the plain value and one with another, in the order of the former, that differ in nothing
    /// else and have a unit in common.
    fn pairs(&self, value: usize) -> Vec<(&'a Candidate, &'a Candidate)> {
        let mut pairs = Vec::new();
        for other in &self.with[value] {
            for (order, plain) in self.plain.get(&self.key(other)).into_iter().flatten() {
                if plain.differs_only_in(self.axis(), other)
                    && plain.places.keys().any(|unit| other.places.contains_key(unit))
                {
                    pairs.push((*order, *plain, *other));
                }
            }
        }
        pairs.sort_by_key(|(order, ..)| *order);
        pairs.into_iter().map(|(_, plain, other)| (plain, other)).collect()
    }
}

/// The effects of all choices among the quantized variants of one task; `groups` are the rows of each variant.
pub(super) fn effects(groups: &[Vec<&ResultRow>], evidence: &Evidence<'_>, margin: f64) -> Vec<Effect> {
    let mut values: ByAxis<'_> = std::array::from_fn(|_| Values::default());
    let candidates: Vec<Candidate> = groups.iter().filter_map(|rows| candidate(rows, &mut values)).collect();
    let compared = Choice::ALL.into_iter().enumerate().filter(|(_, axis)| !NOT_COMPARED.contains(axis));
    let comparisons: Vec<Comparisons<'_>> = compared
        .filter_map(|(place, axis)| {
            let known = &values[place].all;
            Some(Comparisons::new(place, known.len(), plain(axis, known)?, &candidates))
        })
        .collect();
    let pairs: Vec<(&Comparisons<'_>, usize)> =
        comparisons.iter().flat_map(|own| own.others().map(move |to| (own, to))).collect();
    let effect = |(comparisons, to): (&Comparisons<'_>, usize)| {
        let by_bits = by_bits(&comparisons.pairs(to), evidence);
        let (axis, known) = (comparisons.axis(), &values[comparisons.place].all);
        let (from, to) = (known[comparisons.from].clone(), known[to].clone());
        let expectation = axis.description().expectation;
        (!by_bits.is_empty()).then_some(Effect { axis, from, to, expectation, by_bits })
    };
    let mut effects: Vec<Effect> = pairs.into_par_iter().filter_map(effect).collect();
    judge(&mut effects, margin);
    effects
}

/// Tests all differences of a task as one family. Choices that gave the same predictions everywhere are no test, and of
/// several that differ from the plain one by the same predictions one is.
fn judge(effects: &mut [Effect], margin: f64) {
    let mut family: BTreeMap<(u32, u64), f64> = BTreeMap::new();
    let identity = |at: &EffectAtBits| (at.bits, at.fingerprint);
    for at in effects.iter().flat_map(|effect| &effect.by_bits).filter(|at| !at.is_identical) {
        family.insert(identity(at), at.difference.p_two_sided(0.0));
    }
    let p_values: Vec<f64> = family.values().copied().collect();
    // p-values lie in [0, 1].
    let adjusted = holm(&p_values).unwrap_or_default();
    let discovered = benjamini_hochberg(&p_values).unwrap_or_default();
    let adjusted: BTreeMap<_, (f64, f64)> =
        family.keys().copied().zip(adjusted.into_iter().zip(discovered)).collect();
    for at in effects.iter_mut().flat_map(|effect| &mut effect.by_bits) {
        let found = adjusted.get(&identity(at)).filter(|_| !at.is_identical);
        at.p_values = found.map(|(holm, benjamini_hochberg)| PValues {
            alone: at.difference.p_two_sided(0.0),
            holm: *holm,
            benjamini_hochberg: *benjamini_hochberg,
        });
        at.verdict = verdict(at, margin);
    }
}

fn verdict(at: &EffectAtBits, margin: f64) -> EffectVerdict {
    if at.p_values.is_some_and(|p| p.is_shown()) {
        if at.difference.value > 0.0 { EffectVerdict::Better } else { EffectVerdict::Worse }
    } else if at.equivalence_margin() <= margin {
        EffectVerdict::Equivalent
    } else {
        EffectVerdict::NotShown
    }
}

fn candidate<'a>(rows: &[&'a ResultRow], values: &mut ByAxis<'a>) -> Option<Candidate> {
    let origin = &rows.first()?.origin;
    let scored = rows.iter().filter(|row| row.measures().is_some_and(|measures| measures.scores.is_some()));
    let places = scored.map(|row| (row.origin.unit.keys(), row.origin.position));
    let choices = &origin.variant.choices;
    let numbered = |place: usize| choices.get(Choice::ALL[place]).map(|value| values[place].number(value));
    (!origin.variant.is_baseline()).then(|| Candidate {
        bits: choices.bits(),
        has_shared_codes: origin.variant.has_shared_codes,
        places: places.collect(),
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

fn by_bits(pairs: &[(&Candidate, &Candidate)], evidence: &Evidence<'_>) -> Vec<EffectAtBits> {
    let mut found: BTreeMap<u32, Vec<(&Candidate, &Candidate)>> = BTreeMap::new();
    for &(plain, other) in pairs {
        found.entry(plain.bits).or_default().push((plain, other));
    }
    found.into_iter().rev().filter_map(|(bits, pairs)| at_bits(bits, &pairs, evidence)).collect()
}

/// The mean difference of the pairs over the units that have any.
fn at_bits(bits: u32, pairs: &[(&Candidate, &Candidate)], evidence: &Evidence<'_>) -> Option<EffectAtBits> {
    let units: BTreeSet<UnitKeys> =
        pairs.iter().flat_map(|(plain, _)| plain.places.keys()).copied().collect();
    let mut is_identical = true;
    let mut predictions = DefaultHasher::new();
    let mut of_unit = |unit: &UnitKeys| {
        let differences = pairs.iter().filter_map(|(plain, other)| {
            let (plain, other) = (*plain.places.get(unit)?, *other.places.get(unit)?);
            let own = evidence.unit(*unit)?;
            let (plain_ones, others) = (own.predicted(plain), own.predicted(other));
            is_identical &= plain_ones == others;
            (unit, plain_ones, others).hash(&mut predictions);
            evidence.loss(&Metric::MacroF1, (*unit, other), (*unit, plain))
        });
        Contributions::mean(&differences.collect::<Vec<_>>()).map(Contributions::as_seen)
    };
    let differences: Vec<Contributions<'_>> = units.iter().filter_map(&mut of_unit).collect();
    let difference = Estimate::of(&differences).ok()?;
    Some(EffectAtBits {
        bits,
        pairs: pairs.len(),
        difference,
        is_identical,
        fingerprint: predictions.finish(),
        p_values: None,
        verdict: EffectVerdict::NotShown,
    })
}
