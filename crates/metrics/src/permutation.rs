//! A paired test of macro-F1.

use crate::error::{MetricError, check_label, check_lengths};

/// Most samples with differing predictions for which every exchange is tried.
const EXACT_UP_TO: usize = 16;
/// Random exchanges tried where they are too many to try all.
const DRAWS: usize = 10_000;
/// Differences of macro-F1 this close are a tie: far above what rounding moves them, far below what a sample
/// does.
const TIE: f64 = 1e-12;

/// The outcome of a paired permutation test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PermutationTest {
    /// Macro-F1 of the second classifier minus that of the first.
    pub difference: f64,
    /// Two-sided p-value.
    pub p_value: f64,
    /// Samples on which the two predict different classes.
    pub differing: usize,
    /// Whether every exchange was tried, rather than 10,000 random ones.
    pub exact: bool,
}

/// Whether two classifiers differ in macro-F1 on the same samples by more than chance.
///
/// If neither is better, exchanging their predictions on any sample is as likely as not. The p-value is the
/// fraction of all `2^m` exchanges on the `m` samples where they differ whose difference in macro-F1 is as
/// large as the observed one, in either direction: exact up to `m = 16`, where the test enumerates them;
/// beyond it, `(1 + k) / (1 + 10,000)` for `k` of 10,000 random exchanges (the observed one counts too, or p
/// could be 0). Two that never differ have p = 1.
///
/// `random` yields uniform 64-bit words; it is called only when `m > 16`, `⌈m/64⌉` times an exchange, so that
/// the caller's seed decides the result.
///
/// Sources: Fisher (1935), The Design of Experiments, section 21; Yeh (2000), COLING, on F1; Phipson & Smyth
/// (2010), Statistical Applications in Genetics and Molecular Biology 9, on the one that is added.
///
/// # Errors
/// When the sequences differ in length or are empty, or a label is not below `classes`.
///
/// ```
/// use bitsweep_metrics::macro_f1_permutation;
///
/// let truth = [0, 0, 0, 0, 1, 1, 1, 1];
/// let worse = [0, 0, 0, 1, 1, 1, 1, 0];
/// let test = macro_f1_permutation(&truth, &truth, &worse, 2, || 0)?;
/// assert!(test.exact);
/// assert_eq!((test.difference, test.p_value), (-0.25, 0.5));
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
pub fn macro_f1_permutation(
    truth: &[usize],
    first: &[usize],
    second: &[usize],
    classes: usize,
    mut random: impl FnMut() -> u64,
) -> Result<PermutationTest, MetricError> {
    Ok(tested(Pair::new(truth, first, second, classes)?, &mut random))
}

/// The test of a pair, compiled in this crate whatever the caller's source of words.
fn tested(mut pair: Pair, random: &mut dyn FnMut() -> u64) -> PermutationTest {
    let differing = pair.differing.len();
    let difference = pair.difference();
    let extreme = |difference_now: f64| difference_now.abs() >= difference.abs() - TIE;
    let exact = differing <= EXACT_UP_TO;
    let p_value = if differing == 0 {
        1.0
    } else if exact {
        // Exchanging all samples only changes the sign, so one of them can stay. In Gray code's order each
        // exchange differs from the one before in the sample whose number is the count of trailing zeros.
        let exchanges = 1_usize << (differing - 1);
        let mut hits = usize::from(extreme(difference));
        for exchange in 1..exchanges {
            pair.exchange(exchange.trailing_zeros() as usize);
            hits += usize::from(extreme(pair.difference()));
        }
        hits as f64 / exchanges as f64
    } else {
        let mut exchanges = RandomExchanges::new(&mut pair);
        let hits = (0..DRAWS).filter(|_| extreme(exchanges.difference(random))).count();
        (1 + hits) as f64 / (1 + DRAWS) as f64
    };
    PermutationTest { difference, p_value, differing, exact }
}

/// Two classifiers, as far as macro-F1 and its change by an exchange need them.
struct Pair {
    /// Samples a class.
    support: Vec<usize>,
    /// How often each classifier predicts each class, and is right to.
    tallies: [Vec<Tally>; 2],
    /// True class and the two predictions of each sample on which they differ; exchanged in place.
    differing: Vec<(usize, [usize; 2])>,
}

/// How often a class is predicted, and rightly.
#[derive(Clone, Copy, Default)]
struct Tally {
    predicted: usize,
    right: usize,
}

