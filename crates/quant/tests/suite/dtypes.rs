//! Tensors know the type that they were quantized in.

use bitsweep_quant::{
    ActivationError, Dtype, LookupError, OtherDtype, QuantizeError, Quantized, Real, ScaledLevels, estimator,
};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;

use crate::format_properties;
use crate::properties::matrices;
use crate::{quantized, scheme, stream};

const WIDE_FOR_NARROW: OtherDtype = OtherDtype { expected: Dtype::F32, found: Dtype::F64 };
const NARROW_FOR_WIDE: OtherDtype = OtherDtype { expected: Dtype::F64, found: Dtype::F32 };

/// What every function says to values of a type that is not the tensor's.
fn refusals<T: Real>(tensor: &Quantized) -> [Result<(), QuantizeError>; 5] {
    let mut values = Array2::from_elem(tensor.shape(), T::ONE);
    [
        tensor.reconstruct_into(values.view_mut()),
        tensor.encode(values.view(), &mut stream(0)).map(|_| ()),
        tensor.block_errors(values.view()).map(|_| ()),
        tensor.clipped(values.view()).map(|_| ()),
        tensor.parameters::<T>().map(|_| ()).map_err(QuantizeError::from),
    ]
}

#[test]
fn values_of_another_type_are_refused() {
    let values = array![[1.0, -2.0], [0.5, 3.0]];
    for scheme in
        [scheme("bits = 4"), scheme("format = 'f16'"), scheme("format = { vq = { centroids = 2 } }")]
    {
        let wide = quantized(&values, &scheme);
        let narrow = quantized(&values.mapv(|value| value as f32), &scheme);
        assert_eq!((wide.dtype(), narrow.dtype()), (Dtype::F64, Dtype::F32));
        assert!(refusals::<f64>(&wide).iter().chain(&refusals::<f32>(&narrow)).all(Result::is_ok));
        for refusal in refusals::<f32>(&wide) {
            assert_eq!(refusal, Err(QuantizeError::Dtype(NARROW_FOR_WIDE)));
        }
        for refusal in refusals::<f64>(&narrow) {
            assert_eq!(refusal, Err(QuantizeError::Dtype(WIDE_FOR_NARROW)));
        }
    }
    assert_eq!(
        NARROW_FOR_WIDE.to_string(),
        "values of type `f32` do not fit a tensor that was quantized in `f64`: expected values of type `f64`"
    );
}

#[test]
fn queries_of_another_type_are_refused() {
    let tensor = quantized(&array![[1.0, -2.0], [0.5, 3.0]], &scheme("format = { vq = { centroids = 2 } }"));
    let refusal = tensor.lookup_products(Array1::<f32>::zeros(2).view());
    assert_eq!(refusal, Err(LookupError::Dtype(NARROW_FOR_WIDE)));
}

#[test]
fn kernels_and_estimators_take_single_precision_alone() {
    let tensor = quantized(&array![[1.0, -2.0], [0.5, 3.0]], &scheme("bits = 4"));
    let refusal = estimator::EstimatorError::Dtype(NARROW_FOR_WIDE);
    assert_eq!(ScaledLevels::of(&tensor), Err(ActivationError::Dtype(NARROW_FOR_WIDE)));
    let (latent, mut gradient) = (Array2::<f32>::zeros((2, 2)), Array2::zeros((2, 2)));
    let through = estimator::straight_through_gradient(latent.view(), &tensor, gradient.view_mut());
    assert_eq!(through, Err(refusal.clone()));
    let learned = estimator::learned_step_gradient(latent.view(), &tensor, gradient.view_mut(), &mut [0.0]);
    assert_eq!(learned, Err(refusal));
}

#[test]
fn types_are_spelled_as_they_print() {
    for dtype in [Dtype::F32, Dtype::F64] {
        assert_eq!(serde_json::to_string(&dtype).unwrap(), format!("\"{dtype}\""));
        assert_eq!(serde_json::from_str::<Dtype>(&format!("\"{dtype}\"")).unwrap(), dtype);
    }
}

proptest! {
    #[test]
    fn a_reconstruction_in_the_other_type_is_that_of_the_own_type_converted(
        values in matrices(9), scheme in prop::sample::select(format_properties::all()),
    ) {
        let wide = quantized(&values, &scheme);
        let rounded = wide.reconstruct::<f64>().mapv(|value| value as f32);
        prop_assert_eq!(wide.reconstruct::<f32>(), rounded);
        let narrow = quantized(&values.mapv(|value| value as f32), &scheme);
        prop_assert_eq!(narrow.reconstruct::<f64>(), narrow.reconstruct::<f32>().mapv(f64::from));
    }
}
