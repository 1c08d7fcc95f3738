//! Why a command ends without success, and the exit code that says so.

use bitsweep_results::ResultsError;
use bitsweep_results::numbers::counted;
use bitsweep_results::text::one_line;
use bitsweep_store::StoreError;

use bitsweep_experiment::config::Diagnostic;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line, an experiment's file or a file that it names is wrong.
    #[error("{0}")]
    Configuration(Box<Diagnostic>),
    /// Some units or variants are known to fail before anything runs.
    #[error("{failed} of {} will fail", counted(*rows, "row", "rows"))]
    Foreseen {
        /// Rows that will have no results.
        failed: usize,
        /// All rows.
        rows: usize,
    },
    /// Not one variant of one unit has results.
    #[error("nothing could be measured: {}", reasons.iter().map(|reason| one_line(reason)).collect::<Vec<_>>().join("\n  "))]
    NoResults {
        /// What failed and why, each reason once.
        reasons: Vec<String>,
    },
    /// Some units or variants failed; the results of the others were written.
    #[error("{failed} of {} failed: see \"What failed\" in the report", counted(*rows, "row", "rows"))]
    Incomplete {
        /// Rows without results.
        failed: usize,
        /// All rows that were planned.
        rows: usize,
    },
    /// Some rows of a shard failed; all of them are kept.
    #[error("{failed} of {} of this shard failed", counted(*rows, "row", "rows"))]
    ShardIncomplete {
        /// Rows without results.
        failed: usize,
        /// All rows of the shard.
        rows: usize,
    },
    /// A compiler or an emulator of a device failed, or had other numbers; the results were written.
    #[error("on the device: {}", reasons.iter().map(|reason| one_line(reason)).collect::<Vec<_>>().join("\n  "))]
    Device {
        /// What went wrong, for each variant.
        reasons: Vec<String>,
    },
    /// Models that `[export]` asks for could not be written; the results were.
    #[error("not exported: {}", reasons.iter().map(|reason| one_line(reason)).collect::<Vec<_>>().join("\n  "))]
    NotExported {
        /// Why, for each.
        reasons: Vec<String>,
    },
    /// Results could not be written.
    #[error("{}", one_line(.0))]
    Output(String),
    /// Numbers that an experiment must reproduce did not come out, or what it says it shows does not hold.
    #[error("{}; see the report", differences.join("; "))]
    Differences {
        /// Of what, and how many, in words.
        differences: Vec<String>,
    },
    /// Something of our own went wrong.
    #[error("{}", one_line(.0))]
    Other(String),
    /// The run was to end when more rows than that failed.
    #[error("{} failed, more than {most}: what was finished is kept, and the same command goes on", counted(*failed, "row", "rows"))]
    TooManyFailures {
        /// Rows that failed.
        failed: usize,
        /// How many may.
        most: usize,
    },
    /// Something that was to be read is not there yet.
    #[error(
        "not everything of {unit} is finished: `bitsweep run` goes on, and `bitsweep status` shows what is missing"
    )]
    Unfinished {
        /// The first unit that lacks something.
        unit: String,
    },
    /// Something that experiments ask for is in no store.
    #[error("something is missing")]
    Missing,
    /// Results are worse than those that they are held against.
    #[error("{} of {}", counted(*regressions, "regression", "regressions"), counted(*comparisons, "comparison", "comparisons"))]
    Regressed {
        /// What is shown to be worse.
        regressions: usize,
        /// All that was compared.
        comparisons: usize,
    },
    /// Results lack something of those that they are held against.
    #[error("{} of the baseline could not be compared", counted(*missing, "part", "parts"))]
    NotCompared {
        /// How many things.
        missing: usize,
    },
    /// Two files have different numbers for one key.
    #[error(
        "{unit}: `{}` and `{}` differ in what must be the same. Both are kept. One was written by a program, or on a machine, \
         that computes something else: remove it, or make all of the unit again with --force",
        files[0], files[1]
    )]
    NotDeterministic {
        /// The unit.
        unit: String,
        /// The files.
        files: [String; 2],
    },
    /// Ctrl-C or SIGTERM.
    #[error("interrupted: {left}")]
    Interrupted {
        /// The signal's number.
        signal: u8,
        /// What is kept, and how to go on.
        left: String,
        /// Whether a scheduler is to begin the same again.
        is_preempted: bool,
    },
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Failure {
        Failure::Configuration(Box::new(diagnostic))
    }
}

impl From<ResultsError> for Failure {
    fn from(error: ResultsError) -> Failure {
        Failure::Other(with_causes(&error))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Output(error.to_string())
    }
}

impl Failure {
    /// 2 for usage and configuration, 3 where some rows failed or will fail or models were not exported or results got worse, 4 where something is missing,
    /// 75 (`EX_TEMPFAIL`) where a scheduler is to begin the same again, 128 and the number of a signal as shells have it, 1 for
    /// everything else.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Configuration(_) => 2,
            Failure::Incomplete { .. }
            | Failure::ShardIncomplete { .. }
            | Failure::Foreseen { .. }
            | Failure::NotExported { .. }
            | Failure::Device { .. }
            | Failure::Regressed { .. }
            | Failure::TooManyFailures { .. } => 3,
            Failure::Unfinished { .. } | Failure::Missing | Failure::NotCompared { .. } => 4,
            Failure::Interrupted { is_preempted: true, .. } => 75,
            Failure::Interrupted { signal, .. } => 128 + signal,
            Failure::NotDeterministic { .. }
            | Failure::NoResults { .. }
            | Failure::Output(_)
            | Failure::Differences { .. }
            | Failure::Other(_) => 1,
        }
    }
}

/// An error with its causes, each after a colon.
pub(crate) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        // Some errors repeat their cause in their own words.
        if !text.contains(&words) {
            text += &format!(": {words}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the table could not be written")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn an_error_is_told_with_its_causes() {
        let error = Outer(std::io::Error::other("no space left"));
        assert_eq!(with_causes(&error), "the table could not be written: no space left");
    }
}
