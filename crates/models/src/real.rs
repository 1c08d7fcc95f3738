//! The two floating-point types a model computes in, each with its kernels.

use crate::float::Float;
use crate::forward::{PanelLayer, dispatch_forward};
use crate::panels::Panels;

/// `f32` or `f64`: the precision of activations and gradients (weights are always `f32`).
pub trait Real: Float + Kernels {}

impl Real for f32 {}
impl Real for f64 {}

/// The kernels of a type. Methods of a concrete type are compiled in this crate, with its optimization, and not again in
/// each crate that asks for logits.
pub trait Kernels: Sized {
    /// `output = a(input · W + b)`; `output` has the right shape.
    fn forward(layer: &PanelLayer, input: &Panels<Self>, output: &mut Panels<Self>);
}

macro_rules! kernels {
    ($type:ty) => {
        impl Kernels for $type {
            fn forward(layer: &PanelLayer, input: &Panels<Self>, output: &mut Panels<Self>) {
                dispatch_forward(layer, input, output);
            }
        }
    };
}

kernels!(f32);
kernels!(f64);
