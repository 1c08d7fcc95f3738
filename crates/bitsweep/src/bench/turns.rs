//! Measuring in turns.

use std::time::Instant;

use bitsweep_metrics::{Median, median};
use bitsweep_results::speed::Seconds;
use rayon::ThreadPool;

use crate::progress::Progress;

/// How long the calls of a turn take together, so that the clock can tell them.
const TURN: f64 = 100e-6;

const MOST_CALLS: f64 = 1000.0;

/// Rounds in all, with those that warm up, where so many [`Turns`] are measured.
pub(super) fn rounds_of(turns: usize, rounds: usize) -> usize {
    turns * (rounds + 1)
}

/// Calls that are measured one after the other, and all of them again; each says how many seconds so many of it take, in the mean.
#[derive(Default)]
pub(super) struct Turns<'a>(Vec<Box<dyn FnMut(usize) -> f64 + 'a>>);

impl<'a> Turns<'a> {
    /// Adds a call; returns its place among the times.
    pub(super) fn add(&mut self, mut call: impl FnMut() + 'a) -> usize {
        self.push(move |count| timed(&mut call, count))
    }

    /// Adds a call by a thread of `pool`: to get there is no part of its time.
    pub(super) fn add_in(&mut self, pool: &'a ThreadPool, mut call: impl FnMut() + Send + 'a) -> usize {
        self.push(move |count| pool.install(|| timed(&mut call, count)))
    }

    fn push(&mut self, turn: impl FnMut(usize) -> f64 + 'a) -> usize {
        self.0.push(Box::new(turn));
        self.0.len() - 1
    }

    /// The time of each call, taken in so many rounds after one that warms up; each round is a step of `progress`.
    pub(super) fn measured(mut self, rounds: usize, progress: &Progress) -> Vec<Seconds> {
        let counts: Vec<usize> = self
            .0
            .iter_mut()
            .map(|turn| {
                turn(1);
                let once = turn(1);
                // Whole, and at most so many.
                (TURN / once.max(1e-9)).clamp(1.0, MOST_CALLS) as usize
            })
            .collect();
        let mut samples = vec![Vec::with_capacity(rounds); self.0.len()];
        for round in 0..=rounds {
            for ((turn, count), samples) in self.0.iter_mut().zip(&counts).zip(&mut samples) {
                let seconds = turn(*count);
                if round > 0 {
                    samples.push(seconds);
                }
            }
            progress.one_done(&format!("round {round} of {rounds}"));
        }
        let medians = samples.iter().filter_map(|samples| median(samples));
        medians.map(|Median { value, low, high }| Seconds { median: value, low, high }).collect()
    }
}

/// The seconds of a call, the mean of so many. Short ones are called once before, which wakes threads and fills caches.
fn timed(call: &mut impl FnMut(), count: usize) -> f64 {
    if count > 1 {
        call();
    }
    let start = Instant::now();
    for _ in 0..count {
        call();
    }
    start.elapsed().as_secs_f64() / count as f64
}
