//! What each choice was worth, in words: what was expected and seen, what was expected and is not there.

use bitsweep_results::numbers::{counted, fixed, supported_decimals};
use bitsweep_results::summary::{Effect, EffectAtBits, EffectVerdict, Expectation, PValues};
use bitsweep_results::{Comparison, Summary};

use super::block::{Block, Span, paragraph};

/// Tasks whose lessons are told; effects.csv has all.
const MOST_TASKS: usize = 6;
/// Choices under one heading.
const MOST_CHOICES: usize = 10;

/// How what was seen compares with what is commonly expected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lesson {
    AsExpected,
    ByBits,
    NoGainShown,
    NoLossShown,
    Against,
    Open,
}

impl Lesson {
    /// The lessons in the order in which they are told.
    const ALL: [Self; 6] =
        [Self::AsExpected, Self::ByBits, Self::NoGainShown, Self::NoLossShown, Self::Against, Self::Open];

    fn of(effect: &Effect) -> Self {
        let any = |verdict| effect.by_bits.iter().any(|at| at.verdict == verdict);
        let (expected, opposite, neither) = match effect.expectation {
            Expectation::Better => (EffectVerdict::Better, EffectVerdict::Worse, Self::NoGainShown),
            Expectation::Worse => (EffectVerdict::Worse, EffectVerdict::Better, Self::NoLossShown),
            Expectation::Open => return Self::Open,
        };
        match (any(expected), any(opposite)) {
            (true, true) => Self::ByBits,
            (false, true) => Self::Against,
            (true, false) => Self::AsExpected,
            (false, false) => neither,
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::AsExpected => "Expected, and seen:",
            Self::ByBits => "Better with some numbers of bits, worse with others:",
            Self::NoGainShown => "Expected to help, but no gain is shown here:",
            Self::NoLossShown => "Expected to cost, but no loss is shown here:",
            Self::Against => "Against what is commonly expected:",
            Self::Open => "Without a common expectation:",
        }
    }
}

pub(super) fn blocks(summary: &Summary) -> Vec<Block> {
    let told: Vec<&Comparison> =
        summary.comparisons.iter().filter(|comparison| !comparison.effects.is_empty()).collect();
    if told.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![
        Block::Heading(2, "What each choice was worth".to_owned()),
        paragraph(
            "Pairs of variants that differ in one choice alone: macro-F1 with the first less macro-F1 with the second, on the test rows, averaged over pairs and runs, with the 95 % interval over rows and runs in brackets. A difference counts as shown when its p, by Holm's correction for all differences of the task, is at most 0.05, so that the chance of showing any that is not there is at most 5 %. Where none is shown, two one-sided tests say within what the difference lies.",
        ),
    ];
    for comparison in told.iter().take(MOST_TASKS) {
        if summary.comparisons.len() > 1 {
            blocks.push(Block::Heading(3, comparison.name().to_owned()));
        }
        blocks.extend(lessons(comparison));
    }
    if told.len() > MOST_TASKS {
        blocks
            .push(paragraph(format!("The first {MOST_TASKS} of {} tasks; effects.csv has all.", told.len())));
    }
    blocks
}

fn lessons(comparison: &Comparison) -> Vec<Block> {
    let mut blocks = Vec::new();
    if comparison.units < 2 {
        blocks.push(paragraph("One run: what is shown is shown of these models, on rows like these."));
    }
    for lesson in Lesson::ALL {
        let effects: Vec<&Effect> =
            comparison.effects.iter().filter(|effect| Lesson::of(effect) == lesson).collect();
        if effects.is_empty() {
            continue;
        }
        blocks.push(Block::Paragraph(vec![Span::Strong(lesson.heading().to_owned())]));
        blocks.push(Block::List(effects.iter().take(MOST_CHOICES).map(|effect| point(effect)).collect()));
        blocks.extend(more(effects.len()));
    }
    blocks.extend(shown(comparison));
    blocks
}

fn more(choices: usize) -> Option<Block> {
    (choices > MOST_CHOICES)
        .then(|| paragraph(format!("The first {MOST_CHOICES} of {choices} choices; effects.csv has all.")))
}

/// How many of the differences are shown.
fn shown(comparison: &Comparison) -> Option<Block> {
    let p_values =
        || comparison.effects.iter().flat_map(|effect| &effect.by_bits).filter_map(|at| at.p_values);
    let (tested, shown) = (p_values().count(), p_values().filter(PValues::is_shown).count());
    let worth_a_look = p_values().filter(PValues::is_worth_a_look).count();
    (tested > 0).then(|| {
        let look = match worth_a_look {
            0 => String::new(),
            more => format!(
                " {} worth a look: of a list with these, at most 5 % are expected to be by chance (Benjamini and Hochberg; effects.csv).",
                counted(more, "more is", "more are")
            ),
        };
        paragraph(format!("{shown} of {} are shown.{look}", counted(tested, "difference", "differences")))
    })
}

/// One choice at all numbers of bits.
fn point(effect: &Effect) -> Vec<Span> {
    let clause = |verdict: EffectVerdict, words: &str, told: fn(&EffectAtBits) -> String| {
        let found = effect.by_bits.iter().filter(|at| at.verdict == verdict && !at.is_identical);
        let found: Vec<String> = found.map(told).collect();
        (!found.is_empty()).then(|| format!("{words} {}", found.join(", ")))
    };
    let same: Vec<String> =
        effect.by_bits.iter().filter(|at| at.is_identical).map(|at| bits(at.bits)).collect();
    let clauses = [
        clause(EffectVerdict::Better, "better at", at_bits),
        clause(EffectVerdict::Worse, "worse at", at_bits),
        clause(EffectVerdict::Equivalent, "no difference", within),
        clause(EffectVerdict::NotShown, "no difference shown at", at_bits),
        (!same.is_empty()).then(|| format!("the same predictions in every run at {}", same.join(", "))),
    ];
    let clauses: Vec<String> = clauses.into_iter().flatten().collect();
    vec![
        Span::Plain(format!("{}: ", effect.axis.description().name())),
        Span::Strong(effect.to.to_string()),
        Span::Plain(format!(" instead of {}: {}.", effect.from, clauses.join("; "))),
    ]
}

fn at_bits(at: &EffectAtBits) -> String {
    let decimals = supported_decimals(at.difference.standard_error);
    let interval = at.interval();
    let (low, high) = (signed(interval.low, decimals), signed(interval.high, decimals));
    format!("{} ({} [{low}, {high}])", bits(at.bits), signed(at.difference.value, decimals))
}

/// What an equivalence says, rounded up: `above 0.0020 at 8 bits`.
fn within(at: &EffectAtBits) -> String {
    let margin = (at.equivalence_margin() * 1e4).ceil() / 1e4;
    format!("above {} at {}", fixed(margin, 4), bits(at.bits))
}

fn bits(bits: u32) -> String {
    counted(bits as usize, "bit", "bits")
}

/// So many decimals with the sign of what is not 0.
fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    if value > 0.0 && text != fixed(0.0, decimals) { format!("+{text}") } else { text }
}
