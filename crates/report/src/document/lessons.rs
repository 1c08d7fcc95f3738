//! What each choice was worth, in words: what was expected and seen, what was expected and is not there.

use bitsweep_results::numbers::{counted, fixed};
use bitsweep_results::summary::{Effect, EffectAtBits, Expectation, Verdict};
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
    NoGainShown,
    NoLossShown,
    Against,
    Open,
}

impl Lesson {
    /// The lessons in the order in which they are told.
    const ALL: [Self; 5] =
        [Self::AsExpected, Self::NoGainShown, Self::NoLossShown, Self::Against, Self::Open];

    fn of(effect: &Effect) -> Self {
        let any = |verdict| effect.by_bits.iter().any(|at| at.verdict() == verdict);
        let (expected, opposite, neither) = match effect.expectation {
            Expectation::Better => (Verdict::Better, Verdict::Worse, Self::NoGainShown),
            Expectation::Worse => (Verdict::Worse, Verdict::Better, Self::NoLossShown),
            Expectation::Open => return Self::Open,
        };
        if any(opposite) {
            Self::Against
        } else if any(expected) {
            Self::AsExpected
        } else {
            neither
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::AsExpected => "Expected, and seen:",
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
            "Pairs of variants that differ in one choice alone: macro-F1 with the first less macro-F1 with the second, on the test rows, averaged over pairs and seeds, with the 95 % interval over seeds (Nadeau and Bengio's, for random splits of the same rows). A difference counts as shown when its interval leaves 0 out.",
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
    if comparison.units < 2 {
        let points = comparison.effects.iter().take(MOST_CHOICES).map(point).collect();
        let mut blocks = vec![
            paragraph("One seed: differences without intervals, which show nothing of other splits."),
            Block::List(points),
        ];
        blocks.extend(more(comparison.effects.len()));
        return blocks;
    }
    let mut blocks = Vec::new();
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
    blocks.extend(by_chance(comparison));
    blocks
}

fn more(choices: usize) -> Option<Block> {
    (choices > MOST_CHOICES)
        .then(|| paragraph(format!("The first {MOST_CHOICES} of {choices} choices; effects.csv has all.")))
}

/// How many of so many comparisons would stand out if nothing made a difference.
fn by_chance(comparison: &Comparison) -> Option<Block> {
    let judged = || comparison.effects.iter().flat_map(|effect| &effect.by_bits);
    let compared = judged().filter(|at| at.interval.is_some()).count();
    let shown = judged().filter(|at| at.verdict() != Verdict::NotShown).count();
    (compared > 0).then(|| {
        paragraph(format!(
            "{shown} of {compared} differences are shown; if no choice mattered, about {} would be by chance.",
            fixed(compared as f64 / 20.0, if compared < 20 { 1 } else { 0 })
        ))
    })
}

/// One choice at all numbers of bits.
fn point(effect: &Effect) -> Vec<Span> {
    let clause = |verdict: Verdict, words: &str| {
        let found: Vec<String> = effect
            .by_bits
            .iter()
            .filter(|at| at.verdict() == verdict && !is_same_everywhere(at))
            .map(at_bits)
            .collect();
        (!found.is_empty()).then(|| format!("{words} {}", found.join(", ")))
    };
    let same: Vec<String> =
        effect.by_bits.iter().filter(|at| is_same_everywhere(at)).map(|at| bits(at.bits)).collect();
    let clauses = [
        clause(Verdict::Better, "better at"),
        clause(Verdict::Worse, "worse at"),
        clause(Verdict::NotShown, "no difference shown at"),
        (!same.is_empty()).then(|| format!("the same score in every run at {}", same.join(", "))),
    ];
    let clauses: Vec<String> = clauses.into_iter().flatten().collect();
    vec![
        Span::Plain(format!("{}: ", effect.axis.description().name())),
        Span::Strong(effect.to.to_string()),
        Span::Plain(format!(" instead of {}: {}.", effect.from, clauses.join("; "))),
    ]
}

fn is_same_everywhere(at: &EffectAtBits) -> bool {
    at.interval.is_none() && at.difference == 0.0
}

fn at_bits(at: &EffectAtBits) -> String {
    // Student's interval is symmetric.
    let half = at.interval.map(|interval| format!(" ± {}", fixed(interval.high - at.difference, 3)));
    format!("{} ({}{})", bits(at.bits), signed(at.difference), half.unwrap_or_default())
}

fn bits(bits: u32) -> String {
    counted(bits as usize, "bit", "bits")
}

/// Three decimals with the sign of what is not 0.
fn signed(value: f64) -> String {
    let text = fixed(value, 3);
    if value > 0.0 && text != fixed(0.0, 3) { format!("+{text}") } else { text }
}
