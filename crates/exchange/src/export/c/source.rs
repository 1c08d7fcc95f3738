//! The source that computes: `model.c`.

use std::fmt::Write as _;

use bitsweep_inference::integer::{FeatureCodes, IntegerLayer, IntegerNetwork, Outputs};
use bitsweep_quant::Rescale;

use super::weights::{Meaning, WeightCodes};

/// The narrowest C integer that holds all of some numbers.
pub(super) fn integer_type(least: i64, most: i64) -> &'static str {
    match (least, most) {
        (0.., ..=0xff) => "uint8_t",
        (-0x80.., ..=0x7f) => "int8_t",
        (0.., ..=0xffff) => "uint16_t",
        (-0x8000.., ..=0x7fff) => "int16_t",
        _ => "int32_t",
    }
}

/// The type of the codes of features, and of all hidden codes: the grid of the scheme.
pub(super) fn code_type(network: &IntegerNetwork) -> &'static str {
    let grids = network.layers().iter().map(IntegerLayer::input_grid);
    let (least, most) =
        grids.fold((0, 0), |(least, most), grid| (grid.lowest.min(least), grid.highest.max(most)));
    integer_type(i64::from(least), i64::from(most))
}

/// What is read from where constants are, by the type of what is read.
fn read(kind: &str, place: &str) -> String {
    let macro_name = match kind {
        "uint8_t" => "READ_U8",
        "int8_t" => "READ_I8",
        "uint16_t" => "READ_U16",
        "int16_t" => "READ_I16",
        "float" => "READ_F32",
        _ => "READ_I32",
    };
    format!("{macro_name}({place})")
}

/// What the compiler finds constants by, before everything else.
const PRELUDE: &str = r#"#if defined(__AVR__)
#include <avr/pgmspace.h>
#define CONSTANT PROGMEM
#define READ_U8(place) pgm_read_byte(place)
#define READ_I8(place) ((int8_t)pgm_read_byte(place))
#define READ_U16(place) pgm_read_word(place)
#define READ_I16(place) ((int16_t)pgm_read_word(place))
#define READ_I32(place) ((int32_t)pgm_read_dword(place))
#define READ_F32(place) pgm_read_float(place)
#else
#define CONSTANT
#define READ_U8(place) (*(place))
#define READ_I8(place) (*(place))
#define READ_U16(place) (*(place))
#define READ_I16(place) (*(place))
#define READ_I32(place) (*(place))
#define READ_F32(place) (*(place))
#endif

/* Shifts of negative numbers keep the sign, as every compiler has it that is known: a build fails where one does not. */
typedef char model_shifts_keep_the_sign[((((int32_t)-1) >> 1) == -1) ? 1 : -1];
"#;

