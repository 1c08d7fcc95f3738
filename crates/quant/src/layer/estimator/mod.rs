//! Gradients through quantization, for training with it in the loop.
//!
//! Rounding has derivative zero almost everywhere. An estimator replaces it by the derivative of a *surrogate*, the same
//! function with the step that rounding takes, `round(x) - x`, held constant, so that rounding counts as the identity and
//! everything around it as it is. Each function here is the chain rule through one surrogate: it turns the gradient of
//! the quantized values into that of the *latent* values, which stay float and are trained.
//!
//! | method | weights | activations | gradients |
//! |---|---|---|---|
//! | straight-through | [`straight_through_gradient`] of any integer scheme | | |
//! | LSQ | [`learned_step_gradient`], [`initial_steps`] | | |
//! | DoReFa | [`straight_through_gradient`] of `dorefa` | [`ClippedActivation`], clip 1 | [`quantize_gradient`] |
//! | WRPN | [`straight_through_gradient`] of `wrpn` | [`ClippedActivation`], clip 1 | |
//! | PACT | [`straight_through_gradient`] | [`ClippedActivation`], clip learned | |
//!
//! Latent values are `f32`, gradients `f64`; matrices have the shape of the weights, `(in, out)`, or `(rows, outputs)`.

mod activation;
mod error;
mod gradient;
mod learned_step;
mod straight_through;

pub use activation::ClippedActivation;
pub use error::EstimatorError;
pub use gradient::quantize_gradient;
pub(crate) use learned_step::add_step_gradient;
pub use learned_step::{check_learned_step, constrain_steps, initial_steps, learned_step_gradient};
pub use straight_through::{check_straight_through, straight_through_gradient};
