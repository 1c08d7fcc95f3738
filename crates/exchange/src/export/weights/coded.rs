//! A matrix of codes on its way into a graph.

use bitsweep_quant::{Quantized, Scheme};

use crate::export::element::Real;
use crate::export::options::Opset;
use crate::export::tiling::Tiling;

/// A matrix of codes on its way into a graph.
pub(super) struct Coded<'q> {
    /// What the matrix is called; its parts are called after it.
    pub(super) name: &'q str,
    pub(super) quantized: &'q Quantized,
    pub(super) scheme: &'q Scheme,
    pub(super) opset: Opset,
    /// The arithmetic of the reconstruction.
    pub(super) real: Real,
    /// Which values share a scale.
    pub(super) tiling: Tiling,
}

impl<'q> Coded<'q> {
    pub(super) fn new(name: &'q str, quantized: &'q Quantized, opset: Opset, real: Real) -> Self {
        let tiling = Tiling::of(&quantized.blocks());
        Self { name, quantized, scheme: quantized.scheme(), opset, real, tiling }
    }

    /// What a part of it is called: `W1.scales`.
    pub(super) fn part(&self, part: &str) -> String {
        format!("{}.{part}", self.name)
    }

    /// The dimensions of the matrix.
    pub(super) fn dims(&self) -> [usize; 2] {
        let (rows, columns) = self.quantized.shape();
        [rows, columns]
    }
}
