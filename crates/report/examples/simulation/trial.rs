//! What the summary of an invented experiment says, beside what is real.

use bitsweep_random::SeedError;
use bitsweep_results::summary::{EffectVerdict, Pick, Verdict};
use bitsweep_results::{Choice, Comparison, Goal, Labels, PickRule, Value, VariantSummary, summarize};

use crate::world::World;

/// A population with the real losses of its variants.
pub(crate) struct Trials<'a> {
    world: &'a World,
    real: Vec<f64>,
    oracle_bytes: u64,
    rule: PickRule,
}

/// One experiment.
pub(crate) struct Outcome {
    /// Of the variant that the point estimates pick: its loss as shown, and the real one.
    point: Option<(f64, f64)>,
    /// Of the balance pick, where it is shown: its verdict, the real loss, and its bytes over the oracle's.
    shown: Option<(Verdict, f64, f64)>,
    /// Of the balance pick, shown or not: the loss shown, the loss on the rows left out, and the real one.
    corrected: Option<(f64, f64, f64)>,
    /// Whether the real loss of the balance pick is within the 95 % interval of its loss, and within one as wide about the loss
    /// on the rows left out.
    is_covered: Option<[bool; 2]>,
    /// Of all variants: those whose real loss is within the one-sided bound, and all.
    bounded: (usize, usize),
    /// Verdicts that are wrong: a loss shown to be within the margin that is not, or above it that is not.
    wrong_verdicts: usize,
    /// Of all differences between choices: those whose real value lies in their interval, those that are shown, those that are
    /// shown and lie on the other side of 0, and all.
    effects: [usize; 4],
    /// The margin that picks are held against.
    margin: f64,
}

impl<'a> Trials<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        let rule = PickRule::default();
        let real = (0..=24).map(|position| world.real_loss(position)).collect();
        Self { world, real, oracle_bytes: world.oracle_bytes(rule.margin), rule }
    }

    pub(crate) fn outcome(&self, test_rows: usize, seed: u64) -> Result<Outcome, SeedError> {
        let records = self.world.records(test_rows, seed)?;
        let summary = summarize(&records, &Labels::of_rows(&records.results), &self.rule);
        Ok(self.judged(&summary.comparisons[0]))
    }

    fn judged(&self, comparison: &Comparison) -> Outcome {
        let pick = comparison.picks.as_ref().and_then(|picks| picks.of(Goal::Balance)?.pick());
        let real = |pick: &Pick| self.real[pick.variant];
        let mut bounded = (0, 0);
        let mut wrong_verdicts = 0;
        for (position, variant) in comparison.variants.iter().enumerate() {
            let Some(standing) = variant.standing else { continue };
            let real = self.real[position];
            bounded.1 += 1;
            bounded.0 += usize::from(real <= standing.loss.upper_bound(self.rule.confidence));
            wrong_verdicts += usize::from(match standing.verdicts[0] {
                Verdict::Confirmed | Verdict::Likely => real > self.rule.margin,
                Verdict::Worse => real <= self.rule.margin,
                Verdict::Undecided { .. } => false,
            });
        }
        let by_points = comparison.variants.iter().enumerate().filter_map(|(position, variant)| {
            let loss = variant.standing?.loss.value;
            (loss <= self.rule.margin).then_some((position, variant.true_bytes, loss))
        });
        let point = by_points.min_by(|a, b| a.1.total_cmp(&b.1));
        Outcome {
            point: point.map(|(position, _, loss)| (loss, self.real[position])),
            shown: pick.filter(|pick| pick.by_bound).map(|pick| {
                let bytes = comparison.variants[pick.variant].true_bytes;
                (pick.verdict, real(pick), bytes / self.oracle_bytes as f64)
            }),
            corrected: pick.and_then(|pick| Some((pick.loss?.value, pick.selection?.loss, real(pick)))),
            is_covered: pick.and_then(|pick| {
                let (loss, selection) = (pick.loss?, pick.selection?);
                let half = loss.interval(0.95).high - loss.value;
                Some([loss.value, selection.loss].map(|centre| (real(pick) - centre).abs() <= half))
            }),
            bounded,
            wrong_verdicts,
            effects: self.effects(comparison),
            margin: self.rule.margin,
        }
    }

    /// The effects of one scheme instead of another, which differ in nothing else: at each number of bits one pair.
    fn effects(&self, comparison: &Comparison) -> [usize; 4] {
        let of = |value: &Value, bits: u32| {
            let is_own =
                |own: &&VariantSummary| own.choice(Choice::Range) == Some(value) && own.bits() == bits;
            let position = comparison.variants.iter().position(|own| is_own(&own));
            position.map_or(f64::NAN, |position| self.real[position])
        };
        let mut counts = [0; 4];
        for effect in &comparison.effects {
            for at in effect.by_bits.iter().filter(|at| !at.is_identical) {
                let real = of(&effect.from, at.bits) - of(&effect.to, at.bits);
                let interval = at.interval();
                let shown = match at.verdict {
                    EffectVerdict::Better => Some(real <= 0.0),
                    EffectVerdict::Worse => Some(real >= 0.0),
                    EffectVerdict::Equivalent | EffectVerdict::NotShown => None,
                };
                counts[0] += usize::from((interval.low..=interval.high).contains(&real));
                counts[1] += usize::from(shown.is_some());
                counts[2] += usize::from(shown == Some(true));
                counts[3] += 1;
            }
        }
        counts
    }
}

