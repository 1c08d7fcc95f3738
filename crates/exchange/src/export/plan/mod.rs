//! What a device stores and computes of a model in whole numbers, worked out once: each language only prints it.

mod integer;
mod layer;
mod network;
mod rescaling;
mod sizes;
mod weights;

pub(super) use integer::Integer;
pub(super) use layer::{Biases, Finish, LayerPlan};
pub(super) use network::NetworkPlan;
pub(super) use rescaling::{PerOutput, Rescaling};
pub(super) use weights::{Meaning, WeightCodes};
