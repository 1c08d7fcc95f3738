//! How fast models and layers are on a machine. Nothing of it is part of an experiment's results, which are the same on every
//! machine.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::numbers::{counted, significant};

/// The times of an experiment's models on one machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Speed {
    /// The machine.
    pub host: Host,
    /// The experiment.
    pub experiment: String,
    /// Its configuration's key.
    pub configuration: String,
    /// How often each time was taken.
    pub rounds: usize,
    /// The models, each unit's float model first.
    pub models: Vec<ModelTimes>,
    /// Square layers of every width, on one thread, and on all where there are more.
    pub layers: Vec<LayerTimes>,
}

/// The machine that times are of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Host {
    /// What it is called.
    pub name: String,
    /// Its processor.
    pub processor: String,
    /// How many processors the system sees.
    pub processors: usize,
    /// The operating system.
    pub system: String,
    /// The instructions of the kernels.
    pub kernels: String,
    /// The processor, counted from 0, to which the measuring thread was pinned; `None` where the system pins none.
    pub pinned_to: Option<usize>,
    /// The program.
    pub bitsweep: String,
}

impl Host {
    /// What its files are called.
    #[must_use]
    pub fn file_stem(&self) -> String {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let stem: String = self.name.chars().map(plain).collect();
        match stem.trim_matches('-') {
            "" => "host".to_owned(),
            stem => stem.to_owned(),
        }
    }
}

/// In a sentence, without its full stop.
impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let processors = counted(self.processors, "processor", "processors");
        write!(
            formatter,
            "{}: {}, {processors}, {}; kernels: {}; ",
            self.name, self.processor, self.system, self.kernels
        )?;
        match self.pinned_to {
            Some(processor) => write!(formatter, "one thread is pinned to processor {processor}"),
            None => write!(formatter, "one thread is not pinned"),
        }
    }
}

/// The median of the seconds of one call, with its interval of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Seconds {
    /// The median.
    pub median: f64,
    /// Where its interval begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

impl Seconds {
    /// Of one of so many calls that were measured together.
    #[must_use]
    pub fn of_one_in(&self, calls: usize) -> Self {
        let each = |seconds: f64| seconds / calls as f64;
        Self { median: each(self.median), low: each(self.low), high: each(self.high) }
    }

    /// Whether this is shown to take less than `other`: the intervals lie apart.
    #[must_use]
    pub fn is_below(&self, other: &Self) -> bool {
        self.high < other.low
    }

    /// The median with its interval, in a unit that suits it.
    #[must_use]
    pub fn with_interval(&self) -> String {
        let (factor, unit) = unit(self.median);
        let [median, low, high] = [self.median, self.low, self.high].map(|own| significant(own * factor, 3));
        format!("{median} [{low}, {high}] {unit}")
    }
}

/// The median in a unit that suits it.
impl fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (factor, unit) = unit(self.median);
        write!(formatter, "{} {unit}", significant(self.median * factor, 3))
    }
}

fn unit(seconds: f64) -> (f64, &'static str) {
    match seconds {
        ..1e-6 => (1e9, "ns"),
        ..1e-3 => (1e6, "µs"),
        ..1.0 => (1e3, "ms"),
        _ => (1.0, "s"),
    }
}

/// The times of one model.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModelTimes {
    /// The unit.
    pub unit: String,
    /// The variant's label.
    pub variant: String,
    /// Whether it is the float model.
    pub is_float: bool,
    /// Bytes of the packed file's numbers, as tables count them; `None` of a variant that cannot be made.
    pub bytes: Option<u64>,
    /// From the bytes of a file to layers that kernels multiply.
    pub load: Option<Seconds>,
    /// Bytes of weights in the layout of the kernels.
    pub kernel_bytes: Option<usize>,
    /// Why no kernel multiplies its packed weights, or why there are none.
    pub without_kernel: Option<String>,
    /// Test rows for which the kernels name another class than the harness does, which for weights beside inputs of `f32` sums
    /// in another order.
    pub other_classes: Option<usize>,
    /// By how many rows are predicted at once, by how many threads.
    pub batches: Vec<BatchTimes>,
}