/// What multiplies and shifts. An AVR's compiler makes several times as many cycles of the product of 64 bits.
const RESCALE: &str = r#"
/* sum * multiplier / 2^shift, rounded to nearest, halves up; the multiplier is not negative. */
static int32_t rescale(int32_t sum, int32_t multiplier, uint8_t shift)
{
    int64_t half;
#if defined(__AVR_HAVE_MUL__)
    if (shift > 32) {
        /* The upper half of the product, column by column. */
        int32_t high;
        uint8_t zero;
        __asm__(
            "clr %[zero]\n\t"
            "clr %B[high]\n\t"
            "clr %C[high]\n\t"
            "mul %A[a], %A[b]\n\tmov %A[high], r1\n\t"
            "mul %A[a], %B[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
            "mul %B[a], %A[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
            "clr %A[high]\n\t"
            "mul %A[a], %C[b]\n\tadd %B[high], r0\n\tadc %C[high], r1\n\tadc %A[high], %[zero]\n\t"
            "mul %B[a], %B[b]\n\tadd %B[high], r0\n\tadc %C[high], r1\n\tadc %A[high], %[zero]\n\t"
            "mul %C[a], %A[b]\n\tadd %B[high], r0\n\tadc %C[high], r1\n\tadc %A[high], %[zero]\n\t"
            "clr %B[high]\n\t"
            "mul %A[a], %D[b]\n\tadd %C[high], r0\n\tadc %A[high], r1\n\tadc %B[high], %[zero]\n\t"
            "mul %B[a], %C[b]\n\tadd %C[high], r0\n\tadc %A[high], r1\n\tadc %B[high], %[zero]\n\t"
            "mul %C[a], %B[b]\n\tadd %C[high], r0\n\tadc %A[high], r1\n\tadc %B[high], %[zero]\n\t"
            "mul %D[a], %A[b]\n\tadd %C[high], r0\n\tadc %A[high], r1\n\tadc %B[high], %[zero]\n\t"
            "clr %C[high]\n\t"
            "mul %B[a], %D[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
            "mul %C[a], %C[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
            "mul %D[a], %B[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
            "clr %D[high]\n\t"
            "mul %C[a], %D[b]\n\tadd %B[high], r0\n\tadc %C[high], r1\n\tadc %D[high], %[zero]\n\t"
            "mul %D[a], %C[b]\n\tadd %B[high], r0\n\tadc %C[high], r1\n\tadc %D[high], %[zero]\n\t"
            "mul %D[a], %D[b]\n\tadd %C[high], r0\n\tadc %D[high], r1\n\t"
            "clr r1\n\t"
            : [high] "=&r"(high), [zero] "=&r"(zero)
            : [a] "r"(sum), [b] "r"(multiplier));
        if (sum < 0) {
            high -= multiplier;
        }
        shift = (uint8_t)(shift - 32);
        return (high + ((int32_t)1 << (shift - 1))) >> shift;
    }
#endif
    half = (shift == 0) ? 0 : ((int64_t)1 << (shift - 1));
    return (int32_t)(((int64_t)sum * multiplier + half) >> shift);
}
"#;

/// What sums products of bytes. An AVR's compiler makes twice as many cycles of the loop in C.
const PRODUCT: &str = r#"
/* sum + w[0] * x[0] + ... + w[n - 1] * x[n - 1], n at least 1. */
static int32_t product(const int8_t *w, const uint8_t *x, uint8_t n, int32_t sum)
{
#if defined(__AVR_HAVE_MUL__) && defined(__AVR_HAVE_LPMX__)
    int8_t level;
    uint8_t code;
    __asm__ volatile("1: lpm %[level], Z+\n\t"
                     "ld %[code], X+\n\t"
                     "mulsu %[level], %[code]\n\t"
                     "sbc %[level], %[level]\n\t" /* the carry is the sign of the product */
                     "add %A[sum], r0\n\t"
                     "adc %B[sum], r1\n\t"
                     "adc %C[sum], %[level]\n\t"
                     "adc %D[sum], %[level]\n\t"
                     "dec %[n]\n\t"
                     "brne 1b\n\t"
                     "clr r1"
                     : [sum] "+r"(sum), [w] "+z"(w), [x] "+x"(x), [n] "+r"(n), [level] "=&a"(level), [code] "=&a"(code)
                     :
                     : "memory");
#else
    do {
        sum += (int16_t)((int16_t)READ_I8(w) * (int16_t)*x);
        w++;
        x++;
        n--;
    } while (n != 0);
#endif
    return sum;
}
"#;

