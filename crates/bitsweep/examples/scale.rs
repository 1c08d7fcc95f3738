//! Time and memory of everything around the computing, for plans past one machine:
//!
//! ```text
//! cargo run --release -p bitsweep --example scale -- 10000 100
//! ```
//!
//! plans so many units of so many variants, deals them out to 1,000 tasks, fills two stores with rows that look like real ones, unites
//! them, and asks what is missing. Nothing is trained but one small unit.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs;
use std::time::Instant;

use bitsweep::evaluate::Run;
use bitsweep::failure::Failure;
use bitsweep::plan::{Piece, Plan};
use bitsweep::progress::{Progress, Verbosity};
use bitsweep::unit_store::{Again, UnitStore, WantedRows};
use bitsweep_experiment::config::Document;
use bitsweep_results::{Evaluated, read_stored, write_stored};
use bitsweep_store::{Content, Kind, Shelf, Store};
use rayon::prelude::*;
use tempfile::TempDir;

/// Parts that the plan is dealt out in.
const TASKS: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let (units, variants) = match (arguments.next(), arguments.next()) {
        (Some(units), Some(variants)) => (units?, variants?),
        _ => return Err("expected two numbers: units, and variants of each".into()),
    };
    let folder = TempDir::new()?;
    let plan = told("plan", || planned(units, variants))?;
    println!("  {}", plan.extent());
    let shards = told("split", || Ok(plan.shards(TASKS)))?;
    let rows = |pieces: &Vec<Piece>| pieces.iter().map(|piece| piece.variants.len()).sum::<usize>();
    let (least, most) = (shards.iter().map(rows).min(), shards.iter().map(rows).max());
    println!("  {least:?} to {most:?} variants a task");
    let template = template(folder.path())?;
    let names = ["one", "other"];
    let parts = names.map(|name| Store::open(&folder.path().join(name)));
    let [one, other] = parts;
    let parts = [one?, other?];
    told("fill two stores", || {
        let all = plan.work();
        Ok(all.par_iter().try_for_each(|piece| -> Result<(), Failure> {
            let wanted = WantedRows::of(&plan, piece);
            let row = |(key, like): (&_, &Evaluated)| {
                let mut row = like.clone();
                row.row.key = *key;
                row.recorded = wanted.recorded;
                row
            };
            let rows: Vec<Evaluated> = wanted.rows.iter().zip(template.iter().cycle()).map(row).collect();
            let bytes = write_stored(&rows.iter().collect::<Vec<_>>())?;
            parts[piece.unit % 2].put(Shelf::Unit(wanted.unit.hash()), Kind::Rows, &bytes)?;
            Ok(())
        })?)
    })?;
    let store = UnitStore::open(&folder.path().join("all"))?;
    told("manifest", || Ok(store.keep_manifest(&plan)?))?;
    for part in &parts {
        told("merge", || Ok(store.files().merge(part)?))?;
    }
    let missing = told("status", || {
        let work = plan.work();
        let missing = work.par_iter().map(|piece| {
            let standing = store.standing(&WantedRows::of(&plan, piece), Again::Nothing);
            standing.map(|standing| standing.missing.len())
        });
        let missing: Vec<usize> = missing.collect::<Result<_, _>>()?;
        Ok(missing.iter().sum::<usize>())
    })?;
    println!("  {missing} rows are missing");
    Ok(())
}

/// Does a step, and says how long it took, and the most memory that the process has taken so far.
fn told<T>(what: &str, step: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<T, Box<dyn Error>> {
    let started = Instant::now();
    let done = step()?;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("").trim();
    println!("{what}: {:.2} s, at most {peak}", started.elapsed().as_secs_f64());
    Ok(done)
}

fn planned(units: usize, variants: usize) -> Result<Plan, Box<dyn Error>> {
    let seeds: Vec<String> = (0..units).map(|seed| seed.to_string()).collect();
    let percentiles: Vec<String> =
        (0..variants).map(|step| format!("{{ percentile = {} }}", 99.0 + step as f64 / 1e6)).collect();
    Ok(Plan::new(
        "scale",
        &Document::new("scale.toml", &text(&seeds.join(", "), &percentiles.join(", ")), &[]),
    )?)
}

fn text(seeds: &str, ranges: &str) -> String {
    format!(
        "title = \"scale\"\nseed = [{seeds}]\n[data]\nsource = \"wine\"\nscale = \"standard\"\n\
         [split.holdout]\ntest = 0.25\n[model.mlp]\nhidden = 8\n\
         [train]\nepochs = 2\nbatch_size = 32\nlearning_rate = 0.05\n\
         [quantize.weights]\nbits = 4\nrange = [{ranges}]\n"
    )
}

/// The rows of a small unit.
fn template(folder: &std::path::Path) -> Result<Vec<Evaluated>, Box<dyn Error>> {
    let plan = Plan::new("small", &Document::new("small.toml", &text("0", "{ percentile = 99 }"), &[]))?;
    let store = UnitStore::open(&folder.join("small"))?;
    let progress = &Progress::new(Verbosity::Quiet, 1);
    let run = Run { plan: &plan, store: &store, again: Again::Nothing, most_failures: None, progress };
    run.pieces(&plan.work())?;
    let mut rows = Vec::new();
    for file in store.files().files_of(Shelf::Unit(plan.units[0].key.hash()), Kind::Rows)? {
        if let Content::Whole(bytes) = store.files().read(&file)? {
            for row in read_stored(&bytes)? {
                rows.push(row.evaluated_nameless()?);
            }
        }
    }
    Ok(rows)
}