impl Pair {
    fn new(truth: &[usize], first: &[usize], second: &[usize], classes: usize) -> Result<Self, MetricError> {
        check_lengths(("truth", truth.len()), ("the first prediction", first.len()))?;
        check_lengths(("truth", truth.len()), ("the second prediction", second.len()))?;
        for (sample, ((&truth, &first), &second)) in truth.iter().zip(first).zip(second).enumerate() {
            check_label("true", sample, truth, classes)?;
            check_label("first predicted", sample, first, classes)?;
            check_label("second predicted", sample, second, classes)?;
        }
        // Labels that are not in use have no F1: no memory for them, however many `classes` allows.
        let used = [truth, first, second].into_iter().flatten().max().map_or(0, |&label| label + 1);
        let mut pair = Self {
            support: vec![0; used],
            tallies: [vec![Tally::default(); used], vec![Tally::default(); used]],
            differing: Vec::new(),
        };
        for ((&truth, &first), &second) in truth.iter().zip(first).zip(second) {
            pair.support[truth] += 1;
            for (tally, guess) in pair.tallies.iter_mut().zip([first, second]) {
                tally[guess].predicted += 1;
                tally[guess].right += usize::from(guess == truth);
            }
            if first != second {
                pair.differing.push((truth, [first, second]));
            }
        }
        Ok(pair)
    }

    /// Exchanges the two predictions of one differing sample.
    fn exchange(&mut self, sample: usize) {
        let (truth, guesses) = &mut self.differing[sample];
        let [first, second] = *guesses;
        for (tally, (old, new)) in self.tallies.iter_mut().zip([(first, second), (second, first)]) {
            tally[old].predicted -= 1;
            tally[old].right -= usize::from(old == *truth);
            tally[new].predicted += 1;
            tally[new].right += usize::from(new == *truth);
        }
        *guesses = [second, first];
    }

    /// Macro-F1 of the second minus that of the first.
    fn difference(&self) -> f64 {
        let [first, second] = &self.tallies;
        self.macro_f1(second) - self.macro_f1(first)
    }

    fn macro_f1(&self, tallies: &[Tally]) -> f64 {
        let (mut sum, mut present) = (0.0, 0.0);
        for (tally, &support) in tallies.iter().zip(&self.support) {
            if support > 0 {
                sum += 2.0 * tally.right as f64 / (tally.predicted + support) as f64;
                present += 1.0;
            }
        }
        sum / present
    }
}

/// Random exchanges of two classifiers' predictions.
///
/// Samples of the same true class and the same two predictions are alike: of each such group it matters only how many are
/// exchanged, the number of ones among as many random bits. And what one classifier gains the other loses.
struct RandomExchanges<'p> {
    pair: &'p Pair,
    groups: Vec<Group>,
    /// The first classifier's, after an exchange.
    exchanged: Vec<Tally>,
}

struct Group {
    truth: usize,
    guesses: [usize; 2],
    samples: usize,
}

impl<'p> RandomExchanges<'p> {
    fn new(pair: &'p mut Pair) -> Self {
        pair.differing.sort_unstable();
        let alike = pair.differing.chunk_by(|a, b| a == b);
        let groups =
            alike.map(|alike| Group { truth: alike[0].0, guesses: alike[0].1, samples: alike.len() });
        let groups = groups.collect();
        Self { exchanged: pair.tallies[0].clone(), groups, pair }
    }

    /// Macro-F1 of the second minus that of the first after exchanging a uniform set of samples.
    fn difference(&mut self, random: &mut dyn FnMut() -> u64) -> f64 {
        let Self { pair, groups, exchanged } = self;
        exchanged.copy_from_slice(&pair.tallies[0]);
        let (mut word, mut bits) = (0, 0);
        for Group { truth, guesses: [first, second], samples } in groups {
            let (mut left, mut moved) = (*samples, 0);
            while left > 0 {
                if bits == 0 {
                    (word, bits) = (random(), 64);
                }
                let taken = left.min(bits);
                moved += (word & (u64::MAX >> (64 - taken))).count_ones() as usize;
                word = word.checked_shr(taken as u32).unwrap_or(0);
                (bits, left) = (bits - taken, left - taken);
            }
            exchanged[*first].predicted -= moved;
            exchanged[*second].predicted += moved;
            exchanged[*first].right -= if first == truth { moved } else { 0 };
            exchanged[*second].right += if second == truth { moved } else { 0 };
        }
        let (mut sum, mut present) = (0.0, 0.0);
        let [before, other] = &pair.tallies;
        for (class, &support) in pair.support.iter().enumerate() {
            if support > 0 {
                let (first, both) = (exchanged[class], [before[class], other[class]]);
                let right = both[0].right + both[1].right - first.right;
                let predicted = both[0].predicted + both[1].predicted - first.predicted;
                sum += 2.0 * right as f64 / (predicted + support) as f64
                    - 2.0 * first.right as f64 / (first.predicted + support) as f64;
                present += 1.0;
            }
        }
        sum / present
    }
}