/// What sums products of halves of bytes and bytes.
const PRODUCT_OF_NIBBLES: &str = r#"
/* sum + l[0] * x[0] + ... + l[n - 1] * x[n - 1], n at least 1; levels l are halves of bytes of w, the lower first, and offset. */
static int32_t product_of_nibbles(const uint8_t *w, const uint8_t *x, uint8_t n, int8_t offset, int32_t sum)
{
#if defined(__AVR_HAVE_MUL__) && defined(__AVR_HAVE_LPMX__)
    uint8_t byte;
    uint8_t code;
    int8_t level;
    __asm__ volatile("1: lpm %[byte], Z+\n\t"
                     "mov %[level], %[byte]\n\t"
                     "andi %[level], 15\n\t"
                     "add %[level], %[offset]\n\t"
                     "ld %[code], X+\n\t"
                     "mulsu %[level], %[code]\n\t"
                     "sbc %[level], %[level]\n\t" /* the carry is the sign of the product */
                     "add %A[sum], r0\n\t"
                     "adc %B[sum], r1\n\t"
                     "adc %C[sum], %[level]\n\t"
                     "adc %D[sum], %[level]\n\t"
                     "dec %[n]\n\t"
                     "breq 2f\n\t"
                     "swap %[byte]\n\t"
                     "andi %[byte], 15\n\t"
                     "add %[byte], %[offset]\n\t"
                     "ld %[code], X+\n\t"
                     "mulsu %[byte], %[code]\n\t"
                     "sbc %[byte], %[byte]\n\t"
                     "add %A[sum], r0\n\t"
                     "adc %B[sum], r1\n\t"
                     "adc %C[sum], %[byte]\n\t"
                     "adc %D[sum], %[byte]\n\t"
                     "dec %[n]\n\t"
                     "brne 1b\n\t"
                     "2: clr r1"
                     : [sum] "+r"(sum), [w] "+z"(w), [x] "+x"(x), [n] "+r"(n), [byte] "=&a"(byte),
                       [level] "=&a"(level), [code] "=&a"(code)
                     : [offset] "r"(offset)
                     : "memory");
#else
    do {
        const uint8_t byte = READ_U8(w);
        sum += (int16_t)((int16_t)((int16_t)(byte & 15u) + offset) * (int16_t)*x);
        w++;
        x++;
        n--;
        if (n != 0) {
            sum += (int16_t)((int16_t)((int16_t)(byte >> 4) + offset) * (int16_t)*x);
            x++;
            n--;
        }
    } while (n != 0);
#endif
    return sum;
}
"#;

/// A constant array.
fn array(kind: &str, name: &str, values: impl ExactSizeIterator<Item = String>) -> String {
    let count = values.len();
    let mut text = format!("static const {kind} {name}[{count}] CONSTANT = {{");
    let mut width = 0;
    for (position, value) in values.enumerate() {
        if position > 0 {
            text.push(',');
        }
        if position == 0 || width + value.len() + 2 > 110 {
            text.push_str("\n    ");
            width = 4;
        } else {
            text.push(' ');
        }
        width += value.len() + 2;
        text.push_str(&value);
    }
    text.push_str("\n};\n");
    text
}

/// A whole number as C reads it: the lowest of 32 bits has no literal.
fn literal(number: i64) -> String {
    if number == i64::from(i32::MIN) { "(-2147483647 - 1)".to_owned() } else { number.to_string() }
}

fn integers(name: &str, values: &[i32]) -> (&'static str, String) {
    let (least, most) =
        values.iter().fold((0, 0), |(least, most), value| (*value.min(&least), *value.max(&most)));
    let kind = integer_type(i64::from(least), i64::from(most));
    (kind, array(kind, name, values.iter().map(|value| literal(i64::from(*value)))))
}

/// One layer in C.
struct LayerSource<'a> {
    layer: &'a IntegerLayer,
    codes: WeightCodes,
    number: usize,
    /// Bits of a weight in the model.
    bits: u32,
    /// Whether there may be a function for its sums: one group, and bytes without a sign for inputs, at most 255.
    is_product: bool,
    code_type: &'static str,
    /// Constants before the function.
    constants: String,
}

/// How the weights of a layer are read, one after the other.
struct Level {
    /// The type of what they are kept in.
    kind: &'static str,
    /// The type of what codes are taken from, where they are not read by themselves.
    buffer: Option<&'static str>,
    /// What leaves the next code in `code`.
    statements: String,
    /// The level, an expression.
    level: String,
    /// What goes on to the next.
    step: &'static str,
}

/// What takes the next code of 1, 2 or 4 bits.
fn whole_codes(bits: u32) -> String {
    format!(
        "if (left == 0) {{\n    buffer = READ_U8(w);\n    w++;\n    left = {};\n}}\n\
         code = (uint8_t)(buffer & {}u);\nbuffer = (uint8_t)(buffer >> {bits});\nleft--;\n",
        8 / bits,
        (1 << bits) - 1,
    )
}

