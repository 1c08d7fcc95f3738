//! Why a command ends without success, and the exit code that says so.

use std::process::ExitCode;

use crate::config::Diagnostic;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line or an experiment's file is wrong.
    #[error("{0}")]
    Configuration(Box<Diagnostic>),
    /// A dataset cannot be read or used.
    #[error("{0}")]
    Input(String),
    /// A unit could not be trained, quantized or scored.
    #[error("{unit}: {message}")]
    Unit {
        /// The unit, for people.
        unit: String,
        /// What went wrong.
        message: String,
    },
    /// Results could not be written.
    #[error("{0}")]
    Output(String),
    /// Numbers that an experiment must reproduce did not come out.
    #[error("{failed} of {total} reproduced numbers differ: see the reproduction table in the report")]
    Reproduction {
        /// How many differ.
        failed: usize,
        /// How many there are.
        total: usize,
    },
    /// Something of our own went wrong.
    #[error("{0}")]
    Other(String),
    /// Ctrl-C.
    #[error("interrupted: nothing was written, earlier results are as they were")]
    Interrupted,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Failure {
        Failure::Configuration(Box::new(diagnostic))
    }
}

impl Failure {
    /// 2 for usage and configuration, 1 for everything else.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Configuration(_) => ExitCode::from(2),
            Failure::Input(_)
            | Failure::Unit { .. }
            | Failure::Output(_)
            | Failure::Reproduction { .. }
            | Failure::Other(_)
            | Failure::Interrupted => ExitCode::FAILURE,
        }
    }
}
