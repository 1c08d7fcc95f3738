//! The sums of a layer.

use super::layer::LayerSource;
use super::product::{Product, Weights, Width};
use crate::export::c::codes::NextCode;
use crate::export::c::text::{array, indented, integer_type, literals, read};
use crate::export::plan::{Biases, LayerPlan, Meaning, WeightCodes};

/// How the weights of a layer are read, one after the other.
struct Level {
    /// The type of what they are kept in.
    kind: &'static str,
    /// How the next code is taken, where it is not read by itself.
    next: Option<NextCode>,
    /// The level, an expression.
    level: String,
    /// What goes on to the next.
    step: &'static str,
}

impl LayerSource<'_> {
    /// The declarations of a layer whose sums a function makes, and the statements that leave those of output `o` in `sum`, or with
    /// several groups in `total`.
    pub(super) fn sums_by(&mut self, product: &Product<'_>) -> (String, String) {
        let &LayerPlan { groups, rows, inputs, number, .. } = self.plan;
        let kind = match product.weights {
            Weights::Bytes(levels) => {
                self.constants.push_str(&array("int8_t", &format!("w{number}"), literals(levels)));
                "int8_t"
            }
            Weights::Codes { bytes, .. } => {
                self.bytes(bytes);
                "uint8_t"
            }
        };
        let bias = self.bias();
        let offset = match product.weights {
            Weights::Bytes(_) => String::new(),
            Weights::Codes { width, meaning, .. } => self.offset(width, meaning),
        };
        let name = product.name();
        let head = format!("    const {kind} *w = w{number};\n");
        if groups == 1 {
            let bytes = product.bytes(inputs);
            let sums = format!(
                "        int32_t sum = {name}(w, x, {inputs}, {offset}{bias});\n        w += {bytes};\n"
            );
            return (head, sums);
        }
        let last = inputs - (groups - 1) * rows;
        let of_group = |usual: usize, last: usize| match usual == last {
            true => usual.to_string(),
            false => format!("((g == {}) ? {last} : {usual})", groups - 1),
        };
        let (length, bytes) = (of_group(rows, last), of_group(product.bytes(rows), product.bytes(last)));
        let (totals, adding) = self.totals();
        let sums = format!(
            "        {index} g;\n        const {code_type} *input = x;\n{totals}        \
             for (g = 0; g < {groups}; g++) {{\n            \
             const int32_t sum = {name}(w, input, {length}, {offset}{bias});\n            \
             w += {bytes};\n            input += {length};\n{adding}        }}\n",
            index = integer_type(0, groups as i64),
            code_type = self.code_type,
        );
        (head, sums)
    }

    /// The same of a layer whose sums the compiler makes of loops with an index of this type.
    pub(super) fn sums_by_loops(&mut self, index: &str) -> (String, String) {
        let level = self.level();
        let mut head = format!("    const {} *w = w{};\n", level.kind, self.plan.number);
        if let Some(NextCode { buffer, .. }) = &level.next {
            head += &format!("    {buffer} buffer = 0;\n    uint8_t left = 0;\n");
        }
        head += &format!("    {index} i;\n");
        let sums = self.loops(&level);
        (head, sums)
    }

    /// What makes levels of codes, arguments of a function with a comma behind each: what is added to them, or of two levels both.
    fn offset(&mut self, width: Width, meaning: &Meaning) -> String {
        let lowest = match meaning {
            Meaning::Offset(offset) => offset.to_string(),
            Meaning::Offsets(offsets) => {
                let (kind, name) = self.constant("offsets", offsets);
                read(kind, &format!("{name} + {}", self.group()))
            }
            Meaning::Table(levels) => {
                return levels.iter().map(|level| format!("{level}, ")).collect();
            }
        };
        match width {
            Width::Four | Width::Two => format!("{lowest}, "),
            Width::One => format!("{lowest}, (int8_t)({lowest} + 1), "),
        }
    }

    /// Adds bytes of weights to the constants.
    fn bytes(&mut self, bytes: &[u8]) {
        let bytes = bytes.iter().map(ToString::to_string);
        self.constants.push_str(&array("uint8_t", &format!("w{}", self.plan.number), bytes));
    }

    /// Adds the biases to the constants; where the sum of group `g` of output `o` begins, an expression.
    fn bias(&mut self) -> String {
        let plan = self.plan;
        let (kind, name) = self.constant("b", plan.biases.values());
        let of_output = read(kind, &format!("{name} + o"));
        match plan.biases {
            Biases::Outputs(_) if plan.groups == 1 => of_output,
            Biases::Outputs(_) => format!("(g == 0) ? {of_output} : 0"),
            Biases::Groups(_) => read(kind, &format!("{name} + {}", self.group())),
        }
    }

    /// Adds the weights to the constants; how they are read.
    fn level(&mut self) -> Level {
        let plan = self.plan;
        match &plan.weights {
            WeightCodes::Levels(levels) => {
                let (kind, _) = self.constant("w", levels);
                Level { kind, next: None, level: read(kind, "w"), step: "w++;\n" }
            }
            WeightCodes::Packed { bits, meaning, bytes, is_aligned: _ } => {
                self.bytes(bytes);
                let next = (*bits != 8).then(|| NextCode::of(*bits));
                let code = if *bits == 8 { "READ_U8(w)" } else { "code" };
                // An AVR's `int` holds no difference of 16 bits without a sign.
                let cast = if *bits > 8 { "(int32_t)" } else { "" };
                let level = match meaning {
                    Meaning::Offset(0) => format!("{cast}{code}"),
                    Meaning::Offset(offset) if *offset < 0 => {
                        format!("({cast}{code} - {})", -i64::from(*offset))
                    }
                    Meaning::Offset(offset) => format!("({cast}{code} + {offset})"),
                    Meaning::Offsets(_) => format!("({cast}{code} + offset)"),
                    Meaning::Table(table) => {
                        let (kind, name) = self.constant("levels", table);
                        read(kind, &format!("{name} + {code}"))
                    }
                };
                let step = if *bits == 8 { "w++;\n" } else { "" };
                Level { kind: "uint8_t", next, level, step }
            }
        }
    }

    /// The statements of the loops.
    fn loops(&mut self, level: &Level) -> String {
        let plan = self.plan;
        let &LayerPlan { groups, rows, inputs, .. } = plan;
        let bias = self.bias();
        let Level { kind: _, next, level: own_level, step } = level;
        let (code, statements) = next
            .as_ref()
            .map_or((String::new(), ""), |next| (format!("{} code;\n", next.code), next.statements.as_str()));
        let product = match plan.has_short_products {
            true => format!("sum += (int16_t)((int16_t){own_level} * (int16_t)x[i]);\n"),
            false => format!("sum += (int32_t){own_level} * (int32_t)x[i];\n"),
        };
        let depth = if groups == 1 { 2 } else { 3 };
        let body = indented(&format!("{statements}{product}{step}"), depth + 1);
        let code = indented(&code, depth + 1);
        let offsets = match &plan.weights {
            WeightCodes::Packed { meaning: Meaning::Offsets(offsets), .. } => {
                let (kind, name) = self.constant("offsets", offsets);
                let place = format!("{name} + {}", self.group());
                indented(&format!("const int32_t offset = {};\n", read(kind, &place)), depth)
            }
            WeightCodes::Packed { .. } | WeightCodes::Levels(_) => String::new(),
        };
        if groups == 1 {
            return format!(
                "        int32_t sum = {bias};\n{offsets}        for (i = 0; i < {inputs}; i++) {{\n{code}{body}        }}\n"
            );
        }
        let (totals, adding) = self.totals();
        format!(
            "        {index} g;\n{totals}        i = 0;\n        for (g = 0; g < {groups}; g++) {{\n            \
             int32_t sum = {bias};\n{offsets}            \
             const {end_type} end = (g == {last}) ? {inputs} : ({end_type})(i + {rows});\n            \
             for (; i < end; i++) {{\n{code}{body}            }}\n{adding}        }}\n",
            index = integer_type(0, groups as i64),
            last = groups - 1,
            end_type = integer_type(0, inputs as i64),
        )
    }

    /// The position of what belongs to group `g` of output `o`, an expression.
    pub(super) fn group(&self) -> String {
        match self.plan.groups {
            1 => "o".to_owned(),
            groups => {
                let kind = integer_type(0, (self.plan.outputs * groups) as i64);
                let kind = if kind == "uint8_t" { "uint16_t" } else { kind };
                format!("({kind})(({kind})o * {groups}u + g)")
            }
        }
    }
}
