//! Experiments from text to rows and files, in one binary: it links what all of them need once.

#![allow(clippy::unwrap_used, missing_docs)]

mod activations;
mod against_float;
mod bad_input;
mod before_the_run;
mod bench;
mod calibration;
mod class_weights;
mod command_line;
mod comparing;
mod completions;
mod constant_features;
#[cfg(unix)]
mod device;
mod experiments;
mod export;
mod failures;
mod findings;
mod fingerprints;
mod given_model;
mod harness;
mod hostile_names;
mod json_schema;
mod keys;
mod kills;
mod labels;
mod learning;
mod mixed_precision;
mod model_files;
mod one_command;
mod one_logit;
mod picks;
mod presets;
mod processors;
mod quantized_training;
mod results_folder;
mod results_of_runs;
mod resuming;
mod saturation;
mod scaler;
mod schema;
mod settings;
#[cfg(unix)]
mod signals;
mod splits;
#[cfg(unix)]
mod streams;
mod tables;
mod tasks;
#[cfg(target_os = "linux")]
mod tensor_files;
mod terminal;
mod text_from_files;
mod transforms;
mod wrong_types;
