//! What an experiment's text says: its [subjects](subject) and the [variants](variant) they are tried in.
//!
//! [`config`] reads it: a TOML file and what the command line changes of it become typed units, or an error at its place.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod config;
pub mod subject;
pub mod variant;
