//! Draws the charts and reports of the test fixtures into a folder, to look at: `cargo run --example gallery -- FOLDER`.

#[path = "../tests/fixtures/mod.rs"]
mod fixtures;

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use bitsweep_report::{charts, html, markdown, png};
use rayon::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("expected a folder")?);
    let all = [
        ("wine", fixtures::wine()),
        ("sweep", fixtures::sweep()),
        ("tasks", fixtures::many_tasks()),
        ("digits", fixtures::digits()),
        ("vector", fixtures::vector()),
        ("sensitivity", fixtures::sensitivity()),
    ];
    for (name, records) in &all {
        let own = folder.join(name);
        std::fs::create_dir_all(own.join("charts"))?;
        let summary = fixtures::summary(records);
        let report = fixtures::report(name, records, &summary);
        let start = Instant::now();
        let charts = charts(&report)?;
        let drawn = start.elapsed();
        let pictures: Vec<Vec<u8>> =
            charts.par_iter().map(|chart| png(&chart.svg)).collect::<Result<_, _>>()?;
        let rasterized = start.elapsed();
        let (text, page) = (markdown(&report, &charts), html(&report, &charts));
        println!(
            "{name}: {} charts drawn in {drawn:?}, rasterized by {rasterized:?}, written by {:?}",
            charts.len(),
            start.elapsed()
        );
        for (chart, picture) in charts.iter().zip(&pictures) {
            std::fs::write(own.join("charts").join(format!("{}.png", chart.name)), picture)?;
            std::fs::write(own.join("charts").join(format!("{}.svg", chart.name)), &chart.svg)?;
        }
        std::fs::write(own.join("report.md"), text)?;
        std::fs::write(own.join("report.html"), page)?;
    }
    Ok(())
}
