//! The picks in words, each sentence with its numbers.

use super::comparison::{Comparison, ScoreSummary, VariantSummary};
use super::pick::{Goal, Pick, PickOutcome, PickRule};
use super::spread::Spread;
use crate::flag::Flag;
use crate::numbers::{bytes, count, counted, fixed, p_value, score, significant};

/// An outcome in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What to take, as a name: a variant's label, `float` or `none`.
    pub choice: String,
    /// What is chosen, in one sentence that does not repeat its name.
    pub headline: String,
    /// Why, what the data can support, and what else to know; one sentence or two each.
    pub reasons: Vec<String>,
}

impl Comparison {
    /// Explains one of the two picks; `None` without scores.
    pub fn explain(&self, goal: Goal, rule: &PickRule) -> Option<Explanation> {
        let mut explanation = match self.picks.as_ref()?.of(goal) {
            PickOutcome::Picked(pick) => self.explain_pick(pick),
            PickOutcome::NoneQualifies { closest } => self.none_qualifies(*closest, goal.allowed_loss(rule)),
            PickOutcome::NoneInEveryUnit => {
                no_pick("No pick: no quantized variant has results for every seed.")
            }
            PickOutcome::NoBaseline => no_pick("No pick: there is no float model to compare with."),
        };
        let partial = self.variants.iter().filter(|variant| !self.is_in_every_unit(variant)).count();
        if partial > 0 {
            explanation.reasons.push(format!(
                "{} results for some of the seeds alone, and cannot be picked.",
                counted(partial, "variant has", "variants have")
            ));
        }
        Some(explanation)
    }

    fn none_qualifies(&self, closest: Option<(usize, f64)>, allowed_loss: f64) -> Explanation {
        let mut reasons = Vec::new();
        match closest.and_then(|(position, loss)| Some((self.variants.get(position)?, loss))) {
            Some((variant, loss)) => reasons.push(format!(
                "The closest smaller variant, {}, loses {} of macro-F1.",
                variant.label,
                excess(loss, allowed_loss)
            )),
            None => {
                reasons.push("No quantized variant with a score is smaller than the float model.".to_owned())
            }
        }
        Explanation {
            choice: "float".to_owned(),
            headline: format!(
                "Keep float: no variant is smaller and within {} of the float model's macro-F1.",
                trimmed(allowed_loss)
            ),
            reasons,
        }
    }

    fn explain_pick(&self, pick: &Pick) -> Explanation {
        let variant = &self.variants[pick.variant];
        let label = variant.label.text();
        let mut reasons = Vec::new();
        if let (Some(float), Some(scores)) = (self.float(), &variant.scores) {
            reasons.push(self.size_reason(pick, variant, float, scores));
            reasons.extend(self.evidence(pick, label, float, scores));
        }
        reasons.extend(variant.flag_sentences());
        Explanation { choice: label.to_owned(), headline: self.headline(pick, variant), reasons }
    }

    fn headline(&self, pick: &Pick, variant: &VariantSummary) -> String {
        let smaller = self.float().map(|float| float.true_bytes / variant.true_bytes);
        format!(
            "{}{}, macro-F1 {} ({}).",
            bytes(variant.true_bytes),
            smaller
                .map(|ratio| format!(", {} times smaller than float", fixed(ratio, 1)))
                .unwrap_or_default(),
            variant
                .scores
                .as_ref()
                .map_or_else(|| "unknown".to_owned(), |scores| score(scores.macro_f1.mean)),
            difference(pick.loss),
        )
    }

    fn size_reason(
        &self,
        pick: &Pick,
        variant: &VariantSummary,
        float: &VariantSummary,
        scores: &ScoreSummary,
    ) -> String {
        let mean = if self.units > 1 { "mean macro-F1" } else { "macro-F1" };
        let float_score = float.scores.as_ref().map_or(f64::NAN, |scores| scores.macro_f1.mean);
        let mut text = format!(
            "It is the smallest variant whose {mean} ({}) stays within {} of the float model's ({}): {} against {}.",
            score(scores.macro_f1.mean),
            trimmed(pick.allowed_loss),
            score(float_score),
            bytes(variant.true_bytes),
            count(float.true_bytes),
        );
        if let Some((rejected, loss)) = pick.rejected.and_then(|position| {
            let rejected = self.variants.get(position)?;
            Some((rejected, rejected.scores.as_ref()?.loss?.mean))
        }) {
            text.push_str(&format!(
                " The next smaller, {} ({}), loses {}.",
                rejected.label,
                bytes(rejected.true_bytes),
                excess(loss, pick.allowed_loss)
            ));
        }
        text
    }

