//! bitsweep: how few bits can a model live with, and can the answer be believed?
//!
//! A run goes from an experiment (what a file says, [`bitsweep_experiment`]) over [`plan`] (what will run), [`foresight`]
//! (what of it is known to fail) and [`evaluate`] (load → split → scale → train → transform → quantize → score) to
//! [`record`] (the results folder). [`commands`] are the verbs of the command line.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod bench;
pub mod cli;
pub mod commands;
pub mod device;
mod earlier;
pub mod evaluate;
pub mod export;
pub mod failure;
pub mod foresight;
mod interruption;
mod layout;
pub mod plan;
pub mod progress;
pub mod record;
mod reference;
pub mod registry;
pub mod scheduler;
mod streams;
pub mod template;
pub mod unit_store;