/// What takes the next code of any other number of bits, at most 16.
fn codes_across_bytes(bits: u32) -> String {
    let (buffer, code) = if bits < 8 { ("uint16_t", "uint8_t") } else { ("uint32_t", "uint16_t") };
    format!(
        "while (left < {bits}) {{\n    buffer = ({buffer})(buffer | (({buffer})READ_U8(w) << left));\n    w++;\n    \
         left = (uint8_t)(left + 8);\n}}\n\
         code = ({code})(buffer & {}u);\nbuffer = ({buffer})(buffer >> {bits});\nleft = (uint8_t)(left - {bits});\n",
        (1 << bits) - 1,
    )
}

/// The sources of a network.
pub(super) fn source(network: &IntegerNetwork, bits: &[u32], features: &FeatureCodes, title: &str) -> String {
    let code_type = code_type(network);
    let mut text = String::new();
    for (position, (layer, bits)) in network.layers().iter().zip(bits).enumerate() {
        let (inputs, _) = layer.shape();
        let is_product =
            layer.levels().steps().nrows() == 1 && code_type == "uint8_t" && inputs <= usize::from(u8::MAX);
        let codes = WeightCodes::of(layer.levels(), *bits, is_product);
        let source = LayerSource {
            layer,
            codes,
            number: position + 1,
            bits: *bits,
            is_product,
            code_type,
            constants: String::new(),
        };
        text.push('\n');
        text.push_str(&source.text());
    }
    for (call, function) in
        [(" product(", PRODUCT), (" product_of_nibbles(", PRODUCT_OF_NIBBLES), (" rescale(", RESCALE)]
    {
        if text.contains(call) {
            text.insert_str(0, function);
        }
    }
    text.push_str(&entry_points(network, code_type));
    text.push_str(&encoder(network, features, code_type));
    let is_needed = |line: &&str| match line.strip_prefix("#define READ_") {
        Some(rest) => text.contains(&format!("READ_{}(", rest.split('(').next().unwrap_or(rest))),
        None => true,
    };
    let prelude: Vec<&str> = PRELUDE.lines().filter(is_needed).collect();
    format!("/* {title} */\n#include \"model.h\"\n\n{}\n{text}", prelude.join("\n"))
}

/// Whether rescaling is a shift of sums that stay within 32 bits.
fn is_shift(rescale: &Rescale, layer: &IntegerLayer) -> bool {
    rescale.multipliers().nrows() == 1
        && rescale.multipliers().iter().all(|multiplier| *multiplier == 1)
        && rescale.shifts().iter().all(|shift| {
            let half = if *shift == 0 { 0 } else { 1_i64 << (shift - 1).min(62) };
            layer.largest_sum() + half <= i64::from(i32::MAX)
        })
}

/// LeakyReLU's multipliers.
fn negative(layer: &IntegerLayer) -> Option<&Rescale> {
    match layer.outputs() {
        Outputs::Codes { negative, .. } => negative.as_ref(),
        Outputs::Table(_) | Outputs::Logits { .. } => None,
    }
}

