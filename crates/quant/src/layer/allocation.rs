//! Which of its candidates each layer takes, so that all together fit a budget.
//!
//! Choosing one candidate a layer under a budget is the multiple-choice knapsack problem (Sinha and Zoltners, *The
//! Multiple-Choice Knapsack Problem*, Operations Research 27(3), 1979).

use std::fmt;

/// What a layer costs and loses under one choice for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Its size.
    pub bytes: u64,
    /// What it loses; the losses of all layers add up.
    pub loss: f64,
}

/// What must be kept to; the other quantity becomes as small as it can.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Budget {
    /// At most so many bytes, and the least loss.
    Bytes(u64),
    /// At most this loss, and the fewest bytes.
    Loss(f64),
}

/// How much a result of a search can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Search {
    /// Nothing is better.
    Exact,
    /// There were too many combinations: the best step at a time.
    Greedy,
}

/// One candidate for each layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocation {
    /// For each layer the position of its candidate.
    pub choices: Vec<usize>,
    /// The sum of the candidates' bytes.
    pub bytes: u64,
    /// The sum of the candidates' losses, added up from the first layer to the last.
    pub loss: f64,
    /// How it was found.
    pub search: Search,
}

/// Why candidates cannot be allocated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AllocationError {
    /// A layer has nothing to choose from.
    #[error("layer {layer} (counted from 0) has no candidates: expected at least one")]
    NoCandidates {
        /// Counted from 0.
        layer: usize,
    },
    /// A loss cannot be added up.
    #[error(
        "the loss of candidate {candidate} of layer {layer} (counted from 0) is `{loss}`: expected a finite number"
    )]
    NotFinite {
        /// Counted from 0.
        layer: usize,
        /// Counted from 0.
        candidate: usize,
        /// NaN or an infinity.
        loss: f64,
    },
    /// The smallest candidates are too large.
    #[error("a budget of `{budget}` bytes is too small: expected at least {least}")]
    TooFewBytes {
        /// What was asked for.
        budget: u64,
        /// The sum of each layer's fewest bytes.
        least: u64,
    },
    /// The best candidates lose too much.
    #[error("a loss of at most `{budget}` cannot be kept to: expected at least {least}")]
    TooLittleLoss {
        /// What was asked for.
        budget: f64,
        /// The sum of each layer's least loss.
        least: f64,
    },
}

/// More partial sums than this, none of which is better than another in bytes and in loss, and [`allocate`] is greedy.
///
/// With as few layers as a perceptron has, it takes hundreds of candidates a layer to get there.
pub const MOST_PARTIAL_SUMS: usize = 65_536;

/// The best choice of one candidate a layer under `budget`.
///
/// Exact by dynamic programming: layer after layer, of all sums of bytes and loss so far those are kept that no other
/// undercuts in both. Where more than [`MOST_PARTIAL_SUMS`] would be kept, the result is that of [`allocate_greedily`]
/// and says so. Of equally good choices the first in the order of the candidates is taken.
///
/// ```
/// use bitsweep_quant::{Budget, Candidate, allocate};
///
/// let candidate = |bytes, loss| Candidate { bytes, loss };
/// let first = vec![candidate(10, 0.9), candidate(20, 0.1)];
/// let second = vec![candidate(10, 0.3), candidate(20, 0.2)];
/// let best = allocate(&[first, second], Budget::Bytes(30))?;
/// assert_eq!((best.choices, best.bytes, best.loss), (vec![1, 0], 30, 0.4));
/// # Ok::<(), bitsweep_quant::AllocationError>(())
/// ```
///
/// # Errors
/// When a layer has no candidates, a loss is not finite, or nothing keeps to the budget: the error has the least budget
/// that something keeps to.
pub fn allocate(layers: &[Vec<Candidate>], budget: Budget) -> Result<Allocation, AllocationError> {
    let fronts = fronts(layers)?;
    check_budget(&fronts, budget)?;
    Ok(exact(&fronts, budget).unwrap_or_else(|| greedy(&fronts, budget)))
}

/// A good choice of one candidate a layer under `budget`, in a time that is polynomial in the candidates.
///
/// Begins with the fewest bytes and takes the step that lowers the loss most for each byte it costs, among those within
/// the budget, until none is left or the loss is within the budget.
///
/// # Errors
/// As [`allocate`].
pub fn allocate_greedily(layers: &[Vec<Candidate>], budget: Budget) -> Result<Allocation, AllocationError> {
    let fronts = fronts(layers)?;
    check_budget(&fronts, budget)?;
    Ok(greedy(&fronts, budget))
}

/// The candidates of one layer that no other undercuts, with their positions: bytes rise, losses fall.
type Front = Vec<(usize, Candidate)>;

fn fronts(layers: &[Vec<Candidate>]) -> Result<Vec<Front>, AllocationError> {
    let front = |(layer, candidates): (usize, &Vec<Candidate>)| {
        if candidates.is_empty() {
            return Err(AllocationError::NoCandidates { layer });
        }
        if let Some(candidate) = candidates.iter().position(|candidate| !candidate.loss.is_finite()) {
            let loss = candidates[candidate].loss;
            return Err(AllocationError::NotFinite { layer, candidate, loss });
        }
        let mut sorted: Front = candidates.iter().copied().enumerate().collect();
        sorted.sort_by(|(_, a), (_, b)| order(a, b));
        Ok(undominated(sorted, |(_, candidate)| *candidate))
    };
    layers.iter().enumerate().map(front).collect()
}

