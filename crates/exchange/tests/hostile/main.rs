//! Files that are nearly right: whatever the bytes, no reader panics, and none takes much more memory than the file has bytes.
//!
//! The seeds are the files of the other tests and those under `tests/corpus`. 100,000 inputs are made of them. The test is
//! alone in its binary, for what the process allocates is counted.

#![allow(clippy::unwrap_used)]

mod readers;
mod within;

use std::fs;
use std::path::{Path, PathBuf};

use bitsweep_hostile::{Input, Limits, Numbers, PeakAlloc, Trial, mutate};

use readers::{Accepted, read};
use within::mutate_within;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// 2²⁰ numbers in `f64`, which readers believe of any file, in a few copies.
const LIMITS: Limits = Limits { bytes: 64 << 20, bytes_per_byte: 64 };

/// What the names of seeds end in; as many inputs are made of each.
const FORMATS: [&str; 5] = ["npz", "onnx", "safetensors", "gguf", "json"];

/// A file of the corpus.
struct Seed {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Seed {
    fn extension(&self) -> &str {
        self.path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
    }
}

/// The files of the folders that some reader takes, in the order of their names.
fn seeds() -> Vec<Seed> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut seeds = Vec::new();
    for folder in ["corpus", "files", "files/onnx"] {
        for file in fs::read_dir(tests.join(folder)).unwrap() {
            let path = file.unwrap().path();
            let bytes = if path.is_file() { fs::read(&path).unwrap() } else { continue };
            let seed = Seed { path, bytes };
            // Other JSON is what tests expect.
            let is_json = seed.extension() == "json";
            if FORMATS.contains(&seed.extension()) && (!is_json || folder == "corpus") {
                seeds.push(seed);
            }
        }
    }
    seeds.sort_by(|left, right| left.path.cmp(&right.path));
    seeds
}

/// One of the seeds with some changes.
fn input<'s>(seeds: &'s [Seed], numbers: &mut Numbers) -> Input<(&'s Seed, Vec<u8>)> {
    let chosen = *numbers.of_these(&FORMATS);
    let own: Vec<&Seed> = seeds.iter().filter(|seed| seed.extension() == chosen).collect();
    let (seed, other) = (*numbers.of_these(&own), &numbers.of_these(&own).bytes);
    let within = match numbers.below(2) {
        0 => mutate_within(&seed.bytes, other, numbers),
        _ => None,
    };
    let bytes = within.unwrap_or_else(|| {
        let mut bytes = seed.bytes.clone();
        mutate(&mut bytes, other, numbers);
        bytes
    });
    let made_of = seed.path.file_name().unwrap().to_string_lossy().into_owned();
    Input { length: bytes.len(), content: (seed, bytes), made_of }
}

#[test]
fn every_input_is_read_or_refused_in_little_memory() {
    let seeds = seeds();
    let folder = tempfile::tempdir().unwrap();
    let file = |seed: &Seed| folder.path().join("input").with_extension(seed.extension());
    for seed in &seeds {
        let accepted = read(&seed.bytes, &file(seed));
        // Some of the other tests' files are there to be refused.
        let is_asked_for = seed.path.parent().is_some_and(|folder| folder.ends_with("corpus"));
        assert!(
            accepted != Accepted::default() || !is_asked_for,
            "{} is read by nobody",
            seed.path.display()
        );
    }

    let mut sums = [0_u64; 4];
    let trial = Trial::run(
        100_000,
        LIMITS,
        |numbers| input(&seeds, numbers),
        |(seed, bytes)| {
            let Accepted { tensors, values, network, packed } = read(bytes, &file(seed));
            for (sum, accepted) in sums.iter_mut().zip([tensors, values, network, packed]) {
                *sum += u64::from(accepted);
            }
        },
    );
    let [tensors, values, networks, packed] = sums;
    println!(
        "{} seeds: {trial}; {tensors} directories, {values} with values, {networks} networks, {packed} packed models",
        seeds.len()
    );
    // Enough of them come past the first check.
    if trial.count >= 100_000 {
        assert!(sums.iter().all(|sum| *sum > trial.count / 200), "{sums:?}");
    }
}
