//! Files that are nearly right: whatever the bytes, no reader panics, and none takes much more memory than the file has bytes.
//!
//! The seeds are the files of the other tests and those under `tests/corpus`. 100,000 inputs are made of them, the same in
//! every run; `BITSWEEP_FUZZ_INPUTS=10000000` asks for more of them, `BITSWEEP_FUZZ_FIRST` for others, and with one input
//! more than it, for one that failed. The test is alone in its binary, for it counts what the process allocates.

#![allow(clippy::unwrap_used)]

mod mutation;
mod readers;

use std::panic;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

use peak_alloc::PeakAlloc;

use mutation::{Numbers, mutate, mutate_within};
use readers::{Accepted, read};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What a reader may take of any file: 2²⁰ numbers in `f64`, which readers believe of any file, in a few copies.
const MOST_BYTES: usize = 64 << 20;
/// What it may take for each byte of the file.
const MOST_BYTES_PER_BYTE: usize = 64;

/// What the names of seeds end in; as many inputs are made of each.
const FORMATS: [&str; 5] = ["npz", "onnx", "safetensors", "gguf", "json"];

/// What the readers may take of any input: many times what they need, for the machine may have other work.
const MOST_TIME: Duration = Duration::from_secs(20);

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

/// The input of this number, and the seed that it is made of.
fn input(seeds: &[Seed], number: u64) -> (&Seed, Vec<u8>) {
    let mut numbers = Numbers::of(number);
    let chosen = FORMATS[numbers.below(FORMATS.len())];
    let own: Vec<&Seed> = seeds.iter().filter(|seed| seed.extension() == chosen).collect();
    let (seed, other) = (own[numbers.below(own.len())], &own[numbers.below(own.len())].bytes);
    let within = match numbers.below(2) {
        0 => mutate_within(&seed.bytes, other, &mut numbers),
        _ => None,
    };
    let bytes = within.unwrap_or_else(|| {
        let mut bytes = seed.bytes.clone();
        mutate(&mut bytes, other, &mut numbers);
        bytes
    });
    (seed, bytes)
}

fn variable(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |number| number.parse().expect("a whole number"))
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

    let first = variable("BITSWEEP_FUZZ_FIRST", 0);
    let count = variable("BITSWEEP_FUZZ_INPUTS", 100_000);
    let mut sums = [0_u64; 4];
    let mut most = 0;
    for number in first..first + count {
        let (seed, bytes) = input(&seeds, number);
        MEMORY.reset_peak_usage();
        let (before, start) = (MEMORY.current_usage(), Instant::now());
        let name = seed.path.file_name().unwrap().to_string_lossy();
        let Ok(accepted) = panic::catch_unwind(|| read(&bytes, &file(seed))) else {
            panic!("input {number}, made of {name}, makes a reader panic");
        };
        let taken = MEMORY.peak_usage().saturating_sub(before);
        assert!(start.elapsed() <= MOST_TIME, "input {number}, made of {name}, takes {:?}", start.elapsed());
        let limit = MOST_BYTES + MOST_BYTES_PER_BYTE * bytes.len();
        assert!(taken <= limit, "input {number}, made of {name}, {} bytes, takes {taken}", bytes.len());
        most = most.max(taken);
        let Accepted { tensors, values, network, packed } = accepted;
        for (sum, accepted) in sums.iter_mut().zip([tensors, values, network, packed]) {
            *sum += u64::from(accepted);
        }
    }
    let [tensors, values, networks, packed] = sums;
    println!(
        "{count} inputs of {} seeds: {tensors} directories, {values} with values, {networks} networks, {packed} packed models; at most {most} bytes",
        seeds.len()
    );
    // Enough of them come past the first check.
    if count >= 100_000 {
        assert!(sums.iter().all(|sum| *sum > count / 200), "{sums:?}");
    }
}
