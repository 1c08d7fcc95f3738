//! A small part of `docs/simulation.md`: shown picks keep their promise, point estimates do not.
#![allow(clippy::unwrap_used, dead_code)]

#[path = "../examples/simulation/trial.rs"]
mod trial;
#[path = "../examples/simulation/world.rs"]
mod world;

use trial::{Outcome, Totals, Trials};
use world::{Setting, World};

const SETTING: Setting = Setting { name: "3 classes", shares: &[0.4, 0.4, 0.2], signal: 2.6, noise: 3.0 };

fn totals(units: usize, test_rows: usize) -> Totals {
    let mut outcomes: Vec<Outcome> = Vec::new();
    for number in 0..6 {
        let world = World::new(&SETTING, units, number).unwrap();
        let trials = Trials::new(&world);
        outcomes.extend((0..10).map(|set| trials.outcome(test_rows, number * 10 + set).unwrap()));
    }
    Totals::of(SETTING.name, units, test_rows, &outcomes.iter().collect::<Vec<_>>())
}

#[test]
fn a_shown_pick_of_one_run_seldom_loses_more_than_the_margin() {
    let totals = totals(1, 450);
    assert!(totals.point_wrong > 0.3, "{}", totals.point_wrong);
    assert!(totals.shown > 0.9 && totals.shown_wrong < 0.05, "{} {}", totals.shown, totals.shown_wrong);
    assert!(totals.confirmed_wrong == 0.0 && totals.bounded > 0.95, "{}", totals.bounded);
    assert!(totals.effects[0] > 0.93 && totals.effects[2] == 0.0, "{:?}", totals.effects);
}

#[test]
fn so_does_one_of_several_runs() {
    let totals = totals(5, 225);
    assert!(totals.shown > 0.5 && totals.shown_wrong < 0.05, "{} {}", totals.shown, totals.shown_wrong);
    assert!(totals.bounded > 0.95 && totals.effects[2] == 0.0, "{} {:?}", totals.bounded, totals.effects);
}

#[test]
fn few_rows_hardly_ever_show_anything_but_a_gain() {
    let totals = totals(1, 100);
    assert!(totals.shown < 0.05 && totals.shown_wrong == 0.0, "{} {}", totals.shown, totals.shown_wrong);
}
