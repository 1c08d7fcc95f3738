//! How near kernels and quantizing come to what the machine can do.

mod calibrating;
mod page;
mod products;
mod quantizing;

use std::hint::black_box;

use bitsweep_kernels::{KernelError, limits};
use bitsweep_quant::{Scheme, SchemeSpec};
use bitsweep_random::{Generator, Stream};
use bitsweep_results::speed::{Host, Seconds};
use bitsweep_vector::Instructions;
use rayon::prelude::*;
use serde::Serialize;

use super::threads::Threads;
use super::turns::{Turns, rounds_of};
use crate::failure::Failure;
use crate::progress::{Progress, Verbosity};
use bitsweep_experiment::config::Diagnostic;

pub use calibrating::CalibrationTimes;
pub use products::ProductTimes;
pub use quantizing::SchemeTimes;

/// How often each time is taken.
const ROUNDS: usize = 9;

/// Bytes of weights that products pass through, for each weight of a matrix: of 4096 × 4096 weights 256 MiB.
const COLD_BYTES_PER_WEIGHT: usize = 16;

/// Kernels and quantizing on one machine, beside its limits.
#[derive(Debug, Serialize)]
pub struct KernelTimes {
    /// The machine.
    pub host: Host,
    /// How often each time was taken.
    pub rounds: usize,
    /// Inputs and outputs of the matrices.
    pub side: usize,
    /// What the machine does at most.
    pub limits: Limits,
    /// From values to packed codes, and back.
    pub quantizing: Vec<SchemeTimes>,
    /// From weights and inputs of a layer to codes.
    pub calibrating: Vec<CalibrationTimes>,
    /// Products with packed weights.
    pub products: Vec<ProductTimes>,
}

/// The times of one pinned thread, and of all threads.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Times {
    /// Of one thread.
    pub one: Seconds,
    /// Of all.
    pub all: Seconds,
}

/// What the machine does at most, in the same run.
#[derive(Debug, Serialize)]
pub struct Limits {
    /// How many threads are all.
    pub threads: usize,
    /// Bytes that are read, and that are copied.
    pub bytes: usize,
    /// Reading them.
    pub read: Times,
    /// Copying them to new memory: as many are read as are written.
    pub copy: Times,
    /// Multiplying bytes with bytes in registers, and adding the products.
    pub bytes_multiplied: Peak,
    /// The same of `f32`.
    pub floats_multiplied: Peak,
}

impl Limits {
    /// Reads in bytes a second, by one thread and by all.
    fn bandwidth(&self) -> [f64; 2] {
        [&self.read.one, &self.read.all].map(|seconds| self.bytes as f64 / seconds.median)
    }

    /// Copies in bytes read and written a second.
    fn copies(&self) -> [f64; 2] {
        [&self.copy.one, &self.copy.all].map(|seconds| 2.0 * self.bytes as f64 / seconds.median)
    }
}

/// Multiplications with additions in registers.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Peak {
    /// How many, on each thread.
    pub products: usize,
    /// How many threads are all.
    pub threads: usize,
    /// How long they take.
    pub times: Times,
}

impl Peak {
    /// Products a second, by one thread and by all.
    fn rates(&self) -> [f64; 2] {
        let products = self.products as f64;
        [products / self.times.one.median, products * self.threads as f64 / self.times.all.median]
    }
}

/// What numbers are drawn from.
fn stream() -> Result<Stream, Failure> {
    Stream::new(Generator::Modern, 0, "bench kernels").map_err(|error| Failure::Other(error.to_string()))
}

/// The scheme that a text of TOML spells.
fn scheme(toml: &str) -> Result<Scheme, Failure> {
    let spec: SchemeSpec = toml::from_str(toml).map_err(|error| Failure::Other(error.to_string()))?;
    spec.resolve().map_err(|error| Failure::Other(error.to_string()))
}

/// The times at two places among those that were measured, each of so many calls.
fn times(measured: &[Seconds], [one, all]: [usize; 2], calls: usize) -> Times {
    let each = |place: usize| measured[place].of_one_in(calls);
    Times { one: each(one), all: each(all) }
}

/// The names of lines that words ask for: all without words; of a word that is a name, that one; of others all that have it within.
fn asked(words: &[String]) -> Result<Vec<&'static str>, Failure> {
    let names = || quantizing::names().chain(calibrating::names()).chain(products::names());
    let mut asked = Vec::new();
    for word in words {
        let before = asked.len();
        asked.extend(names().filter(|name| name == word));
        if asked.len() == before {
            asked.extend(names().filter(|name| name.contains(word.as_str())));
        }
        if asked.len() == before {
            let names: Vec<String> = names().map(|name| format!("`{name}`")).collect();
            let message = format!("no line has `{word}` in its name");
            return Err(Diagnostic::new(message).help(format!("names are {}", names.join(", "))).into());
        }
    }
    Ok(if words.is_empty() { names().collect() } else { asked })
}