/// All experiments of one setting and number of test rows, summed up. Shares are of all experiments, unless said otherwise.
pub(crate) struct Totals {
    pub(crate) setting: &'static str,
    pub(crate) units: usize,
    pub(crate) test_rows: usize,
    /// Picks by the point estimate that really lose more than the margin.
    pub(crate) point_wrong: f64,
    /// Experiments in which a pick is shown.
    pub(crate) shown: f64,
    /// Picks that are shown and really lose more than the margin.
    pub(crate) shown_wrong: f64,
    /// The same of confirmed picks.
    pub(crate) confirmed_wrong: f64,
    /// Mean bytes of shown picks over the oracle's.
    pub(crate) bytes: f64,
    /// Mean loss of the pick: on the test rows, on the rows left out, really.
    pub(crate) losses: [f64; 3],
    /// Picks whose real loss is within the interval of the loss shown, and of that on the rows left out.
    pub(crate) covered: [f64; 2],
    /// Variants whose real loss is within their one-sided bound.
    pub(crate) bounded: f64,
    /// Wrong verdicts of all.
    pub(crate) wrong_verdicts: f64,
    /// Of the differences between choices: in their interval, shown, shown with the wrong sign.
    pub(crate) effects: [f64; 3],
}

impl Totals {
    pub(crate) fn of(setting: &'static str, units: usize, test_rows: usize, outcomes: &[&Outcome]) -> Self {
        let all = outcomes.len() as f64;
        let share = |count: usize| count as f64 / all;
        let is_wrong = |outcome: &&&Outcome, real: f64| real > outcome.margin;
        let shown: Vec<_> = outcomes.iter().filter_map(|own| Some((own, own.shown?))).collect();
        let corrected: Vec<_> = outcomes.iter().filter_map(|own| own.corrected).collect();
        let mean = |part: fn(&(f64, f64, f64)) -> f64| {
            corrected.iter().map(part).sum::<f64>() / corrected.len() as f64
        };
        let covered: Vec<[bool; 2]> = outcomes.iter().filter_map(|own| own.is_covered).collect();
        let variants: usize = outcomes.iter().map(|own| own.bounded.1).sum();
        Self {
            setting,
            units,
            test_rows,
            point_wrong: share(
                outcomes.iter().filter(|own| own.point.is_some_and(|(_, real)| is_wrong(own, real))).count(),
            ),
            shown: share(shown.len()),
            shown_wrong: share(shown.iter().filter(|(own, (_, real, _))| is_wrong(own, *real)).count()),
            confirmed_wrong: share(
                shown
                    .iter()
                    .filter(|(own, (verdict, real, _))| {
                        *verdict == Verdict::Confirmed && is_wrong(own, *real)
                    })
                    .count(),
            ),
            bytes: shown.iter().map(|(_, (.., bytes))| bytes).sum::<f64>() / shown.len() as f64,
            losses: [mean(|own| own.0), mean(|own| own.1), mean(|own| own.2)],
            covered: [0, 1].map(|centre| {
                covered.iter().filter(|covered| covered[centre]).count() as f64 / covered.len() as f64
            }),
            bounded: outcomes.iter().map(|own| own.bounded.0).sum::<usize>() as f64 / variants as f64,
            effects: [0, 1, 2].map(|kind| {
                let sum = |kind: usize| outcomes.iter().map(|own| own.effects[kind]).sum::<usize>() as f64;
                sum(kind) / sum(3)
            }),
            wrong_verdicts: outcomes.iter().map(|own| own.wrong_verdicts).sum::<usize>() as f64
                / variants as f64,
        }
    }