impl LayerSource<'_> {
    fn text(mut self) -> String {
        let Self { number, code_type, .. } = self;
        let (inputs, outputs) = self.layer.shape();
        let groups = self.layer.levels().steps().nrows();
        let rows = self.layer.levels().rows_per_step();
        let result = match self.layer.outputs() {
            Outputs::Logits { .. } => "int32_t",
            Outputs::Codes { .. } | Outputs::Table(_) => code_type,
        };
        let index = integer_type(0, inputs.max(outputs) as i64);
        let level = self.level();
        let mut head = format!("    const {} *w = w{number};\n", level.kind);
        if let Some(buffer) = level.buffer {
            let _ = write!(head, "    {buffer} buffer = 0;\n    uint8_t left = 0;\n");
        }
        let sums = self.sums(&level, groups, rows, inputs);
        if self.product(level.kind, "").is_none() {
            let _ = writeln!(head, "    {index} i;");
        }
        let _ = writeln!(head, "    {index} o;");
        let finish = self.finish(groups);
        format!(
            "/* Layer {number}: {inputs} inputs, {outputs} outputs, weights of {bits} bits. */\n{constants}\
             static void layer_{number}(const {code_type} *x, {result} *y)\n{{\n{head}    \
             for (o = 0; o < {outputs}; o++) {{\n{sums}{finish}    }}\n}}\n",
            bits = self.bits,
            constants = self.constants,
        )
    }

    /// Adds the weights to the constants; how they are read.
    fn level(&mut self) -> Level {
        let number = self.number;
        let name = format!("w{number}");
        match self.codes.clone() {
            WeightCodes::Levels(levels) => {
                let (kind, text) = integers(&name, &levels);
                self.constants.push_str(&text);
                Level {
                    kind,
                    buffer: None,
                    statements: String::new(),
                    level: read(kind, "w"),
                    step: "w++;\n",
                }
            }
            WeightCodes::Nibbles { offset: _, bytes } => {
                let bytes = bytes.iter().map(ToString::to_string);
                self.constants.push_str(&array("uint8_t", &name, bytes));
                Level {
                    kind: "uint8_t",
                    buffer: None,
                    statements: String::new(),
                    level: String::new(),
                    step: "",
                }
            }
            WeightCodes::Packed { bits, meaning, bytes } => {
                let bytes = bytes.iter().map(ToString::to_string);
                self.constants.push_str(&array("uint8_t", &name, bytes));
                let (buffer, statements) = match bits {
                    8 => (None, String::new()),
                    1 | 2 | 4 => (Some("uint8_t"), whole_codes(bits)),
                    _ => (Some(if bits < 8 { "uint16_t" } else { "uint32_t" }), codes_across_bytes(bits)),
                };
                let code = if bits == 8 { "READ_U8(w)" } else { "code" };
                let level = match meaning {
                    Meaning::Offset(0) => code.to_owned(),
                    Meaning::Offset(offset) if offset < 0 => format!("({code} - {})", -i64::from(offset)),
                    Meaning::Offset(offset) => format!("({code} + {offset})"),
                    Meaning::Offsets(_) => format!("({code} + offset)"),
                    Meaning::Table(table) => {
                        let name = format!("levels{number}");
                        let (kind, text) = integers(&name, &table);
                        self.constants.push_str(&text);
                        read(kind, &format!("{name} + {code}"))
                    }
                };
                let step = if bits == 8 { "w++;\n" } else { "" };
                Level { kind: "uint8_t", buffer, statements, level, step }
            }
        }
    }

    /// The accumulators of output `o`: `sum`, or with several groups `total`.
    fn sums(&mut self, level: &Level, groups: usize, rows: usize, inputs: usize) -> String {
        let (number, layer) = (self.number, self.layer);
        let zero_point = i64::from(layer.input_zero_point());
        let levels = layer.levels();
        // The zero point of the inputs is folded into the biases.
        let folded = |output: usize, group: usize| {
            let levels = levels.levels();
            let of_group = levels.column(output).into_iter().skip(group * rows).take(rows);
            let weights: i64 = of_group.map(|level| i64::from(*level)).sum();
            let bias = if group == 0 { i64::from(layer.bias()[output]) } else { 0 };
            (bias - zero_point * weights) as i32
        };
        let outputs = 0..layer.shape().1;
        let folded: Vec<i32> =
            outputs.flat_map(|output| (0..groups).map(move |group| folded(output, group))).collect();
        let has_all = groups == 1 || zero_point != 0;
        let biases: Vec<i32> = if has_all { folded } else { folded.into_iter().step_by(groups).collect() };
        let name = format!("b{number}");
        let (kind, text) = integers(&name, &biases);
        self.constants.push_str(&text);
        let Level { kind: kind_of_weights, statements, level: own_level, step, buffer } = level;
        let most_level = levels.levels().iter().map(|level| i64::from(*level).abs()).max().unwrap_or(0);
        let grid = self.layer.input_grid();
        let most_code = i64::from(grid.highest).max(-i64::from(grid.lowest));
        let product = match most_level * most_code <= i64::from(i16::MAX) {
            true => format!("sum += (int16_t)((int16_t){own_level} * (int16_t)x[i]);\n"),
            false => format!("sum += (int32_t){own_level} * (int32_t)x[i];\n"),
        };
        let body = indented(&format!("{statements}{product}{step}"), if groups == 1 { 3 } else { 4 });
        let code = match *buffer {
            None => "",
            Some("uint32_t") => "uint16_t code;\n",
            Some(_) => "uint8_t code;\n",
        };
        let group = self.group(groups);
        let offsets = match &self.codes {
            WeightCodes::Packed { meaning: Meaning::Offsets(offsets), .. } => {
                let name = format!("offsets{number}");
                let (kind, text) = integers(&name, offsets);
                self.constants.push_str(&text);
                format!("const int32_t offset = {};\n", read(kind, &format!("{name} + {group}")))
            }
            WeightCodes::Packed { .. } | WeightCodes::Nibbles { .. } | WeightCodes::Levels(_) => {
                String::new()
            }
        };
        if let Some((call, bytes)) = self.product(kind_of_weights, &read(kind, &format!("{name} + o"))) {
            return format!("        int32_t sum = {call};\n        w += {bytes};\n");
        }
        if groups == 1 {
            let code = indented(code, 3);
            return format!(
                "        int32_t sum = {bias};\n{offsets}        for (i = 0; i < {inputs}; i++) {{\n{code}{body}        }}\n",
                offsets = indented(&offsets, 2),
                bias = read(kind, &format!("{name} + o")),
            );
        }
        let bias = match has_all {
            true => read(kind, &format!("{name} + {group}")),
            false => format!("(g == 0) ? {} : 0", read(kind, &format!("{name} + o"))),
        };
        let code = indented(code, 4);
        let index = integer_type(0, groups as i64);
        let (totals, adding) = self.totals(groups);
        format!(
            "        {index} g;\n{totals}        i = 0;\n        for (g = 0; g < {groups}; g++) {{\n            \
             int32_t sum = {bias};\n{offsets}            \
             const {end_type} end = (g == {last}) ? {inputs} : ({end_type})(i + {rows});\n            \
             for (; i < end; i++) {{\n{code}{body}            }}\n{adding}        }}\n",
            offsets = indented(&offsets, 3),
            last = groups - 1,
            end_type = integer_type(0, inputs as i64),
        )
    }

    /// The sum of output `o` by a function of its own, where there is one for such weights, and by how much it goes on.
    fn product(&self, kind_of_weights: &str, bias: &str) -> Option<(String, usize)> {
        let (inputs, _) = self.layer.shape();
        match &self.codes {
            WeightCodes::Nibbles { offset, .. } => {
                let call = format!("product_of_nibbles(w, x, {inputs}, {offset}, {bias})");
                Some((call, inputs.div_ceil(2)))
            }
            WeightCodes::Levels(_) if self.is_product && kind_of_weights == "int8_t" => {
                Some((format!("product(w, x, {inputs}, {bias})"), inputs))
            }
            WeightCodes::Levels(_) | WeightCodes::Packed { .. } => None,
        }
    }

    /// The position of what belongs to group `g` of output `o`, an expression.
    fn group(&self, groups: usize) -> String {
        match groups {
            1 => "o".to_owned(),
            _ => {
                let kind = integer_type(0, (self.layer.shape().1 * groups) as i64);
                let kind = if kind == "uint8_t" { "uint16_t" } else { kind };
                format!("({kind})(({kind})o * {groups}u + g)")
            }
        }
    }

    /// The declarations of the totals of several groups, and what adds a group to them.
    fn totals(&mut self, groups: usize) -> (String, String) {
        let mut totals = String::new();
        let mut adding = String::new();
        for (name, array_name, rescale) in
            [("total", "m", self.layer.rescale().cloned()), ("falling", "n", negative(self.layer).cloned())]
        {
            let Some(rescale) = rescale else { continue };
            let name_of = format!("{array_name}{}", self.number);
            let by_output: Vec<i32> = rescale.multipliers().reversed_axes().iter().copied().collect();
            let (kind, text) = integers(&name_of, &by_output);
            self.constants.push_str(&text);
            let _ = writeln!(totals, "        int64_t {name} = 0;");
            let multiplier = read(kind, &format!("{name_of} + {}", self.group(groups)));
            let _ = writeln!(adding, "            {name} += (int64_t)sum * {multiplier};");
        }
        (totals, adding)
    }

    /// The rescaled sum, as statements that leave it in `v`.
    fn rescaled(&mut self, rescale: &Rescale, groups: usize, of: (&str, &str, &str)) -> String {
        let (variable, multiplier_name, shift_name) = of;
        let number = self.number;
        let shifts: Vec<i32> = rescale.shifts().iter().map(|shift| *shift as i32).collect();
        let same = |values: &[i32]| values.iter().all(|value| *value == values[0]);
        let shift = if same(&shifts) {
            shifts[0].to_string()
        } else {
            let name = format!("{shift_name}{number}");
            let (kind, text) = integers(&name, &shifts);
            self.constants.push_str(&text);
            read(kind, &format!("{name} + o"))
        };
        if groups > 1 {
            return match shifts.iter().all(|shift| *shift == 0) {
                true => format!("v = (int32_t){variable};\n"),
                false if shifts.contains(&0) => format!(
                    "v = (int32_t)(({variable} + (({shift} == 0) ? 0 : ((int64_t)1 << ({shift} - 1)))) >> {shift});\n"
                ),
                false => format!("v = (int32_t)(({variable} + ((int64_t)1 << ({shift} - 1))) >> {shift});\n"),
            };
        }
        if is_shift(rescale, self.layer) {
            return match (shifts.iter().all(|shift| *shift == 0), shifts.contains(&0)) {
                (true, _) => "v = sum;\n".to_owned(),
                (false, true) => format!(
                    "v = ({shift} == 0) ? sum : ((sum + ((int32_t)1 << ({shift} - 1))) >> {shift});\n"
                ),
                (false, false) => format!("v = (sum + ((int32_t)1 << ({shift} - 1))) >> {shift};\n"),
            };
        }
        let multipliers: Vec<i32> = rescale.multipliers().iter().copied().collect();
        let multiplier = if same(&multipliers) {
            multipliers[0].to_string()
        } else {
            let name = format!("{multiplier_name}{number}");
            let (kind, text) = integers(&name, &multipliers);
            self.constants.push_str(&text);
            read(kind, &format!("{name} + o"))
        };
        match shifts.iter().all(|shift| *shift == 0) {
            // Within 31 bits, as `Rescale::check` has seen to.
            true => format!("v = sum * {multiplier};\n"),
            false => format!("v = rescale(sum, {multiplier}, {shift});\n"),
        }
    }

    /// From the sums to the output.
    fn finish(&mut self, groups: usize) -> String {
        let Some(rescale) = self.layer.rescale().cloned() else { return "        y[o] = sum;\n".to_owned() };
        let mut text = String::new();
        let mut add = |lines: &str| text.push_str(&indented(lines, 2));
        add("int32_t v;\n");
        // C99 allows declarations anywhere in a block.
        let rescaled = self.rescaled(&rescale, groups, ("total", "m", "s"));
        add(&rescaled);
        match self.layer.outputs() {
            Outputs::Logits { .. } => add("y[o] = v;\n"),
            Outputs::Table(table) => {
                let name = format!("t{}", self.number);
                let (kind, constants) = integers(&name, &table.codes);
                self.constants.push_str(&constants);
                add(&format!("v += {};\n", table.zero));
                add(&limits(0, table.codes.len() as i64 - 1));
                add(&format!("y[o] = ({}){};\n", self.code_type, read(kind, &format!("{name} + v"))));
            }
            Outputs::Codes { zero_point, activation, grid, negative } => {
                if let Some(negative) = negative {
                    let falling = self.rescaled(negative, groups, ("falling", "n", "r"));
                    add(&format!("if (v < 0) {{\n    {falling}}}\n"));
                }
                let within = |code: i32| i64::from(code.clamp(grid.lowest, grid.highest));
                if *zero_point != 0 {
                    add(&format!("v += {zero_point};\n"));
                }
                add(&limits(within(activation.lowest), within(activation.highest)));
                add(&format!("y[o] = ({})v;\n", self.code_type));
            }
        }
        text
    }
}

