//! From a layer's weights and inputs to codes that know the inputs.

use std::hint::black_box;

use bitsweep_quant::{AdaRound, CalibrationMethod, Gptq, Hessian, calibrate};
use bitsweep_random::Stream;
use ndarray::Array2;
use serde::Serialize;

use super::{Times, scheme, stream, times};
use crate::bench::threads::Threads;
use crate::bench::turns::Turns;
use crate::failure::Failure;
use crate::progress::Progress;

/// How often each time is taken: these take seconds.
pub(super) const ROUNDS: usize = 3;

/// What the sides of the matrices are divided by for the layer, and for its rows of inputs.
const PARTS: (usize, usize) = (4, 8);

/// Steps of AdaRound; the time of a step does not depend on how many there are.
const STEPS: u32 = 10;

/// Codes of the weights.
const SCHEME: &str = "bits = 4\ngranularity = 'output-channel'";

/// The methods.
#[derive(Clone, Copy)]
enum Method {
    Gptq,
    AdaRound,
}

impl Method {
    const ALL: [Self; 2] = [Self::Gptq, Self::AdaRound];

    fn name(self) -> &'static str {
        match self {
            Self::Gptq => "calibrate GPTQ",
            Self::AdaRound => "calibrate AdaRound, 10 steps",
        }
    }

    fn settings(self) -> CalibrationMethod {
        match self {
            Self::Gptq => CalibrationMethod::Gptq(Gptq::default()),
            Self::AdaRound => {
                CalibrationMethod::AdaRound(AdaRound { iterations: STEPS, ..AdaRound::default() })
            }
        }
    }
}

/// The times of a method, with what it makes of the inputs.
#[derive(Debug, Serialize)]
pub struct CalibrationTimes {
    /// What it is called.
    pub name: &'static str,
    /// Rows of inputs, inputs and outputs of the layer.
    pub shape: [usize; 3],
    /// From inputs and weights to codes.
    pub calibrate: Times,
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    Method::ALL.into_iter().map(Method::name)
}

pub(super) fn measured(
    threads: &Threads,
    names: &[&str],
    side: usize,
    progress: &Progress,
) -> Result<Vec<CalibrationTimes>, Failure> {
    let asked = || Method::ALL.into_iter().filter(|method| names.contains(&method.name()));
    if asked().next().is_none() {
        return Ok(Vec::new());
    }
    let (width, rows) = (side / PARTS.0, side / PARTS.1);
    let (mut stream, scheme) = (stream()?, scheme(SCHEME)?);
    let weights: Array2<f32> = stream.normal_matrix(width, width).mapv(|value| value as f32);
    let inputs = stream.normal_matrix(rows, width);
    let each = asked().map(|method| {
        let settings = method.settings();
        let calibrated = |mut stream: Stream| {
            let hessian = Hessian::of_inputs(black_box(inputs.view()))?;
            calibrate(black_box(weights.view()), &scheme, &settings, &hessian, &mut stream)
        };
        calibrated(stream.clone()).map_err(|error| Failure::Other(error.to_string()))?;
        let mut turns = Turns::default();
        let places = threads.add(&mut turns, || {
            black_box(calibrated(stream.clone()).is_ok());
        });
        let measured = turns.measured(ROUNDS, progress);
        let shape = [rows, width, width];
        Ok(CalibrationTimes { name: method.name(), shape, calibrate: times(&measured, places, 1) })
    });
    each.collect()
}
