//! bitsweep: how few bits can a model live with, and can the answer be believed?
//!
//! A run goes from [`config`] (what a file says) over [`plan`] (what will run) and [`pipeline`] (load → split → scale →
//! train → transform → quantize → score) to [`output`] (the results folder). [`commands`] are the verbs of the command
//! line.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod cli;
pub mod commands;
pub mod config;
pub mod failure;
pub mod output;
pub mod pipeline;
pub mod plan;
pub mod progress;
pub mod registry;
pub mod reproduction;
pub mod timing;
pub mod write;
