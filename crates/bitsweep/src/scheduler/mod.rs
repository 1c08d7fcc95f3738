//! Handing a plan to a scheduler, and asking what became of it.
//!
//! A scheduler starts processes and ends them. What is done is for the store to say: a task that is preempted, killed or
//! run twice leaves nothing that another could not go on with, and no task tries anything again by itself.

mod frozen;
mod slurm;

pub use frozen::Frozen;
pub use slurm::{Array, TaskState, Wish, requeues_preempted};
