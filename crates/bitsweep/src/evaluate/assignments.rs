//! Which candidate each layer takes, where what an assignment is worth does not add up over the layers.

use std::cmp::Ordering;

use bitsweep_quant::Search;

use super::training_rows::Reading;

/// Of more assignments than this, the search is greedy.
pub(super) const MOST_ASSIGNMENTS: usize = 4_096;

/// For each layer the bytes of its candidates, which rise with their position.
pub(super) type LayerBytes = [Vec<u64>];

/// One candidate for each layer.
pub(super) type Assignment = Vec<usize>;

/// An assignment with all that it is compared by.
#[derive(Debug, Clone, PartialEq)]
struct Judged {
    assignment: Assignment,
    bytes: u64,
    reading: Reading,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Goal {
    /// The highest macro-F1 in at most so many bytes; of equal ones the least output error, then the fewest bytes.
    MacroF1 { bytes: u64 },
    /// The fewest bytes with at least this macro-F1; of equal ones the highest macro-F1, then the least output error.
    Bytes { macro_f1: f64 },
}

impl Goal {
    fn admits(self, judged: &Judged) -> bool {
        match self {
            Goal::MacroF1 { bytes } => judged.bytes <= bytes,
            Goal::Bytes { macro_f1 } => judged.reading.macro_f1 >= macro_f1,
        }
    }

