//! Codes side by side, read one after the other.

use bitsweep_quant::{CodeMatrix, Quantized};

use crate::export::c::codes::NextCode;
use crate::export::c::text::array;
use crate::export::plan::packed;

/// How codes are read.
pub(super) struct CodeReader {
    /// The codes.
    pub(super) constants: String,
    /// Before all codes are read.
    pub(super) head: String,
    /// What leaves the next one in `code`.
    pub(super) take: String,
    /// What a code is less than that which it stands for.
    offset: i32,
    /// Bits of a code.
    bits: u32,
}

impl CodeReader {
    /// The codes of a matrix, none below `lowest`, in as many bits as the scheme has.
    pub(super) fn new(name: &str, quantized: &Quantized, lowest: i32) -> Self {
        let (scheme, codes) = (quantized.scheme(), quantized.codes());
        let bits = scheme.bits();
        if bits == 8 || bits == 16 {
            return Self::numbers(name, codes, bits);
        }
        // Signs are -1 and 1.
        let field = |code: i32| ((code - lowest) as u32) >> u32::from(scheme.is_binary());
        let bytes = packed(codes.iter().map(field), bits);
        let NextCode { buffer, code, statements } = NextCode::of(bits);
        Self {
            constants: array("uint8_t", name, bytes.iter().map(ToString::to_string)),
            head: format!("const uint8_t *w = {name};\n{buffer} buffer = 0;\nuint8_t left = 0;\n"),
            take: format!("{code} code;\n{statements}"),
            offset: lowest,
            bits,
        }
    }

    /// Codes that are whole numbers of C.
    fn numbers(name: &str, codes: &CodeMatrix, bits: u32) -> Self {
        let (kind, read) = match (bits, codes.is_signed()) {
            (8, false) => ("uint8_t", "READ_U8"),
            (8, true) => ("int8_t", "READ_I8"),
            (_, false) => ("uint16_t", "READ_U16"),
            (_, true) => ("int16_t", "READ_I16"),
        };
        Self {
            constants: array(kind, name, codes.iter().map(|code| code.to_string())),
            head: format!("const {kind} *w = {name};\n"),
            take: format!("const {kind} code = {read}(w);\nw++;\n"),
            offset: 0,
            bits,
        }
    }

    /// What the code stands for, and so many more, as a float.
    pub(super) fn whole(&self, more: i32) -> String {
        match self.offset + more {
            0 => "(float)code".to_owned(),
            // Of 16 bits they do not fit an AVR's `int`.
            offset if self.bits == 16 => format!("(float)((int32_t)code + {offset})"),
            offset if offset < 0 => format!("(float)((int16_t)code - {})", -offset),
            offset => format!("(float)((int16_t)code + {offset})"),
        }
    }

    /// What the code stands for, less a zero point that can be said in whole numbers of 16 bits.
    pub(super) fn less(&self, zero_point: f32) -> Option<String> {
        let whole = zero_point as i32;
        let is_near = whole as f32 == zero_point && whole.unsigned_abs() < 0x4000 && self.bits < 15;
        (zero_point == 0.0 || is_near).then(|| self.whole(-whole))
    }
}
