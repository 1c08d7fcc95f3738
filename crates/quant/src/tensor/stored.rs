//! The parameters of a stored tensor, of either type.

use std::marker::PhantomData;

use crate::number::{Dtype, ForEachDtype, Real};

use super::parameters::Parameters;

/// Parameters that know the type of their numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StoredParameters {
    F32(Parameters<f32>),
    F64(Parameters<f64>),
}

/// Evaluates an expression with the parameters of whichever type.
macro_rules! with_parameters {
    ($stored:expr, $parameters:ident => $value:expr) => {
        match $stored {
            $crate::tensor::StoredParameters::F32($parameters) => $value,
            $crate::tensor::StoredParameters::F64($parameters) => $value,
        }
    };
}

pub(crate) use with_parameters;

struct Store;

impl ForEachDtype for Store {
    type Of<T: Real> = fn(Parameters<T>) -> StoredParameters;
}

struct Found<'a>(PhantomData<&'a ()>);

impl<'a> ForEachDtype for Found<'a> {
    type Of<T: Real> = Option<&'a Parameters<T>>;
}

impl StoredParameters {
    /// The parameters with the knowledge of their type.
    pub(crate) fn new<T: Real>(parameters: Parameters<T>) -> Self {
        T::pick::<Store>(Self::F32, Self::F64)(parameters)
    }

    /// The type of the numbers.
    pub(crate) const fn dtype(&self) -> Dtype {
        match self {
            Self::F32(_) => Dtype::F32,
            Self::F64(_) => Dtype::F64,
        }
    }

    /// The parameters; `None` where they are of the other type.
    pub(crate) fn get<T: Real>(&self) -> Option<&Parameters<T>> {
        match self {
            Self::F32(parameters) => T::pick::<Found<'_>>(Some(parameters), None),
            Self::F64(parameters) => T::pick::<Found<'_>>(None, Some(parameters)),
        }
    }
}