    /// The better one first.
    fn order(self, a: &Judged, b: &Judged) -> Ordering {
        match self {
            Goal::MacroF1 { .. } => harm(a, b),
            Goal::Bytes { .. } => a.bytes.cmp(&b.bytes).then(harm(a, b)),
        }
    }
}

/// Higher macro-F1 first, then less output error, then fewer bytes.
fn harm(a: &Judged, b: &Judged) -> Ordering {
    let (ours, other) = (a.reading, b.reading);
    let by_score = other.macro_f1.total_cmp(&ours.macro_f1);
    by_score.then(ours.output_error.total_cmp(&other.output_error)).then(a.bytes.cmp(&b.bytes))
}

/// The best assignment for `goal`, of equal ones the first; `None` where none was found that the goal admits.
///
/// Up to [`MOST_ASSIGNMENTS`] are all read. Of more, the search begins with the last candidate of every layer and takes
/// again and again the step down of a single layer that does the least harm: until the bytes are within the goal, or
/// until no step keeps the macro-F1 within it.
///
/// # Errors
/// Those of `read`.
pub(super) fn search<E>(
    layers: &LayerBytes,
    goal: Goal,
    read: &mut impl FnMut(&[usize]) -> Result<Reading, E>,
) -> Result<(Option<Assignment>, Search), E> {
    let mut judge = |assignment: Assignment| {
        let reading = read(&assignment)?;
        Ok(Judged { bytes: bytes(layers, &assignment), assignment, reading })
    };
    let count = layers.iter().try_fold(1_usize, |product, own| product.checked_mul(own.len()));
    if count.is_some_and(|count| count <= MOST_ASSIGNMENTS) {
        let best = all(layers, goal, &mut judge)?;
        return Ok((best.map(|best| best.assignment), Search::Exact));
    }
    let found = downwards(layers, goal, &mut judge)?;
    Ok((found.map(|found| found.assignment), Search::Greedy))
}

fn bytes(layers: &LayerBytes, assignment: &[usize]) -> u64 {
    layers.iter().zip(assignment).map(|(own, &candidate)| own[candidate]).sum()
}

fn all<E>(
    layers: &LayerBytes,
    goal: Goal,
    judge: &mut impl FnMut(Assignment) -> Result<Judged, E>,
) -> Result<Option<Judged>, E> {
    let mut best: Option<Judged> = None;
    let mut next = Some(vec![0; layers.len()]);
    while let Some(assignment) = next {
        next = successor(layers, &assignment);
        if let Goal::MacroF1 { bytes: most } = goal
            && bytes(layers, &assignment) > most
        {
            continue;
        }
        let judged = judge(assignment)?;
        if goal.admits(&judged) && best.as_ref().is_none_or(|best| goal.order(&judged, best).is_lt()) {
            best = Some(judged);
        }
    }
    Ok(best)
}

/// The next assignment, the last layer varying fastest.
fn successor(layers: &LayerBytes, assignment: &[usize]) -> Option<Assignment> {
    let mut next = assignment.to_vec();
    for (candidate, own) in next.iter_mut().zip(layers).rev() {
        if *candidate + 1 < own.len() {
            *candidate += 1;
            return Some(next);
        }
        *candidate = 0;
    }
    None
}

fn downwards<E>(
    layers: &LayerBytes,
    goal: Goal,
    judge: &mut impl FnMut(Assignment) -> Result<Judged, E>,
) -> Result<Option<Judged>, E> {
    let widest = layers.iter().map(|own| own.len() - 1).collect();
    let mut now: Judged = judge(widest)?;
    loop {
        let has_arrived = match goal {
            Goal::MacroF1 { .. } => goal.admits(&now),
            Goal::Bytes { .. } => false,
        };
        if has_arrived {
            return Ok(Some(now));
        }
        let mut best: Option<Judged> = None;
        for layer in (0..layers.len()).filter(|&layer| now.assignment[layer] > 0) {
            let mut assignment = now.assignment.clone();
            assignment[layer] -= 1;
            let judged = judge(assignment)?;
            let is_possible = match goal {
                Goal::MacroF1 { .. } => true,
                Goal::Bytes { .. } => goal.admits(&judged),
            };
            if is_possible && best.as_ref().is_none_or(|best| harm(&judged, best).is_lt()) {
                best = Some(judged);
            }
        }
        match best {
            Some(best) => now = best,
            None => return Ok(Some(now).filter(|now| goal.admits(now))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::convert::Infallible;

    use super::*;

    /// Candidates of 1, 2, … bytes times the layer's number.
    fn layers(layers: u64, candidates: u64) -> Vec<Vec<u64>> {
        (1..=layers).map(|layer| (1..=candidates).map(|bytes| layer * bytes).collect()).collect()
    }

    /// A function of the assignment alone, not monotone, with ties.
    fn reading(assignment: &[usize]) -> Result<Reading, Infallible> {
        let hash = assignment.iter().fold(7_usize, |hash, candidate| (hash * 31 + candidate * 17 + 3) % 1009);
        Ok(Reading { macro_f1: (hash % 13) as f64 / 13.0, output_error: (hash % 7) as f64 })
    }

    /// More candidates, more macro-F1 and less output error; the later layers matter more.
    fn monotone(assignment: &[usize]) -> Result<Reading, Infallible> {
        let worth = assignment.iter().enumerate().map(|(layer, &candidate)| ((layer + 1) * candidate) as f64);
        let worth: f64 = worth.sum();
        Ok(Reading { macro_f1: worth / 1000.0, output_error: 1.0 / (1.0 + worth) })
    }

    /// All assignments of three layers, by nested loops.
    fn every(layers: &LayerBytes) -> Vec<(Assignment, u64, Reading)> {
        let mut all = Vec::new();
        for a in 0..layers[0].len() {
            for b in 0..layers[1].len() {
                for c in 0..layers[2].len() {
                    let bytes = layers[0][a] + layers[1][b] + layers[2][c];
                    all.push((vec![a, b, c], bytes, reading(&[a, b, c]).unwrap()));
                }
            }
        }
        all
    }

    #[test]
    fn few_assignments_are_all_tried() {
        let layers = layers(3, 5);
        for budget in 6..=30 {
            let (found, searched) = search(&layers, Goal::MacroF1 { bytes: budget }, &mut reading).unwrap();
            let within = every(&layers).into_iter().filter(|(_, bytes, _)| *bytes <= budget);
            let best = within.reduce(|best, other| {
                let key = |(_, bytes, reading): &(Assignment, u64, Reading)| {
                    (-reading.macro_f1, reading.output_error, *bytes as f64)
                };
                if key(&other) < key(&best) { other } else { best }
            });
            assert_eq!((found, searched), (best.map(|best| best.0), Search::Exact));
        }
        for thirteenths in 0..13 {
            let macro_f1 = f64::from(thirteenths) / 13.0;
            let (found, _) = search(&layers, Goal::Bytes { macro_f1 }, &mut reading).unwrap();
            let within = every(&layers).into_iter().filter(|(_, _, reading)| reading.macro_f1 >= macro_f1);
            let fewest = within.map(|(_, bytes, _)| bytes).min();
            assert_eq!(found.map(|found| bytes(&layers, &found)), fewest);
        }
    }

    #[test]
    fn many_assignments_are_searched_from_the_widest_down() {
        // 5^6 assignments.
        let layers = layers(6, 5);
        let mut reads = 0;
        let mut counted = |assignment: &[usize]| {
            reads += 1;
            monotone(assignment)
        };
        let (found, searched) = search(&layers, Goal::MacroF1 { bytes: 60 }, &mut counted).unwrap();
        let found = found.unwrap();
        assert_eq!(searched, Search::Greedy);
        assert!(bytes(&layers, &found) <= 60 && reads < 6 * 24, "{found:?} after {reads}");
        // The least harm is done by the first layers.
        assert_eq!(found[0], 0);
        let (found, _) = search(&layers, Goal::Bytes { macro_f1: 0.05 }, &mut monotone).unwrap();
        assert!(monotone(&found.unwrap()).unwrap().macro_f1 >= 0.05);
    }

    #[test]
    fn what_no_assignment_reaches_is_not_found() {
        for count in [3, 6] {
            let layers = layers(count, 5);
            assert_eq!(search(&layers, Goal::MacroF1 { bytes: 5 }, &mut monotone).unwrap().0, None);
            assert_eq!(search(&layers, Goal::Bytes { macro_f1: 2.0 }, &mut monotone).unwrap().0, None);
        }
    }
}
