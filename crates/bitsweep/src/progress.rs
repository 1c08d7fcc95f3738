//! Progress on stderr: a bar on a terminal, plain lines elsewhere and where `TERM=dumb`, nothing when asked to be quiet.

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bitsweep_results::numbers::{count, counted};
use bitsweep_results::text::one_line;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::streams::say;

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Progress and notes.
    Normal,
    /// Also what was decided on the way.
    Verbose,
    /// Also every unit.
    Detailed,
}

/// Where a run reports how far it is.
pub struct Progress {
    verbosity: Verbosity,
    display: Display,
    total: usize,
    done: AtomicUsize,
    /// What one of them is called, and several.
    nouns: [&'static str; 2],
}

enum Display {
    None,
    Bar(ProgressBar),
    Lines(Mutex<Lines>),
}

/// Plain lines are this far apart at least.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

struct Lines {
    started: Instant,
    last: Instant,
    done: u64,
    total: u64,
}

impl Progress {
    /// Reports on so many units.
    pub fn new(verbosity: Verbosity, units: usize) -> Progress {
        Self::of(verbosity, units, ["unit", "units"])
    }

    /// Reports on so many of something, of which one and several are called so.
    pub fn of(verbosity: Verbosity, number: usize, nouns: [&'static str; 2]) -> Progress {
        let total = number as u64;
        let terminal = ProgressDrawTarget::stderr_with_hz(10);
        let display = if verbosity == Verbosity::Quiet {
            Display::None
        } else if !terminal.is_hidden() {
            let bar = ProgressBar::with_draw_target(Some(total), terminal);
            // Whatever the width of the terminal, the bar takes what the numbers leave.
            let template = "{pos}/{len} {wide_bar} {left}";
            // The template is a constant of this file; without it the bar has indicatif's own look.
            let style =
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style.with_key("left", |state: &ProgressState, out: &mut dyn Write| {
                if state.pos() > 0 {
                    // A bar that cannot be written has nobody to tell.
                    let _ = write!(out, "{:#} left", HumanDuration(state.eta()));
                }
            }));
            bar.tick();
            Display::Bar(bar)
        } else {
            let now = Instant::now();
            Display::Lines(Mutex::new(Lines { started: now, last: now, done: 0, total }))
        };
        Progress { verbosity, display, total: number, done: AtomicUsize::new(0), nouns }
    }

    /// How far it is: `3 of 24 units`.
    pub fn extent(&self) -> String {
        let done = self.done.load(Ordering::Relaxed);
        format!("{} of {}", count(done as f64), self.counted(self.total))
    }

    fn counted(&self, number: usize) -> String {
        let [one, several] = self.nouns;
        counted(number, one, several)
    }

    /// One more is done.
    pub fn one_done(&self, what: &str) {
        self.done.fetch_add(1, Ordering::Relaxed);
        match &self.display {
            Display::None => {}
            Display::Bar(bar) => bar.inc(1),
            Display::Lines(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.done += 1;
                if lines.last.elapsed() >= LINE_INTERVAL {
                    let rate = lines.done as f64 / lines.started.elapsed().as_secs_f64();
                    let left = (lines.total - lines.done) as f64 / rate;
                    let total = self.counted(lines.total as usize);
                    say(&format!("{} of {total}, {rate:.1}/s, {left:.0} s left", lines.done));
                    lines.last = Instant::now();
                }
            }
        }
        if self.verbosity >= Verbosity::Detailed {
            self.say(&format!("done: {what}"));
        }
    }

    /// A note at normal verbosity.
    pub fn note(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            self.say(text);
        }
    }

    /// A note that only the curious want.
    pub fn detail(&self, text: &str) {
        if self.verbosity >= Verbosity::Verbose {
            self.say(text);
        }
    }

    /// Takes the bar off the terminal.
    pub fn finish(&self) {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }

    fn say(&self, text: &str) {
        let text = &one_line(text);
        match &self.display {
            Display::Bar(bar) => bar.suspend(|| say(text)),
            Display::None | Display::Lines(_) => say(text),
        }
    }
}