    fn cells(&self) -> String {
        let percent = |share: f64| format!("{:.1}", 100.0 * share);
        let [shown, left_out, real] = self.losses.map(|loss| format!("{loss:.4}"));
        let bytes = if self.bytes.is_nan() { String::new() } else { format!("{:.2}", self.bytes) };
        format!(
            "| {} | {} | {} | {} | {} | {} | {bytes} | {shown} | {left_out} | {real} | {} | {} | {} | {} | {} | {} | {} |\n",
            self.setting,
            self.test_rows,
            percent(self.point_wrong),
            percent(self.shown),
            percent(self.shown_wrong),
            percent(self.confirmed_wrong),
            percent(self.covered[0]),
            percent(self.covered[1]),
            percent(self.bounded),
            percent(self.wrong_verdicts),
            percent(self.effects[0]),
            percent(self.effects[1]),
            percent(self.effects[2]),
        )
    }
}

/// The page with all tables.
pub(crate) fn page(rows: &[Totals], experiments: u64) -> String {
    let heading = "| classes | test rows | wrong by point | shown | wrong | wrong, confirmed | bytes / oracle | loss shown | left out | real | in interval | in interval left out | below bound | wrong verdicts | effects in interval | effects shown | wrong sign |\n| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n";
    let table = |is_of: fn(&&Totals) -> bool| {
        rows.iter().filter(is_of).map(Totals::cells).fold(heading.to_owned(), |table, row| table + &row)
    };
    format!(
        "{INTRODUCTION}\n{experiments} experiments a row. {COLUMNS}\n\n![Share of wrong picks against test rows](simulation.svg)\n\n## One run\n\n{}\n## Ten runs\n\nEach run tests as many rows as the table says, drawn from four times as many; losses are means over the runs.\n\n{}",
        table(|own| own.units == 1),
        table(|own| own.units > 1)
    )
}

const INTRODUCTION: &str = "# Do the picks keep their promise?

Made by `cargo run --release -p bitsweep-report --example simulation`, which runs the program's own summary on models whose real
losses are known: a float model tells the classes of a row apart by noisy logits, and each of 24 variants (8 to 1 bits, three
schemes) adds noise of its own, half as much with each bit. A population has 8,000 rows; what a variant loses on all of them is its
real loss. Experiments draw their test rows from it.
";

const COLUMNS: &str = "Columns, in per cent of the experiments unless said otherwise: picks of the smallest variant
whose point estimate is within 0.01 that really loses more; experiments in which the balance pick is shown to be within 0.01, and
those in which it is and really loses more, confirmed or likely, then confirmed alone; mean bytes of shown picks over those of the
smallest variant whose real loss is within 0.01; mean loss of the pick as shown on the test rows, of what is chosen on bootstraps
on the rows left out, and the real one; picks whose real loss lies in the 95 % interval of their loss, and in one as wide about
the loss on the rows left out; variants, in per cent of
all, whose real loss is within their one-sided 95 % bound; verdicts, in per cent of all variants, that are wrong; differences
between schemes at equal bits, in per cent of all, whose real value lies in their 95 % interval, that are shown (Holm), and that
are shown with the wrong sign.";
