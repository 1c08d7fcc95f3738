//! What may stand between the weights that are trained and those that are computed with.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::weight_id::WeightId;

/// Parameters that a [`Hook`] trains beside the weights, and their gradient summed over the rows of the mini-batch.
#[derive(Debug)]
pub struct HookParameters<'a> {
    /// The values; their number never changes.
    pub values: &'a mut [f32],
    /// As many numbers.
    pub gradient: &'a [f64],
}

/// Changes the arithmetic of a training: the *latent* weights are trained, other ones are computed with.
///
/// For each mini-batch [`compute`](Self::compute) is asked for every weight, then the forward pass runs, layer by layer,
/// with [`activations`](Self::activations) behind every layer but the last. The backward pass comes from the last layer to
/// the first: it meets [`output_gradient`](Self::output_gradient) in front of each, then
/// [`activation_gradient`](Self::activation_gradient) on its way to the layer before, then
/// [`latent_gradient`](Self::latent_gradient) for the layer's weight and its bias, and the optimizer moves both. At last it
/// moves the hook's own [`parameters`](Self::parameters), without weight decay.
///
/// Gradients are sums over the rows of the mini-batch, in `f64` whatever the precision of training. [`train`](crate::train)
/// takes none of these steps.
pub trait Hook {
    /// Writes the weight to compute with, given the latent one; that one by default.
    ///
    /// # Errors
    /// A sentence when there is none; training ends with it, or as diverged when a latent weight is not finite.
    fn compute(
        &mut self,
        _id: WeightId,
        latent: ArrayView2<'_, f32>,
        mut computed: ArrayViewMut2<'_, f32>,
    ) -> Result<(), String> {
        computed.assign(&latent);
        Ok(())
    }

    /// Turns the gradient of the weight that was computed with into that of the latent one; the same by default.
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    fn latent_gradient(
        &mut self,
        _id: WeightId,
        _latent: ArrayView2<'_, f32>,
        _gradient: ArrayViewMut2<'_, f64>,
    ) -> Result<(), String> {
        Ok(())
    }

    /// Whether [`activations`](Self::activations) and [`activation_gradient`](Self::activation_gradient) do anything.
    fn changes_activations(&self) -> bool {
        false
    }

    /// Changes what layer number `layer`, counted from 0, hands on: `(rows, outputs)`, after its activation function.
    fn activations(&mut self, _layer: usize, _outputs: ArrayViewMut2<'_, f64>) {}

    /// Turns the gradient of the changed outputs of a layer into that of `outputs`, the outputs before the change.
    fn activation_gradient(
        &mut self,
        _layer: usize,
        _outputs: ArrayView2<'_, f64>,
        _gradient: ArrayViewMut2<'_, f64>,
    ) {
    }

    /// Whether [`output_gradient`](Self::output_gradient) does anything.
    fn changes_gradients(&self) -> bool {
        false
    }

    /// Changes the gradient with respect to a layer's output before its activation function, `(rows, outputs)`, from
    /// which the gradients of its parameters and its input follow.
    fn output_gradient(&mut self, _layer: usize, _gradient: ArrayViewMut2<'_, f64>) {}

    /// The hook's own parameters, none by default.
    fn parameters(&mut self) -> HookParameters<'_> {
        HookParameters { values: &mut [], gradient: &[] }
    }

    /// Told after every update: the place to bring parameters back into their domain and to clear their gradient.
    fn updated(&mut self) {}
}
