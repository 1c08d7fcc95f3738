//! The picks of one task.

use bitsweep_metrics::{Estimate, most_without_flips};

use super::super::candidates::candidates;
use super::super::comparison::{Comparison, ScoreSummary, VariantSummary};
use super::super::pick::{Pick, PickOutcome, Selection};
use super::super::rule::{Goal, Metric, PickRule};
use super::super::spread::Spread;
use super::super::standing::Verdict;
use super::super::standings::least_rows;
use super::Explanation;
use super::phrases::{at_most, difference, equals, test_rows, trimmed, validation_rows, verbs};
use crate::flag::Flag;
use crate::numbers::{self, bytes, count, counted, fixed, score, significant, supported_decimals};

/// Smaller variants that are named as rejected.
const MOST_REJECTED: usize = 3;

impl Comparison {
    /// Explains one of the picks; `None` without scores, and where the rule does not ask for it.
    pub fn explain(&self, goal: Goal, rule: &PickRule) -> Option<Explanation> {
        let mut explanation = match self.picks.as_ref()?.of(goal)? {
            PickOutcome::Picked(pick) => self.explain_pick(pick, goal, rule),
            PickOutcome::NoneQualifies { closest } => self.none_qualifies(*closest, goal.margin(rule), rule),
            PickOutcome::NoneFits { smallest } => self.none_fits(goal, *smallest, rule),
            PickOutcome::NoneInEveryUnit if self.units == 1 => {
                no_pick("No pick: no quantized variant has results.")
            }
            PickOutcome::NoneInEveryUnit => no_pick(&format!(
                "No pick: no quantized variant has results for all {}.",
                self.runs(self.units)
            )),
            PickOutcome::NoBaseline => no_pick("No pick: there is no float model to compare with."),
            PickOutcome::DeadBaseline => no_pick("No pick: the float model is not shown to have learned."),
            PickOutcome::NothingToLose => no_pick(&format!(
                "No pick: the float model's {} is 0, and nothing is there to lose.",
                rule.metric
            )),
        };
        let partial = self.variants.iter().filter(|variant| !self.is_in_every_unit(variant)).count();
        if partial > 0 {
            explanation.reasons.push(format!(
                "{} results for some of the {} alone, and cannot be picked.",
                counted(partial, "variant has", "variants have"),
                self.runs(self.units)
            ));
        }
        Some(explanation)
    }

    fn none_qualifies(&self, closest: Option<(usize, f64)>, margin: f64, rule: &PickRule) -> Explanation {
        let (loses, _) = verbs(&rule.metric);
        let mut reasons = Vec::new();
        let is_unknown = closest.is_none() && !candidates(self).is_empty();
        match closest.and_then(|(position, loss)| Some((self.variants.get(position)?, loss))) {
            Some((variant, loss)) => reasons.push(format!(
                "The closest smaller variant, {}, {loses} {} of {}.",
                variant.label,
                excess(loss, margin),
                rule.metric
            )),
            None if is_unknown => {
                reasons.push(format!("The {} of smaller variants is not known.", rule.metric.loss_words()))
            }
            None => {
                reasons.push("No quantized variant with a score is smaller than the float model.".to_owned());
                reasons.extend(self.scalers_alone());
            }
        }
        Explanation {
            choice: "float".to_owned(),
            verdict: String::new(),
            headline: if is_unknown {
                format!("Keep float: the {} cannot be told from these rows.", rule.metric.loss_words())
            } else {
                format!(
                    "Keep float: no variant is smaller and within {} of the float model's {}.",
                    trimmed(margin),
                    rule.metric
                )
            },
            reasons,
        }
    }

    /// That quantized variants are larger than float for the scaler of their features alone, where that is why.
    fn scalers_alone(&self) -> Option<String> {
        let float = self.float()?.true_bytes;
        let without = |variant: &&VariantSummary| variant.true_bytes - variant.measures.size.scaler as f64;
        let variants = self.variants.iter().filter(|variant| variant.measures.size.scaler > 0);
        let smallest = variants.min_by(|one, other| without(one).total_cmp(&without(other)))?;
        (without(&smallest) < float).then(|| {
            format!(
                "{} takes {}, {} of them for the scaler of the features, which the float model takes into its first layer.",
                smallest.label,
                bytes(smallest.true_bytes),
                count(smallest.measures.size.scaler as f64)
            )
        })
    }

