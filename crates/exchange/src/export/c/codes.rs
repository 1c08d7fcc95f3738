//! How the next of codes side by side is taken.

/// How the next code of so many bits, at most 16, is taken.
pub(super) struct NextCode {
    /// The type of what is read and not taken yet.
    pub(super) buffer: &'static str,
    /// The type of a code.
    pub(super) code: &'static str,
    /// What leaves the next one in `code`.
    pub(super) statements: String,
}

impl NextCode {
    pub(super) fn of(bits: u32) -> Self {
        let mask = (1 << bits) - 1;
        if let 1 | 2 | 4 = bits {
            let statements = format!(
                "if (left == 0) {{\n    buffer = READ_U8(w);\n    w++;\n    left = {};\n}}\n\
                 code = (uint8_t)(buffer & {mask}u);\nbuffer = (uint8_t)(buffer >> {bits});\nleft--;\n",
                8 / bits,
            );
            return Self { buffer: "uint8_t", code: "uint8_t", statements };
        }
        let (buffer, code) = if bits < 8 { ("uint16_t", "uint8_t") } else { ("uint32_t", "uint16_t") };
        let statements = format!(
            "while (left < {bits}) {{\n    buffer = ({buffer})(buffer | (({buffer})READ_U8(w) << left));\n    w++;\n    \
             left = (uint8_t)(left + 8);\n}}\n\
             code = ({code})(buffer & {mask}u);\nbuffer = ({buffer})(buffer >> {bits});\nleft = (uint8_t)(left - {bits});\n",
        );
        Self { buffer, code, statements }
    }
}
