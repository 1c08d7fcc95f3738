//! The picks across models.

use super::super::across::{Across, AcrossPick, Other};
use super::super::rule::PickRule;
use super::super::summarize::Summary;
use super::Explanation;
use super::phrases::{difference, verbs};
use crate::numbers::{self, bytes, fixed, is_nothing, score, supported_decimals};

impl Summary {
    /// A pick across models in words; the choice is a model with a variant's label.
    #[must_use]
    pub fn explain_across(&self, across: &Across, pick: &AcrossPick, rule: &PickRule) -> Explanation {
        let of = |comparison: usize, variant: usize| {
            let comparison = &self.comparisons[comparison];
            (comparison.name(), &comparison.variants[variant])
        };
        let (model, variant) = of(pick.comparison, pick.variant);
        let AcrossPick { loss, margin, verdict, .. } = pick;
        let decimals = supported_decimals(loss.standard_error);
        let best = self.comparisons[across.reference].name();
        let headline = format!(
            "{}, macro-F1 {}; against the best float model, {best}, its {} is {}, a {} ({}).",
            bytes(variant.true_bytes),
            variant.scores.as_ref().map_or_else(|| "unknown".to_owned(), |own| score(own.macro_f1.mean)),
            rule.metric,
            if is_nothing(loss.value) {
                "the same".to_owned()
            } else {
                difference(loss, *margin, &rule.metric, "it")
            },
            match (rule.upper_bound(loss), rule.metric.is_cost()) {
                (bound, false) if bound < 0.0 => {
                    format!("gain of at least {}", numbers::bound(-bound, decimals, f64::INFINITY))
                }
                (bound, true) if bound < 0.0 => {
                    format!("fall of at least {}", numbers::bound(-bound, decimals, f64::INFINITY))
                }
                (bound, false) => format!("loss of at most {}", numbers::bound(bound, decimals, *margin)),
                (bound, true) => format!("rise of at most {}", numbers::bound(bound, decimals, *margin)),
            },
            rule.confidence_text(),
        );
        let other = |other: &Other| {
            let (name, own) = of(other.comparison, other.variant);
            let decimals = supported_decimals(other.loss.standard_error);
            let interval = other.loss.interval(rule.confidence);
            let (loses, gains) = verbs(&rule.metric);
            let (loses, low, high) = if interval.value < 0.0 {
                (gains, -interval.high, -interval.low)
            } else {
                (loses, interval.low, interval.high)
            };
            let size = if is_nothing(interval.value) {
                "nothing".to_owned()
            } else {
                fixed(interval.value.abs(), decimals)
            };
            format!(
                "{name}, {}: {}, {} times its size, and {loses} {size} against it [{}, {}] ({}).",
                own.label,
                bytes(own.true_bytes),
                fixed(own.true_bytes / variant.true_bytes, 2),
                fixed(low, decimals),
                fixed(high, decimals),
                rule.confidence_text(),
            )
        };
        Explanation {
            choice: format!("{model}, {}", variant.label),
            verdict: verdict.within(*margin),
            headline,
            reasons: pick.others.iter().map(other).collect(),
        }
    }
}
