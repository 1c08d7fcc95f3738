//! The interval of macro-F1 contains the truth as often as it says, on test sets like those of the
//! experiments.

use bitsweep_metrics::macro_f1_interval;
use rand_mt::Mt64;

#[path = "../examples/coverage/simulation.rs"]
mod simulation;
use simulation::{Errors, Population, coverage};

/// Of 95 %; with 4,000 test sets, two standard errors of the simulation are 0.7 %.
#[track_caller]
fn assert_covers(population: &Population) {
    // Nor is it won by width: an interval this wide would say nothing of 36 samples.
    assert_covers_within(population, 2.0 / (population.samples as f64).sqrt());
}

#[track_caller]
fn assert_covers_within(population: &Population, width: f64) {
    let measured =
        coverage(population, 4_000, &mut Mt64::new(11), |confusion, _| macro_f1_interval(confusion));
    let Population { name, .. } = population;
    assert!(measured.contained >= 0.93, "{name}: {:.3}", measured.contained);
    assert!(measured.width < width, "{name}: width {:.3}", measured.width);
}

#[test]
fn interval_covers_small_test_sets_of_three_classes() {
    for macro_f1 in [0.90, 0.97, 0.99, 0.997] {
        for errors in [Errors::Uniform, Errors::Between(1, 2), Errors::OfClass(2)] {
            assert_covers(&Population::new("wine", 36, &[59.0, 71.0, 48.0], &errors, macro_f1));
        }
    }
}

#[test]
fn interval_covers_ten_classes() {
    for macro_f1 in [0.85, 0.96, 0.99, 0.998] {
        assert_covers(&Population::new("digits", 450, &[1.0; 10], &Errors::Uniform, macro_f1));
    }
    assert_covers(&Population::new("digits", 450, &[1.0; 10], &Errors::Between(1, 8), 0.96));
}

#[test]
fn interval_covers_two_unbalanced_classes() {
    for macro_f1 in [0.90, 0.97, 0.99] {
        for errors in [Errors::Uniform, Errors::OfClass(0), Errors::OfClass(1)] {
            assert_covers(&Population::new("unbalanced", 100, &[8.0, 2.0], &errors, macro_f1));
        }
    }
}

#[test]
fn interval_covers_a_rare_class_that_is_mostly_missed() {
    // With the score interval alone .44, .60, .69 and .91 of the intervals would contain the score.
    for population in Population::mostly_missed() {
        assert_covers_within(&population, 0.2);
    }
}
