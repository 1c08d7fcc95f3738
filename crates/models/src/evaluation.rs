//! What a model makes of features: logits, and what its layers see on the way.

use std::mem;
use std::num::NonZeroUsize;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Slice};

use crate::each::Each;
use crate::float::{Float, ForEachFloat};
use crate::forward::{PanelLayer, forward};
use crate::layer::Layer;
use crate::model::Model;
use crate::panels::Panels;

/// Memory for [`Model::logits_with`], for any number of models, shapes and batches one after another.
///
/// It holds one layer in the layout of the kernels, and the input and the output of one layer.
#[derive(Clone, Debug, Default)]
pub struct ForwardBuffers<T> {
    layer: PanelLayer,
    input: Panels<T>,
    output: Panels<T>,
    values: Vec<T>,
}

impl Model {
    /// The logits, `(batch, classes)`, of `features`, `(batch, input_size)`, computed in the precision of `features`.
    ///
    /// # Panics
    /// When `features` has another number of columns than [`input_size`](Self::input_size).
    pub fn logits<T: Float>(&self, features: ArrayView2<'_, T>) -> Array2<T> {
        self.logits_with(features, &mut ForwardBuffers::default()).to_owned()
    }

    /// [`logits`](Self::logits) in buffers that the caller keeps: nothing is allocated from the second call on.
    ///
    /// # Panics
    /// When `features` has another number of columns than [`input_size`](Self::input_size).
    pub fn logits_with<'b, T: Float>(
        &self,
        features: ArrayView2<'_, T>,
        buffers: &'b mut ForwardBuffers<T>,
    ) -> ArrayView2<'b, T> {
        LOGITS.of()(self, features, buffers, None)
    }

    /// [`logits_with`](Self::logits_with) of a model that was trained with a [`Hook`](crate::Hook) on its activations:
    /// `change` is told the position of each layer but the last, counted from 0, and changes what it hands on,
    /// `(rows, outputs)`, as [`Hook::activations`](crate::Hook::activations) does.
    ///
    /// # Panics
    /// When `features` has another number of columns than [`input_size`](Self::input_size).
    pub fn logits_changed<'b, T: Float>(
        &self,
        features: ArrayView2<'_, T>,
        buffers: &'b mut ForwardBuffers<T>,
        change: &mut Change<'_>,
    ) -> ArrayView2<'b, T> {
        LOGITS.of()(self, features, buffers, Some(change))
    }

    /// The logits, `(batch, classes)`, of the `outputs` of the last layer, `(batch, output_size)`, however these were
    /// computed.
    ///
    /// # Panics
    /// When `outputs` has another number of columns than [`output_size`](Self::output_size).
    pub fn logits_of_outputs<T: Float>(&self, outputs: Array2<T>) -> Array2<T> {
        let (rows, columns) = outputs.dim();
        assert_eq!(columns, self.output_size(), "the number of columns is not the model's number of outputs");
        let mut values: Vec<T> = outputs.into_iter().collect();
        self.head().complete(&mut values);
        let Ok(logits) = Array2::from_shape_vec((rows, self.classes()), values) else {
            unreachable!("the head makes a logit for each row and class")
        };
        logits
    }
}

/// Told the position of a layer, changes what it hands on, `(rows, outputs)`.
type Change<'a> = dyn FnMut(usize, ArrayViewMut2<'_, f64>) + 'a;

struct Logits;

impl ForEachFloat for Logits {
    type Of<T: Float> = for<'b> fn(
        &Model,
        ArrayView2<'_, T>,
        &'b mut ForwardBuffers<T>,
        Option<&mut Change<'_>>,
    ) -> ArrayView2<'b, T>;
}

static LOGITS: Each<Logits> = Each { of_f32: logits, of_f64: logits };

/// The logits of `features`, what each layer but the last hands on changed by `change`.
fn logits<'b, T: Float>(
    model: &Model,
    features: ArrayView2<'_, T>,
    buffers: &'b mut ForwardBuffers<T>,
    mut change: Option<&mut Change<'_>>,
) -> ArrayView2<'b, T> {
    let columns = features.ncols();
    assert_eq!(columns, model.input_size(), "the number of features is not the model's number of inputs");
    buffers.input.assign(features);
    let mut values = Vec::new();
    for (position, layer) in model.layers().iter().enumerate() {
        buffers.advance(layer);
        if let Some(change) = &mut change
            && position + 1 < model.layers().len()
        {
            let outputs = &mut buffers.input;
            outputs.convert_rows_to(&mut values, Into::into);
            let shape = (outputs.rows(), outputs.columns());
            let Ok(view) = ArrayViewMut2::from_shape(shape, &mut values) else {
                unreachable!("the values are those of a matrix of this shape")
            };
            change(position, view);
            outputs.convert_rows_from(&values, T::from_f64);
        }
    }
    buffers.logits(model)
}

/// The inputs of the layer that follows `layers`, for `features (rows, input_size)`, in batches `(batch_rows, in)`, the last
/// one of what is left.
///
/// The memory is that of one batch and one layer, however many rows and layers there are. The numbers are those that
/// [`Model::logits`] computes with, to the bit, whatever the size of the batches. Each batch brings every layer's weights
/// into the layout of the kernels, which is little beside the products from some 64 rows on.
///
/// # Panics
/// When the first layer, or a later one behind it, has another number of inputs than it is given.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use bitsweep_models::{Activation, Layer, Linear, inputs_behind};
/// use ndarray::array;
///
/// let double = Linear { weight: array![[2.0]], bias: array![0.0], activation: Activation::Identity };
/// let features = array![[1.0], [5.0], [4.0]];
/// let layers = [Layer::from(double)];
/// let batches = inputs_behind(&layers, features.view(), NonZeroUsize::new(2).unwrap());
/// assert_eq!(batches.collect::<Vec<_>>(), [array![[2.0], [10.0]], array![[8.0]]]);
/// ```
pub fn inputs_behind<'a, T: Float>(
    layers: &'a [Layer],
    features: ArrayView2<'a, T>,
    batch_rows: NonZeroUsize,
) -> impl Iterator<Item = Array2<T>> + 'a {
    (0..features.nrows()).step_by(batch_rows.get()).map(move |first| {
        let end = first.saturating_add(batch_rows.get()).min(features.nrows());
        let batch = features.slice_axis(Axis(0), Slice::from(first..end)).to_owned();
        layers.iter().fold(batch, |inputs, layer| layer.outputs(inputs.view()))
    })
}

impl<T: Float> ForwardBuffers<T> {
    /// Replaces the input of `layer` by its output, the input of the next one.
    fn advance(&mut self, layer: &Layer) {
        match layer {
            Layer::Linear(linear) => linear.write_to(&mut self.layer),
        }
        self.output.resize(self.input.rows(), layer.output_size());
        forward(&self.layer, &self.input, &mut self.output, None);
        mem::swap(&mut self.input, &mut self.output);
    }

    /// The logits of `model`, behind its last layer.
    fn logits(&mut self, model: &Model) -> ArrayView2<'_, T> {
        self.input.copy_rows_to(&mut self.values);
        model.head().complete(&mut self.values);
        let Ok(logits) = ArrayView2::from_shape((self.input.rows(), model.classes()), &self.values) else {
            unreachable!("the head makes a logit for each row and class")
        };
        logits
    }
}
