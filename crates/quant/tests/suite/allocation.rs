//! The exact search against all combinations, the greedy one against the exact one, and what is refused.

use bitsweep_quant::{
    Allocation, AllocationError, Budget, Candidate, MOST_PARTIAL_SUMS, Search, allocate, allocate_greedily,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn candidate(bytes: u64, loss: f64) -> Candidate {
    Candidate { bytes, loss }
}

/// Up to 5 layers of up to 5 candidates, with many ties.
fn instances() -> impl Strategy<Value = Vec<Vec<Candidate>>> {
    let loss = prop_oneof![(0..8_u8).prop_map(f64::from), 0.0..8.0];
    vec(vec((0..12_u64, loss).prop_map(|(bytes, loss)| candidate(bytes, loss)), 1..6), 1..6)
}

fn budgets() -> impl Strategy<Value = Budget> {
    prop_oneof![(0..50_u64).prop_map(Budget::Bytes), (0.0..30.0).prop_map(Budget::Loss)]
}

/// Bytes and loss of every combination, added up from the first layer to the last.
fn combinations(layers: &[Vec<Candidate>]) -> Vec<(u64, f64)> {
    layers.iter().fold(vec![(0, 0.0)], |sums, layer| {
        let continued = sums.iter().flat_map(|(bytes, loss)| {
            layer.iter().map(move |candidate| (bytes + candidate.bytes, loss + candidate.loss))
        });
        continued.collect()
    })
}

/// The best value of what the budget leaves open, over all combinations; `None` where none keeps to it.
fn brute_force(layers: &[Vec<Candidate>], budget: Budget) -> Option<f64> {
    let best = |values: Vec<f64>| values.into_iter().reduce(f64::min);
    let sums = combinations(layers).into_iter();
    match budget {
        Budget::Bytes(most) => best(sums.filter(|sum| sum.0 <= most).map(|sum| sum.1).collect()),
        Budget::Loss(most) => best(sums.filter(|sum| sum.1 <= most).map(|sum| sum.0 as f64).collect()),
    }
}

fn objective(allocation: &Allocation, budget: Budget) -> f64 {
    match budget {
        Budget::Bytes(_) => allocation.loss,
        Budget::Loss(_) => allocation.bytes as f64,
    }
}

/// That the sums are those of the choices, and within the budget.
fn is_honest(layers: &[Vec<Candidate>], allocation: &Allocation, budget: Budget) -> bool {
    let chosen: Vec<Vec<Candidate>> =
        layers.iter().zip(&allocation.choices).map(|(layer, &choice)| vec![layer[choice]]).collect();
    let within = match budget {
        Budget::Bytes(most) => allocation.bytes <= most,
        Budget::Loss(most) => allocation.loss <= most,
    };
    allocation.choices.len() == layers.len()
        && combinations(&chosen) == [(allocation.bytes, allocation.loss)]
        && within
}

proptest! {
    #[test]
    fn the_exact_search_finds_what_trying_all_combinations_finds(
        layers in instances(), budget in budgets()
    ) {
        match (allocate(&layers, budget), brute_force(&layers, budget)) {
            (Ok(found), Some(best)) => {
                prop_assert_eq!(found.search, Search::Exact);
                prop_assert!(is_honest(&layers, &found, budget));
                prop_assert_eq!(objective(&found, budget), best);
            }
            (Err(AllocationError::TooFewBytes { least, .. }), None) => {
                let combinations = combinations(&layers);
                prop_assert_eq!(Some(least), combinations.iter().map(|sum| sum.0).min());
            }
            (Err(AllocationError::TooLittleLoss { least, .. }), None) => {
                let combinations = combinations(&layers);
                prop_assert_eq!(Some(least), combinations.iter().map(|sum| sum.1).reduce(f64::min));
            }
            (found, best) => prop_assert!(false, "{:?} beside {:?}", found, best),
        }
    }

    #[test]
    fn the_greedy_search_keeps_to_the_budget_and_is_never_better_than_the_exact_one(
        layers in instances(), budget in budgets()
    ) {
        match (allocate(&layers, budget), allocate_greedily(&layers, budget)) {
            (Ok(exact), Ok(greedy)) => {
                prop_assert_eq!(greedy.search, Search::Greedy);
                prop_assert!(is_honest(&layers, &greedy, budget));
                prop_assert!(objective(&greedy, budget) >= objective(&exact, budget));
            }
            (exact, greedy) => prop_assert_eq!(exact, greedy),
        }
    }
}

#[test]
fn the_greedy_search_can_miss_the_optimum() {
    // The first step, 6 for 5 bytes, leaves no room for 10 for 10 bytes.
    let layers = [vec![candidate(0, 6.0), candidate(5, 0.0)], vec![candidate(0, 10.0), candidate(10, 0.0)]];
    let budget = Budget::Bytes(10);
    assert_eq!(allocate_greedily(&layers, budget).unwrap().choices, [1, 0]);
    assert_eq!(allocate(&layers, budget).unwrap().choices, [0, 1]);
}

#[test]
fn too_many_combinations_are_searched_greedily_and_the_result_says_so() {
    // 2^17 subsets, whose bytes are all different and whose losses fall as the bytes rise.
    let layers: Vec<_> =
        (0..17).map(|layer| vec![candidate(0, f64::from(1 << layer)), candidate(1 << layer, 0.0)]).collect();
    assert!(1 << layers.len() > MOST_PARTIAL_SUMS);
    let all = allocate(&layers, Budget::Bytes(u64::MAX)).unwrap();
    assert_eq!((all.search, all.loss), (Search::Greedy, 0.0));
    assert_eq!(all.search.to_string(), "greedy");
    let fewer = allocate(&layers[..16], Budget::Bytes(u64::MAX)).unwrap();
    assert_eq!((fewer.search, fewer.loss), (Search::Exact, 0.0));
}

#[test]
fn of_equal_choices_the_first_is_taken() {
    let layer = vec![candidate(3, 1.0), candidate(3, 1.0), candidate(4, 1.0)];
    let found = allocate(&[layer.clone(), layer], Budget::Bytes(100)).unwrap();
    assert_eq!((found.choices, found.bytes), (vec![0, 0], 6));
}

#[test]
fn a_layer_without_candidates_is_refused() {
    let error = allocate(&[vec![candidate(1, 1.0)], vec![]], Budget::Bytes(9)).unwrap_err();
    assert_eq!(error.to_string(), "layer 1 (counted from 0) has no candidates: expected at least one");
}

#[test]
fn a_loss_that_is_not_finite_is_refused() {
    for loss in [f64::NAN, f64::INFINITY] {
        let error = allocate(&[vec![candidate(1, 1.0), candidate(2, loss)]], Budget::Bytes(9)).unwrap_err();
        let expected = format!(
            "the loss of candidate 1 of layer 0 (counted from 0) is `{loss}`: expected a finite number"
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_budget_that_nothing_keeps_to_names_the_least_that_something_does() {
    let layers = [vec![candidate(4, 1.0), candidate(8, 0.5)], vec![candidate(6, 1.0)]];
    let error = |budget| allocate(&layers, budget).unwrap_err().to_string();
    assert_eq!(error(Budget::Bytes(9)), "a budget of `9` bytes is too small: expected at least 10");
    assert_eq!(error(Budget::Loss(1.2)), "a loss of at most `1.2` cannot be kept to: expected at least 1.5");
    assert!(allocate(&layers, Budget::Loss(f64::NAN)).is_err());
    assert_eq!(allocate(&layers, Budget::Bytes(10)).unwrap().bytes, 10);
    assert_eq!(allocate(&layers, Budget::Loss(1.5)).unwrap().bytes, 14);
}
