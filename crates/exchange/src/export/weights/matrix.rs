//! A weight or a bias as a matrix of `float`.

use bitsweep_quant::{Dtype, Parameters, Quantized, Real as Number};

use crate::export::element::{self, ElementType, Real};
use crate::export::error::ExportError;
use crate::export::graph::Graph;
use crate::export::options::Opset;
use crate::packed::Values;

use super::coded::Coded;
use super::{affine, codebooks, fixed, levels, outliers};

/// Adds the `float` matrix of a weight `(in, out)` or a bias `(1, out)`, and returns what it is called.
pub(in crate::export) fn matrix(
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

fn of<T: Number>(graph: &mut Graph, coded: &Coded<'_>, parameters: &Parameters<T>) -> String {
    match parameters {
        Parameters::Affine(affine) => match coded.scheme.levels() {
            Some(format) => levels::levels(graph, coded, affine, format),
            None => affine::affine(graph, coded, affine),
        },
        Parameters::Codebooks(codebooks) => codebooks::codebooks(graph, coded, codebooks),
        Parameters::Fixed(grid) => fixed::fixed(graph, coded, *grid),
    }
}
