//! Weights and biases: codes as initializers, and the operators that make numbers of them.
//!
//! What comes out are the numbers of [`Values::to_array`], bit for bit: each operation of the reconstruction is an operator of
//! the same type.

mod affine;
mod codebooks;
mod coded;
mod codes;
mod factors;
mod fixed;
mod levels;
mod outliers;
mod scales;

use bitsweep_quant::{Dtype, Parameters, Quantized};

use crate::packed::Values;

use super::element::{self, ElementType, Real};
use super::error::ExportError;
use super::graph::Graph;
use super::options::Opset;
use coded::Coded;

pub(in crate::export) use codes::note_width;
pub(super) use factors::{Bands, Factors, WholeNumbers, factors};

/// Adds the `float` matrix of a weight `(in, out)` or a bias `(1, out)`, and returns what it is called.
pub(super) fn matrix(
    graph: &mut Graph,
    name: &str,
    values: &Values,
    opset: Opset,
) -> Result<String, ExportError> {
    match values {
        Values::Float(floats) => {
            let numbers = floats.iter().map(|&number| f64::from(number));
            let (rows, columns) = floats.dim();
            Ok(graph.initializer(name, element::floats(ElementType::Float, &[rows, columns], numbers)))
        }
        Values::Coded(quantized) => reconstruction(graph, name, quantized, opset),
    }
}

/// Adds the matrix that codes stand for.
pub(super) fn reconstruction(
    graph: &mut Graph,
    name: &str,
    quantized: &Quantized,
    opset: Opset,
) -> Result<String, ExportError> {
    let numbers = match quantized.dtype() {
        Dtype::F32 => {
            let coded = Coded::new(name, quantized, opset, Real::Single);
            of(graph, &coded, quantized.parameters::<f32>()?)
        }
        Dtype::F64 => {
            let coded = Coded::new(name, quantized, opset, Real::Double);
            let numbers = of(graph, &coded, quantized.parameters::<f64>()?);
            graph.cast(&numbers, ElementType::Float, &format!("{name}.single"))
        }
    };
    Ok(match quantized.outliers() {
        Some(outliers) if !outliers.is_empty() => {
            outliers::put_back(graph, name, &numbers, quantized.shape(), outliers)
        }
        Some(_) | None => numbers,
    })
}

fn of<T: bitsweep_quant::Real>(graph: &mut Graph, coded: &Coded<'_>, parameters: &Parameters<T>) -> String {
    match parameters {
        Parameters::Affine(affine) => match coded.scheme.levels() {
            Some(format) => levels::levels(graph, coded, affine, format),
            None => affine::affine(graph, coded, affine),
        },
        Parameters::Codebooks(codebooks) => codebooks::codebooks(graph, coded, codebooks),
        Parameters::Fixed(grid) => fixed::fixed(graph, coded, *grid),
    }
}