/// Fewer bytes first, then the smaller loss.
fn order(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    a.bytes.cmp(&b.bytes).then(a.loss.total_cmp(&b.loss))
}

/// Of what is sorted by [`order`], that which loses less than everything before it.
fn undominated<T>(sorted: Vec<T>, candidate: impl Fn(&T) -> Candidate) -> Vec<T> {
    let mut least = f64::INFINITY;
    let mut kept = sorted;
    kept.retain(|entry| {
        let loss = candidate(entry).loss;
        let better = loss < least;
        least = least.min(loss);
        better
    });
    kept
}

fn check_budget(fronts: &[Front], budget: Budget) -> Result<(), AllocationError> {
    match budget {
        Budget::Bytes(budget) => {
            let least = sum(fronts.iter().filter_map(|front| front.first())).bytes;
            if least > budget { Err(AllocationError::TooFewBytes { budget, least }) } else { Ok(()) }
        }
        Budget::Loss(budget) => {
            let least = sum(fronts.iter().filter_map(|front| front.last())).loss;
            // A budget of NaN is kept to by nothing.
            if least <= budget { Ok(()) } else { Err(AllocationError::TooLittleLoss { budget, least }) }
        }
    }
}

/// Added up from the first layer to the last; sizes end at the largest number there is.
fn sum<'a>(chosen: impl Iterator<Item = &'a (usize, Candidate)>) -> Candidate {
    chosen.fold(Candidate { bytes: 0, loss: 0.0 }, |sum, (_, candidate)| plus(sum, *candidate))
}

fn plus(sum: Candidate, candidate: Candidate) -> Candidate {
    Candidate { bytes: sum.bytes.saturating_add(candidate.bytes), loss: sum.loss + candidate.loss }
}

fn keeps_to(sum: Candidate, budget: Budget) -> bool {
    match budget {
        Budget::Bytes(bytes) => sum.bytes <= bytes,
        Budget::Loss(loss) => sum.loss <= loss,
    }
}

/// A sum over the first layers: which sum over one layer less it continues, and with which of the layer's candidates.
struct Partial {
    sum: Candidate,
    before: usize,
    candidate: usize,
}

/// `None` where too many sums would be kept.
fn exact(fronts: &[Front], budget: Budget) -> Option<Allocation> {
    let start = Partial { sum: Candidate { bytes: 0, loss: 0.0 }, before: 0, candidate: 0 };
    let mut levels = vec![vec![start]];
    for front in fronts {
        let partials = levels.last()?;
        let continued = partials.iter().enumerate().flat_map(|(before, partial)| {
            front.iter().map(move |&(candidate, step)| Partial {
                sum: plus(partial.sum, step),
                before,
                candidate,
            })
        });
        // A rounded sum of two numbers is monotone in both: what is undercut here is undercut in the end.
        let mut sums: Vec<Partial> = match budget {
            Budget::Bytes(bytes) => continued.filter(|partial| partial.sum.bytes <= bytes).collect(),
            Budget::Loss(_) => continued.collect(),
        };
        sums.sort_by(|a, b| order(&a.sum, &b.sum));
        let sums = undominated(sums, |partial| partial.sum);
        if sums.len() > MOST_PARTIAL_SUMS {
            return None;
        }
        levels.push(sums);
    }
    // Bytes rise and losses fall along the last level.
    let last = levels.last()?;
    let mut position = match budget {
        Budget::Bytes(_) => last.len().checked_sub(1)?,
        Budget::Loss(_) => last.iter().position(|partial| keeps_to(partial.sum, budget))?,
    };
    let Candidate { bytes, loss } = last[position].sum;
    let mut choices = Vec::with_capacity(fronts.len());
    for level in levels[1..].iter().rev() {
        choices.push(level[position].candidate);
        position = level[position].before;
    }
    choices.reverse();
    Some(Allocation { choices, bytes, loss, search: Search::Exact })
}

/// For fronts that keep to the budget.
fn greedy(fronts: &[Front], budget: Budget) -> Allocation {
    let mut positions = vec![0; fronts.len()];
    let total =
        |positions: &[usize]| sum(fronts.iter().zip(positions).map(|(front, &position)| &front[position]));
    loop {
        let now = total(&positions);
        if matches!(budget, Budget::Loss(_)) && keeps_to(now, budget) {
            break;
        }
        let mut best: Option<(f64, usize, usize)> = None;
        for (layer, front) in fronts.iter().enumerate() {
            let from = front[positions[layer]].1;
            for (position, (_, to)) in front.iter().enumerate().skip(positions[layer] + 1) {
                let cost = to.bytes - from.bytes;
                let fits = match budget {
                    Budget::Bytes(bytes) => now.bytes.saturating_add(cost) <= bytes,
                    Budget::Loss(_) => true,
                };
                let gain = (from.loss - to.loss) / cost as f64;
                if fits && best.is_none_or(|(most, ..)| gain > most) {
                    best = Some((gain, layer, position));
                }
            }
        }
        let Some((_, layer, position)) = best else { break };
        positions[layer] = position;
    }
    let Candidate { bytes, loss } = total(&positions);
    let choices = fronts.iter().zip(&positions).map(|(front, &position)| front[position].0).collect();
    Allocation { choices, bytes, loss, search: Search::Greedy }
}

impl fmt::Display for Search {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Exact => "exact",
            Self::Greedy => "greedy",
        })
    }
}
