//! One layer in C.

use std::fmt::Write as _;

use super::text::{array, indented, integer_type, integers, limits, read};
use crate::export::plan::{Biases, Finish, LayerPlan, Meaning, PerOutput, Rescaling, WeightCodes};

/// One layer in C.
pub(super) struct LayerSource<'a> {
    plan: &'a LayerPlan,
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

impl<'a> LayerSource<'a> {
    pub(super) const fn new(plan: &'a LayerPlan, code_type: &'static str) -> Self {
        Self { plan, code_type, constants: String::new() }
    }

    /// Its constants and its function.
    pub(super) fn text(mut self) -> String {
        let Self { plan: &LayerPlan { number, inputs, outputs, bits, .. }, code_type, .. } = self;
        let result = match self.plan.finish {
            Finish::Sums | Finish::Logits(_) => "int32_t",
            Finish::Codes { .. } | Finish::Table { .. } => code_type,
        };
        let index = integer_type(0, inputs.max(outputs) as i64);
        let level = self.level();
        let mut head = format!("    const {} *w = w{number};\n", level.kind);
        if let Some(buffer) = level.buffer {
            let _ = write!(head, "    {buffer} buffer = 0;\n    uint8_t left = 0;\n");
        }
        let sums = self.sums(&level);
        if self.product(level.kind, "").is_none() {
            let _ = writeln!(head, "    {index} i;");
        }
        let _ = writeln!(head, "    {index} o;");
        let finish = self.finish();
        format!(
            "/* Layer {number}: {inputs} inputs, {outputs} outputs, weights of {bits} bits. */\n{constants}\
             static void layer_{number}(const {code_type} *x, {result} *y)\n{{\n{head}    \
             for (o = 0; o < {outputs}; o++) {{\n{sums}{finish}    }}\n}}\n",
            constants = self.constants,
        )
    }

    /// Adds an array to the constants, named for this layer; its type and its name.
    fn constant(&mut self, name: &str, values: &[i32]) -> (&'static str, String) {
        let name = format!("{name}{}", self.plan.number);
        let (kind, text) = integers(&name, values);
        self.constants.push_str(&text);
        (kind, name)
    }

    /// Adds the weights to the constants; how they are read.
    fn level(&mut self) -> Level {
        let plan = self.plan;
        let number = plan.number;
        let mut add_bytes = |bytes: &[u8]| {
            let bytes = bytes.iter().map(ToString::to_string);
            self.constants.push_str(&array("uint8_t", &format!("w{number}"), bytes));
        };
        match &plan.weights {
            WeightCodes::Levels(levels) => {
                let (kind, _) = self.constant("w", levels);
                Level {
                    kind,
                    buffer: None,
                    statements: String::new(),
                    level: read(kind, "w"),
                    step: "w++;\n",
                }
            }
            WeightCodes::Nibbles { offset: _, bytes } => {
                add_bytes(bytes);
                Level {
                    kind: "uint8_t",
                    buffer: None,
                    statements: String::new(),
                    level: String::new(),
                    step: "",
                }
            }
            WeightCodes::Packed { bits, meaning, bytes } => {
                add_bytes(bytes);
                let (buffer, statements) = match *bits {
                    8 => (None, String::new()),
                    bits @ (1 | 2 | 4) => (Some("uint8_t"), whole_codes(bits)),
                    bits => (Some(if bits < 8 { "uint16_t" } else { "uint32_t" }), codes_across_bytes(bits)),
                };
                let code = if *bits == 8 { "READ_U8(w)" } else { "code" };
                let level = match meaning {
                    Meaning::Offset(0) => code.to_owned(),
                    Meaning::Offset(offset) if *offset < 0 => format!("({code} - {})", -i64::from(*offset)),
                    Meaning::Offset(offset) => format!("({code} + {offset})"),
                    Meaning::Offsets(_) => format!("({code} + offset)"),
                    Meaning::Table(table) => {
                        let (kind, name) = self.constant("levels", table);
                        read(kind, &format!("{name} + {code}"))
                    }
                };
                let step = if *bits == 8 { "w++;\n" } else { "" };
                Level { kind: "uint8_t", buffer, statements, level, step }
            }
        }
    }

