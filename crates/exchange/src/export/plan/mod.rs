//! What a device stores and computes of a model in whole numbers, worked out once: each language only prints it.

mod integer;
mod layer;
mod network;
mod rescaling;
mod sizes;
mod the_same;
mod weights;

pub(super) use integer::Integer;
pub(super) use layer::{Biases, Finish, LayerPlan};
pub(super) use network::{NetworkPlan, alternating};
pub(super) use rescaling::{PerOutput, Rescaling};
pub(super) use the_same::the_same;
pub(super) use weights::{Meaning, WeightCodes, packed};
