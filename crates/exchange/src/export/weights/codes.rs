//! Codes as initializers.

use crate::export::element::{self, ElementType};
use crate::export::graph::Graph;
use crate::export::options::Opset;

use super::coded::Coded;

/// Codes in a graph.
pub(super) struct Codes {
    /// What they are called.
    pub(super) name: String,
    /// Their type.
    pub(super) kind: ElementType,
}

/// The narrowest type of whole numbers that has these, as far as the version of the operators has it.
pub(super) fn integer_type(lowest: i64, highest: i64, opset: Opset) -> ElementType {
    let (signed, unsigned) = match opset {
        Opset::V21 => (
            &[ElementType::Int4, ElementType::Int8, ElementType::Int16][..],
            &[ElementType::Uint4, ElementType::Uint8, ElementType::Uint16][..],
        ),
        Opset::V25 => (
            &[ElementType::Int2, ElementType::Int4, ElementType::Int8, ElementType::Int16][..],
            &[ElementType::Uint2, ElementType::Uint4, ElementType::Uint8, ElementType::Uint16][..],
        ),
    };
    let holds =
        |kind: &&ElementType| kind.range().is_some_and(|(low, high)| low <= lowest && highest <= high);
    let candidates = if lowest < 0 { signed } else { unsigned };
    candidates.iter().find(holds).copied().unwrap_or(ElementType::Int32)
}

/// Says so where codes of `bits` bits are stored wider.
pub(in crate::export) fn note_width(graph: &mut Graph, name: &str, bits: u32, kind: ElementType) {
    if bits < kind.bits() {
        let note = format!(
            "codes of {bits} {} are stored as {}, in {:.2} times their bits; their values are the same",
            if bits == 1 { "bit" } else { "bits" },
            kind.name(),
            f64::from(kind.bits()) / f64::from(bits)
        );
        graph.note(name, note);
    }
}

/// Adds the codes of a matrix in the narrowest type that has all of the scheme's.
pub(super) fn integers(graph: &mut Graph, coded: &Coded<'_>, lowest: i64, highest: i64) -> Codes {
    let kind = integer_type(lowest, highest, coded.opset);
    note_width(graph, coded.name, coded.scheme.bits(), kind);
    let codes = coded.quantized.codes().iter().map(i64::from);
    let tensor = element::patterns(kind, &coded.dims(), codes);
    let name = graph.initializer(&coded.part("codes"), tensor);
    match kind {
        // onnxruntime 1.32 fuses `DequantizeLinear` of 2 bits with a product and gets other numbers where there is one scale, or
        // one an output, and the inputs are no multiple of 16.
        ElementType::Int2 | ElementType::Uint2 => {
            let wide = if lowest < 0 { ElementType::Int8 } else { ElementType::Uint8 };
            Codes { name: graph.cast(&name, wide, &coded.part("wide codes")), kind: wide }
        }
        _ => Codes { name, kind },
    }
}
