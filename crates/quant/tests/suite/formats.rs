//! Spellings of every format of levels, every block type, and what blocks and scales they go with; packed files are held to
//! them, too.

pub(crate) const FORMATS: [&str; 38] = [
    "format = 'fp8-e4m3'",
    "format = 'fp8-e5m2'",
    "format = 'fp6-e3m2'",
    "format = 'fp6-e2m3'",
    "format = 'fp4-e2m1'",
    "format = { fp = { exponent = 1, mantissa = 1 } }",
    "format = { fp = { exponent = 3, mantissa = 1 } }",
    "format = { fp = { exponent = 6, mantissa = 1 } }",
    "format = { fp = { exponent = 1, mantissa = 6 } }",
    "format = { fp = { exponent = 4, mantissa = 3 } }",
    "format = 'nf'\nbits = 2",
    "format = 'nf'\nbits = 4",
    "format = 'nf'\nbits = 8",
    "format = 'sf'\nbits = 2",
    "format = 'sf'\nbits = 4",
    "format = 'sf'\nbits = 8",
    "format = { ternary = 'least-error' }",
    "format = { ternary = 'absmean' }",
    "format = 'power-of-two'\nbits = 2",
    "format = 'power-of-two'\nbits = 4",
    "format = 'power-of-two'\nbits = 8",
    "format = 'additive-power-of-two'\nbits = 3",
    "format = 'additive-power-of-two'\nbits = 4",
    "format = 'additive-power-of-two'\nbits = 7",
    "bits = 1",
    "bits = 2",
    "bits = 8",
    "bits = 8\ncode_range = 'full'",
    "bits = 3\ncode_range = 'covering'",
    "bits = 4\nsymmetry = 'asymmetric'",
    "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'float'",
    "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'minimum'",
    "bits = 8\nsymmetry = 'asymmetric'\nzero_point = 'minimum'\ncodes = 'signed'",
    "format = 'q4_0'",
    "format = 'q4_1'",
    "format = 'q5_0'",
    "format = 'q5_1'",
    "format = 'q8_0'",
];

pub(crate) const SCALES: [&str; 7] =
    ["float", "f16", "bf16", "e8m0-floor", "e8m0-ceiling", "two-level", "double"];

pub(crate) const GRANULARITIES: [&str; 5] =
    ["'tensor'", "'row'", "{ rows = 2 }", "'column'", "{ group = 3 }"];