/// Statements that keep `v` between two numbers.
fn limits(least: i64, most: i64) -> String {
    format!("if (v < {least}) {{\n    v = {least};\n}}\nif (v > {most}) {{\n    v = {most};\n}}\n")
}

/// Lines with so many levels of indentation before each.
fn indented(lines: &str, levels: usize) -> String {
    lines.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{:indent$}{line}", "", indent = 4 * levels);
        text
    })
}

fn entry_points(network: &IntegerNetwork, code_type: &str) -> String {
    let layers = network.layers().len();
    let widths: Vec<usize> = network.layers().iter().map(|layer| layer.shape().1).collect();
    let mut text = String::from("\nvoid model_outputs(const model_code *input, int32_t *outputs)\n{\n");
    // Two buffers take turns.
    let hidden = &widths[..layers - 1];
    let width = |first: usize| hidden.iter().skip(first).step_by(2).max().copied();
    for (name, width) in [("even", width(0)), ("odd", width(1))] {
        if let Some(width) = width {
            let _ = writeln!(text, "    {code_type} {name}[{width}];");
        }
    }
    let buffer = |layer: usize| if layer.is_multiple_of(2) { "even" } else { "odd" };
    for layer in 0..layers {
        let from = if layer == 0 { "input" } else { buffer(layer - 1) };
        let to = if layer + 1 == layers { "outputs" } else { buffer(layer) };
        let _ = writeln!(text, "    layer_{}({from}, {to});", layer + 1);
    }
    text.push_str(
        "}\n\nmodel_class model_predict(const model_code *input)\n{\n    int32_t outputs[MODEL_OUTPUTS];\n",
    );
    if widths[layers - 1] == 1 {
        text.push_str("    model_outputs(input, outputs);\n    return (outputs[0] > 0) ? 1 : 0;\n}\n");
    } else {
        text.push_str(
            "    model_class best = 0;\n    model_class o;\n    model_outputs(input, outputs);\n    \
             for (o = 1; o < MODEL_OUTPUTS; o++) {\n        if (outputs[o] > outputs[best]) {\n            \
             best = o;\n        }\n    }\n    return best;\n}\n",
        );
    }
    text
}