impl KernelTimes {
    /// Measures lines whose names are among `words` or have one of them within, with matrices of `side` × `side`.
    ///
    /// # Errors
    /// Words that no line has, and threads that cannot be started.
    pub fn of(words: &[String], side: usize, verbosity: Verbosity) -> Result<Self, Failure> {
        let names = asked(words)?;
        let few = names.iter().filter(|name| calibrating::names().any(|own| own == **name)).count();
        // One for the limits.
        let rounds = rounds_of(1 + names.len() - few, ROUNDS) + rounds_of(few, calibrating::ROUNDS);
        let progress = Progress::of(verbosity, rounds, ["round", "rounds"]);
        let threads = Threads::new()?;
        let failed = |error: KernelError| Failure::Other(error.to_string());
        let times = Self {
            host: threads.host(),
            rounds: ROUNDS,
            side,
            limits: measured_limits(&threads, side, &progress).map_err(failed)?,
            quantizing: quantizing::measured(&threads, &names, side, &progress)?,
            calibrating: calibrating::measured(&threads, &names, side, &progress)?,
            products: products::measured(&threads, &names, side, &progress).map_err(failed)?,
        };
        progress.finish();
        Ok(times)
    }
}

/// Memory that the threads of a pool read together, each a part.
struct Reading(Vec<limits::Memory>);

impl Reading {
    /// So many bytes in so many parts.
    fn new(bytes: usize, parts: usize) -> Self {
        Self((0..parts).map(|_| limits::Memory::new(bytes / parts)).collect())
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(limits::Memory::bytes).sum()
    }

    /// Reads it by one thread and by all.
    fn add<'a>(&'a self, threads: &'a Threads, turns: &mut Turns<'a>) -> [usize; 2] {
        threads.add(turns, || {
            self.0.par_iter().for_each(|part| drop(black_box(part.read(Instructions::best()))));
        })
    }
}

/// Multiplications that are measured.
#[derive(Clone, Copy)]
enum Multiplying {
    Bytes,
    Floats,
}

/// Multiplications among what is measured in turns.
struct Peaking {
    products: usize,
    places: [usize; 2],
}

impl Multiplying {
    fn add<'a>(self, threads: &'a Threads, turns: &mut Turns<'a>) -> Result<Peaking, KernelError> {
        const ROUNDS: usize = 1 << 20;
        let multiply = match self {
            Self::Bytes => limits::multiply_bytes,
            Self::Floats => limits::multiply_floats,
        };
        let products = multiply(Instructions::best(), ROUNDS)?;
        let places = threads.add(turns, move || {
            rayon::broadcast(|_| black_box(multiply(Instructions::best(), ROUNDS).is_ok()));
        });
        Ok(Peaking { products, places })
    }
}

impl Peaking {
    fn measured(&self, threads: &Threads, seconds: &[Seconds]) -> Peak {
        Peak { products: self.products, threads: threads.count(), times: times(seconds, self.places, 1) }
    }
}

fn measured_limits(threads: &Threads, side: usize, progress: &Progress) -> Result<Limits, KernelError> {
    let count = threads.count();
    let memory = Reading::new(COLD_BYTES_PER_WEIGHT * side * side, count);
    let bytes = memory.bytes();
    let values = vec![1.0_f32; bytes / size_of::<f32>()];
    let mut turns = Turns::default();
    let reading = memory.add(threads, &mut turns);
    let multiplying = [Multiplying::Bytes, Multiplying::Floats].map(|own| own.add(threads, &mut turns));
    let part = values.len().div_ceil(count).max(1);
    let copying = [
        turns.add(|| drop(black_box(black_box(&values).to_vec()))),
        turns.add(|| {
            let mut copy = vec![0.0; values.len()];
            let parts = copy.par_chunks_mut(part).zip(values.par_chunks(part));
            threads.all.install(|| parts.for_each(|(copy, values)| copy.copy_from_slice(black_box(values))));
            black_box(copy);
        }),
    ];
    let measured = turns.measured(ROUNDS, progress);
    let [of_bytes, of_floats] = multiplying;
    Ok(Limits {
        threads: count,
        bytes,
        read: times(&measured, reading, 1),
        copy: times(&measured, copying, 1),
        bytes_multiplied: of_bytes?.measured(threads, &measured),
        floats_multiplied: of_floats?.measured(threads, &measured),
    })
}