    /// The accumulators of output `o`: `sum`, or with several groups `total`.
    fn sums(&mut self, level: &Level) -> String {
        let plan = self.plan;
        let &LayerPlan { groups, rows, inputs, .. } = plan;
        let (kind, biases) = self.constant("b", plan.biases.values());
        let Level { kind: kind_of_weights, statements, level: own_level, step, buffer } = level;
        let product = match plan.has_short_products {
            true => format!("sum += (int16_t)((int16_t){own_level} * (int16_t)x[i]);\n"),
            false => format!("sum += (int32_t){own_level} * (int32_t)x[i];\n"),
        };
        let body = indented(&format!("{statements}{product}{step}"), if groups == 1 { 3 } else { 4 });
        let code = match *buffer {
            None => "",
            Some("uint32_t") => "uint16_t code;\n",
            Some(_) => "uint8_t code;\n",
        };
        let group = self.group();
        let offsets = match &plan.weights {
            WeightCodes::Packed { meaning: Meaning::Offsets(offsets), .. } => {
                let (kind, name) = self.constant("offsets", offsets);
                format!("const int32_t offset = {};\n", read(kind, &format!("{name} + {group}")))
            }
            WeightCodes::Packed { .. } | WeightCodes::Nibbles { .. } | WeightCodes::Levels(_) => {
                String::new()
            }
        };
        let of_output = read(kind, &format!("{biases} + o"));
        if let Some((call, bytes)) = self.product(kind_of_weights, &of_output) {
            return format!("        int32_t sum = {call};\n        w += {bytes};\n");
        }
        if groups == 1 {
            let code = indented(code, 3);
            return format!(
                "        int32_t sum = {of_output};\n{offsets}        for (i = 0; i < {inputs}; i++) {{\n{code}{body}        }}\n",
                offsets = indented(&offsets, 2),
            );
        }
        let bias = match plan.biases {
            Biases::Groups(_) => read(kind, &format!("{biases} + {group}")),
            Biases::Outputs(_) => format!("(g == 0) ? {of_output} : 0"),
        };
        let code = indented(code, 4);
        let index = integer_type(0, groups as i64);
        let (totals, adding) = self.totals();
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
        let inputs = self.plan.inputs;
        match &self.plan.weights {
            WeightCodes::Nibbles { offset, .. } => {
                let call = format!("product_of_nibbles(w, x, {inputs}, {offset}, {bias})");
                Some((call, inputs.div_ceil(2)))
            }
            WeightCodes::Levels(_) if self.plan.is_of_bytes && kind_of_weights == "int8_t" => {
                Some((format!("product(w, x, {inputs}, {bias})"), inputs))
            }
            WeightCodes::Levels(_) | WeightCodes::Packed { .. } => None,
        }
    }

    /// The position of what belongs to group `g` of output `o`, an expression.
    fn group(&self) -> String {
        match self.plan.groups {
            1 => "o".to_owned(),
            groups => {
                let kind = integer_type(0, (self.plan.outputs * groups) as i64);
                let kind = if kind == "uint8_t" { "uint16_t" } else { kind };
                format!("({kind})(({kind})o * {groups}u + g)")
            }
        }
    }

    /// The declarations of the totals of several groups, and what adds a group to them.
    fn totals(&mut self) -> (String, String) {
        let mut totals = String::new();
        let mut adding = String::new();
        let (rescaling, falling) = self.plan.finish.rescalings();
        for (name, array_name, rescaling) in [("total", "m", rescaling), ("falling", "n", falling)] {
            let Some(Rescaling::Groups { multipliers, shifts: _ }) = rescaling else { continue };
            let (kind, name_of) = self.constant(array_name, multipliers);
            let _ = writeln!(totals, "        model_wide {name} = {{0, 0}};");
            let multiplier = read(kind, &format!("{name_of} + {}", self.group()));
            let _ = writeln!(adding, "            {name} = add_product({name}, sum, {multiplier});");
        }
        (totals, adding)
    }