    /// What the test set and the seeds can support.
    fn evidence(
        &self,
        pick: &Pick,
        label: &str,
        float: &VariantSummary,
        scores: &ScoreSummary,
    ) -> Vec<String> {
        let rows = self.shape.map_or_else(
            || "the test rows".to_owned(),
            |shape| counted(shape.test_rows, "test row", "test rows"),
        );
        let is_one_row = self.shape.is_some_and(|shape| shape.test_rows == 1);
        let interval = format!("[{}, {}]", fixed(scores.interval.low, 3), fixed(scores.interval.high, 3));
        let mut reasons = Vec::new();
        if self.units > 1 {
            let float_deviation = float.scores.as_ref().and_then(|scores| scores.macro_f1.deviation);
            reasons.push(format!(
                "Over {} seeds its macro-F1 is {} (float {}), and {}; {} of {} {} told apart from float by an exact McNemar test at 5 % ({} lost, {} gained in all).",
                self.units,
                plus_minus(scores.macro_f1.mean, scores.macro_f1.deviation),
                plus_minus(float.scores.as_ref().map_or(f64::NAN, |scores| scores.macro_f1.mean), float_deviation),
                within_one_seed(scores.loss.as_ref()),
                scores.distinguishable_runs,
                counted(scores.macro_f1.count, "run", "runs"),
                if scores.distinguishable_runs == 1 { "is" } else { "are" },
                counted(scores.lost, "test row", "test rows"),
                scores.gained,
            ));
        } else if scores.distinguishable_runs == 0 {
            reasons.push(format!(
                "{} cannot tell {label} from float: {} lost, {} gained, exact McNemar p {}.",
                capitalized(&rows),
                scores.lost,
                scores.gained,
                equals(scores.least_p_value),
            ));
        } else {
            reasons.push(format!(
                "{} {} tell {label} from float: {} lost, {} gained, exact McNemar p {}.",
                capitalized(&rows),
                if is_one_row { "does" } else { "do" },
                scores.lost,
                scores.gained,
                equals(scores.least_p_value),
            ));
        }
        let of_one_run = if self.units > 1 { " in one run" } else { "" };
        reasons.push(if pick.supported {
            format!(
                "The 95 % interval of its macro-F1{of_one_run} is {interval}: even its lower end is within {} of float.",
                trimmed(pick.allowed_loss)
            )
        } else {
            format!(
                "The 95 % interval of its macro-F1{of_one_run} is {interval}: the pick follows the point estimate, and {} cannot rule out a loss above {}.",
                rows,
                trimmed(pick.allowed_loss)
            )
        });
        reasons
    }
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

fn equals(p: f64) -> String {
    let text = p_value(p);
    if text.starts_with('<') { text } else { format!("= {text}") }
}

fn difference(loss: f64) -> String {
    if loss > 0.0 {
        format!("{} below float", score(loss))
    } else if loss < 0.0 {
        format!("{} above float", score(-loss))
    } else {
        "as float".to_owned()
    }
}

/// What a variant loses or gains against the float model of its own seed.
fn within_one_seed(loss: Option<&Spread>) -> String {
    match loss {
        None => "the loss within one seed is unknown".to_owned(),
        Some(loss) if loss.mean < 0.0 => {
            format!("the gain within one seed is {}", plus_minus(-loss.mean, loss.deviation))
        }
        Some(loss) => format!("the loss within one seed is {}", plus_minus(loss.mean, loss.deviation)),
    }
}

/// A sentence's beginning.
fn capitalized(text: &str) -> String {
    let mut symbols = text.chars();
    symbols.next().map_or_else(String::new, |first| first.to_uppercase().chain(symbols).collect())
}

/// `0.9721 ± 0.0034`, or the mean alone for a single run.
fn plus_minus(mean: f64, deviation: Option<f64>) -> String {
    match deviation {
        Some(deviation) => format!("{} ± {}", score(mean), score(deviation)),
        None => score(mean),
    }
}

/// A loss above the allowed one, with enough digits to show that it is above.
fn excess(loss: f64, allowed_loss: f64) -> String {
    let short = score(loss);
    if short == score(allowed_loss) { significant(loss, 8) } else { short }
}

/// A configured number without padding: `0.01`, `0.1`.
fn trimmed(value: f64) -> String {
    format!("{value}")
}

fn no_pick(headline: &str) -> Explanation {
    Explanation { choice: "none".to_owned(), headline: headline.to_owned(), reasons: Vec::new() }
}
