//! How often picks and bounds hold on models whose real losses are known: writes `docs/simulation.md` and its chart.
//!
//! ```text
//! cargo run --release -p bitsweep-report --example simulation
//! ```

mod chart;
mod trial;
mod world;

use std::error::Error;
use std::fs;
use std::path::Path;

use rayon::prelude::*;

use trial::{Outcome, Totals};
use world::{Setting, World};

/// Populations of each setting.
const WORLDS: u64 = 20;
/// Test sets drawn from each population.
const TEST_SETS: u64 = 20;
/// Units of an experiment with several.
const UNITS: usize = 10;
/// Test rows of a single unit.
const TEST_ROWS: [usize; 5] = [100, 225, 450, 1_000, 4_000];
/// Test rows of each of several units.
const TEST_ROWS_OF_UNITS: [usize; 3] = [100, 225, 450];

const SETTINGS: [Setting; 3] = [
    Setting { name: "10 classes", shares: &[0.1; 10], signal: 4.2, noise: 3.0 },
    Setting { name: "3 classes", shares: &[0.4, 0.4, 0.2], signal: 2.6, noise: 3.0 },
    Setting { name: "2 classes, one of 10 %", shares: &[0.9, 0.1], signal: 2.6, noise: 3.0 },
];

fn main() -> Result<(), Box<dyn Error>> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let mut rows = Vec::new();
    for units in [1, UNITS] {
        for setting in &SETTINGS {
            let test_rows: &[usize] = if units == 1 { &TEST_ROWS } else { &TEST_ROWS_OF_UNITS };
            rows.extend(simulated(setting, units, test_rows)?);
        }
    }
    fs::write(docs.join("simulation.md"), trial::page(&rows, WORLDS * TEST_SETS))?;
    fs::write(docs.join("simulation.svg"), chart::draw(&rows)?)?;
    Ok(())
}

/// The totals of a setting for each number of test rows.
fn simulated(setting: &Setting, units: usize, test_rows: &[usize]) -> Result<Vec<Totals>, Box<dyn Error>> {
    let worlds: Vec<Vec<Vec<Outcome>>> = (0..WORLDS)
        .into_par_iter()
        .map(|number| {
            let world = World::new(setting, units, number).map_err(|error| error.to_string())?;
            let trials = trial::Trials::new(&world);
            let of_rows = |rows: &usize| {
                let sets = (0..TEST_SETS).map(|set| trials.outcome(*rows, number * TEST_SETS + set));
                sets.collect::<Result<Vec<Outcome>, _>>().map_err(|error| error.to_string())
            };
            test_rows.iter().map(of_rows).collect::<Result<Vec<_>, String>>()
        })
        .collect::<Result<_, String>>()?;
    let totals = test_rows.iter().enumerate().map(|(index, rows)| {
        let outcomes = worlds.iter().flat_map(|world| &world[index]);
        Totals::of(setting.name, units, *rows, &outcomes.collect::<Vec<_>>())
    });
    Ok(totals.collect())
}