    fn none_fits(&self, goal: Goal, smallest: Option<usize>, rule: &PickRule) -> Explanation {
        let budget = rule.budget_bytes.unwrap_or_default() as f64;
        let smallest = smallest.and_then(|position| self.variants.get(position));
        let fits = |variant: &VariantSummary| match goal {
            Goal::Balance | Goal::LeastMemory | Goal::Budget => variant.true_bytes <= budget,
            Goal::Device => variant.device.as_ref().is_some_and(|device| device.fits),
        };
        if smallest.is_some_and(fits) {
            return no_pick(&format!(
                "No pick: the {} cannot be told from these rows.",
                rule.metric.loss_words()
            ));
        }
        let smallest = smallest.map(|variant| {
            format!("The smallest variant, {}, takes {}.", variant.label, taken(goal, variant))
        });
        let refused = || {
            let mut refused = self.variants.iter().filter_map(|variant| {
                Some(format!("{}: {}.", variant.label, variant.device.as_ref()?.refused.as_ref()?))
            });
            refused.next()
        };
        let nothing = match goal {
            Goal::Balance | Goal::LeastMemory | Goal::Budget => {
                format!("No pick: nothing is stored in {}.", bytes(budget))
            }
            Goal::Device => format!("No pick: nothing takes {}.", limits(rule)),
        };
        Explanation { reasons: smallest.or_else(refused).into_iter().collect(), ..no_pick(&nothing) }
    }

    fn explain_pick(&self, pick: &Pick, goal: Goal, rule: &PickRule) -> Explanation {
        let variant = &self.variants[pick.variant];
        let mut reasons = vec![self.why(pick, goal, rule)];
        if let Some(scores) = &variant.scores {
            reasons.extend(self.changes(variant, scores));
        }
        reasons.extend(self.rejected(pick, goal, rule));
        reasons.extend(pick.selection.map(|selection| tried_again(&selection, variant, &rule.metric)));
        reasons.extend(scaler(variant).filter(|_| goal != Goal::Device));
        reasons.extend(variant.flag_sentences());
        let is_float = variant.origin.is_float();
        let verdict = if is_float { String::new() } else { pick.verdict.within(pick.margin) };
        Explanation {
            choice: variant.label.text().to_owned(),
            verdict,
            headline: self.headline(pick, goal, variant, rule),
            reasons,
        }
    }

    fn headline(&self, pick: &Pick, goal: Goal, variant: &VariantSummary, rule: &PickRule) -> String {
        let smaller = self.float().and_then(|float| Some(size(goal, float)? / size(goal, variant)?));
        let smaller = smaller.filter(|_| !variant.origin.is_float());
        let of_score = match (&variant.scores, &rule.metric) {
            (None, _) => "unknown".to_owned(),
            (Some(scores), Metric::Accuracy) => score(scores.accuracy.mean),
            (Some(scores), Metric::LogLoss) => significant(scores.log_loss.mean, 4),
            (Some(scores), Metric::MacroF1) => score(scores.macro_f1.mean),
            (Some(_), Metric::Recall(_)) => {
                let of_float = self.float_score.map_or(f64::NAN, |score| score.value);
                let loss = variant.choosing().map_or(0.0, |standing| standing.loss.value);
                score(of_float - loss)
            }
        };
        let against = pick.loss.map(|loss| difference(&loss, pick.margin, &rule.metric, "float"));
        format!(
            "{}{}, {} {of_score}{}.",
            taken(goal, variant),
            smaller
                .map(|ratio| format!(", {} times smaller than float", fixed(ratio, 1)))
                .unwrap_or_default(),
            rule.metric,
            against.map(|against| format!(" ({against})")).unwrap_or_default(),
        )
    }

