//! How the next of codes side by side is taken.

/// What takes the next code of 1, 2 or 4 bits.
pub(super) fn whole_codes(bits: u32) -> String {
    format!(
        "if (left == 0) {{\n    buffer = READ_U8(w);\n    w++;\n    left = {};\n}}\n\
         code = (uint8_t)(buffer & {}u);\nbuffer = (uint8_t)(buffer >> {bits});\nleft--;\n",
        8 / bits,
        (1 << bits) - 1,
    )
}

/// What takes the next code of any other number of bits, at most 16.
pub(super) fn codes_across_bytes(bits: u32) -> String {
    let (buffer, code) = if bits < 8 { ("uint16_t", "uint8_t") } else { ("uint32_t", "uint16_t") };
    format!(
        "while (left < {bits}) {{\n    buffer = ({buffer})(buffer | (({buffer})READ_U8(w) << left));\n    w++;\n    \
         left = (uint8_t)(left + 8);\n}}\n\
         code = ({code})(buffer & {}u);\nbuffer = ({buffer})(buffer >> {bits});\nleft = (uint8_t)(left - {bits});\n",
        (1 << bits) - 1,
    )
}