/// The times of so many rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BatchTimes {
    /// How many.
    pub rows: usize,
    /// How many threads share them; one is pinned.
    pub threads: usize,
    /// With weights of `f32`.
    pub float: Option<Seconds>,
    /// With packed weights; `None` of the float model, and where there is no kernel.
    pub packed: Option<Seconds>,
}

impl ModelTimes {
    /// How many rows of a batch it predicts a second: with packed weights, or as the float model; `None` where no kernel does.
    #[must_use]
    pub fn rows_a_second(&self, batch: &BatchTimes) -> Option<f64> {
        let own = batch.packed.or(batch.float.filter(|_| self.is_float))?;
        Some(batch.rows as f64 / own.median)
    }
}

impl BatchTimes {
    /// How many times as long packed weights take as those of `f32`.
    #[must_use]
    pub fn packed_to_float(&self) -> Option<f64> {
        Some(self.packed?.median / self.float?.median)
    }

    /// In words.
    #[must_use]
    pub fn extent(&self) -> String {
        format!(
            "{} at once, {}",
            counted(self.rows, "row", "rows"),
            counted(self.threads, "thread", "threads")
        )
    }
}

/// The times of square layers, of one row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LayerTimes {
    /// How many threads share the outputs; one is pinned.
    pub threads: usize,
    /// Inputs and outputs.
    pub widths: Vec<usize>,
    /// With weights of `f32`, one per width.
    pub float: Vec<Seconds>,
    /// With packed weights.
    pub formats: Vec<FormatTimes>,
}

impl LayerTimes {
    /// How many threads, in words.
    #[must_use]
    pub fn on_threads(&self) -> String {
        counted(self.threads, "thread", "threads")
    }
}

/// The times of a format.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FormatTimes {
    /// How weights and inputs are held.
    pub format: String,
    /// The least width from which on all products are shown to take less time than those of `f32`; `None` where there is none.
    pub break_even: Option<usize>,
    /// One per width.
    pub seconds: Vec<Seconds>,
}

impl FormatTimes {
    /// Of a format beside those of `f32`, by width.
    #[must_use]
    pub fn new(format: String, widths: &[usize], float: &[Seconds], seconds: Vec<Seconds>) -> Self {
        let pairs = widths.iter().zip(float.iter().zip(&seconds)).rev();
        let faster = pairs.take_while(|(_, (float, own))| own.is_below(float));
        let break_even = faster.last().map(|(width, _)| *width);
        Self { format, break_even, seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(medians: &[f64]) -> Vec<Seconds> {
        let seconds = |median: &f64| Seconds { median: *median, low: 0.9 * median, high: 1.1 * median };
        medians.iter().map(seconds).collect()
    }

    #[test]
    fn a_format_is_faster_from_the_width_on_from_which_it_stays_so() {
        let float = seconds(&[1.0, 2.0, 4.0, 8.0]);
        let of = |own: &[f64]| {
            FormatTimes::new(String::new(), &[16, 32, 64, 128], &float, seconds(own)).break_even
        };
        assert_eq!(of(&[0.5, 3.0, 2.0, 4.0]), Some(64));
        assert_eq!(of(&[0.5, 1.0, 2.0, 4.0]), Some(16));
        // At 128 the intervals meet.
        assert_eq!(of(&[0.5, 1.0, 2.0, 7.5]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn seconds_have_a_unit_that_suits_them() {
        let seconds = Seconds { median: 1.234e-5, low: 1.1e-5, high: 1.5e-5 };
        assert_eq!(
            (seconds.to_string(), seconds.with_interval()),
            ("12.3 µs".into(), "12.3 [11.0, 15.0] µs".into())
        );
    }
}
