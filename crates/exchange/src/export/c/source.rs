//! The source that computes: `model.c`.

use std::fmt::Write as _;

use bitsweep_inference::integer::{FeatureCodes, IntegerLayer, IntegerNetwork, Outputs};
use bitsweep_quant::Rescale;

use super::entry_points::{Interface, code_type, encoder, entry_points};
use super::prelude::prelude;
use super::text::{array, indented, integer_type, integers, limits, read};
use super::weights::{Meaning, WeightCodes};

/// What is asked of a compiler.
const SHIFTS: &str = include_str!("functions/shifts.h");

/// What multiplies and shifts. An AVR's compiler makes several times as many cycles of the product of 64 bits.
const RESCALE: &str = include_str!("functions/rescale.c");

/// What sums products of bytes. An AVR's compiler makes twice as many cycles of the loop in C.
const PRODUCT: &str = include_str!("functions/product.c");

/// What sums products of halves of bytes and bytes.
const PRODUCT_OF_NIBBLES: &str = include_str!("functions/product_of_nibbles.c");

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
            text.insert_str(0, &format!("\n{function}"));
        }
    }
    let widths: Vec<usize> = network.layers().iter().map(|layer| layer.shape().1).collect();
    text.push_str(&entry_points(&widths, &Interface::of_codes(code_type)));
    text.push_str(&encoder(network, features, code_type));
    format!("/* {title} */\n#include \"model.h\"\n\n{}\n{SHIFTS}{text}", prelude(&text))
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