    /// Why this variant, and how sure that is.
    fn why(&self, pick: &Pick, goal: Goal, rule: &PickRule) -> String {
        let Some(loss) = pick.loss else {
            return "Nothing else that fits is as good as the float model.".to_owned();
        };
        let decimals = supported_decimals(loss.standard_error);
        let bound = rule.upper_bound(&loss);
        let bounded = format!(
            "it {} ({}, paired over {}{})",
            at_most(bound, decimals, pick.margin, &rule.metric),
            rule.confidence_text(),
            test_rows(loss.samples, &rule.metric),
            if loss.units > 1 { format!(" and {}", self.runs(loss.units)) } else { String::new() },
        );
        let margin = trimmed(pick.margin);
        let (loses, _) = verbs(&rule.metric);
        if let Some(chosen) = &self.variants[pick.variant].validation {
            let rows = validation_rows(chosen.loss.samples, &rule.metric);
            let how = if pick.by_bound { "shown to be within" } else { "within" };
            let which = match goal {
                Goal::Budget | Goal::Device => {
                    format!("of what {} it has the best {}", within(goal, rule), rule.metric)
                }
                Goal::Balance | Goal::LeastMemory => {
                    format!(
                        "it is the smallest variant whose {} there is {how} {margin}",
                        rule.metric.loss_words()
                    )
                }
            };
            return format!(
                "Chosen on {rows}: {which}. On the test rows, which had no part in that, {bounded}.{}",
                match pick.verdict {
                    Verdict::Worse => format!(" That it {loses} more than {margin} is shown."),
                    Verdict::Undecided { rows: Some(rows) } => would_decide(rows, &loss, pick.margin, rule),
                    Verdict::Confirmed | Verdict::Likely | Verdict::Undecided { rows: None } => String::new(),
                }
            );
        }
        let tested = self.variants.iter().filter_map(|variant| variant.standing?.adjusted_p).count();
        let candidates = counted(tested, "candidate", "candidates");
        let sure = match pick.verdict {
            Verdict::Confirmed if tested == 1 => " It is the only candidate.".to_owned(),
            Verdict::Confirmed => format!(" This holds with all {candidates} tested together (Holm)."),
            Verdict::Likely => format!(" With all {candidates} tested together (Holm) it is not shown."),
            Verdict::Worse => format!(" That it {loses} more than {margin} is shown."),
            Verdict::Undecided { rows: Some(rows) } => would_decide(rows, &loss, pick.margin, rule),
            Verdict::Undecided { rows: None } if loss.units > 1 => {
                " More rows alone would not decide: the runs differ too much.".to_owned()
            }
            Verdict::Undecided { rows: None } => String::new(),
        };
        match goal {
            Goal::Budget | Goal::Device => {
                format!("It has the best {} of what {}; {bounded}.{sure}", rule.metric, within(goal, rule))
            }
            Goal::Balance | Goal::LeastMemory if pick.by_bound => format!(
                "It is the smallest variant whose {} is shown to be within {margin}: {bounded}.{sure}",
                rule.metric.loss_words()
            ),
            Goal::Balance | Goal::LeastMemory => format!(
                "It is the smallest variant whose {} on these rows is within {margin} of the float model's; {bounded}.{sure}",
                rule.metric
            ),
        }
    }

    /// What changed on the test rows.
    fn changes(&self, variant: &VariantSummary, scores: &ScoreSummary) -> Option<String> {
        if variant.origin.is_float() {
            return None;
        }
        let rows = self.shape?.test_rows;
        let gained = count(scores.gained as f64);
        if self.units > 1 {
            let float = self.float()?.scores.as_ref()?;
            let loss = scores.loss.as_ref()?;
            let (side, size) = if loss.mean < 0.0 { ("gain", -loss.mean) } else { ("loss", loss.mean) };
            return Some(format!(
                "Over {}: macro-F1 {} (float {}), {side} {}; {} lost and {gained} gained in all.",
                self.runs(self.units),
                spread(&scores.macro_f1),
                spread(&float.macro_f1),
                spread(&Spread { mean: size, ..*loss }),
                counted(scores.lost, "test row", "test rows"),
            ));
        }
        let changed = ((1.0 - scores.agreement.mean) * rows as f64).round();
        Some(if changed == 0.0 {
            let most = most_without_flips(rows, 0.95);
            format!(
                "0 of {} {} class: at most {} % of all rows do (95 %).",
                counted(rows, "test row", "test rows"),
                if rows == 1 { "changes" } else { "change" },
                significant(100.0 * most, 2)
            )
        } else {
            format!(
                "{} of {} {} class: {} lost, {gained} gained{}.",
                count(changed),
                counted(rows, "test row", "test rows"),
                if changed == 1.0 { "changes" } else { "change" },
                count(scores.lost as f64),
                scores
                    .macro_f1_p_value
                    .map_or_else(String::new, |p| format!("; permutation test of macro-F1, p {}", equals(p)))
            )
        })
    }

    /// The smaller variants, and why each was not picked.
    fn rejected(&self, pick: &Pick, goal: Goal, rule: &PickRule) -> Option<String> {
        let (loses, gains) = verbs(&rule.metric);
        let told = pick.smaller.iter().take(MOST_REJECTED).filter_map(|position| {
            let variant = self.variants.get(*position)?;
            let loss = variant.choosing()?.loss;
            let decimals = supported_decimals(loss.standard_error);
            let why = match variant.verdict(goal) {
                Verdict::Worse => {
                    let least = loss.lower_bound(rule.confidence);
                    format!("{loses} at least {}", numbers::bound(least, decimals, pick.margin))
                }
                Verdict::Confirmed | Verdict::Likely | Verdict::Undecided { .. } => {
                    let bound = rule.upper_bound(&loss);
                    if fixed(loss.value, decimals).starts_with('-') {
                        let bounded = at_most(bound, decimals, pick.margin, &rule.metric);
                        format!("{gains} {}, and {bounded}", fixed(-loss.value, decimals))
                    } else {
                        let most = numbers::bound(bound, decimals, pick.margin);
                        format!("{loses} {}, at most {most}", fixed(loss.value, decimals))
                    }
                }
            };
            Some(format!("{} ({}) {why}", variant.label, bytes(variant.true_bytes)))
        });
        let told: Vec<String> = told.collect();
        let more = pick.smaller.len().saturating_sub(told.len());
        (!told.is_empty()).then(|| {
            let rest = if more > 0 {
                format!("; {} more in verdicts.csv", count(more as f64))
            } else {
                String::new()
            };
            let on = if self.is_chosen_on_validation_rows() { " on the validation rows" } else { "" };
            format!("Smaller, and not picked{on}: {}{rest}.", told.join("; "))
        })
    }
}

