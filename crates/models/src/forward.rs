//! The forward pass of one layer, shared by prediction and training.

use bitsweep_vector::arch;
use ndarray::{ArrayView1, ArrayView2, Axis};
use pulp::{Simd, WithSimd};

use crate::activation::{Activation, relu};
use crate::float::Float;
use crate::panels::{Block, Panels};
use crate::product::product;

/// A dense layer in the layout of the kernels.
#[derive(Clone, Debug)]
pub(crate) struct PanelLayer {
    pub(crate) weight: Panels<f32>,
    /// One row.
    pub(crate) bias: Panels<f32>,
    pub(crate) activation: Activation,
}

impl Default for PanelLayer {
    /// A layer without inputs and outputs, to be assigned.
    fn default() -> Self {
        Self { weight: Panels::default(), bias: Panels::default(), activation: Activation::Identity }
    }
}

impl PanelLayer {
    /// Becomes the layer of these numbers; allocates only to grow.
    pub(crate) fn assign(
        &mut self,
        weight: ArrayView2<'_, f32>,
        bias: ArrayView1<'_, f32>,
        activation: Activation,
    ) {
        self.weight.assign(weight);
        self.bias.assign(bias.insert_axis(Axis(0)));
        self.activation = activation;
    }
}

/// `output = a(input · W + b)`, with the instructions of this processor; `sums` takes what the activation is given.
///
/// The bias is added after the whole sum over the inputs, as NumPy's `x @ W + b` does.
pub(crate) fn forward<T: Float>(
    layer: &PanelLayer,
    input: &Panels<T>,
    output: &mut Panels<T>,
    sums: Option<&mut Panels<T>>,
) {
    arch().dispatch(Forward { layer, input, output, sums });
}

/// [`forward`] as what [`pulp::Arch::dispatch`] takes; a closure would not be inlined into the dispatch.
struct Forward<'a, T> {
    layer: &'a PanelLayer,
    input: &'a Panels<T>,
    output: &'a mut Panels<T>,
    sums: Option<&'a mut Panels<T>>,
}

impl<T: Float> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { layer, input, output, sums } = self;
        let bias = |panel| layer.bias.blocks()[panel];
        // Every product that is written here is compiled for each set of instructions: one for ReLU, which is nearly all
        // that there is, and one for everything else, beside which a loop of its own costs nothing.
        if layer.activation == Activation::Relu && sums.is_none() {
            product(
                input,
                &layer.weight,
                output,
                #[inline(always)]
                |panel| {
                    let bias = bias(panel);
                    #[inline(always)]
                    move |sum, _| rectify(add(sum, &bias))
                },
            );
            return;
        }
        product(
            input,
            &layer.weight,
            output,
            #[inline(always)]
            |panel| {
                let bias = bias(panel);
                #[inline(always)]
                move |sum, _| add(sum, &bias)
            },
        );
        if let Some(sums) = sums {
            sums.padded_mut().copy_from_slice(output.padded());
        }
        if layer.activation != Activation::Identity {
            for value in output.padded_mut() {
                *value = layer.activation.apply(*value);
            }
        }
    }
}

#[inline(always)]
fn add<T: Float>(mut sum: Block<T>, bias: &Block<f32>) -> Block<T> {
    for (sum, &bias) in sum.iter_mut().zip(bias) {
        *sum += T::from(bias);
    }
    sum
}

#[inline(always)]
fn rectify<T: Float>(mut values: Block<T>) -> Block<T> {
    for value in &mut values {
        *value = relu(*value);
    }
    values
}
