//! Experiments from text to rows and files, in one binary: it links what all of them need once.

#![allow(clippy::unwrap_used, missing_docs)]

mod activations;
mod bad_input;
mod calibration;
mod command_line;
mod constant_features;
mod experiments;
mod failures;
mod fingerprints;
mod given_model;
mod harness;
mod keys;
mod labels;
mod mixed_precision;
mod presets;
mod quantized_training;
mod saturation;
mod tasks;
