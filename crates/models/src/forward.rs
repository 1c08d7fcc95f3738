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

/// `output = a(input · W + b)`.
///
/// The bias is added after the whole sum over the inputs, as NumPy's `x @ W + b` does.
#[inline(always)]
pub(crate) fn forward<T: Float>(layer: &PanelLayer, input: &Panels<T>, output: &mut Panels<T>) {
    match layer.activation {
        Activation::Identity => sums(layer, input, output),
        Activation::Relu => product(
            input,
            &layer.weight,
            output,
            #[inline(always)]
            |panel| {
                let bias = layer.bias.blocks()[panel];
                #[inline(always)]
                move |sum, _| rectify(add(sum, &bias))
            },
        ),
        // A loop of its own costs nothing beside these functions, and another copy of the product would.
        Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::Gelu
        | Activation::GeluTanh
        | Activation::HardSigmoid { .. }
        | Activation::HardSwish
        | Activation::HardTanh { .. } => {
            sums(layer, input, output);
            for value in output.padded_mut() {
                *value = layer.activation.apply(*value);
            }
        }
    }
}

/// `output = input · W + b`.
#[inline(always)]
pub(crate) fn sums<T: Float>(layer: &PanelLayer, input: &Panels<T>, output: &mut Panels<T>) {
    product(
        input,
        &layer.weight,
        output,
        #[inline(always)]
        |panel| {
            let bias = layer.bias.blocks()[panel];
            #[inline(always)]
            move |sum, _| add(sum, &bias)
        },
    );
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

/// [`forward`] with the instructions of this processor.
pub(crate) fn dispatch_forward<T: Float>(layer: &PanelLayer, input: &Panels<T>, output: &mut Panels<T>) {
    arch().dispatch(Forward { layer, input, output });
}

/// [`forward`] as what [`pulp::Arch::dispatch`] takes; a closure would not be inlined into the dispatch.
struct Forward<'a, T> {
    layer: &'a PanelLayer,
    input: &'a Panels<T>,
    output: &'a mut Panels<T>,
}

impl<T: Float> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        forward(self.layer, self.input, self.output);
    }
}
