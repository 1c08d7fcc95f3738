//! Readers at work on inputs, one at a time.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fmt};

/// Counts what the process allocates: a binary that tries inputs has it as its global allocator.
pub use peak_alloc::PeakAlloc;

use crate::numbers::Numbers;

/// One trial at a time, for what is counted is what the process allocates.
static ALONE: Mutex<()> = Mutex::new(());

/// What a reader may take of any input: many times what it needs, for the machine may have other work.
const MOST_TIME: Duration = Duration::from_secs(20);

/// What a reader may take of memory.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes for any input.
    pub bytes: usize,
    /// Bytes for each byte of the input.
    pub bytes_per_byte: usize,
}

/// What is read.
#[derive(Debug)]
pub struct Input<T> {
    /// What is handed to the reader.
    pub content: T,
    /// How many bytes it has.
    pub length: usize,
    /// What it was made of, for people.
    pub made_of: String,
}

/// So many inputs, and the most memory that one of them took.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// How many inputs were read.
    pub count: u64,
    /// The most bytes that reading one took.
    pub most_bytes: usize,
}

impl Trial {
    /// Makes `usual` inputs, or as many as are asked for, and has each of them read.
    ///
    /// # Panics
    /// When a reader panics, or takes more memory or time than it may; the message tells the number of the input.
    pub fn run<T>(
        usual: u64,
        limits: Limits,
        make: impl Fn(&mut Numbers) -> Input<T>,
        mut read: impl FnMut(&T),
    ) -> Self {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        assert_ne!(PeakAlloc.current_usage(), 0, "expected PeakAlloc as the global allocator");
        let first = variable("BITSWEEP_FUZZ_FIRST", 0);
        let count = variable("BITSWEEP_FUZZ_INPUTS", usual);
        let mut most_bytes = 0;
        for number in first..first + count {
            let Input { content, length, made_of } = make(&mut Numbers::of(number));
            PeakAlloc.reset_peak_usage();
            let (before, start) = (PeakAlloc.current_usage(), Instant::now());
            if panic::catch_unwind(AssertUnwindSafe(|| read(&content))).is_err() {
                panic!("input {number}, made of {made_of}, makes a reader panic");
            }
            let taken = PeakAlloc.peak_usage().saturating_sub(before);
            assert!(
                start.elapsed() <= MOST_TIME,
                "input {number}, made of {made_of}, takes {:?}",
                start.elapsed()
            );
            let limit = limits.bytes + limits.bytes_per_byte * length;
            assert!(taken <= limit, "input {number}, made of {made_of}, {length} bytes, takes {taken}");
            most_bytes = most_bytes.max(taken);
        }
        Self { count, most_bytes }
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} inputs, at most {} bytes of memory", self.count, self.most_bytes)
    }
}

fn variable(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |number| number.parse().expect("a whole number"))
}