/// The bytes that the goal is about: those that are stored, or flash.
fn size(goal: Goal, variant: &VariantSummary) -> Option<f64> {
    match goal {
        Goal::Balance | Goal::LeastMemory | Goal::Budget => Some(variant.true_bytes),
        Goal::Device => variant.device.as_ref()?.flash.map(|flash| flash as f64),
    }
}

/// What a variant takes of what the goal is about.
fn taken(goal: Goal, variant: &VariantSummary) -> String {
    match (goal, &variant.device) {
        (Goal::Device, Some(device)) => device.words(),
        (Goal::Balance | Goal::LeastMemory | Goal::Budget | Goal::Device, _) => bytes(variant.true_bytes),
    }
}

/// What a variant does that is within the limit of a goal.
fn within(goal: Goal, rule: &PickRule) -> String {
    match goal {
        Goal::Balance | Goal::LeastMemory | Goal::Budget => {
            format!("is stored in {}", bytes(rule.budget_bytes.unwrap_or_default() as f64))
        }
        Goal::Device => format!("takes {}", limits(rule)),
    }
}

/// At most the limits of the device.
fn limits(rule: &PickRule) -> String {
    format!("at most {}", rule.device_limits().unwrap_or_default())
}

/// How many rows would decide what is not shown; or that a bound within the margin is of too few rows for a claim.
fn would_decide(rows: usize, loss: &Estimate, margin: f64, rule: &PickRule) -> String {
    if loss.p_below(margin) <= 1.0 - rule.confidence {
        let least = test_rows(least_rows(rule), &rule.metric);
        format!(
            " That is within {}, but of fewer than {least} nothing is claimed, whatever the margin.",
            trimmed(margin)
        )
    } else {
        format!(" About {} would decide.", test_rows(rows, &rule.metric))
    }
}

/// What of its size the scaler of the features takes.
fn scaler(variant: &VariantSummary) -> Option<String> {
    let scaler = variant.measures.size.scaler;
    (scaler > 0).then(|| {
        format!(
            "{} of its size {} the scaler of the features (`quantize.scaler`).",
            counted(scaler as usize, "byte", "bytes"),
            if scaler == 1 { "is" } else { "are" }
        )
    })
}

fn tried_again(selection: &Selection, variant: &VariantSummary, metric: &Metric) -> String {
    let decimals = supported_decimals(selection.standard_error);
    let (loses, gains) = verbs(metric);
    format!(
        "Chosen anew on {} bootstraps of the rows, {} comes out in {} %; on the rows left out, what is chosen {} {}.",
        count(selection.bootstraps as f64),
        variant.label,
        fixed(100.0 * selection.repeated, 0),
        if fixed(selection.loss, decimals).starts_with('-') { gains } else { loses },
        fixed(selection.loss.abs(), decimals)
    )
}

impl VariantSummary {
    /// What a reader must know of the variant, one sentence per flag.
    pub fn flag_sentences(&self) -> Vec<String> {
        let runs = self.runs;
        let sentence = |(flag, count): &(Flag, usize)| {
            let often = if runs > 1 { format!(" in {count} of {runs} runs") } else { String::new() };
            let words = flag.words(&self.origin.variant.choices, *count);
            format!("{} is flagged{often}: {words}.", self.label)
        };
        self.flags.iter().map(sentence).collect()
    }
}

/// A loss above the allowed one, with enough digits to show that it is above.
fn excess(loss: f64, margin: f64) -> String {
    let short = score(loss);
    if short == score(margin) { significant(loss, 8) } else { short }
}

/// A mean with its sample deviation over the runs: `0.9721 (spread 0.0034)`.
fn spread(spread: &Spread) -> String {
    match spread.deviation {
        Some(deviation) => format!("{} (spread {})", score(spread.mean), score(deviation)),
        None => score(spread.mean),
    }
}

fn no_pick(headline: &str) -> Explanation {
    Explanation {
        choice: "none".to_owned(),
        verdict: String::new(),
        headline: headline.to_owned(),
        reasons: Vec::new(),
    }
}