/// What makes codes of features, compiled where it is asked for.
fn encoder(network: &IntegerNetwork, features: &FeatureCodes, code_type: &str) -> String {
    let Some(first) = network.layers().first() else { return String::new() };
    let (grid, zero_point) = (first.input_grid(), first.input_zero_point());
    let float = |number: &f32| format!("{number:e}f");
    let means = array("float", "means", features.means().iter().map(float));
    let divisors = array("float", "divisors", features.divisors().iter().map(float));
    let rounding = match features.rounds_half_to_even() {
        true => {
            "if ((rest > 0.5f) || ((rest >= 0.5f) && ((v & 1) != 0))) {\n            v++;\n        } else if ((rest < -0.5f) || ((rest <= -0.5f) && ((v & 1) != 0))) {\n            v--;\n        }"
        }
        false => {
            "if (rest >= 0.5f) {\n            v++;\n        } else if (rest <= -0.5f) {\n            v--;\n        }"
        }
    };
    let beyond = i64::from(grid.highest) - i64::from(grid.lowest) + 1;
    format!(
        "\n#if defined(MODEL_FLOAT_FEATURES)\n{means}{divisors}\n\
         void model_encode(const float *features, model_code *input)\n{{\n    uint16_t i;\n    \
         for (i = 0; i < MODEL_INPUTS; i++) {{\n        \
         float position = (features[i] - READ_F32(means + i)) / READ_F32(divisors + i);\n        float rest;\n        \
         int32_t v;\n        if (position > {beyond}.0f) {{\n            position = {beyond}.0f;\n        }}\n        \
         if (!(position > -{beyond}.0f)) {{\n            position = -{beyond}.0f;\n        }}\n        \
         v = (int32_t)position;\n        rest = position - (float)v;\n        {rounding}\n        v += {zero_point};\n{limits}        \
         input[i] = ({code_type})v;\n    }}\n}}\n#endif\n",
        limits = indented(&limits(i64::from(grid.lowest), i64::from(grid.highest)), 2),
    )
}
