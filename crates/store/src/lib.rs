//! Files that outlive the run that made them: each written once, whole, under the hash of its bytes.
//!
//! A [`Store`] is a folder. What belongs to one key, a unit's or a plan's, stands on one [`Shelf`]; a file there is called by
//! its [`Kind`] and the BLAKE3 hash of its bytes:
//!
//! ```text
//! .bitsweep/
//!   store                                        what the folder is, and the version of its layout
//!   units/3f/3f09…c2/model-51d0….safetensors     the float model of a unit
//!   units/3f/3f09…c2/rows-a817….parquet          rows of some of its variants
//!   plans/81/81fc…07/plan-09ab….json             what an experiment asks for
//! ```
//!
//! From this follows all that there is to say of many processes on many machines:
//!
//! - A file is written beside its place, synced, renamed, and its folder synced. It is there as a whole or not at all, also
//!   after a power failure. A file that was cut or altered later is told by its name, and counts as missing.
//! - Nobody locks anything. Two processes that make the same thing write the same bytes to the same name, and the order
//!   of the two does not matter. Where they do not, both files are there to be compared.
//! - A store is united with another by copying files.
//!
//! The crate knows nothing of what is in the files, but for [`split`], which deals work out to machines that share nothing
//! but a plan.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod error;
mod publish;
mod shards;
mod shelf;
mod store;

pub use error::StoreError;
pub use shards::split;
pub use shelf::{Kind, Shelf, StoredFile};
pub use store::{Content, Merged, Store};