    /// The number of output `o`, an expression.
    fn per_output(&mut self, name: &str, values: &PerOutput) -> String {
        match values {
            PerOutput::Same(value) => value.to_string(),
            PerOutput::Each(values) => {
                let (kind, name) = self.constant(name, values);
                read(kind, &format!("{name} + o"))
            }
        }
    }

    /// The rescaled sum, as statements that leave it in `v`.
    fn rescaled(&mut self, rescaling: &Rescaling, of: (&str, &str, &str)) -> String {
        let (variable, multiplier_name, shift_name) = of;
        let (Rescaling::Shift { shifts }
        | Rescaling::Product { shifts, .. }
        | Rescaling::Groups { shifts, .. }) = rescaling;
        let shift = self.per_output(shift_name, shifts);
        let (is_none, may_be_none) = match shifts {
            PerOutput::Same(shift) => (*shift == 0, *shift == 0),
            PerOutput::Each(shifts) => (false, shifts.contains(&0)),
        };
        match rescaling {
            Rescaling::Groups { .. } => format!("v = rounded({variable}, {shift});\n"),
            Rescaling::Shift { .. } => match (is_none, may_be_none) {
                (true, _) => "v = sum;\n".to_owned(),
                (false, true) => format!(
                    "v = ({shift} == 0) ? sum : ((sum + ((int32_t)1 << ({shift} - 1))) >> {shift});\n"
                ),
                (false, false) => format!("v = (sum + ((int32_t)1 << ({shift} - 1))) >> {shift};\n"),
            },
            Rescaling::Product { multipliers, .. } => {
                let multiplier = self.per_output(multiplier_name, multipliers);
                match is_none {
                    // Within 31 bits, as `Rescale::check` has seen to.
                    true => format!("v = sum * {multiplier};\n"),
                    false => format!("v = rescale(sum, {multiplier}, {shift});\n"),
                }
            }
        }
    }

    /// From the sums to the output.
    fn finish(&mut self) -> String {
        let plan = self.plan;
        let (Some(rescaling), falling) = plan.finish.rescalings() else {
            return "        y[o] = sum;\n".to_owned();
        };
        let mut text = String::new();
        let mut add = |lines: &str| text.push_str(&indented(lines, 2));
        let rescaled = self.rescaled(rescaling, ("total", "m", "s"));
        // C99 allows declarations anywhere in a block.
        match (plan.finish.cuts_negative_sums(), rescaling) {
            (true, Rescaling::Product { .. }) => {
                add(&format!("int32_t v = 0;\nif (sum > 0) {{\n    {rescaled}}}\n"));
            }
            (true, Rescaling::Groups { .. }) => {
                add(&format!("int32_t v = 0;\nif (total.high >= 0) {{\n    {rescaled}}}\n"));
            }
            (true, Rescaling::Shift { .. }) | (false, _) => add(&format!("int32_t v;\n{rescaled}")),
        }
        match &plan.finish {
            Finish::Sums | Finish::Logits(_) => add("y[o] = v;\n"),
            Finish::Table { zero, codes, .. } => {
                let (kind, name) = self.constant("t", codes);
                add(&format!("v += {zero};\n"));
                add(&limits(0, codes.len() as i64 - 1));
                add(&format!("y[o] = ({}){};\n", self.code_type, read(kind, &format!("{name} + v"))));
            }
            Finish::Codes { zero_point, lowest, highest, .. } => {
                if let Some(falling) = falling {
                    let falling = self.rescaled(falling, ("falling", "n", "r"));
                    add(&format!("if (v < 0) {{\n    {falling}}}\n"));
                }
                if *zero_point != 0 {
                    add(&format!("v += {zero_point};\n"));
                }
                add(&limits(i64::from(*lowest), i64::from(*highest)));
                add(&format!("y[o] = ({})v;\n", self.code_type));
            }
        }
        text
    }
}
